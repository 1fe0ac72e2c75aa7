//! `POST /api/v1/integrations/test`.

use accounts::gate::{Answer, ApiJson, Caller, may, present};
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{Connect, IntegrationDraft, Mode, PullConfig, PushConfig, TestReport};

/// An integration that is not made yet. Nothing of it is kept.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "provider": "openweather", "config": {"city": "London"}, "credentials": {"api_key": "…"}
}))]
pub(in crate::api) struct TestDraft {
    /// A provider of the catalog.
    provider: String,
    #[serde(default)]
    #[schema(value_type = Object)]
    config: Map<String, Value>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Object, required = false)]
    credentials: Option<Map<String, Value>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    mode: Option<Mode>,
    #[serde(alias = "pull_config")]
    pull: Option<PullConfig>,
    #[serde(alias = "push_config")]
    push: Option<PushConfig>,
}

/// Really asks the provider before anything is saved, and says what happened on the way.
#[utoipa::path(
    post, path = "/api/v1/integrations/test", operation_id = "test_integration_draft",
    tag = "integrations", request_body = TestDraft,
    responses((status = 200, description = "What was found, good or bad.", body = TestReport)),
    security(("api_key" = ["integrations:write"]), ("session" = []))
)]
pub(in crate::api) async fn test_draft(
    State(connect): State<Connect>,
    caller: Caller<may::IntegrationsWrite>,
    ApiJson(body): ApiJson<TestDraft>,
) -> Answer<ApiJson<TestReport>> {
    let draft = IntegrationDraft {
        name: body.provider.clone(),
        provider: body.provider,
        enabled: true,
        config: body.config,
        credentials: body.credentials,
        mode: body.mode,
        pull: body.pull.unwrap_or_default(),
        push: body.push.unwrap_or_default(),
        ..IntegrationDraft::default()
    };
    Ok(ApiJson(connect.test_draft(&caller, draft).await?))
}
