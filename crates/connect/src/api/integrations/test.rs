//! `POST /api/v1/integrations/{id}/test`.

use accounts::gate::{Answer, ApiJson, ApiPath, Caller, may, present};
use axum::extract::State;
use kernel::{IntegrationId, WidgetConfigId};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::trial::Instead;
use crate::{Connect, TestReport};

/// What to try in place of what is stored. Nothing of it is kept.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "options": {"city": "London"} }))]
pub(in crate::api) struct TestIntegration {
    /// A whole configuration; masks in it stand for what is stored.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Object, required = false)]
    config: Option<Map<String, Value>>,
    /// Credentials; masks in them stand for what is stored.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Object, required = false)]
    credentials: Option<Map<String, Value>>,
    /// The options of a widget.
    #[serde(default)]
    #[schema(value_type = Object)]
    options: Map<String, Value>,
    /// The widget config whose credentials to use; those of the workspace unless said.
    #[schema(value_type = Option<String>)]
    widget_config_id: Option<WidgetConfigId>,
}

/// Really asks the provider, and says what happened on the way.
#[utoipa::path(
    post, path = "/api/v1/integrations/{id}/test", operation_id = "test_integration",
    tag = "integrations",
    params(("id" = String, Path, description = "The integration.")),
    request_body = Option<TestIntegration>,
    responses((status = 200, description = "What was found, good or bad.", body = TestReport)),
    security(("api_key" = ["integrations:write"]), ("session" = []))
)]
pub(in crate::api) async fn test(
    State(connect): State<Connect>,
    caller: Caller<may::IntegrationsWrite>,
    ApiPath(id): ApiPath<IntegrationId>,
    body: Option<ApiJson<TestIntegration>>,
) -> Answer<ApiJson<TestReport>> {
    let body = body.map(|ApiJson(body)| body).unwrap_or_default();
    let instead = Instead {
        config: body.config,
        credentials: body.credentials,
        options: body.options,
        widget_config: body.widget_config_id,
    };
    Ok(ApiJson(connect.test_with(&caller, id, instead).await?))
}
