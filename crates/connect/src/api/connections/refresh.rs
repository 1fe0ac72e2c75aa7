//! `POST /api/v1/connections/{id}/refresh`.

use accounts::gate::{Answer, ApiJson, ApiPath, Caller, may};
use axum::extract::State;
use kernel::ConnectionId;

use super::{ConnectionView, found, view};
use crate::Connect;
use crate::refresh::flight::Want;

/// Renew the tokens now
///
/// However many ask at once, the provider is asked once.
#[utoipa::path(
    post, path = "/api/v1/connections/{id}/refresh", operation_id = "refresh_connection",
    tag = "connections",
    params(("id" = String, Path, description = "The connection.")),
    responses((status = 200, description = "Renewed.", body = ConnectionView)),
    security(("api_key" = ["connections:write"]), ("session" = []))
)]
pub(in crate::api) async fn refresh(
    State(connect): State<Connect>,
    caller: Caller<may::ConnectionsWrite>,
    ApiPath(id): ApiPath<ConnectionId>,
) -> Answer<ApiJson<ConnectionView>> {
    let stored = found(&caller, id).await?;
    let terms = connect.terms_of(&caller.workspace, &stored.connection).await?;
    let want = Want::Anew { than: stored.connection.generation };
    connect.renewed(&caller.workspace, &terms, stored, want).await?;
    Ok(ApiJson(view(&caller, id).await?))
}
