//! `/api/v1/workspaces/{id}/rotate-key`: a new data key, and how far the rows have followed.

use axum::extract::State;
use http::StatusCode;
use kernel::{NewJob, Timestamp, WorkspaceId};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::workspaces::find;
use crate::Accounts;
use crate::audit;
use crate::gate::{Answer, ApiJson, ApiPath, Caller, may};
use crate::jobs::reseal;
use crate::store::rotation;

/// The workspace's data key, and how many rows its last rotation has sealed anew.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "id": "ws_01h455vb4pex5vsknk084sn02q", "version": 2, "state": "running", "done": 1200,
    "rotated_at": "2026-01-01T00:00:00Z"
}))]
pub(super) struct RotationView {
    /// The workspace.
    #[schema(value_type = String)]
    id: WorkspaceId,
    /// The version that rows are sealed with now.
    version: u32,
    state: RotationState,
    /// Rows sealed anew so far.
    done: u64,
    /// When the key was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = DateTime, required = false)]
    rotated_at: Option<Timestamp>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum RotationState {
    Running,
    Done,
}

/// Gives the workspace a new data key and seals its rows anew in the background; nothing stops.
#[utoipa::path(
    post, path = "/api/v1/workspaces/{id}/rotate-key", operation_id = "rotate_workspace_key",
    tag = "workspaces", params(("id" = String, Path, description = "The workspace.")),
    responses((status = 202, description = "Begun.", body = RotationView)),
    security(("api_key" = ["admin:full"]), ("session" = []))
)]
pub(super) async fn post(
    State(accounts): State<Accounts>,
    caller: Caller<may::Owner>,
    ApiPath(id): ApiPath<WorkspaceId>,
) -> Answer<(StatusCode, ApiJson<RotationView>)> {
    find(&accounts, &caller, id).await?;
    let version = accounts.db().rotate_workspace(id).await?;
    let mut tx = caller.workspace.write().await?;
    let progress = rotation::Progress { version, done: 0, finished: false };
    tx.emit(id, rotation::EVENT, id, json!(progress)).await?;
    let detail = json!({ "version": version });
    audit::record(&mut tx, &caller, "workspace.key_rotated", id, detail).await?;
    let run_at = tx.now();
    let job = NewJob { kind: reseal::KIND, key: id.to_string(), run_at, payload: json!({}) };
    tx.enqueue(id, job).await?;
    tx.commit().await?;
    Ok((StatusCode::ACCEPTED, ApiJson(view(&caller, id).await?)))
}

/// How far the last rotation has come.
#[utoipa::path(
    get, path = "/api/v1/workspaces/{id}/rotate-key", operation_id = "get_workspace_key",
    tag = "workspaces", params(("id" = String, Path, description = "The workspace.")),
    responses((status = 200, description = "The state of the key.", body = RotationView)),
    security(("api_key" = ["admin:full"]), ("session" = []))
)]
pub(super) async fn get(
    State(accounts): State<Accounts>,
    caller: Caller<may::Admin>,
    ApiPath(id): ApiPath<WorkspaceId>,
) -> Answer<ApiJson<RotationView>> {
    find(&accounts, &caller, id).await?;
    Ok(ApiJson(view(&caller, id).await?))
}

async fn view(caller: &crate::gate::Identity, id: WorkspaceId) -> Answer<RotationView> {
    let mut tx = caller.workspace.read().await?;
    let (version, rotated_at) = rotation::current(&mut tx, id).await?;
    let last = rotation::last(&mut tx, id).await?.map(|(progress, _)| progress);
    let running = last.is_some_and(|last| last.version == version && !last.finished);
    let state = if running { RotationState::Running } else { RotationState::Done };
    let done = last.map_or(0, |last| last.done);
    Ok(RotationView { id, version, state, done, rotated_at })
}
