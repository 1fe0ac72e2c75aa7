//! What is kept, and for how long. Old rows go a batch at a time, and SQLite gives the pages back.

use kernel::{
    AuditId, DeliveryId, EventId, InboundId, NotificationId, RequestLogId, Timestamp, WorkspaceId,
};
use std::time::Duration;

use crate::open::Pools;
use crate::{Db, DbError, args};

/// Ages after which rows are removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Events.
    pub events: Duration,
    /// Requests that left the house.
    pub requests: Duration,
    /// Accepted pushes that were applied.
    pub inbound: Duration,
    /// Deliveries of webhooks that succeeded or were given up, with their events.
    pub deliveries: Duration,
    /// Audit entries.
    pub audit: Duration,
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Default for Retention {
    fn default() -> Self {
        Self {
            events: 30 * DAY,
            requests: 14 * DAY,
            inbound: 30 * DAY,
            deliveries: 30 * DAY,
            audit: 365 * DAY,
        }
    }
}

/// Of numbers: long enough to see what a mapping that changed had read before.
const ANSWERS: Duration = Duration::from_secs(90 * 24 * 60 * 60);
const NOTICES: Duration = Duration::from_secs(90 * 24 * 60 * 60);
const BATCH: u32 = 5_000;

/// A push that waits is kept, however old.
const SETTLED: &str = "AND NOT EXISTS (SELECT 1 FROM inbound_pending w \
     WHERE w.workspace_id = inbound_events.workspace_id \
       AND w.feed_id = inbound_events.feed_id AND w.id = inbound_events.id)";

/// An event that somebody has yet to handle is kept, however old; so is one that a delivery tells of.
const UNFOLLOWED: &str = "AND NOT EXISTS (SELECT 1 FROM event_pending w \
     WHERE w.workspace_id = events.workspace_id AND w.event_id = events.id) \
     AND NOT EXISTS (SELECT 1 FROM deliveries d \
     WHERE d.workspace_id = events.workspace_id AND d.event_id = events.id)";

/// A delivery that waits for an attempt is kept, however old.
const TOLD: &str = "AND status IN ('succeeded', 'dead')";

impl Db {
    /// Removes what is older than its retention. Returns how many rows went.
    ///
    /// # Errors
    /// [`DbError`] when a batch cannot be removed; what went is gone.
    pub async fn forget_old(&self, retention: &Retention) -> Result<u64, DbError> {
        let now = self.clock().now();
        let before = |age: Duration| now.minus(age);
        let mut gone = 0;
        for workspace in self.workspaces().await? {
            // An id begins with the time that its row was made at.
            for (table, first, rule) in [
                (
                    "deliveries",
                    DeliveryId::first_at(before(retention.deliveries)).to_string(),
                    TOLD,
                ),
                ("events", EventId::first_at(before(retention.events)).to_string(), UNFOLLOWED),
                (
                    "request_logs",
                    RequestLogId::first_at(before(retention.requests)).to_string(),
                    "",
                ),
                (
                    "inbound_events",
                    InboundId::first_at(before(retention.inbound)).to_string(),
                    SETTLED,
                ),
                ("audit_entries", AuditId::first_at(before(retention.audit)).to_string(), ""),
                ("notifications", NotificationId::first_at(before(NOTICES)).to_string(), ""),
            ] {
                gone += self.forget_before(workspace, table, &first, rule).await?;
            }
        }
        for (table, key, column, limit) in [
            ("idempotency_keys", "key", "created_at", before(DAY)),
            // One that is open has no time yet, and stays.
            ("tasks", "id", "closed_at", before(365 * DAY)),
            ("oauth_states", "id", "expires_at", now),
            ("connect_links", "id", "expires_at", now),
            // Each says itself how long it is kept; its steps go with it.
            ("executions", "id", "forget_at", now),
        ] {
            gone += self.forget(table, key, column, limit).await?;
        }
        gone += self.forget_sessions(now).await?;
        self.forget_answers(before(ANSWERS)).await?;
        if let Pools::Sqlite { writer, .. } = self.pools() {
            sqlx::query("PRAGMA incremental_vacuum(2000)").execute(writer).await?;
        }
        Ok(gone)
    }

    /// Rows of what grows all the time, found by their key: however much is kept, only what goes is read.
    async fn forget_before(
        &self,
        workspace: WorkspaceId,
        table: &str,
        first: &str,
        rule: &str,
    ) -> Result<u64, DbError> {
        let sql = format!(
            "DELETE FROM {table} WHERE workspace_id = $1 AND id IN (SELECT id FROM {table} \
             WHERE workspace_id = $1 AND id < $2 {rule} ORDER BY id LIMIT $3)"
        );
        self.in_batches(&sql, |batch| args![workspace, first, batch]).await
    }

    async fn forget(
        &self,
        table: &str,
        key: &str,
        column: &str,
        before: Timestamp,
    ) -> Result<u64, DbError> {
        let sql = format!(
            "DELETE FROM {table} WHERE (workspace_id, {key}) IN (SELECT workspace_id, {key} \
             FROM {table} WHERE {column} < $1 LIMIT $2)"
        );
        self.in_batches(&sql, |batch| args![before, batch]).await
    }

    /// Runs a statement that changes at most so many rows until it finds fewer.
    async fn in_batches(
        &self,
        sql: &str,
        args: impl Fn(u32) -> Vec<crate::Value> + Send,
    ) -> Result<u64, DbError> {
        let mut gone = 0;
        loop {
            let mut tx = self.system(true).await?;
            let batch = tx.execute(sql, args(BATCH)).await?;
            tx.commit().await?;
            gone += batch;
            if batch < u64::from(BATCH) {
                return Ok(gone);
            }
        }
    }

    /// Numbers are kept for good; the answers that they were read from, which are much larger, are not.
    async fn forget_answers(&self, before: Timestamp) -> Result<(), DbError> {
        let sql = "UPDATE metrics SET raw = '{}' \
             WHERE (workspace_id, subject, platform, date) IN ( \
               SELECT workspace_id, subject, platform, date FROM metrics \
               WHERE fetched_at < $1 AND raw <> '{}' LIMIT $2)";
        self.in_batches(sql, |batch| args![before, batch]).await.map(drop)
    }

    async fn forget_sessions(&self, now: Timestamp) -> Result<u64, DbError> {
        let mut tx = self.system(true).await?;
        let gone = tx.execute("DELETE FROM sessions WHERE expires_at < $1", args![now]).await?;
        tx.commit().await?;
        Ok(gone)
    }
}
