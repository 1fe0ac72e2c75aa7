//! What is known of a push besides its body: the sender's id and name of the event, and the headers
//! worth keeping. All of it comes from outside, so all of it is bounded and made fit to be stored.

use aws_lc_rs::digest::{SHA256, digest};
use catalog::push::{Place, Proof, Push, SignatureSpec, Source};
use http::{HeaderMap, HeaderName, header};
use kernel::looks_secret;
use serde_json::{Map, Value};
use std::cell::OnceCell;
use url::form_urlencoded;

use crate::verify::{Request, read};

/// Longer ids are replaced by their hash, longer names and headers are cut. In bytes.
const LONGEST: usize = 200;

/// Reads a push's envelope. The body is parsed at most once, and only if something is in there.
pub(crate) struct Envelope<'a> {
    request: Request<'a>,
    form_json_field: Option<&'a str>,
    json: OnceCell<Option<Value>>,
}

impl<'a> Envelope<'a> {
    pub(crate) fn new(request: Request<'a>, push: &'a Push) -> Self {
        Self { request, form_json_field: push.form_json_field.as_deref(), json: OnceCell::new() }
    }

    /// The sender's id of the event.
    pub(crate) fn id(&self, places: &[Source]) -> Option<String> {
        let id = without_nul(self.read(places)?);
        if id.len() <= LONGEST {
            return Some(id).filter(|id| !id.is_empty());
        }
        Some(format!("sha256:{}", hex::encode(digest(&SHA256, id.as_bytes()))))
    }

    /// The sender's name for what happened.
    pub(crate) fn name(&self, places: &[Source]) -> Option<String> {
        Some(cut(without_nul(self.read(places)?))).filter(|name| !name.is_empty())
    }

    fn read(&self, places: &[Source]) -> Option<String> {
        places.iter().find_map(|place| {
            let json = if matches!(place, Source::Body(_)) { self.json() } else { None };
            read(std::slice::from_ref(place), &self.request, json)
        })
    }

    /// The body as JSON, or that of the form field that carries it.
    fn json(&self) -> Option<&Value> {
        let parse = || {
            let body = self.request.body;
            let inner = |field| {
                let mut fields = form_urlencoded::parse(body);
                let (_, text) = fields.find(|(name, _)| name == field)?;
                serde_json::from_str(&text).ok()
            };
            serde_json::from_slice(body).ok().or_else(|| inner(self.form_json_field?))
        };
        self.json.get_or_init(parse).as_ref()
    }
}

/// The `Content-Type` as the sender wrote it.
pub(crate) fn content_type(headers: &HeaderMap) -> String {
    let value = headers.get(header::CONTENT_TYPE);
    value.map(|value| text(value.as_bytes())).unwrap_or_default()
}

/// The headers of an address that are worth keeping: those that describe the event. None that proves
/// anything or sounds secret is among them.
pub(crate) fn kept_headers(
    push: &Push,
    event_id: &[Source],
    signature: Option<&SignatureSpec>,
) -> Vec<HeaderName> {
    let mut proofs = Vec::new();
    if let Some(spec) = signature {
        collect_proofs(spec, &mut proofs);
    }
    let named = event_id.iter().chain(&push.event_type).filter_map(|source| match source {
        Source::Header(name) => HeaderName::from_bytes(name.as_bytes()).ok(),
        _ => None,
    });
    let mut kept = vec![header::CONTENT_TYPE, header::USER_AGENT];
    for name in named {
        let proves = proofs.iter().any(|proof| proof.eq_ignore_ascii_case(name.as_str()));
        let secret = looks_secret(name.as_str())
            || [header::AUTHORIZATION, header::COOKIE].contains(&name)
            || name.as_str().contains("signature");
        if !proves && !secret && !kept.contains(&name) {
            kept.push(name);
        }
    }
    kept
}

