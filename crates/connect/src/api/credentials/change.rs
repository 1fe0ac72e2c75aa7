//! `PATCH /api/v1/credentials/{id}`.

use accounts::gate::{Answer, ApiJson, ApiPath, Caller, may, present};
use axum::extract::State;
use kernel::{CredentialId, IntegrationId};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::CredentialView;
use crate::{Connect, CredentialChange};

/// What is to change; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "name": "The new bot" }))]
pub(in crate::api) struct ChangeCredential {
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    name: Option<String>,
    /// All that is to be known of it; `null` for nothing.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Object>)]
    metadata: Option<Option<Map<String, Value>>>,
    /// The integration to use it for, where it is for none yet.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false)]
    integration_id: Option<IntegrationId>,
    /// Fields to replace; `null` removes one, the mask keeps it.
    #[serde(default, alias = "data", deserialize_with = "present")]
    #[schema(value_type = Object, required = false)]
    credentials: Option<Map<String, Value>>,
}

/// Changes a credential. Other secrets count as a rotation.
#[utoipa::path(
    patch, path = "/api/v1/credentials/{id}", operation_id = "change_credential",
    tag = "credentials",
    params(("id" = String, Path, description = "The credential.")),
    request_body = ChangeCredential,
    responses((status = 200, description = "Changed.", body = CredentialView)),
    security(("api_key" = ["credentials:write"]), ("session" = []))
)]
pub(in crate::api) async fn change(
    State(connect): State<Connect>,
    caller: Caller<may::CredentialsWrite>,
    ApiPath(id): ApiPath<CredentialId>,
    ApiJson(body): ApiJson<ChangeCredential>,
) -> Answer<ApiJson<CredentialView>> {
    let change = CredentialChange {
        name: body.name,
        metadata: body.metadata.map(Option::unwrap_or_default),
        integration_id: body.integration_id,
        fields: body.credentials,
    };
    Ok(ApiJson(CredentialView::of(connect.change_credential(&caller, id, change).await?)))
}
