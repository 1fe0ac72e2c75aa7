//! Reading the event log, and what is told without being logged.

use kernel::{Event, EventId, PageRequest, WorkspaceId};
use serde_json::Value as Json;
use std::sync::Arc;

use crate::{Db, DbError, Row, Signal, Workspace, args, trace};

/// Which events are wanted; empty texts mean any.
#[derive(Clone, Debug, Default)]
pub struct EventFilter {
    /// A kind, or the beginning of one that ends in a dot: `feed.`.
    pub kind: String,
    /// The id of the thing it happened to.
    pub subject: String,
}

impl Workspace {
    /// Events, newest first.
    ///
    /// # Errors
    /// [`DbError`] when the log cannot be read.
    pub async fn events(
        &self,
        filter: &EventFilter,
        page: &PageRequest,
    ) -> Result<Vec<Event>, DbError> {
        let mut tx = self.read().await?;
        let prefix = if filter.kind.ends_with('.') {
            format!("{}%", filter.kind)
        } else {
            filter.kind.clone()
        };
        let rows = tx
            .fetch_all(
                "SELECT id, kind, subject, at, data, trace FROM events \
                 WHERE workspace_id = $1 AND ($2 = '' OR kind LIKE $2) \
                   AND ($3 = '' OR subject = $3) AND ($4 = '' OR id < $4) \
                 ORDER BY id DESC LIMIT $5",
                args![
                    self.id(),
                    prefix,
                    &filter.subject,
                    page.after.clone().unwrap_or_default(),
                    page.limit + 1
                ],
            )
            .await?;
        rows.iter().map(|row| read(self.id(), row)).collect()
    }

    /// Tells an event to those who follow now, and keeps it in no log: for what is of interest only while
    /// it happens, and often.
    ///
    /// # Errors
    /// [`DbError`] when the other nodes cannot be told.
    pub async fn tell(
        &self,
        kind: &str,
        subject: impl ToString,
        data: Json,
    ) -> Result<(), DbError> {
        if !self.db().is_postgres() {
            let event = made(self.db(), self.id(), kind, subject, data);
            self.db().broadcast(vec![Signal::Event(Arc::new(event))]);
            return Ok(());
        }
        let mut tx = self.write().await?;
        tx.tell(self.id(), kind, subject, data);
        tx.commit().await
    }
}

/// An event of now, which belongs to the trace of this task.
pub(crate) fn made(
    db: &Db,
    workspace: WorkspaceId,
    kind: &str,
    subject: impl ToString,
    data: Json,
) -> Event {
    let at = db.clock().now();
    let id = EventId::generate(at, db.entropy());
    let (kind, subject) = (kind.to_owned(), subject.to_string());
    Event { id, workspace, kind, subject, at, data, trace: trace::current() }
}

/// An event from a row of the table.
pub(crate) fn read(workspace: WorkspaceId, row: &Row) -> Result<Event, DbError> {
    Ok(Event {
        id: row.parse("id")?,
        workspace,
        kind: row.text("kind")?,
        subject: row.text("subject")?,
        at: row.time("at")?,
        data: row.json("data")?,
        trace: row.opt_parse("trace")?,
    })
}
