//! Numbers that are missing now.

use db::{DbError, Row, Tx, args};
use kernel::{ConnectionId, WorkspaceId};

use crate::drift::Drift;

/// The metrics that are missing from a connection.
pub(crate) async fn of(
    tx: &mut Tx,
    workspace: WorkspaceId,
    connection: ConnectionId,
) -> Result<Vec<String>, DbError> {
    let sql = "SELECT metric FROM drifts WHERE workspace_id = $1 AND connection_id = $2";
    let rows = tx.fetch_all(sql, args![workspace, connection]).await?;
    rows.iter().map(|row| row.text("metric")).collect()
}

/// Keeps one; the time it was first seen stays.
pub(crate) async fn put(tx: &mut Tx, workspace: WorkspaceId, drift: &Drift) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO drifts (workspace_id, connection_id, metric, platform, subject, problem, since, \
           seen_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
         ON CONFLICT (workspace_id, connection_id, metric) DO UPDATE SET problem = $6, seen_at = $8",
        args![
            workspace,
            drift.connection,
            &drift.metric,
            &drift.platform,
            &drift.subject,
            &drift.problem,
            drift.since,
            drift.seen_at
        ],
    )
    .await
    .map(drop)
}

pub(crate) async fn remove(
    tx: &mut Tx,
    workspace: WorkspaceId,
    connection: ConnectionId,
    metric: &str,
) -> Result<(), DbError> {
    let sql = "DELETE FROM drifts WHERE workspace_id = $1 AND connection_id = $2 AND metric = $3";
    tx.execute(sql, args![workspace, connection, metric]).await.map(drop)
}

/// All of a workspace, those that have lasted longest first.
pub(crate) async fn all(
    tx: &mut Tx,
    workspace: WorkspaceId,
    most: u32,
) -> Result<Vec<Drift>, DbError> {
    let sql = "SELECT connection_id, metric, platform, subject, problem, since, seen_at FROM drifts \
         WHERE workspace_id = $1 ORDER BY since, connection_id, metric LIMIT $2";
    tx.fetch_all(sql, args![workspace, most]).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Drift, DbError> {
    Ok(Drift {
        connection: row.parse("connection_id")?,
        platform: row.text("platform")?,
        subject: row.text("subject")?,
        metric: row.text("metric")?,
        problem: row.text("problem")?,
        since: row.time("since")?,
        seen_at: row.time("seen_at")?,
    })
}
