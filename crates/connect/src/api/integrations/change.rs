//! `PATCH /api/v1/integrations/{id}`.

use accounts::gate::{Answer, ApiJson, ApiPath, Caller, may, present};
use axum::extract::State;
use kernel::{IntegrationId, WidgetId};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::IntegrationView;
use crate::{Connect, CredentialScope, IntegrationPatch, Mode, PullConfig, PushConfig, Quota};

/// What is to change; what is left out stays, and `null` clears what there need not be. A mask that is
/// sent back keeps the secret.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "enabled": false }))]
pub(in crate::api) struct ChangeIntegration {
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    name: Option<String>,
    #[serde(default, deserialize_with = "present")]
    description: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    enabled: Option<bool>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    mode: Option<Mode>,
    /// The whole configuration.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Object, required = false)]
    config: Option<Map<String, Value>>,
    /// All of the workspace's credentials.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Object, required = false)]
    credentials: Option<Map<String, Value>>,
    /// All settings for pulls; `null` for those of the provider.
    #[serde(default, alias = "pull_config", deserialize_with = "present")]
    pull: Option<Option<PullConfig>>,
    /// All settings for pushes; `null` for those of the provider.
    #[serde(default, alias = "push_config", deserialize_with = "present")]
    push: Option<Option<PushConfig>>,
    /// All of its app's limits; `null` for the provider's usual ones.
    #[serde(default, deserialize_with = "present")]
    quota: Option<Option<Quota>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    credential_scope: Option<CredentialScope>,
    /// The widget that it feeds from now on; `null` for none.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    widget_id: Option<Option<WidgetId>>,
    /// JSON Schema or field map, over the provider's; `null` for the provider's alone.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Object>)]
    config_schema: Option<Option<Value>>,
    /// JSON Schema or field map, over the provider's; `null` for the provider's alone.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Object>)]
    credential_schema: Option<Option<Value>>,
}

/// Changes an integration.
#[utoipa::path(
    patch, path = "/api/v1/integrations/{id}", operation_id = "change_integration",
    tag = "integrations",
    params(("id" = String, Path, description = "The integration.")),
    request_body = ChangeIntegration,
    responses((status = 200, description = "Changed.", body = IntegrationView)),
    security(("api_key" = ["integrations:write"]), ("session" = []))
)]
pub(in crate::api) async fn change(
    State(connect): State<Connect>,
    caller: Caller<may::IntegrationsWrite>,
    ApiPath(id): ApiPath<IntegrationId>,
    ApiJson(body): ApiJson<ChangeIntegration>,
) -> Answer<ApiJson<IntegrationView>> {
    let patch = IntegrationPatch {
        name: body.name,
        description: body.description.map(Option::unwrap_or_default),
        enabled: body.enabled,
        mode: body.mode,
        credential_scope: body.credential_scope,
        config: body.config,
        widget_id: body.widget_id,
        pull: body.pull.map(Option::unwrap_or_default),
        push: body.push.map(Option::unwrap_or_default),
        quota: body.quota.map(Option::unwrap_or_default),
        config_schema: body.config_schema,
        credential_schema: body.credential_schema,
        credentials: body.credentials,
    };
    let changed = connect.update_integration(&caller, id, patch).await?;
    Ok(ApiJson(connect.view(&caller, changed).await?))
}
