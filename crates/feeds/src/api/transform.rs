//! Trying out a jq program before it is saved.

use accounts::gate::{Answer, ApiJson, Caller, may};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::transform::Transform;

/// A program and what it is to work on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "program": "{temp: .main.temp}", "input": { "main": { "temp": 15.3 } } }))]
pub(crate) struct TryOut {
    program: String,
    #[serde(default)]
    #[schema(value_type = Value)]
    input: Value,
}

/// What came out.
#[derive(Serialize, ToSchema)]
pub(crate) struct TriedOut {
    #[schema(value_type = Value)]
    output: Value,
}

/// Try out a transform
///
/// Runs a jq program over a value, within the limits that feeds have.
#[utoipa::path(post, path = "/api/v1/transform", tag = "Feeds", request_body = TryOut,
    responses((status = 200, body = TriedOut)), security(("api_key" = ["feeds:read"])))]
pub(crate) async fn try_out(
    _caller: Caller<may::FeedsRead>,
    ApiJson(wanted): ApiJson<TryOut>,
) -> Answer<ApiJson<TriedOut>> {
    let output = Transform::compile(&wanted.program)?.run_aside(wanted.input).await?;
    Ok(ApiJson(TriedOut { output }))
}
