//! A request, read once: its parameters wherever they stand, and the route that it takes.

use std::collections::BTreeMap;

use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::{Engine, prelude::BASE64_STANDARD};
use kernel::Timestamp;
use serde_json::Value;
use url::form_urlencoded;

use super::style::{Act, Route};
use crate::Faults;

/// The most that a body may hold.
const BODY_LIMIT: usize = 1 << 20;

const FORM: &[u8] = b"application/x-www-form-urlencoded";

pub(super) type Fields = BTreeMap<String, String>;

/// A request as the platforms read it.
#[derive(Debug)]
pub(super) struct Ask {
    pub(super) method: String,
    /// Without the version in front that Meta's paths have.
    pub(super) path: String,
    /// What stands for `{}` in the route.
    pub(super) params: Vec<String>,
    /// The query as it came.
    pub(super) raw_query: String,
    pub(super) query: Fields,
    /// The body as it came, where it is a form.
    pub(super) raw_form: String,
    /// The fields of the body, be it a form or JSON; several of the same name are joined by spaces.
    pub(super) form: Fields,
    pub(super) json: Value,
    pub(super) headers: HeaderMap,
    pub(super) faults: Faults,
    pub(super) now: Timestamp,
}

impl Ask {
    pub(super) async fn read(request: Request, now: Timestamp) -> Result<Self, Response> {
        let (head, body) = request.into_parts();
        let body = axum::body::to_bytes(body, BODY_LIMIT)
            .await
            .map_err(|_| StatusCode::PAYLOAD_TOO_LARGE.into_response())?;
        let raw_query = head.uri.query().unwrap_or_default().to_owned();
        let kind = head.headers.get(header::CONTENT_TYPE).map(|kind| kind.as_bytes());
        let is_form = kind.is_some_and(|kind| kind.starts_with(FORM));
        let raw_form = String::from_utf8_lossy(if is_form { &body } else { b"" }).into_owned();
        let json: Value = serde_json::from_slice(&body).unwrap_or_default();
        let form = match json.as_object() {
            Some(object) => {
                object.iter().map(|(name, value)| (name.clone(), text(value))).collect()
            }
            None => fields(&body),
        };
        Ok(Self {
            method: head.method.as_str().to_owned(),
            path: unversioned(head.uri.path()).to_owned(),
            params: Vec::new(),
            query: fields(raw_query.as_bytes()),
            raw_query,
            raw_form,
            form,
            json,
            faults: head.extensions.get().copied().unwrap_or_default(),
            headers: head.headers,
            now,
        })
    }

    /// The route of the path, whose parameters are noted. One slash at the end changes nothing.
    pub(super) fn route(&mut self, routes: &'static [Route]) -> Option<Act> {
        let path = self.path.strip_suffix('/').unwrap_or(&self.path);
        let (act, params) = routes
            .iter()
            .filter(|route| route.method == "*" || route.method == self.method)
            .find_map(|route| {
                let pattern = route.path.strip_suffix('/').unwrap_or(route.path);
                matched(pattern, path).map(|params| (route.act, params))
            })?;
        self.params = params;
        Some(act)
    }

    /// A parameter of the body, or else of the query.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.form.get(name).or_else(|| self.query.get(name)).map(String::as_str)
    }

    pub(super) fn param(&self, nth: usize) -> &str {
        self.params.get(nth).map_or("", String::as_str)
    }

    /// A list in the query, separated by commas.
    pub(super) fn list(&self, name: &str) -> Vec<&str> {
        let text = self.field(name).unwrap_or_default();
        text.split(',').map(str::trim).filter(|item| !item.is_empty()).collect()
    }

    /// A number in the query or body, within a range.
    pub(super) fn number(&self, name: &str, usual: usize, most: usize) -> usize {
        self.field(name).and_then(|n| n.parse().ok()).unwrap_or(usual).min(most)
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Name and password of HTTP Basic, percent-decoded as RFC 6749 (2.3.1) has it.
    pub(super) fn basic(&self) -> Option<(String, String)> {
        let pair = self.header(header::AUTHORIZATION.as_str())?.strip_prefix("Basic ")?;
        let pair = String::from_utf8(BASE64_STANDARD.decode(pair).ok()?).ok()?;
        let (name, password) = pair.split_once(':')?;
        Some((decoded(name), decoded(password)))
    }

    /// What follows the word in `Authorization`.
    pub(super) fn bearer(&self, scheme: &str) -> Option<&str> {
        self.header(header::AUTHORIZATION.as_str())?.strip_prefix(scheme)?.strip_prefix(' ')
    }
}

pub(super) fn decoded(text: &str) -> String {
    let pair = format!("text={}", text.replace('&', "%26"));
    let decoded = form_urlencoded::parse(pair.as_bytes()).next();
    decoded.map_or_else(String::new, |(_, text)| text.into_owned())
}

fn fields(bytes: &[u8]) -> Fields {
    let mut fields = Fields::new();
    for (name, value) in form_urlencoded::parse(bytes) {
        let known = fields.entry(name.into_owned()).or_default();
        if !known.is_empty() {
            known.push(' ');
        }
        known.push_str(&value);
    }
    fields
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// `/v22.0/me` is `/me`: the version is a variable of whoever asks. `/v2/…` and `/v3/…` without a dot
/// are other platforms' paths.
fn unversioned(path: &str) -> &str {
    let versioned = path.strip_prefix("/v").and_then(|rest| rest.split_once('/'));
    match versioned {
        Some((version, rest))
            if version.contains('.') && version.chars().all(|c| c.is_ascii_digit() || c == '.') =>
        {
            &path[path.len() - rest.len() - 1..]
        }
        _ => path,
    }
}

fn matched(pattern: &str, path: &str) -> Option<Vec<String>> {
    let (mut wanted, mut given) = (pattern.split('/'), path.split('/'));
    let mut params = Vec::new();
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(params),
            (Some("{}"), Some(segment)) if !segment.is_empty() => params.push(decoded(segment)),
            (Some(one), Some(other)) if one == other => {}
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_matched_by_segment_and_versions_do_not_count() {
        let params = |pattern, path| matched(pattern, unversioned(path));
        assert_eq!(params("/me", "/v22.0/me"), Some(vec![]));
        assert_eq!(params("/{}/insights", "/v23.0/17/insights"), Some(vec!["17".to_owned()]));
        assert_eq!(params("/v2/reports", "/v2/reports"), Some(vec![]));
        assert_eq!(params("/me", "/v22.0/me/accounts"), None);
        let urn = Some(vec!["soundcloud:users:7".to_owned()]);
        assert_eq!(params("/users/{}", "/users/soundcloud%3Ausers%3A7"), urn);
    }
}
