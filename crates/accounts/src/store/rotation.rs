//! How far the rotation of a workspace's data key has come: what its last progress event says.

use db::{DbError, Tx, args};
use kernel::{Timestamp, WorkspaceId};
use serde::{Deserialize, Serialize};

/// The kind of the progress events.
pub(crate) const EVENT: &str = "workspace.key_rotation";

/// What a progress event says.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Progress {
    pub(crate) version: u32,
    pub(crate) done: u64,
    pub(crate) finished: bool,
}

pub(crate) async fn last(
    tx: &mut Tx,
    workspace: WorkspaceId,
) -> Result<Option<(Progress, Timestamp)>, DbError> {
    let row = tx
        .fetch_optional(
            "SELECT data, at FROM events WHERE workspace_id = $1 AND subject = $2 AND kind = $3 \
             ORDER BY at DESC, id DESC LIMIT 1",
            args![workspace, workspace, EVENT],
        )
        .await?;
    row.map(|row| Ok((row.json("data")?, row.time("at")?))).transpose()
}

/// The newest data key: its version and when it was made.
pub(crate) async fn current(
    tx: &mut Tx,
    workspace: WorkspaceId,
) -> Result<(u32, Option<Timestamp>), DbError> {
    let row = tx
        .fetch_optional(
            "SELECT version, created_at FROM data_keys WHERE workspace_id = $1 \
             ORDER BY version DESC LIMIT 1",
            args![workspace],
        )
        .await?;
    let Some(row) = row else { return Ok((0, None)) };
    let version = u32::try_from(row.int("version")?).unwrap_or_default();
    Ok((version, Some(row.time("created_at")?)))
}
