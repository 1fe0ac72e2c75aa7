//! Steps that send a request. It leaves by the same door as everything else: addresses are checked, time and
//! size are bounded, and what its headers hold is taken out of all that is written down.

use ::http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use ::http::{HeaderMap, Method};
use bytes::Bytes;
use db::Workspace;
use egress::{Egress, Lane, Limits, Request, RetryPolicy};
use kernel::{MASK, Secret, codes};
use serde_json::{Map, Value, json};
use std::time::Duration;

use super::is_secret;
use crate::definition::Http;
use crate::run::{Failure, MOST_OUTPUT, Outcome};

/// How long a request takes at most when its step does not say.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(30);
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// A request whose templates were filled in.
pub(crate) struct Filled {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) headers: Map<String, Value>,
    pub(crate) query: Map<String, Value>,
    pub(crate) body: Option<Value>,
}

impl Filled {
    /// The step's own fields as one value, for filling in.
    pub(crate) fn template(http: &Http) -> Value {
        json!({
            "method": http.method, "url": http.url, "headers": http.headers, "query": http.query,
            "body": http.body,
        })
    }

    /// That value when it was filled in.
    pub(crate) fn of(mut filled: Value) -> Self {
        let mut map = |name: &str| match filled[name].take() {
            Value::Object(map) => map,
            _ => Map::new(),
        };
        let (headers, query) = (map("headers"), map("query"));
        let body = Some(filled["body"].take()).filter(|body| !body.is_null());
        Self { method: text(&filled["method"]), url: text(&filled["url"]), headers, query, body }
    }

    /// As it may be shown.
    pub(crate) fn shown(&self) -> Value {
        let mut shown = json!({ "method": self.method, "url": self.url });
        for (name, map) in [("headers", &self.headers), ("query", &self.query)] {
            if !map.is_empty() {
                shown[name] = Value::Object(super::masked(map));
            }
        }
        if let Some(body) = &self.body {
            shown["body"] = body.clone();
        }
        shown
    }

    /// Sends it.
    pub(crate) async fn send(
        self,
        egress: &Egress,
        workspace: &Workspace,
        key: String,
        timeout: Duration,
    ) -> Outcome {
        let secrets: Vec<String> = [&self.headers, &self.query]
            .into_iter()
            .flatten()
            .filter(|(name, _)| is_secret(name))
            .flat_map(|(_, value)| secret_parts(&text(value)))
            .collect();
        let request = self.request(workspace, &key, timeout, &secrets)?;
        let answer = egress.send(request).await.map_err(|error| {
            let failure = Failure::from(error.problem());
            Failure { retryable: error.retryable(), ..failure }
        })?;
        let body = hide(&String::from_utf8_lossy(&answer.body), &secrets);
        if body.len() > MOST_OUTPUT {
            let message = format!("The answer has {} bytes; {MOST_OUTPUT} are kept.", body.len());
            return Err(Failure::new(&codes::STEP_TOO_LARGE, message));
        }
        let status = answer.head.status;
        let body = match serde_json::from_str(&body) {
            Ok(json) => json,
            Err(_) if body.is_empty() => Value::Null,
            Err(_) => Value::String(body),
        };
        let output = json!({
            "status": status.as_u16(), "headers": headers(&answer.head.headers, &secrets), "body": body,
        });
        if status.is_client_error() || status.is_server_error() {
            let message = format!("The other side answered with the status {}.", status.as_u16());
            let failure = Failure::new(&codes::STEP_HTTP_STATUS, message).with(output);
            let passes = status.is_server_error() || [408, 425, 429].contains(&status.as_u16());
            return Err(if passes { failure.passing() } else { failure });
        }
        Ok(output)
    }

    fn request(
        self,
        workspace: &Workspace,
        key: &str,
        timeout: Duration,
        secrets: &[String],
    ) -> Result<Request, Failure> {
        let wrong = |message: String| Failure::new(&codes::INVALID, message);
        let method = Method::from_bytes(self.method.to_ascii_uppercase().as_bytes())
            .map_err(|_| wrong(format!("{} is no method of HTTP.", self.method)))?;
        let mut url: url::Url =
            self.url.parse().map_err(|_| wrong(format!("{} is no address.", self.url)))?;
        for (name, value) in self.query.iter().filter(|(_, value)| !value.is_null()) {
            url.query_pairs_mut().append_pair(name, &text(value));
        }
        let mut request = Request::new(workspace.id(), method, url);
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            let bad = || wrong(format!("The header {name} cannot be sent."));
            let known = HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad())?;
            headers.insert(known, HeaderValue::from_str(&text(value)).map_err(|_| bad())?);
        }
        if !headers.contains_key(&IDEMPOTENCY_KEY) {
            let bad = |_| wrong("The idempotency key cannot be sent.".to_owned());
            headers.insert(IDEMPOTENCY_KEY, HeaderValue::from_str(key).map_err(bad)?);
        }
        if let Some(body) = self.body {
            let (kind, bytes) = match body {
                Value::String(text) => ("text/plain; charset=utf-8", text),
                json => ("application/json", json.to_string()),
            };
            headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static(kind));
            request.body = Bytes::from(bytes);
        }
        request.headers = headers;
        request.hidden = secrets.iter().cloned().map(Secret::new).collect();
        request.retry = RetryPolicy::never();
        request.coalesce = false;
        request.lane = Lane::Interactive;
        let max_body = MOST_OUTPUT as u64 * 2;
        request.limits = Some(Limits { first_byte: timeout, whole: timeout, max_body });
        Ok(request)
    }
}

fn headers(headers: &HeaderMap, secrets: &[String]) -> Map<String, Value> {
    let mut shown = Map::new();
    for (name, value) in headers {
        let value = value.to_str().unwrap_or_default();
        let value = if name == "set-cookie" { MASK.to_owned() } else { hide(value, secrets) };
        shown.insert(name.to_string(), Value::String(value));
    }
    shown
}

/// A header such as `Bearer s3cret` is a secret as a whole, and so is what follows its scheme.
fn secret_parts(value: &str) -> Vec<String> {
    let last = value.rsplit(' ').next().unwrap_or_default();
    [value, last].into_iter().filter(|it| it.len() >= 4).map(str::to_owned).collect()
}

fn hide(text: &str, secrets: &[String]) -> String {
    secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), MASK))
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}
