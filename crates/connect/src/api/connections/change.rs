//! `PATCH /api/v1/connections/{id}`.

use accounts::audit;
use accounts::gate::{Answer, ApiJson, ApiPath, Caller, may};
use axum::extract::State;
use db::Change;
use kernel::ConnectionId;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::{ConnectionView, found, view};
use crate::store::connections;
use crate::{Connect, ConnectionStatus};

/// What is to change.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "enabled": false }))]
pub(in crate::api) struct ChangeConnection {
    /// Whether it is used. What is off keeps its tokens and is neither renewed nor asked with.
    enabled: bool,
}

/// Switches a connection off or on.
#[utoipa::path(
    patch, path = "/api/v1/connections/{id}", operation_id = "change_connection",
    tag = "connections",
    params(("id" = String, Path, description = "The connection.")),
    request_body = ChangeConnection,
    responses((status = 200, description = "Changed.", body = ConnectionView)),
    security(("api_key" = ["connections:write"]), ("session" = []))
)]
pub(in crate::api) async fn change(
    State(connect): State<Connect>,
    caller: Caller<may::ConnectionsWrite>,
    ApiPath(id): ApiPath<ConnectionId>,
    ApiJson(body): ApiJson<ChangeConnection>,
) -> Answer<ApiJson<ConnectionView>> {
    let it = found(&caller, id).await?.connection.clone();
    let (status, action) = match (body.enabled, it.status) {
        (true, ConnectionStatus::Disabled) => (ConnectionStatus::Active, "connection.enabled"),
        (false, ConnectionStatus::Disabled) | (true, _) => return Ok(ApiJson(it.into())),
        (false, _) => (ConnectionStatus::Disabled, "connection.disabled"),
    };
    let terms = connect.terms_of(&caller.workspace, &it).await?;
    if !body.enabled {
        connect.tell_leaving(&caller.workspace, it.integration_id, Some(id)).await;
    }
    let mut tx = caller.workspace.write().await?;
    connections::set_status(&mut tx, &it, status, None).await?;
    let now = crate::Connection { status, ..it };
    connect.schedule(&mut tx, &terms.oauth, &now).await?;
    connect.follow_pushes(&mut tx, caller.workspace.id(), &now.provider, id).await?;
    let data = json!({ "integration_id": now.integration_id, "provider": now.provider });
    audit::record(&mut tx, &caller, action, id, data.clone()).await?;
    tx.emit(caller.workspace.id(), action, id, data).await?;
    tx.commit().await?;
    connect.0.cache.forget(&Change::noun(connections::NOUN, caller.workspace.id(), id));
    Ok(ApiJson(view(&caller, id).await?))
}
