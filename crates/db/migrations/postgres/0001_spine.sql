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
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE sessions (
    id TEXT PRIMARY KEY NOT NULL,
    token_hash TEXT NOT NULL UNIQUE,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    csrf_token TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_by_user ON sessions (user_id);

CREATE TABLE workspaces (
    id TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    slug TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE data_keys (
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    version BIGINT NOT NULL,
    master_key_id TEXT NOT NULL,
    wrapped BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, version)
);

CREATE TABLE members (
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    id TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role TEXT NOT NULL,
    created_at BIGINT NOT NULL,
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
    rate_requests BIGINT,
    rate_window_ms BIGINT,
    enabled BOOLEAN NOT NULL,
    expires_at BIGINT,
    last_used_at BIGINT,
    usage_count BIGINT NOT NULL DEFAULT 0,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, id)
);

CREATE TABLE api_key_usage (
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    api_key_id TEXT NOT NULL,
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    day BIGINT NOT NULL,
    requests BIGINT NOT NULL,
    successes BIGINT NOT NULL,
    latency_us BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, api_key_id, day, method, path)
);

CREATE TABLE audit_entries (
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    id TEXT NOT NULL,
    at BIGINT NOT NULL,
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
    status BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, key)
);

CREATE TABLE widgets (
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    id TEXT NOT NULL,
    slug TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, id),
    UNIQUE (workspace_id, slug)
);

CREATE TABLE widget_configs (
    workspace_id TEXT NOT NULL,
    id TEXT NOT NULL,
    widget_id TEXT NOT NULL,
    name TEXT NOT NULL,
    options TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
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
    last_sync_at BIGINT,
    last_error_code TEXT,
    last_error TEXT,
    last_error_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
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
    sealed BYTEA NOT NULL,
    metadata TEXT NOT NULL,
    is_valid BOOLEAN NOT NULL,
    validated_at BIGINT,
    version BIGINT NOT NULL,
    rotated_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
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
    version BIGINT NOT NULL,
    digest TEXT,
    bytes BIGINT NOT NULL,
    validators TEXT,
    fetched_at BIGINT,
    changed_at BIGINT,
    refresh_at BIGINT,
    failures BIGINT NOT NULL,
    error_code TEXT,
    error_message TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, id),
    UNIQUE (workspace_id, integration_id, discriminator),
    FOREIGN KEY (workspace_id, integration_id) REFERENCES integrations (workspace_id, id) ON DELETE CASCADE
);
CREATE INDEX feeds_by_name ON feeds (workspace_id, lower(name), id);

CREATE TABLE feed_versions (
    workspace_id TEXT NOT NULL,
    feed_id TEXT NOT NULL,
    version BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    bytes BIGINT NOT NULL,
    at BIGINT NOT NULL,
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
    last_seen_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
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
    received_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    verified_by TEXT NOT NULL,
    content_type TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
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
);

