//! `POST /api/v1/credentials/{id}/validate`.

use accounts::gate::{Answer, ApiJson, ApiPath, Caller, may, not_found};
use axum::extract::State;
use kernel::{CredentialId, codes};

use crate::store::credentials;
use crate::trial::Instead;
use crate::{Connect, TestReport, body};

/// Tries a credential at its provider, and notes whether it was taken.
#[utoipa::path(
    post, path = "/api/v1/credentials/{id}/validate", operation_id = "validate_credential",
    tag = "credentials",
    params(("id" = String, Path, description = "The credential.")),
    responses((status = 200, description = "What was found, good or bad.", body = TestReport)),
    security(("api_key" = ["credentials:write"]), ("session" = []))
)]
pub(in crate::api) async fn validate(
    State(connect): State<Connect>,
    caller: Caller<may::CredentialsWrite>,
    ApiPath(id): ApiPath<CredentialId>,
) -> Answer<ApiJson<TestReport>> {
    let mut tx = caller.workspace.read().await?;
    let found = credentials::get(&mut tx, caller.workspace.id(), id).await?;
    drop(tx);
    let found = found.ok_or_else(|| not_found("credential"))?.credential;
    let Some(integration) = found.integration_id else {
        let message = "it is for no integration yet, so there is nothing to try it on";
        return Err(body::wrong(&codes::INVALID, "/integration_id", message).into());
    };
    let instead = Instead { widget_config: found.owner.widget_config(), ..Instead::default() };
    Ok(ApiJson(connect.test_with(&caller, integration, instead).await?))
}
