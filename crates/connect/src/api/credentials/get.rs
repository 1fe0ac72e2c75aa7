//! `GET /api/v1/credentials/{id}`.

use accounts::gate::{Answer, ApiJson, ApiPath, Caller, may, not_found};
use kernel::CredentialId;

use super::CredentialView;
use crate::store::credentials;

/// One credential, masked.
#[utoipa::path(
    get, path = "/api/v1/credentials/{id}", operation_id = "get_credential", tag = "credentials",
    params(("id" = String, Path, description = "The credential.")),
    responses((status = 200, description = "The credential.", body = CredentialView)),
    security(("api_key" = ["credentials:read"]), ("session" = []))
)]
pub(in crate::api) async fn get(
    caller: Caller<may::CredentialsRead>,
    ApiPath(id): ApiPath<CredentialId>,
) -> Answer<ApiJson<CredentialView>> {
    let mut tx = caller.workspace.read().await?;
    let found = credentials::get(&mut tx, caller.workspace.id(), id).await?;
    let found = found.ok_or_else(|| not_found("credential"))?;
    Ok(ApiJson(CredentialView::of(found.credential)))
}
