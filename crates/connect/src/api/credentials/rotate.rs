//! `POST /api/v1/credentials/{id}/rotate`.

use accounts::gate::{Answer, ApiJson, ApiPath, Caller, may};
use axum::extract::State;
use kernel::CredentialId;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::CredentialView;
use crate::Connect;

/// All of the new secrets; a mask keeps the old one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "credentials": {"api_key": "…"} }))]
pub(in crate::api) struct RotateCredential {
    #[serde(alias = "data")]
    #[schema(value_type = Object)]
    credentials: Map<String, Value>,
}

/// Puts other secrets in the place of those that are there. The id stays, the version counts.
#[utoipa::path(
    post, path = "/api/v1/credentials/{id}/rotate", operation_id = "rotate_credential",
    tag = "credentials",
    params(("id" = String, Path, description = "The credential.")),
    request_body = RotateCredential,
    responses((status = 200, description = "Rotated.", body = CredentialView)),
    security(("api_key" = ["credentials:write"]), ("session" = []))
)]
pub(in crate::api) async fn rotate(
    State(connect): State<Connect>,
    caller: Caller<may::CredentialsWrite>,
    ApiPath(id): ApiPath<CredentialId>,
    ApiJson(body): ApiJson<RotateCredential>,
) -> Answer<ApiJson<CredentialView>> {
    let rotated = connect.rotate_credential(&caller, id, body.credentials).await?;
    Ok(ApiJson(CredentialView::of(rotated)))
}
