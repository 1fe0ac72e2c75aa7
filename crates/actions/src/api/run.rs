//! `POST /api/v1/integrations/{id}/actions/{action}`.

use accounts::gate::{Answer, ApiJson, ApiPath, Caller, may, present};
use axum::extract::State;
use http::HeaderMap;
use kernel::{ConnectionId, CredentialId, FieldError, IntegrationId, Problem, codes};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::time::Duration;
use utoipa::ToSchema;

use crate::{Actions, Call, Through};

/// The longest that a caller may wait.
const LONGEST: Duration = Duration::from_secs(120);

/// What an action is given.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"input": {"channel": "#notifications", "text": "Deployed."}}))]
pub(super) struct RunAction {
    #[serde(default)]
    #[schema(value_type = Object)]
    input: Map<String, Value>,
    /// The connection whose account acts; the workspace's own unless said.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false)]
    connection_id: Option<ConnectionId>,
    /// The artist or end user whose connection acts.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    subject: Option<String>,
    /// A credential in place of the integration's.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false)]
    credential_id: Option<CredentialId>,
    /// Milliseconds to wait in all.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false, minimum = 1, maximum = 120_000)]
    timeout: Option<u64>,
}

/// What came of it.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "output": {"channel": "C1H9RESGL", "ts": "1503435956.000247"}, "status": 200, "duration_ms": 141,
    "warnings": []
}))]
pub(super) struct ActionResult {
    output: Value,
    /// The status of the provider's answer.
    status: u16,
    duration_ms: u64,
    /// Where the output is not as the catalog says.
    warnings: Vec<Warning>,
}

/// A field that is not as the catalog says.
#[derive(Serialize, ToSchema)]
pub(super) struct Warning {
    /// JSON Pointer into the output.
    pointer: String,
    message: String,
}

/// Run an action
///
/// Checks the input against the action's schema, sends the request with the integration's credentials or the
/// connection's fresh tokens, and answers with what the provider said. With an `Idempotency-Key` a repeated
/// request is done once here, and at providers that take such a key there, too.
#[utoipa::path(
    post, path = "/api/v1/integrations/{id}/actions/{action}", operation_id = "run_action",
    tag = "actions",
    params(
        ("id" = String, Path, description = "The integration.", example = "int_01h455vb4pex5vsknk084sn02q"),
        ("action" = String, Path, description = "The action.", example = "send_message"),
    ),
    request_body = RunAction,
    responses((status = 200, description = "Done.", body = ActionResult)),
    security(("api_key" = ["actions:execute"]), ("session" = []))
)]
pub(super) async fn run(
    State(actions): State<Actions>,
    caller: Caller<may::ActionsExecute>,
    ApiPath((id, action)): ApiPath<(IntegrationId, String)>,
    headers: HeaderMap,
    ApiJson(body): ApiJson<RunAction>,
) -> Answer<ApiJson<ActionResult>> {
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok());
    let timeout = body.timeout.map(Duration::from_millis);
    if timeout.is_some_and(|timeout| timeout.is_zero() || timeout > LONGEST) {
        let message = "it is 1 to 120000, in milliseconds";
        let problem = Problem::new(&codes::INVALID, "The time to wait does not fit.");
        return Err(problem.field("/timeout", message).into());
    }
    let clock = caller.workspace.db().clock().clone();
    let began = clock.now();
    let call = Call {
        through: Through {
            integration: Some(id),
            connection: body.connection_id,
            credential: body.credential_id,
            provider: None,
            subject: body.subject,
        },
        action: &action,
        input: body.input,
        idempotency_key: key.map(str::to_owned),
        timeout,
        lane: egress::Lane::Interactive,
        purpose: "action",
        actor: &caller.actor,
    };
    let done = actions.run(&caller.workspace, call).await?;
    let warning = |FieldError { pointer, message }| Warning { pointer, message };
    Ok(ApiJson(ActionResult {
        output: done.output,
        status: done.status,
        duration_ms: u64::try_from(clock.now().since(began).as_millis()).unwrap_or(u64::MAX),
        warnings: done.drift.into_iter().map(warning).collect(),
    }))
}
