//! `DELETE /api/v1/connections/{id}`.

use accounts::audit;
use accounts::gate::{Answer, ApiPath, Caller, may};
use axum::extract::State;
use http::StatusCode;
use kernel::ConnectionId;
use serde_json::json;

use super::found;
use crate::Connect;
use crate::refresh::job;
use crate::store::{connections, tasks};

/// Disconnect an account
///
/// The access is given back at the provider where it has a way to, and forgotten here in any case.
#[utoipa::path(
    delete, path = "/api/v1/connections/{id}", operation_id = "delete_connection",
    tag = "connections",
    params(("id" = String, Path, description = "The connection.")),
    responses((status = 204, description = "Disconnected.")),
    security(("api_key" = ["connections:write"]), ("session" = []))
)]
pub(in crate::api) async fn delete(
    State(connect): State<Connect>,
    caller: Caller<may::ConnectionsWrite>,
    ApiPath(id): ApiPath<ConnectionId>,
) -> Answer<StatusCode> {
    let stored = found(&caller, id).await?;
    let integration = stored.connection.integration_id;
    connect.tell_leaving(&caller.workspace, integration, Some(id)).await;
    let revocation = connect.give_back(&caller.workspace, &stored, &caller.actor).await;
    let it = &stored.connection;
    let workspace = caller.workspace.id();
    let mut tx = caller.workspace.write().await?;
    connections::delete(&mut tx, workspace, id).await?;
    tx.dequeue(workspace, job::KIND, &id.to_string()).await?;
    tasks::close(&mut tx, workspace, &id.to_string(), &caller.actor.to_string()).await?;
    let data = json!({
        "integration_id": it.integration_id, "provider": it.provider, "subject": it.subject,
        "account": it.account.name, "revocation": revocation,
    });
    audit::record(&mut tx, &caller, "connection.deleted", id, data.clone()).await?;
    tx.emit(workspace, "connection.deleted", id, data).await?;
    tx.commit().await?;
    connect.0.cache.forget(&db::Change::noun(connections::NOUN, workspace, id));
    Ok(StatusCode::NO_CONTENT)
}
