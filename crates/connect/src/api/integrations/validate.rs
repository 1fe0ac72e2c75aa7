//! `POST /api/v1/integrations/validate`.

use accounts::gate::{Answer, ApiJson, Caller, may, present};
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{Connect, PullConfig};

/// A configuration to look at. Nothing of it is kept or sent.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "provider": "rss", "config": {"feed_url": "https://example.com/feed"} }))]
pub(in crate::api) struct ValidateIntegration {
    provider: String,
    #[serde(default)]
    #[schema(value_type = Object)]
    config: Map<String, Value>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Object, required = false)]
    credentials: Option<Map<String, Value>>,
    #[serde(alias = "pull_config")]
    pull: Option<PullConfig>,
}

/// Whether it fits.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({ "valid": false, "errors": [
    {"pointer": "/config/feed_url", "message": "is required"}
] }))]
pub(in crate::api) struct Validation {
    valid: bool,
    errors: Vec<WrongField>,
}

/// A field that does not fit.
#[derive(Serialize, ToSchema)]
struct WrongField {
    pointer: String,
    message: String,
}

/// Says what is wrong with a configuration.
#[utoipa::path(
    post, path = "/api/v1/integrations/validate", operation_id = "validate_integration",
    tag = "integrations", request_body = ValidateIntegration,
    responses((status = 200, description = "What was found.", body = Validation)),
    security(("api_key" = ["integrations:read"]), ("session" = []))
)]
pub(in crate::api) async fn validate(
    State(connect): State<Connect>,
    _: Caller<may::IntegrationsRead>,
    ApiJson(body): ApiJson<ValidateIntegration>,
) -> Answer<ApiJson<Validation>> {
    let mut errors = connect.validate(&body.provider, &body.config, body.credentials.as_ref())?;
    errors.extend(body.pull.unwrap_or_default().problems("/pull"));
    let valid = errors.is_empty();
    let errors = errors
        .into_iter()
        .map(|it| WrongField { pointer: it.pointer, message: it.message })
        .collect();
    Ok(ApiJson(Validation { valid, errors }))
}
