//! `POST /api/v1/executions/{id}/approve`.

use accounts::audit;
use accounts::gate::{Answer, ApiJson, ApiPath, Caller, may, present};
use axum::extract::State;
use http::StatusCode;
use kernel::{ExecutionId, Problem, codes};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::execute::Executed;
use super::executions::known;
use crate::Flows;
use crate::run::{Failure, Path, Record, Status};
use crate::store::{ending, executions, steps};

/// What a person says.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "step": "sign_off", "approved": true, "comment": "Looks good" }))]
pub(super) struct Say {
    /// The step that asks, by its name or its path; it may be left out while one alone does.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    step: Option<String>,
    approved: bool,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    comment: Option<String>,
}

/// Answer an approval
///
/// A yes lets the run go on; a no lets the step fail with `step.rejected`.
#[utoipa::path(post, path = "/api/v1/executions/{id}/approve", tag = "Workflows", request_body = Say,
    params(("id" = String, Path, description = "The run's id")),
    responses((status = 202, body = Executed)), security(("api_key" = ["workflows:execute"])))]
pub(super) async fn approve(
    State(flows): State<Flows>,
    caller: Caller<may::WorkflowsExecute>,
    ApiPath(id): ApiPath<ExecutionId>,
    ApiJson(said): ApiJson<Say>,
) -> Answer<(StatusCode, ApiJson<Executed>)> {
    let workspace = caller.workspace.id();
    let mut tx = caller.workspace.write().await?;
    let run = known(&mut tx, &caller.workspace, id).await?;
    let asks = |(path, record): &(Path, Record)| {
        let is_named = |name: &String| record.name == *name || path.as_str() == name;
        let is_waiting = record.kind == "approval" && record.status == Status::Waiting;
        is_waiting && said.step.as_ref().is_none_or(is_named)
    };
    let known = steps::of(&mut tx, workspace, id).await?;
    let mut asking = known.into_iter().filter(asks);
    let (Some((path, _)), None) = (asking.next(), asking.next()) else {
        let detail =
            "There is not exactly one step that waits for this answer; name it in \"step\".";
        return Err(Problem::new(&codes::EXECUTION_NOT_WAITING, detail).into());
    };
    let (by, at) = (caller.actor.to_string(), tx.now());
    let answer = json!({ "approved": said.approved, "comment": said.comment, "by": by, "at": at });
    let outcome = if said.approved {
        Ok(answer)
    } else {
        let message = said.comment.clone().unwrap_or_else(|| "It was not approved.".to_owned());
        Err(Failure::new(&codes::STEP_REJECTED, message).with(answer))
    };
    let signal = ending::signal_id(&tx, flows.db().entropy());
    executions::signal(&mut tx, workspace, id, &signal, path.as_str(), &outcome).await?;
    ending::wake(&mut tx, workspace, id).await?;
    let detail = json!({ "path": path.as_str(), "approved": said.approved });
    audit::record(&mut tx, &caller, "execution.answered", id, detail).await?;
    tx.commit().await?;
    Ok((StatusCode::ACCEPTED, ApiJson(Executed::from(&run))))
}
