//! `DELETE /api/v1/credentials/{id}`.

use accounts::gate::{Answer, ApiPath, Caller, may};
use axum::extract::State;
use http::StatusCode;
use kernel::CredentialId;

use crate::Connect;

/// Deletes a credential.
#[utoipa::path(
    delete, path = "/api/v1/credentials/{id}", operation_id = "delete_credential",
    tag = "credentials",
    params(("id" = String, Path, description = "The credential.")),
    responses((status = 204, description = "Deleted.")),
    security(("api_key" = ["credentials:write"]), ("session" = []))
)]
pub(in crate::api) async fn delete(
    State(connect): State<Connect>,
    caller: Caller<may::CredentialsWrite>,
    ApiPath(id): ApiPath<CredentialId>,
) -> Answer<StatusCode> {
    connect.delete_credential(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
