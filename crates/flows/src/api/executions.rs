//! `/api/v1/executions`: runs, and what became of each step.

use accounts::audit;
use accounts::gate::{
    Answer, ApiJson, ApiPath, ApiQuery, Caller, Failure as Refusal, List, may, not_found, page,
};
use db::{Tx, Workspace};
use kernel::{ExecutionId, Problem, Timestamp, WorkflowId, codes};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use crate::execution::{Execution, State as Stands};
use crate::run::{Failure, Path, Record, Status};
use crate::store::executions::Filter;
use crate::store::{ending, executions, steps};

/// A run.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "id": "exec_01h455vb4pex5vsknk084sn02q", "workflow_id": "wf_01h455vb4pex5vsknk084sn02q",
    "version": 1, "status": "succeeded", "trigger": { "type": "api" }, "input": { "name": "Ada" },
    "output": "Hello Ada", "error": null, "actor": "key_01h455vb4pex5vsknk084sn02q",
    "parent_id": null, "retry_of": null, "created_at": "2026-01-01T00:00:00Z",
    "started_at": "2026-01-01T00:00:00Z", "ended_at": "2026-01-01T00:00:01Z",
    "finished_at": "2026-01-01T00:00:01Z", "steps": []
}))]
pub(super) struct ExecutionView {
    #[schema(value_type = String)]
    id: ExecutionId,
    #[schema(value_type = String)]
    workflow_id: WorkflowId,
    version: i64,
    status: Stands,
    /// What started it.
    #[schema(value_type = Object)]
    trigger: Value,
    #[schema(value_type = Value)]
    input: Value,
    #[schema(value_type = Value)]
    output: Option<Value>,
    #[schema(value_type = Value)]
    error: Option<Failure>,
    /// Who asked for it; `house` when nobody did.
    actor: String,
    /// The run that started it.
    #[schema(value_type = Option<String>)]
    parent_id: Option<ExecutionId>,
    /// The run that it is another try of.
    #[schema(value_type = Option<String>)]
    retry_of: Option<ExecutionId>,
    #[schema(value_type = Option<String>)]
    trace: Option<kernel::Trace>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    started_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<Timestamp>,
    /// The same as `ended_at`.
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Timestamp>,
    /// In the order in which they were reached; in lists they are left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    steps: Option<Vec<StepView>>,
}

/// What became of a step.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "name": "greet", "type": "transform", "path": "0", "status": "succeeded", "attempts": 1,
    "input": null, "output": "Hello Ada", "error": null, "started_at": "2026-01-01T00:00:00Z",
    "ended_at": "2026-01-01T00:00:00Z", "finished_at": "2026-01-01T00:00:00Z", "next_attempt_at": null
}))]
pub(super) struct StepView {
    name: String,
    r#type: &'static str,
    /// Where it stands: `2.then.0`, `3[5].1`.
    path: String,
    /// `running`, `waiting`, `succeeded`, `failed`, `skipped` or `cancelled`.
    #[schema(value_type = String)]
    status: Status,
    attempts: u32,
    #[schema(value_type = Value)]
    input: Value,
    #[schema(value_type = Value)]
    output: Value,
    #[schema(value_type = Value)]
    error: Option<Failure>,
    #[schema(value_type = String, format = DateTime)]
    started_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<Timestamp>,
    /// The same as `ended_at`.
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Timestamp>,
    /// When it is tried again, or waits no longer.
    #[schema(value_type = Option<String>, format = DateTime)]
    next_attempt_at: Option<Timestamp>,
}

impl From<(Path, Record)> for StepView {
    fn from((path, record): (Path, Record)) -> Self {
        Self {
            name: record.name,
            r#type: record.kind,
            path: path.to_string(),
            status: record.status,
            attempts: record.attempts,
            input: record.input,
            output: (*record.output).clone(),
            error: record.error,
            started_at: record.started_at,
            ended_at: record.ended_at,
            finished_at: record.ended_at,
            next_attempt_at: record.wake_at,
        }
    }
}

impl ExecutionView {
    pub(super) fn of(run: Execution, steps: Option<Vec<(Path, Record)>>) -> Self {
        Self {
            id: run.id,
            workflow_id: run.workflow,
            version: run.version,
            status: run.state,
            trigger: run.trigger,
            input: run.input,
            output: run.output,
            error: run.error,
            actor: run.actor,
            parent_id: run.parent.map(|it| it.execution),
            retry_of: run.retry_of,
            trace: run.trace,
            created_at: run.created_at,
            started_at: run.started_at,
            ended_at: run.ended_at,
            finished_at: run.ended_at,
            steps: steps.map(|steps| steps.into_iter().map(StepView::from).collect()),
        }
    }
}

