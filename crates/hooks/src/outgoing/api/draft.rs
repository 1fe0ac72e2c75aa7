//! Reading what a person wants of a webhook.

use egress::Egress;
use http::{HeaderName, HeaderValue};
use kernel::{MASK, Problem, Secret, codes, looks_secret};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::Duration;
use url::Url;
use utoipa::ToSchema;

use crate::outgoing::filter;
use crate::outgoing::webhook::Rate;

const MOST_NAME: usize = 200;
const MOST_URL: usize = 2_000;
const MOST_EVENTS: usize = 100;
const MOST_EVENT: usize = 200;
const MOST_HEADERS: usize = 30;
const MOST_HEADER: usize = 4_000;
pub(super) const MOST_CONCURRENCY: u32 = 50;
pub(super) const CONCURRENCY: u32 = 10;
pub(super) const TIMEOUT: Duration = Duration::from_secs(15);

/// Made by us, or by the connection.
const OURS: [&str; 9] = [
    "host",
    "content-length",
    "content-type",
    "content-encoding",
    "transfer-encoding",
    "connection",
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
];

/// The value of a header that is sent along.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
pub(super) enum HeaderDraft {
    /// A secret if its name says so: `Authorization`, `X-Api-Key`.
    Text(String),
    Marked(MarkedHeader),
}

/// A value, and whether it is a secret.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MarkedHeader {
    value: String,
    secret: bool,
}

/// Headers by what is shown of them, and the secrets among them.
#[derive(Debug, Default)]
pub(super) struct Headers {
    pub(super) shown: BTreeMap<String, String>,
    pub(super) secrets: BTreeMap<String, Secret<String>>,
}

fn invalid(pointer: impl Into<String>, message: impl Into<String>) -> Problem {
    let (pointer, message) = (pointer.into(), message.into());
    Problem::new(&codes::INVALID, format!("{pointer}: {message}")).field(pointer, message)
}

pub(super) fn name(text: &str) -> Result<String, Problem> {
    let text = text.trim();
    match text.chars().count() {
        1..=MOST_NAME => Ok(text.to_owned()),
        _ => Err(invalid("/name", format!("1 to {MOST_NAME} characters are expected"))),
    }
}

/// An address that may be called, as far as that can be said before its name is resolved.
pub(super) fn url(text: &str, egress: &Egress) -> Result<String, Problem> {
    if text.len() > MOST_URL {
        return Err(invalid("/url", format!("at most {MOST_URL} characters are expected")));
    }
    let url = Url::parse(text).map_err(|error| invalid("/url", error.to_string()))?;
    let checked = egress.check(&url);
    checked.map_err(|error| error.problem().field("/url", error.to_string()))?;
    Ok(text.to_owned())
}

pub(super) fn events(patterns: Vec<String>) -> Result<Vec<String>, Problem> {
    if !(1..=MOST_EVENTS).contains(&patterns.len()) {
        let message = format!("1 to {MOST_EVENTS} event types or patterns are expected");
        return Err(invalid("/events", message));
    }
    for (at, pattern) in patterns.iter().enumerate() {
        let kind = pattern.strip_suffix('*').unwrap_or(pattern);
        let plain = |letter: char| {
            letter.is_ascii_lowercase() || letter.is_ascii_digit() || "._-".contains(letter)
        };
        let fits = !pattern.is_empty() && pattern.len() <= MOST_EVENT && kind.chars().all(plain);
        if !fits {
            let message =
                "an event type like feed.updated, a beginning like feed.*, or * is expected";
            return Err(invalid(format!("/events/{at}"), message));
        }
    }
    Ok(patterns)
}

pub(super) fn filter(program: String) -> Result<String, Problem> {
    match filter::check(&program) {
        Ok(()) => Ok(program),
        Err(error) => {
            let problem = Problem::of(&codes::WEBHOOK_BAD_FILTER, &error);
            Err(problem.field("/filter", error.to_string()))
        }
    }
}

pub(super) fn concurrency(number: u32) -> Result<u32, Problem> {
    match number {
        1..=MOST_CONCURRENCY => Ok(number),
        _ => Err(invalid("/concurrency", format!("1 to {MOST_CONCURRENCY} is expected"))),
    }
}

