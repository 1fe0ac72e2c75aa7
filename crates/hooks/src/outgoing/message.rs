//! What an endpoint is told of an event: the same bytes at every attempt.

use kernel::{Event, EventId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// The form of the body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    /// `{"type", "timestamp", "data"}`, as Standard Webhooks has it.
    #[default]
    Standard,
    /// CloudEvents 1.0 in the structured mode.
    CloudEvents,
}

#[derive(Serialize)]
struct Standard<'a> {
    r#type: &'a str,
    timestamp: Timestamp,
    /// What it happened to. The standard has no word for it and allows more members.
    #[serde(skip_serializing_if = "str::is_empty")]
    subject: &'a str,
    data: &'a Value,
}

/// The attributes that an event of ours has. Source: CloudEvents 1.0.2, JSON event format.
#[derive(Serialize)]
struct CloudEvent<'a> {
    specversion: &'static str,
    id: EventId,
    source: &'a str,
    r#type: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    subject: &'a str,
    time: Timestamp,
    datacontenttype: &'static str,
    data: &'a Value,
}

impl Format {
    pub(crate) const fn content_type(self) -> &'static str {
        match self {
            Self::Standard => "application/json",
            Self::CloudEvents => "application/cloudevents+json",
        }
    }

    /// The body. `source` names who tells.
    pub(crate) fn body(self, event: &Event, source: &str) -> Vec<u8> {
        let Event { id, kind, subject, at, data, .. } = event;
        let text = match self {
            Self::Standard => {
                let told = Standard { r#type: kind, timestamp: *at, subject, data };
                serde_json::to_vec(&told)
            }
            Self::CloudEvents => serde_json::to_vec(&CloudEvent {
                specversion: "1.0",
                id: *id,
                source,
                r#type: kind,
                subject,
                time: *at,
                datacontenttype: "application/json",
                data,
            }),
        };
        // Of texts, times and JSON: this does not fail.
        text.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::{Entropy, WorkspaceId};
    use serde_json::json;

    fn event(subject: &str) -> Event {
        let (at, entropy) = (Timestamp::from_micros(1_767_225_600_250_000), Entropy::seeded(1));
        Event {
            id: EventId::generate(at, &entropy),
            workspace: WorkspaceId::generate(at, &entropy),
            kind: "custom.grüß".to_owned(),
            subject: subject.to_owned(),
            at,
            data: json!({ "n": 1 }),
            trace: None,
        }
    }

    fn check(format: Format, subject: &str, expected: Value) {
        let body = format.body(&event(subject), "https://patchbay.test");
        assert_eq!(serde_json::from_slice::<Value>(&body).unwrap(), expected);
    }

    #[test]
    fn both_forms_have_what_their_standards_ask_for() {
        let (kind, time) = ("custom.grüß", "2026-01-01T00:00:00.25Z");
        let data = json!({ "n": 1 });
        check(Format::Standard, "", json!({ "type": kind, "timestamp": time, "data": data }));
        let told = json!({ "type": kind, "timestamp": time, "subject": "feed_1", "data": data });
        check(Format::Standard, "feed_1", told);
        let told = json!({
            "specversion": "1.0", "id": event("x").id, "source": "https://patchbay.test",
            "type": kind, "subject": "x", "time": time, "datacontenttype": "application/json",
            "data": data,
        });
        check(Format::CloudEvents, "x", told);
    }
}
