//! `POST /api/v1/connections/{id}/test`.

use accounts::gate::{Answer, ApiJson, ApiPath, Caller, may};
use axum::extract::State;
use kernel::ConnectionId;

use super::found;
use crate::{Connect, ConnectionTest};

/// Asks the provider the cheapest question with the connection's token, and says what it answered.
#[utoipa::path(
    post, path = "/api/v1/connections/{id}/test", operation_id = "test_connection",
    tag = "connections",
    params(("id" = String, Path, description = "The connection.")),
    responses((status = 200, description = "What was found, good or bad.", body = ConnectionTest)),
    security(("api_key" = ["connections:write"]), ("session" = []))
)]
pub(in crate::api) async fn test(
    State(connect): State<Connect>,
    caller: Caller<may::ConnectionsWrite>,
    ApiPath(id): ApiPath<ConnectionId>,
) -> Answer<ApiJson<ConnectionTest>> {
    let stored = found(&caller, id).await?;
    let terms = connect.terms_of(&caller.workspace, &stored.connection).await?;
    Ok(ApiJson(connect.test_connection(&caller.workspace, &terms, stored).await?))
}
