//! What stands around the routes: who is asking, how much they may, and what no answer goes without.

use accounts::Accounts;
use accounts::gate::{self, Failure};
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::Route;
use futures::future::Either;
use http::HeaderMap;
use http::header::{
    AUTHORIZATION, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use kernel::{Problem, codes};
use std::sync::Arc;
use tower::layer::layer_fn;
use tower::util::MapResponseLayer;
use tower::{Layer as _, ServiceExt as _, service_fn};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;

use crate::Metrics;

/// Around the API: authentication, rates, counting, idempotency, the size of bodies.
pub(crate) fn guard(routes: Router, accounts: &Accounts, max_body: usize) -> Router {
    accounts
        .guard(routes)
        .layer(CompressionLayer::new())
        .layer(DefaultBodyLimit::max(max_body))
        .layer(CatchPanicLayer::custom(broken))
}

/// Around the paths that readers poll or hold open: the same for keys and sessions. A player's token is
/// the room's own business, and players are the ones who poll: for them nothing is done here.
pub(crate) fn guard_readers(routes: Router, accounts: &Accounts) -> Router {
    let accounts = accounts.clone();
    routes.layer(layer_fn(move |open: Route| {
        let guarded = from_fn_with_state(accounts.clone(), gate::throttle).layer(open.clone());
        let guarded = from_fn_with_state(accounts.clone(), gate::measure).layer(guarded);
        let guarded = from_fn_with_state(accounts.clone(), gate::authenticate).layer(guarded);
        // axum clones its services with each request; these are cloned where they are used.
        let guarded = Arc::new(guarded);
        service_fn(move |request: Request| match is_player(request.headers()) {
            true => Either::Left(open.clone().oneshot(request)),
            false => Either::Right(guarded.as_ref().clone().oneshot(request)),
        })
    }))
}

fn is_player(headers: &HeaderMap) -> bool {
    headers.get(AUTHORIZATION).is_some_and(|value| value.as_bytes().starts_with(b"Bearer pl_"))
}

/// Around everything: what every answer carries, and answers for paths and methods that there are not.
pub(crate) fn around(routes: Router, metrics: &Metrics) -> Router {
    routes
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(MapResponseLayer::new(headers))
        .layer(metrics.traffic().layer())
}

pub(crate) async fn not_found(request: Request) -> Response {
    let detail = format!("Nothing is served at {}.", request.uri().path());
    Failure(Problem::new(&codes::NOT_FOUND, detail)).into_response()
}

async fn method_not_allowed(request: Request) -> Response {
    let detail = format!("{} does not take {}.", request.uri().path(), request.method());
    Failure(Problem::new(&codes::METHOD_NOT_ALLOWED, detail)).into_response()
}

fn broken(panic: Box<dyn std::any::Any + Send>) -> Response {
    let said = panic.downcast_ref::<&str>().copied().map(str::to_owned);
    let said = said.or_else(|| panic.downcast_ref::<String>().cloned());
    tracing::error!(panic = said.unwrap_or_default(), "a handler panicked");
    Failure(Problem::new(&codes::INTERNAL, "This was our fault and is in the log.")).into_response()
}

/// Nothing of ours is to be framed, sniffed or run from elsewhere.
const POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     connect-src 'self' ws: wss:; frame-ancestors 'none'; base-uri 'self'; form-action 'self'";

fn headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.reserve(5);
    let mut set = |name: HeaderName, value: &'static str| {
        headers.insert(name, HeaderValue::from_static(value));
    };
    set(X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(REFERRER_POLICY, "no-referrer");
    // A page for others says itself what it may do and who may show it.
    if !headers.contains_key(CONTENT_SECURITY_POLICY) {
        headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    }
    response
}