fn collect_proofs<'a>(spec: &'a SignatureSpec, into: &mut Vec<&'a str>) {
    match spec {
        SignatureSpec::Signed(signed) => {
            if let Place::Headers(names) = &signed.sig.place {
                into.extend(names.iter().map(String::as_str));
            }
        }
        SignatureSpec::Equals(equals) => {
            if let Proof::Header(name) = &equals.proof {
                into.push(name);
            }
        }
        SignatureSpec::Any(specs) => specs.iter().for_each(|spec| collect_proofs(spec, into)),
    }
}

/// Those of `headers` that are kept, as a JSON object.
pub(crate) fn keep(headers: &HeaderMap, kept: &[HeaderName]) -> Value {
    let found = kept.iter().filter_map(|name| {
        let value = headers.get(name)?;
        Some((name.as_str().to_owned(), Value::String(text(value.as_bytes()))))
    });
    Value::Object(found.collect::<Map<_, _>>())
}

fn text(bytes: &[u8]) -> String {
    cut(String::from_utf8_lossy(bytes).into_owned())
}

fn cut(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(LONGEST));
    text
}

/// PostgreSQL stores no U+0000 in a text.
fn without_nul(mut text: String) -> String {
    text.retain(|character| character != '\0');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use catalog::Catalog;

    fn push(provider: &str) -> Push {
        Catalog::embedded().unwrap().get(provider).unwrap().push.clone().unwrap()
    }

    fn check(provider: &str, body: &str, id: Option<&str>, name: Option<&str>) {
        let push = push(provider);
        let headers = HeaderMap::new();
        let request = Request {
            method: "POST",
            url: "https://p.test/",
            headers: &headers,
            body: body.as_bytes(),
        };
        let envelope = Envelope::new(request, &push);
        assert_eq!(envelope.id(&push.event_id).as_deref(), id, "{body}");
        assert_eq!(envelope.name(&push.event_type).as_deref(), name, "{body}");
    }

    #[test]
    fn an_envelope_is_read_from_json_and_from_forms_that_carry_it() {
        check("stripe", r#"{"id":"evt_1","type":"a.b"}"#, Some("evt_1"), Some("a.b"));
        check("stripe", r#"{"id":7}"#, Some("7"), None);
        check("stripe", "{\"id\":\"a\\u0000b\"}", Some("ab"), None);
        check("stripe", "no JSON", None, None);
        let form = "payload=%7B%22type%22%3A%22block_actions%22%7D";
        check("slack", form, None, Some("block_actions"));
        check("slack", "command=%2Fdo&trigger_id=12.3", Some("12.3"), Some("/do"));
    }

    #[test]
    fn what_is_too_long_is_bounded() {
        let long = "é".repeat(300);
        let push = push("stripe");
        let body = serde_json::json!({ "id": long, "type": long }).to_string();
        let headers = HeaderMap::new();
        let request = Request {
            method: "POST",
            url: "https://p.test/",
            headers: &headers,
            body: body.as_bytes(),
        };
        let envelope = Envelope::new(request, &push);
        let id = envelope.id(&push.event_id).unwrap();
        assert!(id.starts_with("sha256:") && id.len() == 71, "{id}");
        assert_eq!(envelope.name(&push.event_type).unwrap(), "é".repeat(100));
    }

    #[test]
    fn no_header_that_proves_anything_is_kept() {
        let github = push("github");
        let kept = kept_headers(&github, &github.event_id, None);
        let names: Vec<_> = kept.iter().map(HeaderName::as_str).collect();
        assert_eq!(names, ["content-type", "user-agent", "x-github-delivery", "x-github-event"]);
        let odd: Vec<Source> =
            ["header:Authorization", "header:X-API-Key", "header:X-Hub-Signature"]
                .map(|text| Source::try_from(text.to_owned()).unwrap())
                .into();
        let stripe = push("stripe");
        let kept = kept_headers(&stripe, &odd, None);
        assert_eq!(kept, [header::CONTENT_TYPE, header::USER_AGENT]);
    }
}
