//! `POST /api/v1/workflows/{id}/execute`.

use accounts::gate::{Answer, ApiJson, ApiPath, Caller, may};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use db::Workspace;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue, LOCATION};
use http::{HeaderMap, StatusCode};
use kernel::{ExecutionId, Problem, WorkflowId, codes};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use utoipa::ToSchema;

use super::workflows::known;
use crate::Flows;
use crate::execution::{Execution, State as Stands};
use crate::run::Failure;
use crate::start::{self, Start};
use crate::store::executions;

/// The longest that an answer is waited for.
const LONGEST: Duration = Duration::from_secs(60);
const EXECUTION: HeaderName = HeaderName::from_static("x-patchbay-execution");

/// What a workflow is given.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "input": { "email": "user@example.com" }, "wait": 10 }))]
pub(super) struct Execute {
    /// What its steps see as `input`.
    #[serde(default)]
    #[schema(value_type = Value)]
    input: Value,
    /// For how many seconds to wait for its end, 60 at most; `true` for as long as may be.
    #[serde(default)]
    #[schema(value_type = Option<f64>)]
    wait: Option<Wait>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(untagged)]
enum Wait {
    Flag(bool),
    Seconds(f64),
}

/// Where a run stands, and what it results in.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "id": "exec_01h455vb4pex5vsknk084sn02q", "status": "succeeded", "output": { "ok": true }
}))]
pub(super) struct Executed {
    #[schema(value_type = String)]
    pub(super) id: ExecutionId,
    pub(super) status: Stands,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Value, required = false)]
    pub(super) output: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object, required = false)]
    pub(super) error: Option<Failure>,
}

impl From<&Execution> for Executed {
    fn from(run: &Execution) -> Self {
        let (output, error) = (run.output.clone(), run.error.clone());
        Self { id: run.id, status: run.state, output, error }
    }
}

/// Execute a workflow
///
/// It runs whether or not anybody waits. With `wait`, the answer comes when the run ends (200), or is what a
/// `respond` step says, in its own form; when neither comes in time, it says where the run stands (202).
#[utoipa::path(post, path = "/api/v1/workflows/{id}/execute", tag = "Workflows",
    request_body = Option<Execute>,
    params(("id" = String, Path, description = "The workflow's id")),
    responses((status = 200, description = "It has ended", body = Executed),
        (status = 202, description = "It is on its way", body = Executed)),
    security(("api_key" = ["workflows:execute"])))]
pub(super) async fn execute(
    State(flows): State<Flows>,
    caller: Caller<may::WorkflowsExecute>,
    ApiPath(id): ApiPath<WorkflowId>,
    body: Option<ApiJson<Execute>>,
) -> Answer<Response> {
    let wanted = body.map(|body| body.0).unwrap_or_default();
    let patience = patience(wanted.wait)?;
    let workspace = &caller.workspace;
    let mut tx = workspace.read().await?;
    let workflow = known(&mut tx, workspace, id).await?;
    if !workflow.enabled {
        let detail = "Switch the workflow on to execute it.";
        return Err(Problem::new(&codes::WORKFLOW_DISABLED, detail).into());
    }
    let found = flows.definition(&mut tx, workspace.id(), id, workflow.version).await?;
    drop(tx);
    let definition = found.ok_or_else(|| accounts::gate::not_found("workflow"))?;
    let start = Start {
        workflow: id,
        version: workflow.version,
        definition: &definition,
        trigger: json!({ "type": "api", "actor": caller.actor.to_string() }),
        input: wanted.input,
        actor: caller.actor.to_string(),
        depth: 0,
        parent: None,
    };
    let new = start.prepare(flows.db().clock().now(), flows.db().entropy())?;
    let news = patience.map(|patience| (flows.watching().listen(new.id), patience));
    let mut tx = workspace.write().await?;
    let run = start::begin(&mut tx, workspace.id(), &definition, new).await?;
    tx.commit().await?;
    let run = match news {
        Some((news, patience)) => {
            let until = Instant::now() + patience;
            let is_there = |run: &Execution| run.state.is_over() || run.response.is_some();
            flows.watch(workspace, run, until, &news, is_there).await?
        }
        None => run,
    };
    Ok(answer(&run, patience.is_some()))
}

fn patience(wait: Option<Wait>) -> Result<Option<Duration>, Problem> {
    match wait {
        None | Some(Wait::Flag(false)) => Ok(None),
        Some(Wait::Flag(true)) => Ok(Some(LONGEST)),
        Some(Wait::Seconds(0.0)) => Ok(None),
        Some(Wait::Seconds(secs)) if (0.0..=LONGEST.as_secs_f64()).contains(&secs) => {
            Ok(Some(Duration::from_secs_f64(secs)))
        }
        Some(Wait::Seconds(_)) => {
            let message = format!("expected 0 to {} seconds, or true", LONGEST.as_secs());
            Err(Problem::new(&codes::INVALID, "It is waited for at most a minute.")
                .field("/wait", message))
        }
    }
}

impl Flows {
    /// Waits until a run is where it is wanted, at most until then. Nothing is asked but when something was
    /// said about the run.
    pub(crate) async fn watch(
        &self,
        workspace: &Workspace,
        mut run: Execution,
        until: Instant,
        news: &crate::listeners::Listener,
        is_there: impl Fn(&Execution) -> bool,
    ) -> Result<Execution, Problem> {
        while !is_there(&run) {
            let is_late = timeout_at(until, news.heard()).await.is_err();
            let mut tx = workspace.read().await?;
            if let Some(found) = executions::get(&mut tx, workspace.id(), run.id).await? {
                run = found;
            }
            if is_late {
                break;
            }
        }
        Ok(run)
    }
}

/// What is answered to who asked for a run.
pub(super) fn answer(run: &Execution, has_waited: bool) -> Response {
    let mut headers = HeaderMap::new();
    let name = |text: String| HeaderValue::from_str(&text).ok();
    if let Some(id) = name(run.id.to_string()) {
        headers.insert(EXECUTION, id);
    }
    if let Some(response) = run.response.as_ref().filter(|_| has_waited) {
        return spoken(response, headers);
    }
    if let Some(place) = name(format!("/api/v1/executions/{}", run.id)) {
        headers.insert(LOCATION, place);
    }
    let status = if run.state.is_over() { StatusCode::OK } else { StatusCode::ACCEPTED };
    (status, headers, ApiJson(Executed::from(run))).into_response()
}

/// Headers that are not a workflow's to set: they would speak for the house, or break the answer.
const OURS: [&str; 5] =
    ["set-cookie", "content-length", "transfer-encoding", "connection", "content-security-policy"];

fn spoken(response: &Value, mut headers: HeaderMap) -> Response {
    let status = response["status"].as_u64().and_then(|it| u16::try_from(it).ok());
    let status = status.and_then(|it| StatusCode::from_u16(it).ok()).unwrap_or(StatusCode::OK);
    let (kind, body) = match &response["body"] {
        Value::Null => ("text/plain; charset=utf-8", String::new()),
        Value::String(text) => ("text/plain; charset=utf-8", text.clone()),
        json => ("application/json", json.to_string()),
    };
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    for (name, value) in response["headers"].as_object().into_iter().flatten() {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let Ok(name) = HeaderName::from_bytes(name.to_ascii_lowercase().as_bytes()) else {
            continue;
        };
        if let Ok(value) = HeaderValue::from_str(&text)
            && !OURS.contains(&name.as_str())
            && !name.as_str().starts_with("access-control-")
        {
            headers.insert(name, value);
        }
    }
    (status, headers, body).into_response()
}
