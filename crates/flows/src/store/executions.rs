//! Runs.

use db::{DbError, Row, Tx, Workspace, args};
use kernel::{ExecutionId, PageRequest, Timestamp, WorkflowId, WorkspaceId};

use crate::execution::{Execution, Parent, State};

/// Which runs are wanted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    pub(crate) workflow: Option<WorkflowId>,
    pub(crate) state: Option<State>,
    pub(crate) from: Option<Timestamp>,
    pub(crate) to: Option<Timestamp>,
}

const SELECT: &str = "SELECT id, workflow_id, version, status, slot, admitted, actor, trigger_data, \
     input, output, error, response, parent_id, parent_path, retry_of, depth, created_at, started_at, \
     ended_at, deadline, keep_days, trace FROM executions";

/// The newest first.
pub(crate) async fn list(
    workspace: &Workspace,
    filter: &Filter,
    page: &PageRequest,
) -> Result<Vec<Execution>, DbError> {
    let sql = format!(
        "{SELECT} WHERE workspace_id = $1 AND ($2 = '' OR workflow_id = $2) \
         AND ($3 = '' OR status = $3) AND created_at >= $4 AND created_at < $5 \
         AND ($6 = '' OR id < $6) ORDER BY id DESC LIMIT $7"
    );
    let values = args![
        workspace.id(),
        filter.workflow.map(|id| id.to_string()).unwrap_or_default(),
        filter.state.map(State::name).unwrap_or_default(),
        filter.from.map_or(0, Timestamp::micros),
        filter.to.map_or(i64::MAX, Timestamp::micros),
        page.after.clone().unwrap_or_default(),
        page.limit + 1
    ];
    workspace.read().await?.fetch_all(&sql, values).await?.iter().map(execution).collect()
}

pub(crate) async fn get(
    tx: &mut Tx,
    workspace: WorkspaceId,
    id: ExecutionId,
) -> Result<Option<Execution>, DbError> {
    let sql = format!("{SELECT} WHERE workspace_id = $1 AND id = $2");
    tx.fetch_optional(&sql, args![workspace, id]).await?.as_ref().map(execution).transpose()
}

/// Runs of a workflow that are not over.
pub(crate) async fn open_of(
    tx: &mut Tx,
    workspace: WorkspaceId,
    workflow: WorkflowId,
    most: u32,
) -> Result<Vec<Execution>, DbError> {
    let sql = format!(
        "{SELECT} WHERE workspace_id = $1 AND workflow_id = $2 AND ended_at IS NULL LIMIT $3"
    );
    tx.fetch_all(&sql, args![workspace, workflow, most]).await?.iter().map(execution).collect()
}

/// Runs that a run has started, and that are not over.
pub(crate) async fn open_children(
    tx: &mut Tx,
    workspace: WorkspaceId,
    parent: ExecutionId,
) -> Result<Vec<Execution>, DbError> {
    let sql = format!(
        "{SELECT} WHERE workspace_id = $1 AND parent_id = $2 AND parent_path <> '' \
         AND ended_at IS NULL LIMIT 10000"
    );
    tx.fetch_all(&sql, args![workspace, parent]).await?.iter().map(execution).collect()
}

/// How many runs have their turn in a slot.
pub(crate) async fn admitted(
    tx: &mut Tx,
    workspace: WorkspaceId,
    slot: &str,
) -> Result<i64, DbError> {
    let sql = "SELECT count(*) AS many FROM executions \
               WHERE workspace_id = $1 AND slot = $2 AND admitted AND ended_at IS NULL";
    let row = tx.fetch_optional(sql, args![workspace, slot]).await?;
    row.map_or(Ok(0), |row| row.int("many"))
}

/// Gives the oldest that waits in a slot its turn.
pub(crate) async fn admit_next(
    tx: &mut Tx,
    workspace: WorkspaceId,
    slot: &str,
) -> Result<Option<ExecutionId>, DbError> {
    let pick = "SELECT id FROM executions WHERE workspace_id = $1 AND slot = $2 \
                AND NOT admitted AND ended_at IS NULL ORDER BY id LIMIT 1";
    let locking = format!("{pick} FOR UPDATE SKIP LOCKED");
    let pick = tx.dialect(pick, locking.as_str());
    let sql = format!(
        "UPDATE executions SET admitted = $3 WHERE workspace_id = $1 AND id IN ({pick}) RETURNING id"
    );
    let row = tx.fetch_optional(&sql, args![workspace, slot, true]).await?;
    row.map(|row| row.parse("id")).transpose()
}

