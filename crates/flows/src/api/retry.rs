//! `POST /api/v1/executions/{id}/retry`.

use accounts::audit;
use accounts::gate::{Answer, ApiJson, ApiPath, Caller, may, not_found, present};
use axum::extract::State;
use http::StatusCode;
use kernel::{ExecutionId, Problem, codes};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::execute::Executed;
use super::executions::known;
use crate::Flows;
use crate::execution::Execution;
use crate::run::again;
use crate::start::{self, Start};
use crate::store::steps;

/// Where to begin.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "from_step": "tell" }))]
pub(super) struct Again {
    /// The name of the first step that is done again; else what did not go well is.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    from_step: Option<String>,
}

/// Retry a run
///
/// A new run of the same version with the same input, which keeps what went well before the step that it
/// begins at. Its requests have idempotency keys of their own.
#[utoipa::path(post, path = "/api/v1/executions/{id}/retry", tag = "Workflows",
    request_body = Option<Again>, params(("id" = String, Path, description = "The run's id")),
    responses((status = 202, body = Executed)), security(("api_key" = ["workflows:execute"])))]
pub(super) async fn retry(
    State(flows): State<Flows>,
    caller: Caller<may::WorkflowsExecute>,
    ApiPath(id): ApiPath<ExecutionId>,
    body: Option<ApiJson<Again>>,
) -> Answer<(StatusCode, ApiJson<Executed>)> {
    let wanted = body.map(|body| body.0).unwrap_or_default();
    let workspace = caller.workspace.id();
    let mut tx = caller.workspace.read().await?;
    let before = known(&mut tx, &caller.workspace, id).await?;
    if !before.state.is_over() {
        let detail = "The run is not over yet; cancel it first.";
        return Err(Problem::new(&codes::CONFLICT, detail).into());
    }
    let found = flows.definition(&mut tx, workspace, before.workflow, before.version).await?;
    let definition = found.ok_or_else(|| not_found("workflow"))?;
    let records = steps::of(&mut tx, workspace, id).await?;
    drop(tx);
    let Some(kept) = again(&definition, records, wanted.from_step.as_deref()) else {
        let problem = Problem::new(&codes::INVALID, "The workflow has no step of that name.");
        return Err(problem.field("/from_step", "there is no such step").into());
    };
    let start = Start {
        workflow: before.workflow,
        version: before.version,
        definition: &definition,
        trigger: before.trigger,
        input: before.input,
        actor: caller.actor.to_string(),
        depth: before.depth,
        parent: None,
    };
    let new = start.prepare(flows.db().clock().now(), flows.db().entropy())?;
    let new = Execution { retry_of: Some(id), ..new };
    let mut tx = caller.workspace.write().await?;
    let run = start::begin(&mut tx, workspace, &definition, new).await?;
    for (path, record) in &kept {
        steps::put(&mut tx, workspace, run.id, path, record).await?;
    }
    let detail = json!({ "workflow_id": run.workflow, "execution_id": run.id });
    audit::record(&mut tx, &caller, "execution.retried", id, detail).await?;
    tx.commit().await?;
    Ok((StatusCode::ACCEPTED, ApiJson(Executed::from(&run))))
}
