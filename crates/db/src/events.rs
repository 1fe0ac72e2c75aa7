//! Reading the event log.

use kernel::{Event, PageRequest};

use crate::{DbError, Row, Workspace, args};

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
                "SELECT id, kind, subject, at, data FROM events \
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
        rows.iter().map(|row| self.event(row)).collect()
    }

    fn event(&self, row: &Row) -> Result<Event, DbError> {
        Ok(Event {
            id: row.parse("id")?,
            workspace: self.id(),
            kind: row.text("kind")?,
            subject: row.text("subject")?,
            at: row.time("at")?,
            data: row.json("data")?,
        })
    }
}
