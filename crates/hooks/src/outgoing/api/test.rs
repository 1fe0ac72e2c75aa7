//! `POST /api/v1/webhooks/{id}/test`.

use accounts::gate::{Answer, ApiJson, ApiPath, Caller, may, not_found};
use axum::extract::State;
use kernel::{DeliveryId, Problem, WebhookId, codes};
use serde_json::json;

use super::view::DeliveryView;
use crate::outgoing::Outgoing;
use crate::outgoing::jobs::dispatch::TEST;
use crate::outgoing::schedule::Outcome as Answered;
use crate::outgoing::send::{Endpoint, Sent, Zeal};
use crate::outgoing::store::attempts::{self, Outcome};
use crate::outgoing::store::deliveries::{self, DeliveryStatus};
use crate::outgoing::store::webhooks;

/// Test a webhook
///
/// Sends an event `webhook.test` at once, whatever the webhook asks for and whether it is enabled or not, and
/// answers what came of it. It is tried once, and counts neither for nor against the endpoint.
#[utoipa::path(
    post, path = "/api/v1/webhooks/{id}/test", operation_id = "test_webhook", tag = "Webhooks",
    params(("id" = String, Path, description = "The webhook.")),
    responses((status = 200, description = "What came of it.", body = DeliveryView)),
    security(("api_key" = ["webhooks:manage"]), ("session" = []))
)]
pub(super) async fn test(
    State(room): State<Outgoing>,
    caller: Caller<may::WebhooksManage>,
    ApiPath(id): ApiPath<WebhookId>,
) -> Answer<ApiJson<DeliveryView>> {
    let workspace = &caller.workspace;
    let whose = workspace.id();
    let gone = || not_found("webhook");
    let mut tx = workspace.write().await?;
    let webhook = webhooks::get(&mut tx, whose, id).await?.ok_or_else(gone)?;
    let told = json!({ "message": "This is a test.", "webhook_id": id });
    let event = tx.append(whose, TEST, id, told).await?;
    let delivery = DeliveryId::generate(event.at, room.0.db.entropy());
    // Dead until the answer is here: a test that breaks off is not tried again.
    let rows = [(delivery, id, &*event)];
    deliveries::insert(&mut tx, whose, &rows, DeliveryStatus::Dead).await?;
    let (row, event) = deliveries::get(&mut tx, whose, delivery).await?.ok_or_else(gone)?;
    tx.commit().await?;

    let endpoint = Endpoint::open(workspace, &webhook).await?;
    let (attempt, answered) = match endpoint.send(&room, &event, Zeal::Insisting).await {
        Sent::Tried(attempt, answered) => (attempt, answered),
        Sent::Held(_, wait) => {
            let detail = "The webhook's rate limit is used up.";
            let problem = Problem::new(&codes::EGRESS_RATE_LIMITED, detail);
            return Err(problem.retry_after(wait.as_secs().max(1)).into());
        }
    };
    let well = matches!(answered, Answered::Answered { status: 200..=299, .. });
    let outcome = Outcome {
        workspace: whose,
        delivery: row,
        since: attempt.at,
        attempt,
        status: if well { DeliveryStatus::Succeeded } else { DeliveryStatus::Dead },
        next_at: None,
        noteworthy: false,
    };
    room.0.results.write(outcome).await?;
    let mut tx = workspace.read().await?;
    let (row, event) = deliveries::get(&mut tx, whose, delivery).await?.ok_or_else(gone)?;
    let tried = attempts::of(&mut tx, whose, &[delivery]).await?;
    let tried = tried.into_iter().map(|(_, attempt)| attempt).collect();
    let view = DeliveryView::of(row, tried).telling(&webhook, &event, &room.0.public_url);
    Ok(ApiJson(view))
}
