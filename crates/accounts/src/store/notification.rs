//! What people are told.

use db::{DbError, Row, Tx, args};
use kernel::{NotificationId, PageRequest, Timestamp, WorkspaceId};

/// A notification as it is stored.
pub(crate) struct Stored {
    pub(crate) id: NotificationId,
    pub(crate) severity: String,
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) subject: String,
    pub(crate) created_at: Timestamp,
    pub(crate) read_at: Option<Timestamp>,
}

fn read(row: &Row) -> Result<Stored, DbError> {
    Ok(Stored {
        id: row.parse("id")?,
        severity: row.text("severity")?,
        title: row.text("title")?,
        body: row.text("body")?,
        subject: row.text("subject")?,
        created_at: row.time("created_at")?,
        read_at: row.opt_time("read_at")?,
    })
}

const SELECT: &str = "SELECT id, severity, title, body, subject, created_at, read_at \
    FROM notifications WHERE workspace_id = $1";

pub(crate) async fn insert(
    tx: &mut Tx,
    workspace: WorkspaceId,
    it: &Stored,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO notifications \
         (workspace_id, id, severity, title, body, subject, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        args![workspace, it.id, &it.severity, &it.title, &it.body, &it.subject, it.created_at],
    )
    .await
    .map(drop)
}

pub(crate) async fn get(
    tx: &mut Tx,
    workspace: WorkspaceId,
    id: NotificationId,
) -> Result<Option<Stored>, DbError> {
    let sql = format!("{SELECT} AND id = $2");
    tx.fetch_optional(&sql, args![workspace, id]).await?.as_ref().map(read).transpose()
}

/// Newest first, `limit + 1` of them.
pub(crate) async fn list(
    tx: &mut Tx,
    workspace: WorkspaceId,
    unread: bool,
    page: &PageRequest,
) -> Result<Vec<Stored>, DbError> {
    let unread = if unread { "AND read_at IS NULL" } else { "" };
    let sql = format!("{SELECT} {unread} AND ($2 = '' OR id < $2) ORDER BY id DESC LIMIT $3");
    let after = page.after.clone().unwrap_or_default();
    let rows = tx.fetch_all(&sql, args![workspace, after, page.limit + 1]).await?;
    rows.iter().map(read).collect()
}

/// Marks it as read, once; `None` when there is none.
pub(crate) async fn mark_read(
    tx: &mut Tx,
    workspace: WorkspaceId,
    id: NotificationId,
) -> Result<Option<Stored>, DbError> {
    let now = tx.now();
    let sql = "UPDATE notifications SET read_at = COALESCE(read_at, $3) \
               WHERE workspace_id = $1 AND id = $2";
    tx.execute(sql, args![workspace, id, now]).await?;
    let sql = format!("{SELECT} AND id = $2");
    tx.fetch_optional(&sql, args![workspace, id]).await?.as_ref().map(read).transpose()
}
