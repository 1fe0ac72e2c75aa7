//! `GET /api/v1/connections/{id}`.

use accounts::gate::{Answer, ApiJson, ApiPath, Caller, may};
use kernel::ConnectionId;

use super::{ConnectionView, view};

/// One connection and its health.
#[utoipa::path(
    get, path = "/api/v1/connections/{id}", operation_id = "get_connection", tag = "connections",
    params(("id" = String, Path, description = "The connection.")),
    responses((status = 200, description = "It.", body = ConnectionView)),
    security(("api_key" = ["connections:read"]), ("session" = []))
)]
pub(in crate::api) async fn get(
    caller: Caller<may::ConnectionsRead>,
    ApiPath(id): ApiPath<ConnectionId>,
) -> Answer<ApiJson<ConnectionView>> {
    Ok(ApiJson(view(&caller, id).await?))
}
