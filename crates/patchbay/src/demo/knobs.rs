//! The fault knobs of the demo's world, for the dashboard.

use accounts::gate::{Answer, ApiJson, ApiPath, Caller, may};
use axum::extract::State;
use kernel::{Problem, codes};
use sandbox::{Faults, Sandbox};
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes(sandbox: Arc<Sandbox>) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(set)).with_state(sandbox)
}

/// The simulated services.
#[derive(Serialize, ToSchema)]
pub(crate) struct Services {
    /// Each with `name`, `title`, `url`, the `knobs` it has and its `faults`.
    #[schema(value_type = Vec<Object>)]
    services: Vec<Value>,
}

/// List the demo's services
#[utoipa::path(get, path = "/api/v1/sandbox", tag = "Demo",
    responses((status = 200, body = Services)), security(("api_key" = ["integrations:read"])))]
pub(crate) async fn list(
    State(sandbox): State<Arc<Sandbox>>,
    _caller: Caller<may::IntegrationsRead>,
) -> Answer<ApiJson<Services>> {
    let services = sandbox.services().iter().map(|service| json!(service)).collect();
    Ok(ApiJson(Services { services }))
}

/// Set a service's faults
#[utoipa::path(put, path = "/api/v1/sandbox/{service}/faults", tag = "Demo",
    params(("service" = String, Path, description = "The service's name")),
    request_body = Object, responses((status = 200, body = Object)),
    security(("api_key" = ["integrations:write"])))]
pub(crate) async fn set(
    State(sandbox): State<Arc<Sandbox>>,
    _caller: Caller<may::IntegrationsWrite>,
    ApiPath(service): ApiPath<String>,
    ApiJson(faults): ApiJson<Faults>,
) -> Answer<ApiJson<Value>> {
    let refused = |error: sandbox::SandboxError| {
        let is_unknown = matches!(error, sandbox::SandboxError::UnknownService { .. });
        let code = if is_unknown { &codes::NOT_FOUND } else { &codes::INVALID };
        Problem::of(code, &error)
    };
    sandbox.set_faults(&service, faults).map_err(refused)?;
    let state = sandbox.services().into_iter().find(|known| known.name == service);
    Ok(ApiJson(json!(state)))
}
