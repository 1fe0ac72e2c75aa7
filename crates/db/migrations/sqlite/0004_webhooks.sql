-- Webhooks: subscribers of ours, what they are told, and each attempt to tell them.

CREATE TABLE webhooks (
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    url TEXT NOT NULL,
    -- Patterns of event types, as a JSON array.
    events TEXT NOT NULL,
    filter TEXT,
    filter_error TEXT,
    format TEXT NOT NULL,
    signing TEXT NOT NULL,
    public_key TEXT,
    -- Until when the secret before the last rotation signs too.
    overlap_until INTEGER,
    -- With the mask where a value is a secret.
    headers TEXT NOT NULL,
    -- The signing keys and the secret headers.
    sealed BLOB NOT NULL,
    ordered BOOLEAN NOT NULL,
    concurrency INTEGER NOT NULL,
    rate_requests INTEGER,
    rate_window_secs INTEGER,
    timeout_ms INTEGER NOT NULL,
    -- active, paused by a person, disabled by the house.
    status TEXT NOT NULL,
    status_since INTEGER NOT NULL,
    cause_code TEXT,
    cause TEXT,
    -- Since when nothing but failures came.
    failing_since INTEGER,
    succeeded_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, id)
);

CREATE TABLE deliveries (
    workspace_id TEXT NOT NULL,
    id TEXT NOT NULL,
    webhook_id TEXT NOT NULL,
    event_id TEXT NOT NULL,
    event_type TEXT NOT NULL,
    event_at INTEGER NOT NULL,
    -- pending (not tried yet), retrying, succeeded, dead.
    status TEXT NOT NULL,
    -- Attempts in all, and those since the first or the last replay.
    attempts INTEGER NOT NULL,
    tries INTEGER NOT NULL,
    -- When the first of these tries was.
    tried_since INTEGER,
    next_at INTEGER,
    error TEXT,
    trace TEXT,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, id),
    UNIQUE (workspace_id, webhook_id, event_id),
    FOREIGN KEY (workspace_id, webhook_id) REFERENCES webhooks (workspace_id, id) ON DELETE CASCADE
);
CREATE INDEX deliveries_due ON deliveries (workspace_id, webhook_id, status, next_at)
    WHERE status IN ('pending', 'retrying');
CREATE INDEX deliveries_in_order ON deliveries (workspace_id, webhook_id, event_at, id)
    WHERE status IN ('pending', 'retrying');
CREATE INDEX deliveries_by_event ON deliveries (workspace_id, event_id);
CREATE INDEX deliveries_settled ON deliveries (updated_at) WHERE status IN ('succeeded', 'dead');
CREATE INDEX deliveries_by_trace ON deliveries (workspace_id, trace) WHERE trace IS NOT NULL;

CREATE TABLE delivery_attempts (
    workspace_id TEXT NOT NULL,
    delivery_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    at INTEGER NOT NULL,
    url TEXT NOT NULL,
    status_code INTEGER,
    duration_ms INTEGER NOT NULL,
    error_code TEXT,
    error TEXT,
    -- The beginning of the answer's body.
    response TEXT,
    PRIMARY KEY (workspace_id, delivery_id, number),
    FOREIGN KEY (workspace_id, delivery_id) REFERENCES deliveries (workspace_id, id) ON DELETE CASCADE
);
