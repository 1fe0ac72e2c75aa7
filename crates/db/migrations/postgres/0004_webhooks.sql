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
    overlap_until BIGINT,
    -- With the mask where a value is a secret.
    headers TEXT NOT NULL,
    -- The signing keys and the secret headers.
    sealed BYTEA NOT NULL,
    ordered BOOLEAN NOT NULL,
    concurrency BIGINT NOT NULL,
    rate_requests BIGINT,
    rate_window_secs BIGINT,
    timeout_ms BIGINT NOT NULL,
    -- active, paused by a person, disabled by the house.
    status TEXT NOT NULL,
    status_since BIGINT NOT NULL,
    cause_code TEXT,
    cause TEXT,
    -- Since when nothing but failures came.
    failing_since BIGINT,
    succeeded_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, id)
);

CREATE TABLE deliveries (
    workspace_id TEXT NOT NULL,
    id TEXT NOT NULL,
    webhook_id TEXT NOT NULL,
    event_id TEXT NOT NULL,
    event_type TEXT NOT NULL,
    event_at BIGINT NOT NULL,
    -- pending (not tried yet), retrying, succeeded, dead.
    status TEXT NOT NULL,
    -- Attempts in all, and those since the first or the last replay.
    attempts BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    -- When the first of these tries was.
    tried_since BIGINT,
    next_at BIGINT,
    error TEXT,
    trace TEXT,
    updated_at BIGINT NOT NULL,
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
    number BIGINT NOT NULL,
    at BIGINT NOT NULL,
    url TEXT NOT NULL,
    status_code BIGINT,
    duration_ms BIGINT NOT NULL,
    error_code TEXT,
    error TEXT,
    -- The beginning of the answer's body.
    response TEXT,
    PRIMARY KEY (workspace_id, delivery_id, number),
    FOREIGN KEY (workspace_id, delivery_id) REFERENCES deliveries (workspace_id, id) ON DELETE CASCADE
);

ALTER TABLE webhooks ENABLE ROW LEVEL SECURITY;
ALTER TABLE webhooks FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON webhooks USING (current_setting('patchbay.workspace', true) IN (workspace_id, '*'));
ALTER TABLE deliveries ENABLE ROW LEVEL SECURITY;
ALTER TABLE deliveries FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON deliveries USING (current_setting('patchbay.workspace', true) IN (workspace_id, '*'));
ALTER TABLE delivery_attempts ENABLE ROW LEVEL SECURITY;
ALTER TABLE delivery_attempts FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON delivery_attempts USING (current_setting('patchbay.workspace', true) IN (workspace_id, '*'));
