//! An accepted push as the API shows it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use catalog::Format;
use catalog::decode::{self, decode};
use db::{DbError, Inbound, Workspace};
use kernel::{FeedId, InboundId, IntegrationId, Timestamp};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::Hooks;

/// In lists, larger bodies are left out. In bytes.
const MOST_IN_LISTS: u64 = 64 << 10;

/// A push that was verified and stored.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "in_01kce5v0g0f7nb4x1q2m3n4p5r", "integration_id": "int_01kce5v0g0f7nb4x1q2m3n4p5r",
    "feed_id": "feed_01kce5v0g0f7nb4x1q2m3n4p5r", "provider": "github", "event_type": "push",
    "event_id": "72d3162e-cc78-11e3-81ab-4c9367dc0958", "received_at": "2026-01-01T00:00:00Z",
    "state": "applied", "verified_by": "github-sha256", "content_type": "application/json",
    "bytes": 27, "payload": {"ref": "refs/heads/main"}, "remote_addr": "192.0.2.1",
    "headers": {"x-github-event": "push"},
}))]
pub(crate) struct InboundEvent {
    #[schema(value_type = String)]
    id: InboundId,
    #[schema(value_type = String)]
    integration_id: IntegrationId,
    /// The feed it is for. Without one it is only kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, nullable = false)]
    feed_id: Option<FeedId>,
    provider: String,
    /// The sender's name for what happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    event_type: Option<String>,
    /// The sender's own id; another push with it is a duplicate.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    event_id: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    received_at: Timestamp,
    /// `pending`, `applied`, `failed`, or `stored` when no feed reads it.
    state: &'static str,
    /// The scheme that proved it, or `unsigned`.
    verified_by: String,
    content_type: String,
    /// The size of the body.
    bytes: u64,
    /// The body read as JSON, a form or XML; absent when it cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object, nullable = false)]
    payload: Option<Value>,
    /// Whether the payload is left out of this list for its size; ask for the event itself.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    payload_truncated: bool,
    /// Why the body cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    parse_error: Option<String>,
    /// The body in base64, where it cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    raw_base64: Option<String>,
    /// Why it could not be applied.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    remote_addr: Option<String>,
    /// Those that describe the event; none that proves anything.
    #[schema(value_type = Object)]
    headers: Value,
}

/// How much of a body is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    /// A small one, read.
    Brief,
    /// All of it; raw where it cannot be read.
    Whole,
}

impl InboundEvent {
    pub(crate) async fn of(
        hooks: &Hooks,
        workspace: &Workspace,
        event: Inbound,
        shown: Shown,
    ) -> Result<Self, DbError> {
        let payload_truncated = shown == Shown::Brief && event.bytes > MOST_IN_LISTS;
        let (mut payload, mut parse_error, mut raw_base64) = (None, None, None);
        if !payload_truncated {
            let body = workspace.inbound_body(&event).await?;
            let integration = hooks.connect().integration(workspace, event.integration).await?;
            let push = integration.as_ref().and_then(|it| it.provider_def.push.as_ref());
            let field = push.and_then(|push| push.form_json_field.as_deref());
            match read(&body, &event.content_type, field) {
                Ok(read) => payload = Some(read),
                Err(error) => {
                    parse_error = Some(error);
                    raw_base64 = (shown == Shown::Whole).then(|| STANDARD.encode(&body));
                }
            }
        }
        Ok(Self {
            id: event.id,
            integration_id: event.integration,
            feed_id: event.feed,
            provider: event.provider,
            event_type: event.event_type,
            event_id: event.event_id,
            received_at: event.received_at,
            state: event.state.name(),
            verified_by: event.verified_by,
            content_type: event.content_type,
            bytes: event.bytes,
            payload,
            payload_truncated,
            parse_error,
            raw_base64,
            error: event.error,
            remote_addr: event.remote_addr,
            headers: event.headers,
        })
    }
}

/// What a body says. A form that carries a document in a field is that document.
fn read(body: &[u8], content_type: &str, form_json_field: Option<&str>) -> Result<Value, String> {
    let options = decode::Options::default();
    let payload = decode(body, Some(content_type), Format::Auto, &options)
        .map_err(|error| error.to_string())?;
    // Bytes without a charset that are no text in UTF-8 would only come out as replacement characters.
    let is_plain = payload.is_string() && !content_type.contains("charset");
    if is_plain && std::str::from_utf8(body).is_err() {
        return Err("the body is not text in UTF-8".to_owned());
    }
    let inner = form_json_field.and_then(|field| payload.get(field)?.as_str());
    Ok(inner.and_then(|text| serde_json::from_str(text).ok()).unwrap_or(payload))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(body: &[u8], content_type: &str, payload: Value) {
        assert_eq!(read(body, content_type, Some("payload")), Ok(payload), "{content_type}");
    }

    #[test]
    fn bodies_are_read_by_their_type() {
        check(br#"{"a":1}"#, "application/json", json!({"a": 1}));
        check(br#"{"a":1}"#, "", json!({"a": 1}));
        check(b"a=1&b=x", "application/x-www-form-urlencoded", json!({"a": "1", "b": "x"}));
        let carried = b"payload=%7B%22a%22%3A1%7D";
        check(carried, "application/x-www-form-urlencoded", json!({"a": 1}));
        check(b"<a><b>1</b></a>", "application/xml", json!({"a": {"b": "1"}}));
        check(b"\xe9", "text/plain; charset=iso-8859-1", json!("é"));
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        for (body, content_type) in
            [(&b"{"[..], "application/json"), (b"\xff\xfe{}\xff", ""), (b"\xff", "text/plain")]
        {
            assert!(read(body, content_type, None).is_err(), "{body:?}");
        }
    }
}
