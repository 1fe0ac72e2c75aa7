//! What the instance remembers of itself.

use db::{DbError, Tx, args};
use kernel::WorkspaceId;

const HOME: &str = "home_workspace";

/// The first workspace; its owners' keys may run the instance.
pub(crate) async fn home_workspace(tx: &mut Tx) -> Result<Option<WorkspaceId>, DbError> {
    let sql = "SELECT value FROM instance WHERE key = $1";
    tx.fetch_optional(sql, args![HOME]).await?.map(|row| row.parse("value")).transpose()
}

/// Settled once; [`DbError::Conflict`] after that.
pub(crate) async fn settle_home(tx: &mut Tx, workspace: WorkspaceId) -> Result<(), DbError> {
    let sql = "INSERT INTO instance (key, value) VALUES ($1, $2)";
    tx.execute(sql, args![HOME, workspace]).await.map(drop)
}
