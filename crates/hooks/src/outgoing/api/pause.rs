//! `POST /api/v1/webhooks/{id}/pause` and `…/resume`.

use accounts::audit;
use accounts::gate::{Answer, ApiJson, ApiPath, Caller, Identity, may, not_found};
use axum::extract::State;
use db::{DbError, Tx};
use kernel::WebhookId;
use serde_json::json;

use super::view::WebhookView;
use crate::outgoing::Outgoing;
use crate::outgoing::store::webhooks;
use crate::outgoing::webhook::Status;

/// Which way it is switched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Switch {
    Pause,
    Resume,
}

/// Pause a webhook
///
/// It is told nothing; what happens meanwhile waits for it.
#[utoipa::path(
    post, path = "/api/v1/webhooks/{id}/pause", operation_id = "pause_webhook", tag = "Webhooks",
    params(("id" = String, Path, description = "The webhook.")),
    responses((status = 200, description = "Paused.", body = WebhookView)),
    security(("api_key" = ["webhooks:manage"]), ("session" = []))
)]
pub(super) async fn pause(
    State(room): State<Outgoing>,
    caller: Caller<may::WebhooksManage>,
    ApiPath(id): ApiPath<WebhookId>,
) -> Answer<ApiJson<WebhookView>> {
    switched(&room, &caller, id, Switch::Pause).await
}

/// Resume a webhook
///
/// One that was paused is told what happened meanwhile. One that Patchbay disabled begins with what happens
/// now: replay what it missed.
#[utoipa::path(
    post, path = "/api/v1/webhooks/{id}/resume", operation_id = "resume_webhook", tag = "Webhooks",
    params(("id" = String, Path, description = "The webhook.")),
    responses((status = 200, description = "Active.", body = WebhookView)),
    security(("api_key" = ["webhooks:manage"]), ("session" = []))
)]
pub(super) async fn resume(
    State(room): State<Outgoing>,
    caller: Caller<may::WebhooksManage>,
    ApiPath(id): ApiPath<WebhookId>,
) -> Answer<ApiJson<WebhookView>> {
    switched(&room, &caller, id, Switch::Resume).await
}

async fn switched(
    room: &Outgoing,
    caller: &Identity,
    id: WebhookId,
    to: Switch,
) -> Answer<ApiJson<WebhookView>> {
    let mut tx = caller.workspace.write().await?;
    switch(room, &mut tx, caller, id, to).await?;
    let found = webhooks::get(&mut tx, caller.workspace.id(), id).await?;
    let found = found.ok_or_else(|| not_found("webhook"))?;
    tx.commit().await?;
    Ok(ApiJson(WebhookView::at(found, room.0.db.clock().now())))
}

/// Switches it, if it is not so already.
pub(super) async fn switch(
    room: &Outgoing,
    tx: &mut Tx,
    caller: &Identity,
    id: WebhookId,
    to: Switch,
) -> Result<(), DbError> {
    let whose = caller.workspace.id();
    let (changed, action) = match to {
        Switch::Pause => {
            let changed = webhooks::set_status(tx, whose, id, Status::Paused, None).await?;
            webhooks::follow(tx, whose).await?;
            (changed, "webhook.paused")
        }
        Switch::Resume => {
            let by = caller.actor.to_string();
            (room.activate(tx, &caller.workspace, id, &by).await?, "webhook.resumed")
        }
    };
    if changed {
        audit::record(tx, caller, action, id, json!({})).await?;
    }
    Ok(())
}
