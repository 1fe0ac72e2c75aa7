//! What starts workflows, and where each trigger stands.

use db::{DbError, Tx, args};
use kernel::{ExecutionId, Timestamp, WorkflowId, WorkspaceId};
use std::collections::BTreeSet;

use crate::definition::{Source, Trigger};
use crate::jobs::{DISPATCH, TICK, tick_key, tick_of};

/// Puts the triggers of a workflow in the place of those it had. One that it had before stays where it is.
pub(crate) async fn replace(
    tx: &mut Tx,
    workspace: WorkspaceId,
    workflow: WorkflowId,
    triggers: &[Trigger],
) -> Result<(), DbError> {
    let known = of(tx, workspace, workflow).await?;
    for key in known.iter().filter(|key| !triggers.iter().any(|it| it.key() == **key)) {
        let sql = "DELETE FROM workflow_triggers \
                   WHERE workspace_id = $1 AND workflow_id = $2 AND key = $3";
        tx.execute(sql, args![workspace, workflow, key]).await?;
        tx.dequeue(workspace, TICK, &tick_key(workflow, key)).await?;
    }
    for trigger in triggers.iter().filter(|it| !known.contains(&it.key())) {
        let now = tx.now();
        let next_at = match &trigger.source {
            Source::Cron { schedule, .. } => schedule.next(now),
            _ => None,
        };
        let key = trigger.key();
        tx.execute(
            "INSERT INTO workflow_triggers (workspace_id, workflow_id, key, follows, next_at) \
             VALUES ($1, $2, $3, $4, $5)",
            args![workspace, workflow, &key, trigger.follows(), next_at],
        )
        .await?;
        if let Some(at) = next_at {
            tx.enqueue(workspace, tick_of(workflow, &key, at)).await?;
        }
    }
    follow(tx, workspace).await
}

/// The keys of a workflow's triggers.
async fn of(
    tx: &mut Tx,
    workspace: WorkspaceId,
    workflow: WorkflowId,
) -> Result<Vec<String>, DbError> {
    let sql = "SELECT key FROM workflow_triggers WHERE workspace_id = $1 AND workflow_id = $2";
    let rows = tx.fetch_all(sql, args![workspace, workflow]).await?;
    rows.iter().map(|row| row.text("key")).collect()
}

/// When a cron trigger is due; `None` when it is gone.
pub(crate) async fn next_at(
    tx: &mut Tx,
    workspace: WorkspaceId,
    workflow: WorkflowId,
    key: &str,
) -> Result<Option<Timestamp>, DbError> {
    let sql = "SELECT next_at FROM workflow_triggers \
               WHERE workspace_id = $1 AND workflow_id = $2 AND key = $3";
    let row = tx.fetch_optional(sql, args![workspace, workflow, key]).await?;
    row.map_or(Ok(None), |row| row.opt_time("next_at"))
}

pub(crate) async fn set_next(
    tx: &mut Tx,
    workspace: WorkspaceId,
    workflow: WorkflowId,
    key: &str,
    at: Option<Timestamp>,
) -> Result<(), DbError> {
    let sql = "UPDATE workflow_triggers SET next_at = $4 \
               WHERE workspace_id = $1 AND workflow_id = $2 AND key = $3";
    tx.execute(sql, args![workspace, workflow, key, at]).await.map(drop)
}

/// The workflows with a trigger that follows events, and the kinds they follow.
pub(crate) async fn following(
    tx: &mut Tx,
    workspace: WorkspaceId,
) -> Result<Vec<(WorkflowId, String)>, DbError> {
    let sql = "SELECT DISTINCT workflow_id, follows FROM workflow_triggers \
               WHERE workspace_id = $1 AND follows IS NOT NULL ORDER BY workflow_id";
    let rows = tx.fetch_all(sql, args![workspace]).await?;
    rows.iter().map(|row| Ok((row.parse("workflow_id")?, row.text("follows")?))).collect()
}

/// A run that waits for an event.
pub(crate) struct Awaiting {
    pub(crate) execution: ExecutionId,
    pub(crate) path: String,
    pub(crate) follows: String,
    pub(crate) filter: Option<String>,
}

/// The runs that wait for events whose kind may be this.
pub(crate) async fn awaiting(
    tx: &mut Tx,
    workspace: WorkspaceId,
    kind: &str,
) -> Result<Vec<Awaiting>, DbError> {
    let sql = "SELECT execution_id, path, follows, filter FROM execution_waits \
               WHERE workspace_id = $1 AND (follows = $2 OR follows LIKE '%*')";
    let rows = tx.fetch_all(sql, args![workspace, kind]).await?;
    let all: Vec<Awaiting> = rows
        .iter()
        .map(|row| {
            Ok(Awaiting {
                execution: row.parse("execution_id")?,
                path: row.text("path")?,
                follows: row.text("follows")?,
                filter: row.opt_text("filter")?,
            })
        })
        .collect::<Result<_, DbError>>()?;
    Ok(all.into_iter().filter(|it| db::matches(&it.follows, kind)).collect())
}

/// From this commit on.
pub(crate) async fn wait(
    tx: &mut Tx,
    workspace: WorkspaceId,
    wait: &Awaiting,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO execution_waits (workspace_id, execution_id, path, follows, filter) \
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        args![workspace, wait.execution, &wait.path, &wait.follows, wait.filter.clone()],
    )
    .await?;
    follow(tx, workspace).await
}

/// A step waits no more; without a path, none of the run does.
pub(crate) async fn unwait(
    tx: &mut Tx,
    workspace: WorkspaceId,
    execution: ExecutionId,
    path: &str,
) -> Result<(), DbError> {
    let sql = "DELETE FROM execution_waits \
               WHERE workspace_id = $1 AND execution_id = $2 AND ($3 = '' OR path = $3)";
    tx.execute(sql, args![workspace, execution, path]).await.map(drop)
}

/// Follows the kinds of events that triggers and waiting runs are interested in.
pub(crate) async fn follow(tx: &mut Tx, workspace: WorkspaceId) -> Result<(), DbError> {
    let sql = "SELECT follows FROM workflow_triggers WHERE workspace_id = $1 AND follows IS NOT NULL \
               UNION SELECT follows FROM execution_waits WHERE workspace_id = $1";
    let rows = tx.fetch_all(sql, args![workspace]).await?;
    let wanted: BTreeSet<String> =
        rows.iter().map(|row| row.text("follows")).collect::<Result<_, _>>()?;
    let sql = "SELECT patterns FROM event_followers WHERE workspace_id = $1 AND job = $2";
    let row = tx.fetch_optional(sql, args![workspace, DISPATCH.name]).await?;
    let known: BTreeSet<String> = match row {
        Some(row) => row.json("patterns")?,
        None => BTreeSet::new(),
    };
    if wanted == known {
        return Ok(());
    }
    tx.follow(workspace, DISPATCH, wanted.into_iter().collect()).await
}
