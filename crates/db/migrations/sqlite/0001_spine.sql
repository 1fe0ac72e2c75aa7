-- Times are microseconds since 1970 (UTC), ids are TypeIDs, JSON is text, `sealed` columns are cipher
-- texts of the workspace's data key. Every table of a tenant begins its primary key with the workspace.

CREATE TABLE instance (
    key TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
);

CREATE TABLE users (
    id TEXT PRIMARY KEY NOT NULL,
    email TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    instance_owner BOOLEAN NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
);

CREATE TABLE sessions (
    id TEXT PRIMARY KEY NOT NULL,
    token_hash TEXT NOT NULL UNIQUE,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    csrf_token TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
);
CREATE INDEX sessions_by_user ON sessions (user_id);

CREATE TABLE workspaces (
    id TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    slug TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
);

CREATE TABLE data_keys (
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    version INTEGER NOT NULL,
    master_key_id TEXT NOT NULL,
    wrapped BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, version)
);

CREATE TABLE members (
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    id TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, id),
    UNIQUE (workspace_id, user_id)
);
CREATE INDEX members_by_user ON members (user_id);

CREATE TABLE api_keys (
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    token_hash TEXT NOT NULL UNIQUE,
    preview TEXT NOT NULL,
    scopes TEXT NOT NULL,
    rate_requests INTEGER,
    rate_window_ms INTEGER,
    enabled BOOLEAN NOT NULL,
    expires_at INTEGER,
    last_used_at INTEGER,
    usage_count INTEGER NOT NULL DEFAULT 0,
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, id)
);

CREATE TABLE api_key_usage (
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    api_key_id TEXT NOT NULL,
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    day INTEGER NOT NULL,
    requests INTEGER NOT NULL,
    successes INTEGER NOT NULL,
    latency_us INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, api_key_id, day, method, path)
);

CREATE TABLE audit_entries (
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    id TEXT NOT NULL,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL,
    remote_addr TEXT,
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX audit_entries_by_subject ON audit_entries (workspace_id, subject, id);

CREATE TABLE idempotency_keys (
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    status INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, key)
);

CREATE TABLE widgets (
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    id TEXT NOT NULL,
    slug TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, id),
    UNIQUE (workspace_id, slug)
);

CREATE TABLE widget_configs (
    workspace_id TEXT NOT NULL,
    id TEXT NOT NULL,
    widget_id TEXT NOT NULL,
    name TEXT NOT NULL,
    options TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, widget_id) REFERENCES widgets (workspace_id, id) ON DELETE CASCADE
);
CREATE INDEX widget_configs_by_widget ON widget_configs (workspace_id, widget_id);

CREATE TABLE integrations (
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    id TEXT NOT NULL,
    widget_id TEXT,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    provider TEXT NOT NULL,
    type TEXT NOT NULL,
    mode TEXT NOT NULL,
    enabled BOOLEAN NOT NULL,
    credential_scope TEXT NOT NULL,
    config TEXT NOT NULL,
    config_schema TEXT,
    credential_schema TEXT,
    pull TEXT NOT NULL,
    push TEXT NOT NULL,
    last_sync_at INTEGER,
    last_error_code TEXT,
    last_error TEXT,
    last_error_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, widget_id) REFERENCES widgets (workspace_id, id) ON DELETE CASCADE
);
CREATE INDEX integrations_by_widget ON integrations (workspace_id, widget_id);

CREATE TABLE credentials (
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    id TEXT NOT NULL,
    integration_id TEXT,
    provider TEXT NOT NULL,
    type TEXT NOT NULL,
    name TEXT NOT NULL,
    scope TEXT NOT NULL,
    widget_config_id TEXT,
    fields TEXT NOT NULL,
    sealed BLOB NOT NULL,
    metadata TEXT NOT NULL,
    is_valid BOOLEAN NOT NULL,
    validated_at INTEGER,
    version INTEGER NOT NULL,
    rotated_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, id),
    CHECK (scope IN ('workspace', 'widget', 'network')),
    CHECK ((scope = 'widget') = (widget_config_id IS NOT NULL)),
    FOREIGN KEY (workspace_id, integration_id) REFERENCES integrations (workspace_id, id) ON DELETE CASCADE,
    FOREIGN KEY (workspace_id, widget_config_id) REFERENCES widget_configs (workspace_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX credentials_by_integration
    ON credentials (workspace_id, integration_id) WHERE scope <> 'widget';
CREATE UNIQUE INDEX credentials_by_widget_config
    ON credentials (workspace_id, integration_id, widget_config_id) WHERE scope = 'widget';
CREATE INDEX credentials_of_network ON credentials (provider) WHERE scope = 'network';

CREATE TABLE feeds (
    workspace_id TEXT NOT NULL,
    id TEXT NOT NULL,
    integration_id TEXT NOT NULL,
    name TEXT NOT NULL,
    mode TEXT NOT NULL,
    enabled BOOLEAN NOT NULL,
    discriminator TEXT NOT NULL,
    options TEXT NOT NULL,
    pull TEXT,
    push TEXT,
    version INTEGER NOT NULL,
    digest TEXT,
    bytes INTEGER NOT NULL,
    validators TEXT,
    fetched_at INTEGER,
    changed_at INTEGER,
    refresh_at INTEGER,
    failures INTEGER NOT NULL,
    error_code TEXT,
    error_message TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, id),
    UNIQUE (workspace_id, integration_id, discriminator),
    FOREIGN KEY (workspace_id, integration_id) REFERENCES integrations (workspace_id, id) ON DELETE CASCADE
);
CREATE INDEX feeds_by_name ON feeds (workspace_id, lower(name), id);