pub(crate) async fn insert(
    tx: &mut Tx,
    workspace: WorkspaceId,
    new: &Execution,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO executions (workspace_id, id, workflow_id, version, status, slot, admitted, \
           actor, trigger_data, input, parent_id, parent_path, retry_of, depth, created_at, deadline, \
           keep_days, trace) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
        args![
            workspace,
            new.id,
            new.workflow,
            new.version,
            new.state.name(),
            new.slot.clone(),
            new.admitted,
            &new.actor,
            &new.trigger,
            &new.input,
            new.parent.as_ref().map(|it| it.execution),
            new.parent.as_ref().map(|it| it.path.as_str()),
            new.retry_of,
            new.depth,
            new.created_at,
            new.deadline,
            new.keep_days,
            new.trace
        ],
    )
    .await
    .map(drop)
}

/// Writes what changes while it runs.
pub(crate) async fn update(
    tx: &mut Tx,
    workspace: WorkspaceId,
    known: &Execution,
) -> Result<(), DbError> {
    let json = |value: &Option<serde_json::Value>| value.as_ref().map(ToString::to_string);
    let error = known.error.as_ref().and_then(|it| serde_json::to_string(it).ok());
    let day = std::time::Duration::from_secs(86_400);
    let forget_at = known.ended_at.map(|at| at.plus(day * known.keep_days));
    tx.execute(
        "UPDATE executions SET status = $3, output = $4, error = $5, response = $6, started_at = $7, \
           ended_at = $8, deadline = $9, forget_at = $10 WHERE workspace_id = $1 AND id = $2",
        args![
            workspace,
            known.id,
            known.state.name(),
            json(&known.output),
            error,
            json(&known.response),
            known.started_at,
            known.ended_at,
            known.deadline,
            forget_at
        ],
    )
    .await
    .map(drop)
}

/// Tells a waiting run that what its step at `path` waited for has come. One that is over is not told.
pub(crate) async fn signal(
    tx: &mut Tx,
    workspace: WorkspaceId,
    id: ExecutionId,
    signal: &str,
    path: &str,
    outcome: &crate::run::Outcome,
) -> Result<(), DbError> {
    let outcome = match outcome {
        Ok(output) => serde_json::json!({ "Ok": output }),
        Err(failure) => serde_json::json!({ "Err": failure }),
    };
    tx.execute(
        "INSERT INTO execution_signals (workspace_id, execution_id, id, path, outcome) \
         SELECT $1, $2, $3, $4, $5 WHERE EXISTS (SELECT 1 FROM executions \
           WHERE workspace_id = $1 AND id = $2 AND ended_at IS NULL) ON CONFLICT DO NOTHING",
        args![workspace, id, signal, path, &outcome],
    )
    .await
    .map(drop)
}

/// What a run was told and has not taken note of.
pub(crate) async fn signals(
    tx: &mut Tx,
    workspace: WorkspaceId,
    id: ExecutionId,
) -> Result<Vec<(String, String, crate::run::Outcome)>, DbError> {
    let sql = "SELECT id, path, outcome FROM execution_signals \
               WHERE workspace_id = $1 AND execution_id = $2 ORDER BY id LIMIT 1000";
    let rows = tx.fetch_all(sql, args![workspace, id]).await?;
    rows.iter().map(|row| Ok((row.text("id")?, row.text("path")?, row.json("outcome")?))).collect()
}

fn execution(row: &Row) -> Result<Execution, DbError> {
    let parent: Option<ExecutionId> = row.opt_parse("parent_id")?;
    let path = row.opt_text("parent_path")?.unwrap_or_default();
    let number =
        |column: &str| Ok::<_, DbError>(u32::try_from(row.int(column)?).unwrap_or_default());
    Ok(Execution {
        id: row.parse("id")?,
        workflow: row.parse("workflow_id")?,
        version: row.int("version")?,
        state: row.parse("status")?,
        slot: row.opt_text("slot")?,
        admitted: row.flag("admitted")?,
        actor: row.text("actor")?,
        trigger: row.json("trigger_data")?,
        input: row.json("input")?,
        output: row.opt_json("output")?,
        error: row.opt_json("error")?,
        response: row.opt_json("response")?,
        parent: parent.map(|execution| Parent { execution, path }),
        retry_of: row.opt_parse("retry_of")?,
        depth: number("depth")?,
        created_at: row.time("created_at")?,
        started_at: row.opt_time("started_at")?,
        ended_at: row.opt_time("ended_at")?,
        deadline: row.opt_time("deadline")?,
        keep_days: number("keep_days")?,
        trace: row.opt_parse("trace")?,
    })
}
