//! A playground for HTTP clients: guarded endpoints, an echo, and answers of every status, speed, size
//! and encoding, redirects that never end or that lead where nobody should go.

use std::collections::HashMap;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use axum::{Json, Router};
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use futures::stream;
use kernel::Clock;
use serde_json::{Value, json};

use crate::Credentials;

/// The longest that `/rest/slow` waits, in milliseconds.
const SLOWEST: u64 = 120_000;

/// The address of the metadata service in many clouds, the classic prey of request forgery.
const PRIVATE: &str = "http://169.254.169.254/latest/meta-data/";

pub(crate) struct Playground {
    pub(crate) clock: Clock,
    pub(crate) credentials: Credentials,
}

pub(crate) fn router(playground: Playground) -> Router {
    Router::new()
        .route("/rest/bearer", get(bearer))
        .route("/rest/basic", get(basic))
        .route("/rest/api-key-header", get(api_key_header))
        .route("/rest/api-key-query", get(api_key_query))
        .route("/rest/echo", any(echo))
        .route("/rest/status/{code}", any(status))
        .route("/rest/slow/{ms}", any(slow))
        .route("/rest/redirect/{n}", get(redirect))
        .route("/rest/loop", get(async || found("/rest/loop")))
        .route("/rest/private-redirect", get(async || found(PRIVATE)))
        .route("/rest/bytes/{n}", get(some_bytes))
        .route("/rest/gzip", get(gzip))
        .with_state(Arc::new(playground))
}

type Shared = State<Arc<Playground>>;

async fn bearer(State(playground): Shared, headers: HeaderMap) -> Response {
    let want = format!("Bearer {}", playground.credentials.rest_token.expose());
    playground.guard("bearer", text(&headers, "authorization") == Some(&want))
}

async fn basic(State(playground): Shared, headers: HeaderMap) -> Response {
    let Credentials { rest_username, rest_password, .. } = &playground.credentials;
    let pair = BASE64_STANDARD.encode(format!("{rest_username}:{}", rest_password.expose()));
    let given = text(&headers, "authorization");
    playground.guard("basic", given == Some(&format!("Basic {pair}")))
}

async fn api_key_header(State(playground): Shared, headers: HeaderMap) -> Response {
    let want = playground.credentials.rest_api_key.expose();
    playground.guard("api_key_header", text(&headers, "x-api-key") == Some(want))
}

async fn api_key_query(
    State(playground): Shared,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let want = playground.credentials.rest_api_key.expose();
    playground.guard("api_key_query", query.get("api_key") == Some(want))
}

impl Playground {
    fn guard(&self, with: &'static str, open: bool) -> Response {
        if open {
            let body = json!({"authenticated": true, "with": with, "at": self.clock.now()});
            return Json(body).into_response();
        }
        let mut response = error(StatusCode::UNAUTHORIZED, "The credentials are missing or wrong.");
        let challenge = match with {
            "bearer" => "Bearer realm=\"playground\"",
            "basic" => "Basic realm=\"playground\"",
            _ => return response,
        };
        let challenge = header::HeaderValue::from_static(challenge);
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        response
    }
}

/// What was asked. A body that is not UTF-8 comes back as base64; one that is JSON also parsed.
async fn echo(
    method: Method,
    uri: Uri,
    Query(query): Query<Vec<(String, String)>>,
    headers: HeaderMap,
    body: Bytes,
) -> Json<Value> {
    let mut names = serde_json::Map::new();
    for (name, value) in &headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        match names.get_mut(name.as_str()) {
            Some(Value::String(before)) => *before = format!("{before}, {value}"),
            _ => drop(names.insert(name.as_str().to_owned(), value.into())),
        }
    }
    let body_text = std::str::from_utf8(&body).ok();
    Json(json!({
        "method": method.as_str(),
        "path": uri.path(),
        "query": query,
        "headers": names,
        "body": body_text,
        "body_base64": body_text.is_none().then(|| BASE64_STANDARD.encode(&body)),
        "json": serde_json::from_slice::<Value>(&body).ok(),
    }))
}

async fn status(Path(code): Path<u16>) -> Response {
    // 1xx are not answers; axum itself leaves the body off where the status has none.
    match StatusCode::from_u16(code) {
        Ok(status) if (200..600).contains(&code) => {
            let mut response = if matches!(code, 204 | 205 | 304) {
                status.into_response()
            } else {
                error(status, status.canonical_reason().unwrap_or("No name is known for this."))
            };
            if matches!(code, 429 | 503) {
                response.headers_mut().insert(header::RETRY_AFTER, 1.into());
            }
            response
        }
        _ => error(StatusCode::BAD_REQUEST, "A status is 200 to 599."),
    }
}

async fn slow(Path(ms): Path<u64>) -> Response {
    if ms > SLOWEST {
        return error(StatusCode::BAD_REQUEST, "At most 120000 milliseconds.");
    }
    tokio::time::sleep(Duration::from_millis(ms)).await;
    Json(json!({"waited_ms": ms})).into_response()
}

async fn redirect(Path(n): Path<u32>) -> Response {
    match n.checked_sub(1) {
        Some(left) => found(&format!("/rest/redirect/{left}")),
        None => Json(json!({"arrived": true})).into_response(),
    }
}

