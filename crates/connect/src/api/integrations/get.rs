//! `GET /api/v1/integrations/{id}`.

use accounts::gate::{Answer, ApiJson, ApiPath, Caller, may};
use axum::extract::State;
use kernel::IntegrationId;

use super::IntegrationView;
use crate::Connect;

/// One integration.
#[utoipa::path(
    get, path = "/api/v1/integrations/{id}", operation_id = "get_integration", tag = "integrations",
    params(("id" = String, Path, description = "The integration.")),
    responses((status = 200, description = "The integration.", body = IntegrationView)),
    security(("api_key" = ["integrations:read"]), ("session" = []))
)]
pub(in crate::api) async fn get(
    State(connect): State<Connect>,
    caller: Caller<may::IntegrationsRead>,
    ApiPath(id): ApiPath<IntegrationId>,
) -> Answer<ApiJson<IntegrationView>> {
    let mut tx = caller.workspace.read().await?;
    let found = connect.listed(&mut tx, &caller, id).await?;
    drop(tx);
    Ok(ApiJson(connect.view(&caller, found).await?))
}
