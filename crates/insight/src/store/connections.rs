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
