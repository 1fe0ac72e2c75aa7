//! `DELETE /api/v1/integrations/{id}`.

use accounts::gate::{Answer, ApiPath, Caller, may};
use axum::extract::State;
use http::StatusCode;
use kernel::IntegrationId;

use crate::Connect;

/// Deletes an integration with its credentials and feeds.
#[utoipa::path(
    delete, path = "/api/v1/integrations/{id}", operation_id = "delete_integration",
    tag = "integrations",
    params(("id" = String, Path, description = "The integration.")),
    responses((status = 204, description = "Deleted.")),
    security(("api_key" = ["integrations:write"]), ("session" = []))
)]
pub(in crate::api) async fn delete(
    State(connect): State<Connect>,
    caller: Caller<may::IntegrationsWrite>,
    ApiPath(id): ApiPath<IntegrationId>,
) -> Answer<StatusCode> {
    connect.delete_integration(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