/// So many bytes, a piece at a time: asking for many costs the sandbox no memory.
async fn some_bytes(Path(n): Path<u64>) -> Response {
    const PIECE: &[u8] = &[b'x'; 65_536];
    let pieces = stream::unfold(n, async |left| {
        let size = left.min(PIECE.len() as u64);
        let piece = Bytes::from_static(&PIECE[..size as usize]);
        (size > 0).then_some((Ok::<_, std::convert::Infallible>(piece), left - size))
    });
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_LENGTH, n.to_string()),
    ];
    (headers, Body::from_stream(pieces)).into_response()
}

/// JSON that is compressed whether the client asked for it or not.
async fn gzip(request: Request) -> Response {
    let asked = text(request.headers(), "accept-encoding");
    let body = json!({"gzip": true, "accept_encoding": asked}).to_string();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    match encoder.write_all(body.as_bytes()).and_then(|()| encoder.finish()) {
        Ok(packed) => {
            let headers =
                [(header::CONTENT_TYPE, "application/json"), (header::CONTENT_ENCODING, "gzip")];
            (headers, packed).into_response()
        }
        Err(failed) => error(StatusCode::INTERNAL_SERVER_ERROR, &failed.to_string()),
    }
}

fn found(location: &str) -> Response {
    (StatusCode::FOUND, [(header::LOCATION, location.to_owned())]).into_response()
}

fn error(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({"message": message}))).into_response()
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Service;
    use crate::probe::Probe;

    #[tokio::test]
    async fn each_guard_opens_to_its_key_alone() {
        let probe = Probe::start().await;
        let keys = probe.sandbox.credentials().clone();
        let key = keys.rest_api_key.expose();
        let pair = format!("{}:{}", keys.rest_username, keys.rest_password.expose());
        let bearer = format!("Bearer {}", keys.rest_token.expose());
        let basic = format!("Basic {}", BASE64_STANDARD.encode(pair));
        let by_query = format!("/rest/api-key-query?api_key={key}");
        for (path, header) in [
            ("/rest/bearer", Some(("authorization", bearer.as_str()))),
            ("/rest/basic", Some(("authorization", basic.as_str()))),
            ("/rest/api-key-header", Some(("x-api-key", key.as_str()))),
            (by_query.as_str(), None),
        ] {
            let opened = probe.get(Service::Rest, path, header.as_slice()).await;
            assert_eq!(
                (opened.status, &opened.json()["authenticated"]),
                (200, &json!(true)),
                "{path}"
            );
            let bare = path.split('?').next().unwrap();
            assert_eq!(probe.get(Service::Rest, bare, &[]).await.status, 401, "{bare}");
            let wrong = [("authorization", "Bearer no"), ("x-api-key", "no")];
            assert_eq!(probe.get(Service::Rest, bare, &wrong).await.status, 401, "{bare}");
        }
    }

    #[tokio::test]
    async fn the_echo_says_what_was_asked() {
        let probe = Probe::start().await;
        let headers = [("x-twice", "a"), ("x-twice", "b"), ("content-type", "application/json")];
        let path = "/rest/echo?tag=one&tag=two%20words";
        let answer =
            probe.send("PATCH", Service::Rest, path, &headers, r#"{"n":1}"#).await.unwrap().json();
        assert_eq!(answer["method"], "PATCH");
        assert_eq!(answer["query"], json!([["tag", "one"], ["tag", "two words"]]));
        assert_eq!(answer["headers"]["x-twice"], "a, b");
        assert_eq!((&answer["body"], &answer["json"]), (&json!(r#"{"n":1}"#), &json!({"n": 1})));
    }

    #[tokio::test]
    async fn statuses_sizes_and_redirects() {
        let probe = Probe::start().await;
        for (path, status, header, value) in [
            ("/rest/status/418", 418, "content-type", "application/json"),
            ("/rest/status/204", 204, "content-type", ""),
            ("/rest/status/503", 503, "retry-after", "1"),
            ("/rest/status/100", 400, "location", ""),
            ("/rest/slow/1", 200, "location", ""),
            ("/rest/slow/999999", 400, "location", ""),
            ("/rest/redirect/2", 302, "location", "/rest/redirect/1"),
            ("/rest/redirect/0", 200, "location", ""),
            ("/rest/loop", 302, "location", "/rest/loop"),
            ("/rest/private-redirect", 302, "location", PRIVATE),
            ("/rest/bytes/0", 200, "content-length", "0"),
            ("/rest/bytes/200000", 200, "content-length", "200000"),
            ("/rest/gzip", 200, "content-encoding", "gzip"),
        ] {
            let answer = probe.get(Service::Rest, path, &[]).await;
            assert_eq!((answer.status, answer.header(header)), (status, value), "{path}");
        }
        let many = probe.get(Service::Rest, "/rest/bytes/200000", &[]).await;
        assert_eq!(many.body.len(), 200_000);
    }

    #[tokio::test]
    async fn gzip_unpacks() {
        use std::io::Read;
        let probe = Probe::start().await;
        let answer = probe.get(Service::Rest, "/rest/gzip", &[]).await;
        let mut body = String::new();
        flate2::read::GzDecoder::new(&answer.body[..]).read_to_string(&mut body).unwrap();
        assert!(body.contains("\"gzip\":true"), "{body}");
    }
}
