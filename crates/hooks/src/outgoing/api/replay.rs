//! Telling again: one delivery, or all of a time.

use accounts::audit;
use accounts::gate::{Answer, ApiJson, ApiPath, Caller, Identity, may, not_found, present};
use axum::extract::State;
use http::StatusCode;
use kernel::{DeliveryId, EventId, NewJob, Problem, Timestamp, WebhookId, codes};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::deliveries::view;
use super::view::DeliveryView;
use crate::outgoing::jobs::replay::{KIND, Progress};
use crate::outgoing::store::deliveries::{self, DeliveryStatus, Span};
use crate::outgoing::store::webhooks;
use crate::outgoing::webhook::{Status, Webhook};
use crate::outgoing::{Outgoing, enqueue};

/// Replay a delivery
///
/// Its event is told again, with the same `webhook-id`, and tried as long as a new one.
#[utoipa::path(
    post, path = "/api/v1/deliveries/{id}/replay", operation_id = "replay_delivery",
    tag = "Webhooks", params(("id" = String, Path, description = "The delivery.")),
    responses((status = 202, description = "It is tried again.", body = DeliveryView)),
    security(("api_key" = ["webhooks:manage"]), ("session" = []))
)]
pub(super) async fn one(
    State(room): State<Outgoing>,
    caller: Caller<may::WebhooksManage>,
    ApiPath(id): ApiPath<DeliveryId>,
) -> Answer<(StatusCode, ApiJson<DeliveryView>)> {
    again(&room, &caller, id, None).await
}

/// Replay a delivery of a webhook
///
/// The same under the webhook's path.
#[utoipa::path(
    post, path = "/api/v1/webhooks/{id}/deliveries/{delivery_id}/replay",
    operation_id = "replay_webhook_delivery", tag = "Webhooks",
    params(
        ("id" = String, Path, description = "The webhook."),
        ("delivery_id" = String, Path, description = "The delivery.")
    ),
    responses((status = 202, description = "It is tried again.", body = DeliveryView)),
    security(("api_key" = ["webhooks:manage"]), ("session" = []))
)]
pub(super) async fn one_of(
    State(room): State<Outgoing>,
    caller: Caller<may::WebhooksManage>,
    ApiPath((webhook, id)): ApiPath<(WebhookId, DeliveryId)>,
) -> Answer<(StatusCode, ApiJson<DeliveryView>)> {
    again(&room, &caller, id, Some(webhook)).await
}

async fn again(
    room: &Outgoing,
    caller: &Identity,
    id: DeliveryId,
    of: Option<WebhookId>,
) -> Answer<(StatusCode, ApiJson<DeliveryView>)> {
    let whose = caller.workspace.id();
    let gone = || not_found("delivery");
    let mut tx = caller.workspace.write().await?;
    let found = deliveries::get(&mut tx, whose, id).await?;
    let found = found.map(|(delivery, _)| delivery);
    let found = found.filter(|it| of.is_none_or(|of| of == it.webhook)).ok_or_else(gone)?;
    let webhook = webhooks::get(&mut tx, whose, found.webhook).await?;
    may_be_told(&webhook.ok_or_else(gone)?)?;
    deliveries::replay(&mut tx, whose, id).await?;
    enqueue(&mut tx, whose, found.webhook).await?;
    let detail = json!({ "webhook_id": found.webhook, "event_id": found.event });
    audit::record(&mut tx, caller, "delivery.replayed", id, detail).await?;
    let shown = view(room, &mut tx, whose, id).await?.ok_or_else(gone)?;
    tx.commit().await?;
    Ok((StatusCode::ACCEPTED, ApiJson(shown)))
}

/// What is to be told again.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "since": "2026-01-01T00:00:00Z", "status": "dead" }))]
pub(super) struct ReplayMany {
    /// Events since then.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    /// Events until then; until now unless said.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false, format = DateTime)]
    until: Option<Timestamp>,
    /// `dead` or `succeeded` deliveries alone. Unless said, all that ended, and what the webhook wants and
    /// was never told: because it was disabled, or is newer than the event.
    #[serde(default, deserialize_with = "present", alias = "state")]
    #[schema(nullable = false)]
    status: Option<DeliveryStatus>,
}

/// A replay that has begun.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "webhook_id": "wh_01kce5v0g0f7nb4x1q2m3n4p5r", "since": "2026-01-01T00:00:00Z",
    "until": "2026-01-02T00:00:00Z", "status": "dead"
}))]
pub(super) struct ReplayView {
    #[schema(value_type = String)]
    webhook_id: WebhookId,
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    until: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    status: Option<DeliveryStatus>,
}

/// Replay what happened since a time
///
/// In the background, behind the first attempts of what is new.
#[utoipa::path(
    post, path = "/api/v1/webhooks/{id}/replay", operation_id = "replay_webhook", tag = "Webhooks",
    params(("id" = String, Path, description = "The webhook.")), request_body = ReplayMany,
    responses((status = 202, description = "It has begun.", body = ReplayView)),
    security(("api_key" = ["webhooks:manage"]), ("session" = []))
)]
pub(super) async fn many(
    State(room): State<Outgoing>,
    caller: Caller<may::WebhooksManage>,
    ApiPath(id): ApiPath<WebhookId>,
    ApiJson(body): ApiJson<ReplayMany>,
) -> Answer<(StatusCode, ApiJson<ReplayView>)> {
    let whose = caller.workspace.id();
    let mut tx = caller.workspace.write().await?;
    let now = tx.now();
    let until = body.until.unwrap_or(now);
    let refused = |pointer: &str, message: &str| {
        let problem = Problem::new(&codes::INVALID, format!("{pointer}: {message}"));
        Err(problem.field(pointer, message).into())
    };
    if body.since > until {
        return refused("/since", "it must not be after the end");
    }
    if body.status.is_some_and(DeliveryStatus::waits) {
        return refused("/status", "dead or succeeded is expected: what waits is tried anyway");
    }
    let webhook = webhooks::get(&mut tx, whose, id).await?;
    may_be_told(&webhook.ok_or_else(|| not_found("webhook"))?)?;
    let span = Span { since: body.since, until, status: body.status };
    // Several may run side by side.
    let key = format!("{id}/{}", EventId::generate(now, room.0.db.entropy()));
    let progress = Progress { webhook: id, span, untold: false, after: String::new() };
    let job = NewJob { kind: KIND, key, run_at: now, payload: json!(progress) };
    tx.enqueue(whose, job).await?;
    let detail = json!({ "since": body.since, "until": until, "status": body.status });
    audit::record(&mut tx, &caller, "webhook.replayed", id, detail).await?;
    tx.commit().await?;
    let view = ReplayView { webhook_id: id, since: body.since, until, status: body.status };
    Ok((StatusCode::ACCEPTED, ApiJson(view)))
}

fn may_be_told(webhook: &Webhook) -> Result<(), Problem> {
    if webhook.status != Status::Disabled {
        return Ok(());
    }
    let detail = "The webhook is disabled; resume it first.";
    Err(Problem::new(&codes::WEBHOOK_DISABLED, detail))
}
