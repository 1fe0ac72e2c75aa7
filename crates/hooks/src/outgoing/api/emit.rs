//! `POST /api/v1/events`: something that happened elsewhere, put into the same log.

use accounts::gate::{Answer, ApiJson, Caller, may, present};
use http::StatusCode;
use kernel::{EventId, Problem, Timestamp, codes};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// What types of such events begin with.
const CUSTOM: &str = "custom.";
const MOST_TYPE: usize = 200;
const MOST_SUBJECT: usize = 200;
/// Bytes of the data as JSON.
const MOST_DATA: usize = (1 << 20) + (1 << 10);

/// Something that happened.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "type": "custom.order_paid", "subject": "order-17", "data": { "total": 12 } }))]
pub(super) struct NewEvent {
    /// Begins with `custom.`; of lower-case letters, digits, `.`, `_` and `-`.
    #[schema(max_length = 200, pattern = "^custom\\.[a-z0-9._-]+$")]
    r#type: String,
    /// What it happened to.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false, max_length = 200)]
    subject: Option<String>,
    /// What else is known of it: any JSON, 1 MiB at most.
    #[serde(default)]
    #[schema(value_type = Value)]
    data: Value,
}

/// An event that was made.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "id": "evt_01kce5v0g0f7nb4x1q2m3n4p5r", "type": "custom.order_paid",
    "at": "2026-01-01T00:00:00Z", "trace": "4bf92f3577b34da6a3ce929d0e0e4736"
}))]
pub(super) struct Emitted {
    #[schema(value_type = String)]
    id: EventId,
    r#type: String,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// What follows from it has the same one.
    trace: Option<String>,
}

/// Emit an event
///
/// It goes into the log of the workspace, and to the webhooks and workflows that follow its type.
#[utoipa::path(
    post, path = "/api/v1/events", operation_id = "emit_event", tag = "Events",
    request_body = NewEvent,
    responses((status = 201, description = "It has happened.", body = Emitted)),
    security(("api_key" = ["events:write"]), ("session" = []))
)]
pub(super) async fn emit(
    caller: Caller<may::EventsWrite>,
    ApiJson(body): ApiJson<NewEvent>,
) -> Answer<(StatusCode, ApiJson<Emitted>)> {
    let NewEvent { r#type: kind, subject, data } = body;
    let plain = |letter: char| {
        letter.is_ascii_lowercase() || letter.is_ascii_digit() || "._-".contains(letter)
    };
    let rest = kind.strip_prefix(CUSTOM).unwrap_or_default();
    if rest.is_empty() || kind.len() > MOST_TYPE || !rest.chars().all(plain) {
        let message =
            "a type like custom.order_paid is expected: lower-case letters, digits, . _ -";
        return refused("/type", message);
    }
    let subject = subject.unwrap_or_default();
    if subject.chars().count() > MOST_SUBJECT {
        return refused("/subject", "at most 200 characters are expected");
    }
    if data.to_string().len() > MOST_DATA {
        return refused("/data", "at most 1 MiB is expected");
    }
    let workspace = &caller.workspace;
    let trace =
        db::trace::current().unwrap_or_else(|| kernel::Trace::begin(workspace.db().entropy()));
    let event = db::trace::within(trace, async {
        let mut tx = workspace.write().await?;
        let event = tx.append(workspace.id(), &kind, subject, data).await?;
        tx.commit().await?;
        Ok::<_, db::DbError>(event)
    });
    let event = event.await?;
    let trace = event.trace.map(|trace| trace.to_string());
    Ok((StatusCode::CREATED, ApiJson(Emitted { id: event.id, r#type: kind, at: event.at, trace })))
}

fn refused<T>(pointer: &str, message: &str) -> Answer<T> {
    let problem = Problem::new(&codes::INVALID, format!("{pointer}: {message}"));
    Err(problem.field(pointer, message).into())
}