CREATE TABLE feed_versions (
    workspace_id TEXT NOT NULL,
    feed_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    bytes INTEGER NOT NULL,
    at INTEGER NOT NULL,
    source TEXT NOT NULL,
    made_by TEXT,
    PRIMARY KEY (workspace_id, feed_id, version),
    FOREIGN KEY (workspace_id, feed_id) REFERENCES feeds (workspace_id, id) ON DELETE CASCADE
);

CREATE TABLE widget_feeds (
    workspace_id TEXT NOT NULL,
    widget_config_id TEXT NOT NULL,
    integration_id TEXT NOT NULL,
    feed_id TEXT NOT NULL,
    PRIMARY KEY (workspace_id, widget_config_id, integration_id),
    FOREIGN KEY (workspace_id, widget_config_id) REFERENCES widget_configs (workspace_id, id) ON DELETE CASCADE,
    FOREIGN KEY (workspace_id, feed_id) REFERENCES feeds (workspace_id, id) ON DELETE CASCADE
);
CREATE INDEX widget_feeds_by_feed ON widget_feeds (workspace_id, feed_id);

CREATE TABLE players (
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    token_hash TEXT NOT NULL UNIQUE,
    preview TEXT NOT NULL,
    enabled BOOLEAN NOT NULL,
    last_seen_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, id)
);

CREATE TABLE player_widgets (
    workspace_id TEXT NOT NULL,
    player_id TEXT NOT NULL,
    widget_config_id TEXT NOT NULL,
    PRIMARY KEY (workspace_id, player_id, widget_config_id),
    FOREIGN KEY (workspace_id, player_id) REFERENCES players (workspace_id, id) ON DELETE CASCADE,
    FOREIGN KEY (workspace_id, widget_config_id) REFERENCES widget_configs (workspace_id, id) ON DELETE CASCADE
);

-- No foreign keys here: an accepted push outlives the feed it was for, and this is the hot path.
CREATE TABLE inbound_events (
    workspace_id TEXT NOT NULL,
    id TEXT NOT NULL,
    integration_id TEXT NOT NULL,
    feed_id TEXT,
    provider TEXT NOT NULL,
    event_id TEXT,
    event_type TEXT,
    received_at INTEGER NOT NULL,
    state TEXT NOT NULL,
    verified_by TEXT NOT NULL,
    content_type TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    headers TEXT NOT NULL,
    remote_addr TEXT,
    error TEXT,
    PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX inbound_events_once
    ON inbound_events (workspace_id, integration_id, feed_id, event_id) WHERE event_id IS NOT NULL;

-- What waits to be applied. Slim, so that waiting and being done cost two small writes and not the wide row.
CREATE TABLE inbound_pending (
    workspace_id TEXT NOT NULL,
    feed_id TEXT NOT NULL,
    id TEXT NOT NULL,
    PRIMARY KEY (workspace_id, feed_id, id)
) WITHOUT ROWID;

CREATE TABLE request_logs (
    workspace_id TEXT NOT NULL,
    id TEXT NOT NULL,
    integration_id TEXT,
    feed_id TEXT,
    at INTEGER NOT NULL,
    method TEXT NOT NULL,
    host TEXT NOT NULL,
    url TEXT NOT NULL,
    status INTEGER,
    duration_us INTEGER NOT NULL,
    request_bytes INTEGER NOT NULL,
    response_bytes INTEGER NOT NULL,
    success BOOLEAN NOT NULL,
    error_code TEXT,
    error TEXT,
    attempt INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX request_logs_by_integration ON request_logs (workspace_id, integration_id, id);

CREATE TABLE events (
    workspace_id TEXT NOT NULL,
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    at INTEGER NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX events_by_subject ON events (workspace_id, subject, id);

CREATE TABLE notifications (
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    id TEXT NOT NULL,
    severity TEXT NOT NULL,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    subject TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    read_at INTEGER,
    PRIMARY KEY (workspace_id, id)
);

CREATE TABLE jobs (
    workspace_id TEXT NOT NULL,
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    lane INTEGER NOT NULL,
    payload TEXT NOT NULL,
    run_at INTEGER NOT NULL,
    lease_until INTEGER,
    again_at INTEGER,
    fence INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    last_error TEXT,
    PRIMARY KEY (workspace_id, id),
    UNIQUE (workspace_id, kind, key)
);
CREATE INDEX jobs_due ON jobs (lane, workspace_id, run_at);
