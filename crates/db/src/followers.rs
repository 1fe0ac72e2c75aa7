//! Who follows the events of a workspace. A follower is a kind of job: each event that it wants is named
//! in `event_pending` and its job enqueued, in the transaction of the event, so that none is lost and none
//! is overtaken by a cursor. Who follows what is in memory: an event that nobody follows costs nothing.

use kernel::{Event, JobKind, WorkspaceId};
use serde_json::json;
use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use crate::{Change, Db, DbError, Tx, args, events, queue};

/// The key of a follower's job: one handles all that waits.
pub const FOLLOW: &str = "events";

/// What followers want, as far as this node knows.
#[derive(Debug, Default)]
pub(crate) struct Followers(RwLock<HashMap<WorkspaceId, Vec<Wanted>>>);

#[derive(Clone, Debug)]
struct Wanted {
    job: String,
    patterns: Vec<String>,
    version: i64,
}

impl Followers {
    /// The jobs that want an event of this kind.
    fn of(&self, workspace: WorkspaceId, kind: &str) -> Vec<String> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let wanted = known.get(&workspace).into_iter().flatten();
        let wanted = wanted.filter(|it| it.patterns.iter().any(|pattern| matches(pattern, kind)));
        wanted.map(|it| it.job.clone()).collect()
    }

    /// Whether anybody wants events of this kind.
    pub(crate) fn is_followed(&self, workspace: WorkspaceId, kind: &str) -> bool {
        !self.of(workspace, kind).is_empty()
    }

    /// Takes over what was committed, unless something newer is known.
    pub(crate) fn learn(&self, change: &Change) {
        let Change::Follower { workspace, job, patterns, version } = change else { return };
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let wanted = known.entry(*workspace).or_default();
        if wanted.iter().any(|it| it.job == *job && it.version >= *version) {
            return;
        }
        wanted.retain(|it| it.job != *job);
        let (job, patterns) = (job.clone(), patterns.clone());
        wanted.push(Wanted { job, patterns, version: *version });
    }
}

/// Whether a pattern names this kind: the kind itself, or its beginning and a `*`.
pub fn matches(pattern: &str, kind: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(beginning) => kind.starts_with(beginning),
        None => pattern == kind,
    }
}

impl Db {
    /// Reads who follows what: at the start, and when word of a change may have been missed.
    pub(crate) async fn load_followers(&self) -> Result<(), DbError> {
        let mut tx = self.system(false).await?;
        let sql = "SELECT workspace_id, job, patterns, version FROM event_followers";
        for row in tx.fetch_all(sql, Vec::new()).await? {
            self.followers().learn(&Change::Follower {
                workspace: row.parse("workspace_id")?,
                job: row.text("job")?,
                patterns: row.json("patterns")?,
                version: row.int("version")?,
            });
        }
        Ok(())
    }
}

impl Tx {
    /// From this commit on, events whose kinds match one of `patterns` are handed to jobs of that kind
    /// (of the fast lane, under the key [`FOLLOW`]); none matches an empty list.
    ///
    /// # Errors
    /// [`DbError`] when it cannot be written.
    pub async fn follow(
        &mut self,
        workspace: WorkspaceId,
        job: JobKind,
        patterns: Vec<String>,
    ) -> Result<(), DbError> {
        let row = self
            .fetch_optional(
                "INSERT INTO event_followers (workspace_id, job, patterns, version) \
                 VALUES ($1, $2, $3, 1) ON CONFLICT (workspace_id, job) DO UPDATE \
                 SET patterns = excluded.patterns, version = event_followers.version + 1 \
                 RETURNING version",
                args![workspace, job.name, &json!(patterns)],
            )
            .await?;
        let version = row.map(|row| row.int("version")).transpose()?.unwrap_or_default();
        self.changed(Change::Follower { workspace, job: job.name.to_owned(), patterns, version });
        Ok(())
    }

    /// Names the event to whoever follows its kind.
    pub(crate) async fn hand_on(&mut self, event: &Event) -> Result<(), DbError> {
        for job in self.db.followers().of(event.workspace, &event.kind) {
            self.execute(
                "INSERT INTO event_pending (workspace_id, job, event_id) VALUES ($1, $2, $3)",
                args![event.workspace, &job, event.id],
            )
            .await?;
            queue::follow(self, event.workspace, &job).await?;
        }
        Ok(())
    }

    /// The oldest events that wait for a follower. They wait until [`Tx::handled`].
    ///
    /// # Errors
    /// [`DbError`] when they cannot be read.
    pub async fn pending_events(
        &mut self,
        workspace: WorkspaceId,
        job: JobKind,
        most: u32,
    ) -> Result<Vec<Event>, DbError> {
        let rows = self
            .fetch_all(
                "SELECT e.id, e.kind, e.subject, e.at, e.data, e.trace FROM event_pending p \
                 JOIN events e ON e.workspace_id = p.workspace_id AND e.id = p.event_id \
                 WHERE p.workspace_id = $1 AND p.job = $2 ORDER BY p.event_id LIMIT $3",
                args![workspace, job.name, most],
            )
            .await?;
        rows.iter().map(|row| events::read(workspace, row)).collect()
    }

    /// Events no longer wait for a follower: what it did about them commits with this.
    ///
    /// # Errors
    /// [`DbError`] when it cannot be written.
    pub async fn handled(
        &mut self,
        workspace: WorkspaceId,
        job: JobKind,
        events: &[Event],
    ) -> Result<(), DbError> {
        let sql = self.dialect(
            "DELETE FROM event_pending WHERE workspace_id = $1 AND job = $2 \
             AND event_id IN (SELECT value FROM json_each($3))",
            "DELETE FROM event_pending WHERE workspace_id = $1 AND job = $2 \
             AND event_id IN (SELECT json_array_elements_text($3::json))",
        );
        let ids: Vec<_> = events.iter().map(|event| event.id.to_string()).collect();
        self.execute(sql, args![workspace, job.name, &json!(ids)]).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_a_kind_or_its_beginning() {
        for (pattern, kind, fits) in [
            ("*", "feed.updated", true),
            ("feed.*", "feed.updated", true),
            ("feed.updated", "feed.updated", true),
            ("feed.up", "feed.updated", false),
            ("feed.*", "feeds.updated", false),
        ] {
            assert_eq!(matches(pattern, kind), fits, "{pattern} {kind}");
        }
    }
}
