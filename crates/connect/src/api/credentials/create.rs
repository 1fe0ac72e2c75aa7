//! `POST /api/v1/credentials`.

use accounts::gate::{Answer, ApiJson, Caller, may, present};
use axum::extract::State;
use http::StatusCode;
use kernel::{IntegrationId, WidgetConfigId, codes};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::CredentialView;
use crate::{Connect, CredentialDraft, CredentialScope, body};

/// A credential to be stored: for an integration, or by itself with the name of its provider. `null`
/// stands for what there need not be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "Slack Bot", "type": "oauth", "provider": "slack", "data": {"bot_token": "…"}
}))]
pub(in crate::api) struct CreateCredential {
    #[schema(value_type = Option<String>)]
    integration_id: Option<IntegrationId>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    provider: Option<String>,
    /// What the caller calls its sort.
    #[serde(default)]
    r#type: String,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    name: Option<String>,
    /// Whose it is: the widget config's if one is named, else the workspace's, unless said.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    scope: Option<CredentialScope>,
    #[schema(value_type = Option<String>)]
    widget_config_id: Option<WidgetConfigId>,
    /// The secrets.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Object, required = false)]
    credentials: Option<Map<String, Value>>,
    /// The same by another name.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Object, required = false)]
    data: Option<Map<String, Value>>,
    /// What else is to be known of it; nothing secret.
    #[schema(value_type = Option<Object>)]
    metadata: Option<Map<String, Value>>,
}

/// Stores a credential. It can be used, changed and rotated, and never be read again.
#[utoipa::path(
    post, path = "/api/v1/credentials", operation_id = "create_credential", tag = "credentials",
    request_body = CreateCredential,
    responses((status = 201, description = "Stored.", body = CredentialView)),
    security(("api_key" = ["credentials:write"]), ("session" = []))
)]
pub(in crate::api) async fn create(
    State(connect): State<Connect>,
    caller: Caller<may::CredentialsWrite>,
    ApiJson(body): ApiJson<CreateCredential>,
) -> Answer<(StatusCode, ApiJson<CredentialView>)> {
    let fields = match (body.credentials, body.data) {
        (Some(fields), None) | (None, Some(fields)) => fields,
        (None, None) => {
            return Err(
                body::wrong(&codes::INVALID, "/credentials", "the secrets belong here").into()
            );
        }
        (Some(_), Some(_)) => {
            let message = "it says the same as credentials; leave one out";
            return Err(body::wrong(&codes::INVALID, "/data", message).into());
        }
    };
    let draft = CredentialDraft {
        integration_id: body.integration_id,
        provider: body.provider,
        kind: body.r#type,
        name: body.name,
        scope: body.scope,
        widget_config_id: body.widget_config_id,
        fields,
        metadata: body.metadata.unwrap_or_default(),
    };
    let stored = connect.create_credential(&caller, draft).await?;
    Ok((StatusCode::CREATED, ApiJson(CredentialView::of(stored))))
}
