-- Workflows as they are now. What they do is kept by version.
CREATE TABLE workflows (
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    enabled BOOLEAN NOT NULL,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, id)
);

CREATE TABLE workflow_versions (
    workspace_id TEXT NOT NULL,
    workflow_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    definition TEXT NOT NULL,
    actor TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, workflow_id, version)
);

-- What starts workflows that are switched on. The key says what a trigger listens to, so that an edit of
-- anything else leaves it where it is.
CREATE TABLE workflow_triggers (
    workspace_id TEXT NOT NULL,
    workflow_id TEXT NOT NULL,
    key TEXT NOT NULL,
    follows TEXT,
    next_at INTEGER,
    PRIMARY KEY (workspace_id, workflow_id, key),
    FOREIGN KEY (workspace_id, workflow_id) REFERENCES workflows (workspace_id, id) ON DELETE CASCADE
);

CREATE TABLE executions (
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    id TEXT NOT NULL,
    workflow_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    status TEXT NOT NULL,
    -- What runs are counted together for a limit; absent when there is none.
    slot TEXT,
    -- Whether its turn has come.
    admitted BOOLEAN NOT NULL,
    actor TEXT NOT NULL,
    trigger_data TEXT NOT NULL,
    input TEXT NOT NULL,
    output TEXT,
    error TEXT,
    response TEXT,
    parent_id TEXT,
    parent_path TEXT,
    retry_of TEXT,
    depth INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    ended_at INTEGER,
    deadline INTEGER,
    keep_days INTEGER NOT NULL,
    forget_at INTEGER,
    trace TEXT,
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX executions_by_workflow ON executions (workspace_id, workflow_id, id);
CREATE INDEX executions_open ON executions (workspace_id, workflow_id) WHERE ended_at IS NULL;
CREATE INDEX executions_by_slot ON executions (workspace_id, slot) WHERE slot IS NOT NULL AND ended_at IS NULL;
CREATE INDEX executions_by_parent ON executions (workspace_id, parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX executions_by_age ON executions (forget_at) WHERE forget_at IS NOT NULL;

-- One row for each step that a run has reached.
CREATE TABLE execution_steps (
    workspace_id TEXT NOT NULL,
    execution_id TEXT NOT NULL,
    path TEXT NOT NULL,
    number INTEGER NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    choice TEXT,
    attempts INTEGER NOT NULL,
    input TEXT NOT NULL,
    output TEXT NOT NULL,
    error TEXT,
    wake_at INTEGER,
    started_at INTEGER NOT NULL,
    ended_at INTEGER,
    PRIMARY KEY (workspace_id, execution_id, path),
    FOREIGN KEY (workspace_id, execution_id) REFERENCES executions (workspace_id, id) ON DELETE CASCADE
);

-- What runs wait for among the events.
CREATE TABLE execution_waits (
    workspace_id TEXT NOT NULL,
    execution_id TEXT NOT NULL,
    path TEXT NOT NULL,
    follows TEXT NOT NULL,
    filter TEXT,
    PRIMARY KEY (workspace_id, execution_id, path),
    FOREIGN KEY (workspace_id, execution_id) REFERENCES executions (workspace_id, id) ON DELETE CASCADE
);
CREATE INDEX execution_waits_by_kind ON execution_waits (workspace_id, follows);

-- What was told to runs that they have not taken note of yet.
CREATE TABLE execution_signals (
    workspace_id TEXT NOT NULL,
    execution_id TEXT NOT NULL,
    id TEXT NOT NULL,
    path TEXT NOT NULL,
    outcome TEXT NOT NULL,
    PRIMARY KEY (workspace_id, execution_id, id),
    FOREIGN KEY (workspace_id, execution_id) REFERENCES executions (workspace_id, id) ON DELETE CASCADE
);

-- A push to an integration alone is accepted once too: absent feeds are all different to the index on them.
CREATE UNIQUE INDEX inbound_events_once_alone
    ON inbound_events (workspace_id, integration_id, event_id) WHERE feed_id IS NULL AND event_id IS NOT NULL;
