//! A provider that answers exactly what a test says, for what the sandbox leaves to the clock.

use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use tokio::sync::Notify;

#[derive(Clone, Default)]
pub(crate) struct Origin {
    pub(crate) base: String,
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    pages: Mutex<HashMap<String, (u16, String)>>,
    hits: Mutex<HashMap<String, usize>>,
    /// Requests to `/held…` wait for this.
    released: Notify,
    arrived: Notify,
}

impl Origin {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let origin = Self { base, ..Self::default() };
        let app = Router::new().fallback(answer).with_state(origin.clone());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        origin
    }

    /// What a path answers from now on.
    pub(crate) fn says(&self, path: &str, document: &Value) {
        self.answers(path, 200, &document.to_string());
    }

    pub(crate) fn answers(&self, path: &str, status: u16, body: &str) {
        self.inner.pages.lock().unwrap().insert(path.to_owned(), (status, body.to_owned()));
    }

    /// How often a path was asked for.
    pub(crate) fn hits(&self, path: &str) -> usize {
        self.inner.hits.lock().unwrap().get(path).copied().unwrap_or_default()
    }

    /// Waits until a request is held.
    pub(crate) async fn holds_one(&self) {
        self.inner.arrived.notified().await;
    }

    pub(crate) fn release(&self) {
        self.inner.released.notify_one();
    }
}

async fn answer(State(origin): State<Origin>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    *origin.inner.hits.lock().unwrap().entry(path.clone()).or_default() += 1;
    if path.starts_with("/held") {
        origin.inner.arrived.notify_one();
        origin.inner.released.notified().await;
    }
    let page = origin.inner.pages.lock().unwrap().get(&path).cloned();
    let (status, body) = page.unwrap_or((404, r#"{"message":"nothing here"}"#.to_owned()));
    let status = StatusCode::from_u16(status).unwrap();
    if !path.starts_with("/tagged") {
        return (status, [("content-type", "application/json")], body).into_response();
    }
    let tag =
        format!("\"{:x}\"", body.bytes().fold(7_u64, |sum, it| sum * 31 % 65_521 + u64::from(it)));
    let known = request.headers().get("if-none-match").is_some_and(|sent| *sent == *tag);
    let headers = [("content-type", "application/json"), ("etag", tag.as_str())];
    match known {
        true => (StatusCode::NOT_MODIFIED, headers).into_response(),
        false => (status, headers, body).into_response(),
    }
}
