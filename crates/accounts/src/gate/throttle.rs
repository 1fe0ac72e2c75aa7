//! The middleware that keeps callers within their rates and tells them where they stand.

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue};
use kernel::{Problem, codes};
use std::sync::{Arc, Mutex, PoisonError};

use super::Failure;
use super::authenticate::RemoteAddr;
use crate::Accounts;
use crate::keys::KeyEntry;
use crate::limit::{Policy, Verdict, Window};
use crate::sessions::SessionEntry;

/// Counts the request against the rates of its key, its endpoint and its caller. Answers carry the one
/// that is nearest to its end. Needs [`super::authenticate`] before it.
pub async fn throttle(State(accounts): State<Accounts>, request: Request, next: Next) -> Response {
    let Some((policy, verdict)) = weigh(&accounts, &request) else {
        return next.run(request).await;
    };
    let mut response = if verdict.allowed {
        next.run(request).await
    } else {
        let secs = verdict.reset_secs();
        let detail = format!(
            "{} requests in {} s are allowed; try again in {secs} s.",
            policy.rate.requests,
            policy.rate.window_secs()
        );
        Failure(Problem::new(&codes::RATE_LIMITED, detail).retry_after(secs)).into_response()
    };
    announce(response.headers_mut(), &policy, verdict);
    response
}

fn weigh(accounts: &Accounts, request: &Request) -> Option<(Policy, Verdict)> {
    let extensions = request.extensions();
    let now = accounts.now();
    let take = |window: &Mutex<Window>, policy: &Policy| {
        let mut window = window.lock().unwrap_or_else(PoisonError::into_inner);
        (policy.clone(), window.take(policy.rate, now))
    };
    let mut weighed = Vec::with_capacity(3);
    let mut caller = None;
    if let Some(key) = extensions.get::<Arc<KeyEntry>>() {
        weighed.extend(key.policy.as_ref().map(|policy| take(&key.windows.own, policy)));
        weighed.push(take(&key.windows.general, &accounts.0.policy));
        caller = Some(key.id.to_string());
    } else if let Some(session) = extensions.get::<Arc<SessionEntry>>() {
        weighed.push(take(&session.window, &accounts.0.policy));
        caller = Some(session.user.to_string());
    }
    let path = extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let of_endpoint = accounts
        .0
        .endpoints
        .iter()
        .position(|(method, template, _)| method == request.method() && template == path);
    if let Some(at) = of_endpoint {
        let addr = extensions.get::<RemoteAddr>().and_then(|it| it.0);
        let who = caller.unwrap_or_else(|| addr.map(|addr| addr.to_string()).unwrap_or_default());
        let policy = &accounts.0.endpoints[at].2;
        let verdict = accounts.0.endpoint_windows.take((at, who), policy.rate, now);
        weighed.push((policy.clone(), verdict));
    }
    // The first of equals: what the key was given is what its owner wants to see.
    weighed.into_iter().min_by_key(|(_, verdict)| (verdict.allowed, verdict.remaining))
}

/// `RateLimit` and `RateLimit-Policy` as in draft-ietf-httpapi-ratelimit-headers-10, and the older
/// `X-RateLimit-…`, whose reset is in seconds from now.
fn announce(headers: &mut HeaderMap, policy: &Policy, verdict: Verdict) {
    const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
    const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
    const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");
    const STANDING: HeaderName = HeaderName::from_static("ratelimit");
    const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
    let reset = verdict.reset_secs();
    headers.insert(LIMIT, HeaderValue::from(policy.rate.requests));
    headers.insert(REMAINING, HeaderValue::from(verdict.remaining));
    headers.insert(RESET, HeaderValue::from(reset));
    headers.insert(POLICY, policy.announced.clone());
    let standing = format!("\"{}\";r={};t={reset}", policy.name, verdict.remaining);
    if let Ok(standing) = HeaderValue::try_from(standing) {
        headers.insert(STANDING, standing);
    }
}
