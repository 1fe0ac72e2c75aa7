//! What this room needs to know of connections and the room of them does not.

use db::{DbError, Tx, args};
use kernel::{ConnectionId, Timestamp, WorkspaceId};

pub(crate) async fn is_there(
    tx: &mut Tx,
    workspace: WorkspaceId,
    id: ConnectionId,
) -> Result<bool, DbError> {
    let sql = "SELECT id FROM connections WHERE workspace_id = $1 AND id = $2";
    Ok(tx.fetch_optional(sql, args![workspace, id]).await?.is_some())
}

/// A connection of an account that was pushed about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) connection: ConnectionId,
    pub(crate) synced_at: Option<Timestamp>,
}

/// The connections of an account, of whichever subject.
pub(crate) async fn of_account(
    tx: &mut Tx,
    workspace: WorkspaceId,
    provider: &str,
    account: &str,
) -> Result<Vec<Account>, DbError> {
    let sql = "SELECT id, synced_at FROM connections \
         WHERE provider = $2 AND account_id = $3 AND workspace_id = $1 LIMIT 100";
    let rows = tx.fetch_all(sql, args![workspace, provider, account]).await?;
    let account = |row: &db::Row| {
        Ok(Account { connection: row.parse("id")?, synced_at: row.opt_time("synced_at")? })
    };
    rows.iter().map(account).collect()
}

/// A connection that can be asked.
pub(crate) struct Working {
    pub(crate) workspace: WorkspaceId,
    pub(crate) connection: ConnectionId,
    pub(crate) provider: String,
}

/// A page of those of all workspaces, in the order of workspaces and ids.
pub(crate) async fn working(
    tx: &mut Tx,
    after: Option<(WorkspaceId, ConnectionId)>,
    most: u32,
) -> Result<Vec<Working>, DbError> {
    let sql = "SELECT workspace_id, id, provider FROM connections \
         WHERE (workspace_id > $1 OR (workspace_id = $1 AND id > $2)) \
           AND status IN ('active', 'degraded') ORDER BY workspace_id, id LIMIT $3";
    let (workspace, id) = after.map(|(a, b)| (a.to_string(), b.to_string())).unwrap_or_default();
    let rows = tx.fetch_all(sql, args![workspace, id, most]).await?;
    let working = |row: &db::Row| {
        Ok(Working {
            workspace: row.parse("workspace_id")?,
            connection: row.parse("id")?,
            provider: row.text("provider")?,
        })
    };
    rows.iter().map(working).collect()
}

/// A platform of a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Platform {
    pub(crate) subject: String,
    pub(crate) platform: String,
    pub(crate) connection: ConnectionId,
    pub(crate) status: String,
    /// The newest day of its series.
    pub(crate) last_date: Option<String>,
}

/// Every platform of every subject, by subject.
pub(crate) async fn platforms(
    tx: &mut Tx,
    workspace: WorkspaceId,
    most: u32,
) -> Result<Vec<Platform>, DbError> {
    let sql = "SELECT c.subject, c.provider, c.id, c.status, \
           (SELECT max(m.date) FROM metrics m WHERE m.workspace_id = c.workspace_id \
              AND m.subject = c.subject AND m.platform = c.provider) AS last_date \
         FROM connections c WHERE c.workspace_id = $1 ORDER BY c.subject, c.provider, c.id LIMIT $2";
    let rows = tx.fetch_all(sql, args![workspace, most]).await?;
    let platform = |row: &db::Row| {
        Ok(Platform {
            subject: row.text("subject")?,
            platform: row.text("provider")?,
            connection: row.parse("id")?,
            status: row.text("status")?,
            last_date: row.opt_text("last_date")?,
        })
    };
    rows.iter().map(platform).collect()
}
