//! Webhooks and deliveries as the API shows them.

use kernel::{DeliveryId, Event, EventId, Timestamp, WebhookId};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;

use crate::outgoing::message::Format;
use crate::outgoing::sign::Signing;
use crate::outgoing::store::attempts::Attempt;
use crate::outgoing::store::deliveries::{Delivery, DeliveryStatus};
use crate::outgoing::webhook::{Cause, Rate, Status, Webhook};

/// Whom we tell of what.
#[derive(Serialize, ToSchema)]
#[schema(as = OutgoingWebhook, example = json!({
    "id": "wh_01kce5v0g0f7nb4x1q2m3n4p5r", "name": "Shop", "url": "https://shop.example/hooks",
    "events": ["feed.updated", "execution.*"], "filter": ".data.version > 1",
    "format": "standard", "signing": "hmac", "headers": { "authorization": "••••" },
    "ordered": false, "concurrency": 10, "timeout_ms": 15000, "enabled": true, "status": "active",
    "status_since": "2026-01-01T00:00:00Z", "created_at": "2026-01-01T00:00:00Z",
    "updated_at": "2026-01-01T00:00:00Z"
}))]
pub(super) struct WebhookView {
    #[schema(value_type = String)]
    id: WebhookId,
    name: String,
    url: String,
    /// Event types, and beginnings of them that end in `*`.
    events: Vec<String>,
    /// A jq program over `{id, type, subject, timestamp, data}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    filter: Option<String>,
    /// What the filter last failed with. Such an event is not told.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    filter_error: Option<String>,
    format: Format,
    signing: Signing,
    /// The shared secret: shown when it is made, and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    secret: Option<String>,
    /// The public key of Ed25519 signatures.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    public_key: Option<String>,
    /// Until when the key before the last rotation signs too.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, nullable = false, format = DateTime)]
    overlap_until: Option<Timestamp>,
    /// Sent along; secrets are masked.
    headers: BTreeMap<String, String>,
    /// Whether each event waits until the one before was heard.
    ordered: bool,
    /// Requests at the same time.
    concurrency: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    rate_limit: Option<Rate>,
    timeout_ms: u64,
    /// Whether it is told anything: `status` is `active`.
    enabled: bool,
    status: Status,
    #[schema(value_type = String, format = DateTime)]
    status_since: Timestamp,
    /// Why Patchbay disabled it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    cause: Option<Cause>,
    /// Since when nothing but failures came.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, nullable = false, format = DateTime)]
    failing_since: Option<Timestamp>,
    /// When it was last told something, to the minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, nullable = false, format = DateTime)]
    succeeded_at: Option<Timestamp>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl WebhookView {
    /// With the secret that was just made.
    pub(super) fn with_secret(self, secret: Option<String>) -> Self {
        Self { secret, ..self }
    }

    pub(super) fn at(it: Webhook, now: Timestamp) -> Self {
        Self {
            id: it.id,
            name: it.settings.name,
            url: it.settings.url,
            events: it.settings.events,
            filter: it.settings.filter,
            filter_error: it.filter_error,
            format: it.settings.format,
            signing: it.settings.signing,
            secret: None,
            public_key: it.public_key,
            overlap_until: it.overlap_until.filter(|until| now < *until),
            headers: it.settings.headers,
            ordered: it.settings.ordered,
            concurrency: it.settings.concurrency,
            rate_limit: it.settings.rate,
            timeout_ms: u64::try_from(it.settings.timeout.as_millis()).unwrap_or(u64::MAX),
            enabled: it.status == Status::Active,
            status: it.status,
            status_since: it.status_since,
            cause: it.cause,
            failing_since: it.failing_since,
            succeeded_at: it.succeeded_at,
            created_at: it.created_at,
            updated_at: it.updated_at,
        }
    }
}

/// One attempt.
#[derive(Serialize, ToSchema)]
pub(super) struct AttemptView {
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    url: String,
    /// The status of the answer, if one came.
    status_code: Option<u16>,
    duration_ms: u64,
    /// What went wrong.
    error: Option<String>,
    error_code: Option<String>,
    /// The first 16 KiB of the answer's body.
    response: Option<String>,
}

impl From<Attempt> for AttemptView {
    fn from(it: Attempt) -> Self {
        let (error_code, error) = it.error.unzip();
        Self {
            at: it.at,
            url: it.url,
            status_code: it.status_code,
            duration_ms: it.duration_ms,
            error,
            error_code,
            response: it.response,
        }
    }
}

/// What is sent, but for the time and the signature, which are made anew for each attempt.
#[derive(Serialize, ToSchema)]
pub(super) struct RequestView {
    method: &'static str,
    url: String,
    /// Secrets are masked.
    headers: BTreeMap<String, String>,
    /// As it goes over the wire.
    #[schema(value_type = Object)]
    body: Value,
}

/// The telling of one event to one webhook.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "id": "dlv_01kce5v0g0f7nb4x1q2m3n4p5r", "webhook_id": "wh_01kce5v0g0f7nb4x1q2m3n4p5r",
    "event_id": "evt_01kce5v0g0f7nb4x1q2m3n4p5r", "event_type": "feed.updated",
    "event_at": "2026-01-01T00:00:00Z", "status": "retrying",
    "attempts": [{
        "at": "2026-01-01T00:00:00Z", "url": "https://shop.example/hooks", "status_code": 503,
        "duration_ms": 41, "error": "The endpoint answered with status 503.",
        "error_code": "webhook.refused", "response": "down for maintenance"
    }],
    "next_attempt_at": "2026-01-01T00:00:03Z"
}))]
pub(super) struct DeliveryView {
    #[schema(value_type = String)]
    id: DeliveryId,
    #[schema(value_type = String)]
    webhook_id: WebhookId,
    /// The event's id, which is sent as `webhook-id` at every attempt.
    #[schema(value_type = String)]
    event_id: EventId,
    event_type: String,
    #[schema(value_type = String, format = DateTime)]
    event_at: Timestamp,
    status: DeliveryStatus,
    attempts: Vec<AttemptView>,
    /// When the next one is due.
    #[schema(value_type = Option<String>, format = DateTime)]
    next_attempt_at: Option<Timestamp>,
    /// Why the last attempt failed, or why none is made any more.
    error: Option<String>,
    /// What the delivery follows from.
    trace: Option<String>,
    /// In the answer about one delivery alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    request: Option<RequestView>,
}

impl DeliveryView {
    pub(super) fn of(it: Delivery, attempts: Vec<Attempt>) -> Self {
        Self {
            id: it.id,
            webhook_id: it.webhook,
            event_id: it.event,
            event_type: it.event_type,
            event_at: it.event_at,
            next_attempt_at: it.next_at.filter(|_| it.status.waits()),
            status: it.status,
            attempts: attempts.into_iter().map(AttemptView::from).collect(),
            error: it.error,
            trace: it.trace.map(|trace| trace.to_string()),
            request: None,
        }
    }

    /// With what is sent.
    pub(super) fn telling(self, webhook: &Webhook, event: &Event, source: &str) -> Self {
        let settings = &webhook.settings;
        let mut headers = settings.headers.clone();
        headers.insert("content-type".to_owned(), settings.format.content_type().to_owned());
        headers.insert("webhook-id".to_owned(), event.id.to_string());
        let body = settings.format.body(event, source);
        let request = RequestView {
            method: "POST",
            url: settings.url.clone(),
            headers,
            body: serde_json::from_slice(&body).unwrap_or_default(),
        };
        Self { request: Some(request), ..self }
    }
}