CREATE TABLE request_logs (
    workspace_id TEXT NOT NULL,
    id TEXT NOT NULL,
    integration_id TEXT,
    feed_id TEXT,
    at BIGINT NOT NULL,
    method TEXT NOT NULL,
    host TEXT NOT NULL,
    url TEXT NOT NULL,
    status BIGINT,
    duration_us BIGINT NOT NULL,
    request_bytes BIGINT NOT NULL,
    response_bytes BIGINT NOT NULL,
    success BOOLEAN NOT NULL,
    error_code TEXT,
    error TEXT,
    attempt BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX request_logs_by_integration ON request_logs (workspace_id, integration_id, id);

CREATE TABLE events (
    workspace_id TEXT NOT NULL,
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    at BIGINT NOT NULL,
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
    created_at BIGINT NOT NULL,
    read_at BIGINT,
    PRIMARY KEY (workspace_id, id)
);

CREATE TABLE jobs (
    workspace_id TEXT NOT NULL,
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    lane BIGINT NOT NULL,
    payload TEXT NOT NULL,
    run_at BIGINT NOT NULL,
    lease_until BIGINT,
    again_at BIGINT,
    fence BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    last_error TEXT,
    PRIMARY KEY (workspace_id, id),
    UNIQUE (workspace_id, kind, key)
);
CREATE INDEX jobs_due ON jobs (lane, workspace_id, run_at);

-- Row level security says a second time what the Workspace handle says in code: a transaction sees the
-- rows of the workspace it names, and none when it names none. `*` is the house itself: starting,
-- scheduling, signing in. The owner of the tables is bound by it too (FORCE); only a superuser is not.
ALTER TABLE data_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE data_keys FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON data_keys USING (current_setting('patchbay.workspace', true) IN (workspace_id, '*'));
ALTER TABLE members ENABLE ROW LEVEL SECURITY;
ALTER TABLE members FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON members USING (current_setting('patchbay.workspace', true) IN (workspace_id, '*'));
ALTER TABLE api_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_keys FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON api_keys USING (current_setting('patchbay.workspace', true) IN (workspace_id, '*'));
ALTER TABLE api_key_usage ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_key_usage FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON api_key_usage USING (current_setting('patchbay.workspace', true) IN (workspace_id, '*'));
ALTER TABLE audit_entries ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_entries FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON audit_entries USING (current_setting('patchbay.workspace', true) IN (workspace_id, '*'));
ALTER TABLE idempotency_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE idempotency_keys FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON idempotency_keys USING (current_setting('patchbay.workspace', true) IN (workspace_id, '*'));
ALTER TABLE widgets ENABLE ROW LEVEL SECURITY;
ALTER TABLE widgets FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON widgets USING (current_setting('patchbay.workspace', true) IN (workspace_id, '*'));
ALTER TABLE widget_configs ENABLE ROW LEVEL SECURITY;
ALTER TABLE widget_configs FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON widget_configs USING (current_setting('patchbay.workspace', true) IN (workspace_id, '*'));
ALTER TABLE integrations ENABLE ROW LEVEL SECURITY;
ALTER TABLE integrations FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON integrations USING (current_setting('patchbay.workspace', true) IN (workspace_id, '*'));
ALTER TABLE credentials ENABLE ROW LEVEL SECURITY;
ALTER TABLE credentials FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON credentials USING (current_setting('patchbay.workspace', true) IN (workspace_id, '*'));
ALTER TABLE feeds ENABLE ROW LEVEL SECURITY;
ALTER TABLE feeds FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON feeds USING (current_setting('patchbay.workspace', true) IN (workspace_id, '*'));
ALTER TABLE feed_versions ENABLE ROW LEVEL SECURITY;
ALTER TABLE feed_versions FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON feed_versions USING (current_setting('patchbay.workspace', true) IN (workspace_id, '*'));
ALTER TABLE widget_feeds ENABLE ROW LEVEL SECURITY;
ALTER TABLE widget_feeds FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON widget_feeds USING (current_setting('patchbay.workspace', true) IN (workspace_id, '*'));
ALTER TABLE players ENABLE ROW LEVEL SECURITY;
ALTER TABLE players FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON players USING (current_setting('patchbay.workspace', true) IN (workspace_id, '*'));
ALTER TABLE player_widgets ENABLE ROW LEVEL SECURITY;
ALTER TABLE player_widgets FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON player_widgets USING (current_setting('patchbay.workspace', true) IN (workspace_id, '*'));
ALTER TABLE inbound_events ENABLE ROW LEVEL SECURITY;
ALTER TABLE inbound_events FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON inbound_events USING (current_setting('patchbay.workspace', true) IN (workspace_id, '*'));
ALTER TABLE inbound_pending ENABLE ROW LEVEL SECURITY;
ALTER TABLE inbound_pending FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON inbound_pending USING (current_setting('patchbay.workspace', true) IN (workspace_id, '*'));
ALTER TABLE request_logs ENABLE ROW LEVEL SECURITY;
ALTER TABLE request_logs FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON request_logs USING (current_setting('patchbay.workspace', true) IN (workspace_id, '*'));
ALTER TABLE events ENABLE ROW LEVEL SECURITY;
ALTER TABLE events FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON events USING (current_setting('patchbay.workspace', true) IN (workspace_id, '*'));
ALTER TABLE notifications ENABLE ROW LEVEL SECURITY;
ALTER TABLE notifications FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON notifications USING (current_setting('patchbay.workspace', true) IN (workspace_id, '*'));
ALTER TABLE jobs ENABLE ROW LEVEL SECURITY;
ALTER TABLE jobs FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON jobs USING (current_setting('patchbay.workspace', true) IN (workspace_id, '*'));
