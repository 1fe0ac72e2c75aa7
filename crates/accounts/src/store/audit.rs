//! Reading the audit log.

use db::{DbError, Tx, args};
use kernel::{AuditId, PageRequest, Timestamp, WorkspaceId};
use serde_json::Value;

/// An entry as it is stored.
pub(crate) struct Stored {
    pub(crate) id: AuditId,
    pub(crate) at: Timestamp,
    pub(crate) actor: String,
    pub(crate) action: String,
    pub(crate) subject: String,
    pub(crate) detail: Value,
    pub(crate) remote_addr: Option<String>,
}

/// Which entries; empty texts mean any.
pub(crate) struct Filter<'a> {
    pub(crate) subject: &'a str,
    pub(crate) action: &'a str,
    pub(crate) actor: &'a str,
}

/// Newest first, `limit + 1` of them.
pub(crate) async fn list(
    tx: &mut Tx,
    workspace: WorkspaceId,
    filter: &Filter<'_>,
    page: &PageRequest,
) -> Result<Vec<Stored>, DbError> {
    let rows = tx
        .fetch_all(
            "SELECT id, at, actor, action, subject, detail, remote_addr FROM audit_entries \
             WHERE workspace_id = $1 AND ($2 = '' OR subject = $2) AND ($3 = '' OR action = $3) \
             AND ($4 = '' OR actor = $4) AND ($5 = '' OR id < $5) ORDER BY id DESC LIMIT $6",
            args![
                workspace,
                filter.subject,
                filter.action,
                filter.actor,
                page.after.clone().unwrap_or_default(),
                page.limit + 1
            ],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Stored {
                id: row.parse("id")?,
                at: row.time("at")?,
                actor: row.text("actor")?,
                action: row.text("action")?,
                subject: row.text("subject")?,
                detail: row.json("detail")?,
                remote_addr: row.opt_text("remote_addr")?,
            })
        })
        .collect()
}
