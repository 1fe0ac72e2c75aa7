//! The middleware behind `Idempotency-Key`: a POST that is sent twice is done once
//! (draft-ietf-httpapi-idempotency-key-header-07). The first request leaves a mark before it runs and
//! its answer, sealed, after; who comes meanwhile is told to wait.

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, HeaderValue, LOCATION};
use http::{Method, StatusCode};
use http_body_util::BodyExt as _;
use kernel::{Problem, codes};
use std::sync::Arc;
use vault::TokenHash;

use super::json::read_body;
use super::{Answer, Failure, Identity};
use crate::Accounts;
use crate::store::idempotency::{self, Found, Stored};

const HEADER: &str = "idempotency-key";
const REPLAYED: &str = "idempotency-replayed";
/// Answers beyond this are given once and not kept.
const MOST_BYTES: usize = 1024 * 1024;

/// Answers a repeated POST with the stored answer of the first. Needs [`super::authenticate`] before it.
pub async fn idempotent(State(_): State<Accounts>, request: Request, next: Next) -> Response {
    let identity = request.extensions().get::<Result<Arc<Identity>, Problem>>();
    let identity = identity.and_then(|found| found.as_ref().ok()).cloned();
    match (identity, request.headers().get(HEADER)) {
        (Some(identity), Some(key)) if request.method() == Method::POST => {
            let key = key.clone();
            once(identity, &key, request, next).await.into_response()
        }
        _ => next.run(request).await,
    }
}

async fn once(
    identity: Arc<Identity>,
    key: &HeaderValue,
    request: Request,
    next: Next,
) -> Answer<Response> {
    let key = match key.to_str() {
        Ok(key) if (1..=255).contains(&key.len()) => key.to_owned(),
        _ => {
            let detail = "An Idempotency-Key has 1 to 255 visible ASCII characters.";
            return Err(Problem::new(&codes::INVALID, detail).into());
        }
    };
    let (parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().map(|it| it.as_str().to_owned()).unwrap_or_default();
    let bytes = read_body(Request::from_parts(parts.clone(), body)).await?;
    let fingerprint = fingerprint(&identity, &path, &bytes);
    match idempotency::begin(&identity.workspace, &key, &fingerprint).await? {
        Found::Nothing => {}
        Found::Other => {
            let detail = "Use a new Idempotency-Key for a new request.";
            return Err(Problem::new(&codes::IDEMPOTENCY_MISMATCH, detail).into());
        }
        Found::Running => {
            let detail = "The first request with this Idempotency-Key is still running.";
            return Err(Problem::new(&codes::CONFLICT, detail).retry_after(1).into());
        }
        Found::Answer(stored) => return Ok(replay(stored)),
    }
    // In a task of its own: a client that hangs up and repeats itself meets the answer, not a mark
    // that nobody takes away.
    let request = Request::from_parts(parts, Body::from(bytes));
    let done = tokio::spawn(async move { run(&identity, &key, next.run(request).await).await });
    done.await.unwrap_or_else(|error| {
        tracing::error!(%error, "a request broke off");
        Err(Problem::new(&codes::INTERNAL, "This was our fault and is in the log.").into())
    })
}

async fn run(identity: &Identity, key: &str, response: Response) -> Answer<Response> {
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.map(http_body_util::Collected::to_bytes).map_err(|error| {
        tracing::error!(%error, "an answer broke off");
        Failure(Problem::new(&codes::INTERNAL, "This was our fault and is in the log."))
    });
    let keep = parts.status.as_u16() < 500 && parts.status != StatusCode::TOO_MANY_REQUESTS;
    let text = |name| parts.headers.get(name).and_then(|it| it.to_str().ok()).map(str::to_owned);
    let stored = bytes.as_ref().ok().filter(|bytes| keep && bytes.len() <= MOST_BYTES);
    let stored = stored.and_then(|bytes| {
        Some(Stored {
            status: parts.status.as_u16(),
            content_type: text(CONTENT_TYPE),
            location: text(LOCATION),
            body: String::from_utf8(bytes.to_vec()).ok()?,
        })
    });
    idempotency::end(&identity.workspace, key, stored.as_ref()).await?;
    Ok(Response::from_parts(parts, Body::from(bytes?)))
}

fn fingerprint(identity: &Identity, path: &str, body: &Bytes) -> String {
    // A body that is not text is no JSON either, and refused by its route.
    let body = String::from_utf8_lossy(body);
    TokenHash::of(&format!("{}\n{path}\n{body}", identity.actor)).to_hex()
}

fn replay(stored: Stored) -> Response {
    let status = StatusCode::from_u16(stored.status).unwrap_or(StatusCode::OK);
    let mut response = (status, stored.body).into_response();
    let headers = response.headers_mut();
    headers.remove(CONTENT_TYPE);
    for (name, value) in [(CONTENT_TYPE, stored.content_type), (LOCATION, stored.location)] {
        if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
            headers.insert(name, value);
        }
    }
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    response
}