pub(super) fn rate(rate: Rate) -> Result<Rate, Problem> {
    match (rate.requests, rate.window_secs) {
        (1..=100_000, 1..=86_400) => Ok(rate),
        (1..=100_000, _) => Err(invalid("/rate_limit/window_secs", "1 to 86400 is expected")),
        _ => Err(invalid("/rate_limit/requests", "1 to 100000 is expected")),
    }
}

pub(super) fn timeout(millis: u64) -> Result<Duration, Problem> {
    match millis {
        1_000..=60_000 => Ok(Duration::from_millis(millis)),
        _ => Err(invalid("/timeout_ms", "1000 to 60000 is expected")),
    }
}

/// Headers; a mask stands for the secret that is `known` by that name.
pub(super) fn headers(
    wanted: BTreeMap<String, HeaderDraft>,
    known: &BTreeMap<String, Secret<String>>,
) -> Result<Headers, Problem> {
    if wanted.len() > MOST_HEADERS {
        return Err(invalid("/headers", format!("at most {MOST_HEADERS} headers are expected")));
    }
    let mut headers = Headers::default();
    for (name, draft) in wanted {
        let pointer = format!("/headers/{}", name.replace('~', "~0").replace('/', "~1"));
        let (value, marked) = match draft {
            HeaderDraft::Text(value) => (value, None),
            HeaderDraft::Marked(MarkedHeader { value, secret }) => (value, Some(secret)),
        };
        let Ok(header) = HeaderName::try_from(&name) else {
            return Err(invalid(pointer, "it is no name of a header"));
        };
        if OURS.contains(&header.as_str()) {
            return Err(invalid(pointer, "this header is made by Patchbay"));
        }
        if value.len() > MOST_HEADER || HeaderValue::from_str(&value).is_err() {
            return Err(invalid(pointer, "visible ASCII characters are expected, 4000 at most"));
        }
        let name = header.as_str().to_owned();
        if value == MASK {
            let Some(secret) = known.get(&name) else {
                let message = "the mask stands for a stored secret, and none is stored here";
                return Err(invalid(pointer, message));
            };
            headers.secrets.insert(name.clone(), secret.clone());
            headers.shown.insert(name, MASK.to_owned());
        } else if marked.unwrap_or_else(|| looks_secret(&name)) {
            headers.secrets.insert(name.clone(), Secret::new(value));
            headers.shown.insert(name, MASK.to_owned());
        } else {
            headers.shown.insert(name, value);
        }
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_a_type_or_a_beginning() {
        for (pattern, fits) in [
            ("feed.updated", true),
            ("feed.*", true),
            ("*", true),
            ("custom.order-paid_2", true),
            ("", false),
            ("feed.*.x", false),
            ("Feed.updated", false),
            ("feed updated", false),
        ] {
            let read = events(vec![pattern.to_owned()]);
            assert_eq!(read.is_ok(), fits, "{pattern}");
            let pointed = read.err().map(|it| it.errors[0].pointer.clone());
            assert_eq!(pointed.as_deref(), (!fits).then_some("/events/0"), "{pattern}");
        }
        assert!(events(Vec::new()).is_err());
    }

    #[test]
    fn secrets_are_taken_out_of_headers_and_a_mask_keeps_them() {
        let read = |value: serde_json::Value, known: &BTreeMap<_, _>| {
            headers(serde_json::from_value(value).unwrap(), known)
        };
        let found = serde_json::json!({
            "X-Team": "red", "Authorization": "Bearer x",
            "X-Odd": { "value": "hush", "secret": true },
        });
        let found = read(found, &BTreeMap::new()).unwrap();
        let shown: Vec<_> = found.shown.values().map(String::as_str).collect();
        assert_eq!(shown, [MASK, MASK, "red"]);
        assert_eq!(found.secrets["authorization"].expose(), "Bearer x");
        let again = read(serde_json::json!({ "x-odd": MASK }), &found.secrets).unwrap();
        assert_eq!(again.secrets["x-odd"].expose(), "hush");
        for bad in ["Host", "webhook-id", "a b", "x-unknown"] {
            let problem = read(serde_json::json!({ bad: MASK }), &found.secrets).unwrap_err();
            assert_eq!(problem.errors[0].pointer, format!("/headers/{bad}"));
        }
    }
}
