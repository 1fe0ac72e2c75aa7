-- Connections: one account behind an integration, its tokens, and what keeps them alive.

-- The colour that a workspace goes by on pages for others, as #rrggbb.
ALTER TABLE workspaces ADD COLUMN accent TEXT;

-- The limits of the app, as JSON, where they are not the provider's usual ones.
ALTER TABLE integrations ADD COLUMN quota TEXT;

-- When the first of its fields ends that the catalog knows the life of.
ALTER TABLE credentials ADD COLUMN expires_at INTEGER;

CREATE TABLE connections (
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    id TEXT NOT NULL,
    integration_id TEXT NOT NULL,
    provider TEXT NOT NULL,
    -- Whose account it is: an artist, an end user; empty for the workspace's own.
    subject TEXT NOT NULL,
    status TEXT NOT NULL,
    cause_code TEXT,
    cause TEXT,
    status_since INTEGER NOT NULL,
    account_id TEXT,
    account_name TEXT,
    account TEXT NOT NULL,
    captured TEXT NOT NULL,
    scopes TEXT NOT NULL,
    missing_scopes TEXT NOT NULL,
    -- The tokens. The generation moves with each new set; who refreshed an older one keeps nothing.
    sealed BLOB NOT NULL,
    generation INTEGER NOT NULL,
    can_refresh BOOLEAN NOT NULL,
    granted_at INTEGER NOT NULL,
    expires_at INTEGER,
    refresh_expires_at INTEGER,
    refreshed_at INTEGER,
    -- Failed attempts in a row to renew the tokens.
    failures INTEGER NOT NULL,
    failing_since INTEGER,
    validated_at INTEGER,
    synced_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, integration_id) REFERENCES integrations (workspace_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX connections_by_subject ON connections (workspace_id, integration_id, subject);
CREATE INDEX connections_by_account ON connections (provider, account_id);

-- Who is asking the provider for new tokens now. It is written before the question and removed with the
-- answer; one that outlives its holder says that an answer may have been lost.
CREATE TABLE connection_refreshes (
    workspace_id TEXT NOT NULL,
    connection_id TEXT NOT NULL,
    generation INTEGER NOT NULL,
    holder TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    lease_until INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, connection_id),
    FOREIGN KEY (workspace_id, connection_id) REFERENCES connections (workspace_id, id) ON DELETE CASCADE
);

-- An authorization under way. It is used once.
CREATE TABLE oauth_states (
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    id TEXT NOT NULL,
    integration_id TEXT NOT NULL,
    subject TEXT NOT NULL,
    sealed BLOB NOT NULL,
    -- The hash of what the browser must show again; none when a program began it.
    browser TEXT,
    link_id TEXT,
    return_url TEXT,
    scopes TEXT NOT NULL,
    started_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, integration_id) REFERENCES integrations (workspace_id, id) ON DELETE CASCADE
);

-- A page on which somebody connects an account, sent or embedded.
CREATE TABLE connect_links (
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    id TEXT NOT NULL,
    token_hash TEXT NOT NULL,
    integration_id TEXT NOT NULL,
    subject TEXT NOT NULL,
    return_url TEXT,
    started_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    connected_at INTEGER,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, integration_id) REFERENCES integrations (workspace_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX connect_links_by_token ON connect_links (token_hash);

-- What a person has to do.
CREATE TABLE tasks (
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    about TEXT NOT NULL,
    subject TEXT NOT NULL,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    category TEXT NOT NULL,
    priority TEXT NOT NULL,
    impact_score INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    status TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    closed_at INTEGER,
    closed_by TEXT,
    PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX tasks_open ON tasks (workspace_id, kind, about) WHERE status = 'open';

-- A metric row: one subject, one platform, one day.
CREATE TABLE metrics (
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    subject TEXT NOT NULL,
    platform TEXT NOT NULL,
    date TEXT NOT NULL,
    connection_id TEXT NOT NULL,
    metrics TEXT NOT NULL,
    estimated TEXT NOT NULL,
    raw TEXT NOT NULL,
    fetched_at INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, subject, platform, date)
);

-- A number that a platform stopped telling as it used to. It is closed by its return.
CREATE TABLE drifts (
    workspace_id TEXT NOT NULL,
    connection_id TEXT NOT NULL,
    metric TEXT NOT NULL,
    platform TEXT NOT NULL,
    subject TEXT NOT NULL,
    problem TEXT NOT NULL,
    since INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, connection_id, metric),
    FOREIGN KEY (workspace_id, connection_id) REFERENCES connections (workspace_id, id) ON DELETE CASCADE
);

-- What a provider was asked to tell us by itself, for one connection or for a whole integration.
CREATE TABLE push_subscriptions (
    workspace_id TEXT NOT NULL,
    id TEXT NOT NULL,
    integration_id TEXT NOT NULL,
    -- NULL for what is asked once for the integration.
    connection_id TEXT,
    -- The catalog's name for what is asked for.
    way TEXT NOT NULL,
    -- What it is about, at the provider.
    topic TEXT NOT NULL,
    -- Its own secret, by which its pushes are known.
    sealed BLOB NOT NULL,
    -- What the provider answered: its id and the like; nothing secret.
    known TEXT NOT NULL,
    state TEXT NOT NULL,
    -- Whether a person switched it off.
    is_unwanted BOOLEAN NOT NULL,
    -- The last request, and the last word of the provider that it holds.
    asked_at INTEGER,
    confirmed_at INTEGER,
    expires_at INTEGER,
    renew_at INTEGER,
    -- Failed attempts in a row.
    failures INTEGER NOT NULL,
    error_code TEXT,
    error TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, integration_id) REFERENCES integrations (workspace_id, id) ON DELETE CASCADE,
    FOREIGN KEY (workspace_id, connection_id) REFERENCES connections (workspace_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX push_subscriptions_once
    ON push_subscriptions (workspace_id, integration_id, way, COALESCE(connection_id, ''));
CREATE INDEX push_subscriptions_by_connection ON push_subscriptions (workspace_id, connection_id);

-- Daily budgets that outlive a restart. They are the house's: workspaces may share an app.
CREATE TABLE quotas (
    key TEXT NOT NULL PRIMARY KEY,
    provider TEXT NOT NULL,
    resets_at INTEGER NOT NULL,
    units INTEGER NOT NULL,
    used INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
);
