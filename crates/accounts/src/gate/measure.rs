//! The middleware that counts how keys are used.

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use std::sync::Arc;

use crate::Accounts;
use crate::keys::KeyEntry;

/// Counts the request, its success and how long it took, for the key that made it. Success is any
/// status below 400. Needs [`super::authenticate`] before it, and a layer of the router itself, which
/// knows the route.
pub async fn measure(State(accounts): State<Accounts>, request: Request, next: Next) -> Response {
    let extensions = request.extensions();
    let key = extensions.get::<Arc<KeyEntry>>().map(|key| (key.workspace, key.id));
    let path = extensions.get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let (Some(key), Some(path)) = (key, path) else { return next.run(request).await };
    let method = request.method().clone();
    let begin = accounts.now();
    let response = next.run(request).await;
    let success = response.status().as_u16() < 400;
    accounts.count_use(key, (method, path), success, accounts.now().since(begin));
    response
}