/// Which runs are wanted.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ExecutionQuery {
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    cursor: Option<String>,
    /// Of this workflow.
    #[param(value_type = Option<String>)]
    workflow_id: Option<WorkflowId>,
    #[param(inline)]
    status: Option<Stands>,
    /// Asked for at or after this.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// And before this.
    #[param(value_type = Option<String>, format = DateTime)]
    to: Option<Timestamp>,
}

/// What is to become of a run.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "action": "cancel" }))]
pub(super) struct Order {
    #[serde(default)]
    action: Action,
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Action {
    #[default]
    Cancel,
}

/// List runs
///
/// The newest first, without their steps.
#[utoipa::path(get, path = "/api/v1/executions", tag = "Workflows", params(ExecutionQuery),
    responses((status = 200, body = List<ExecutionView>)), security(("api_key" = ["workflows:read"])))]
pub(super) async fn list(
    caller: Caller<may::WorkflowsRead>,
    ApiQuery(query): ApiQuery<ExecutionQuery>,
) -> Answer<ApiJson<List<ExecutionView>>> {
    let page = page(query.limit, query.cursor.as_deref())?;
    let filter =
        Filter { workflow: query.workflow_id, state: query.status, from: query.from, to: query.to };
    let found = executions::list(&caller.workspace, &filter, &page).await?;
    let views = found.into_iter().map(|run| ExecutionView::of(run, None)).collect();
    Ok(ApiJson(List::of(views, &page, |view: &ExecutionView| view.id.to_string())))
}

/// Get a run
///
/// With its steps.
#[utoipa::path(get, path = "/api/v1/executions/{id}", tag = "Workflows",
    params(("id" = String, Path, description = "The run's id")),
    responses((status = 200, body = ExecutionView)), security(("api_key" = ["workflows:read"])))]
pub(super) async fn get(
    caller: Caller<may::WorkflowsRead>,
    ApiPath(id): ApiPath<ExecutionId>,
) -> Answer<ApiJson<ExecutionView>> {
    Ok(ApiJson(whole(&caller.workspace, id).await?))
}

/// Cancel a run
///
/// At once: what is at work is called off, and whoever is at it can write no more. An empty body does the
/// same.
#[utoipa::path(post, path = "/api/v1/executions/{id}", tag = "Workflows", request_body = Option<Order>,
    params(("id" = String, Path, description = "The run's id")),
    responses((status = 200, body = ExecutionView)), security(("api_key" = ["workflows:execute"])))]
pub(super) async fn cancel(
    caller: Caller<may::WorkflowsExecute>,
    ApiPath(id): ApiPath<ExecutionId>,
    order: Option<ApiJson<Order>>,
) -> Answer<ApiJson<ExecutionView>> {
    let Action::Cancel = order.map(|order| order.0.action).unwrap_or_default();
    let workspace = caller.workspace.id();
    let mut tx = caller.workspace.write().await?;
    let run = known(&mut tx, &caller.workspace, id).await?;
    if run.state.is_over() {
        let detail = format!("It is {} already.", run.state.name());
        return Err(Problem::new(&codes::EXECUTION_ENDED, detail).into());
    }
    let run = ending::called_off(&mut tx, workspace, run).await?;
    ending::end(&mut tx, workspace, &run).await?;
    let detail = json!({ "workflow_id": run.workflow });
    audit::record(&mut tx, &caller, "execution.cancelled", id, detail).await?;
    tx.commit().await?;
    Ok(ApiJson(whole(&caller.workspace, id).await?))
}

pub(super) async fn known(
    tx: &mut Tx,
    workspace: &Workspace,
    id: ExecutionId,
) -> Result<Execution, Refusal> {
    let found = executions::get(tx, workspace.id(), id).await?;
    found.ok_or_else(|| not_found("run").into())
}

async fn whole(workspace: &Workspace, id: ExecutionId) -> Result<ExecutionView, Refusal> {
    let mut tx = workspace.read().await?;
    let run = known(&mut tx, workspace, id).await?;
    let steps = steps::of(&mut tx, workspace.id(), id).await?;
    Ok(ExecutionView::of(run, Some(steps)))
}
