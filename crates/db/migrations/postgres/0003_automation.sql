-- Who follows a workspace's events: the kind of job that handles them, and which kinds of events it wants.
CREATE TABLE event_followers (
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    job TEXT NOT NULL,
    patterns TEXT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, job)
);

-- Events that a follower has not handled yet, written in the transaction that made them true.
CREATE TABLE event_pending (
    workspace_id TEXT NOT NULL,
    job TEXT NOT NULL,
    event_id TEXT NOT NULL,
    PRIMARY KEY (workspace_id, job, event_id)
);

-- What belongs together, from the first push to the last delivery: a trace id of W3C Trace Context.
ALTER TABLE events ADD COLUMN trace TEXT;
ALTER TABLE jobs ADD COLUMN trace TEXT;

ALTER TABLE event_followers ENABLE ROW LEVEL SECURITY;
ALTER TABLE event_followers FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON event_followers USING (current_setting('patchbay.workspace', true) IN (workspace_id, '*'));
ALTER TABLE event_pending ENABLE ROW LEVEL SECURITY;
ALTER TABLE event_pending FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON event_pending USING (current_setting('patchbay.workspace', true) IN (workspace_id, '*'));
