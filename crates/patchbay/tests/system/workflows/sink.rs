//! Somewhere that side effects arrive and are counted.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::any;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::running::eventually;

/// One request.
#[derive(Clone, Debug)]
pub(super) struct Hit {
    pub(super) key: String,
    pub(super) authorization: String,
}

#[derive(Default)]
struct Book {
    hits: Mutex<Vec<Hit>>,
    at_once: AtomicUsize,
    most: AtomicUsize,
}

#[derive(Clone)]
pub(super) struct Sink {
    address: SocketAddr,
    book: Arc<Book>,
}

impl Sink {
    pub(super) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let book = Arc::new(Book::default());
        let router = Router::new()
            .route("/hit", any(hit))
            .route("/nap", any(nap))
            .route("/hang", any(hang))
            .route("/once", any(once))
            .route("/flaky/{times}", any(flaky))
            .route(
                "/status/{status}",
                any(async |Path(status): Path<u16>| StatusCode::from_u16(status).unwrap()),
            )
            .with_state(book.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, book }
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(super) fn hits(&self) -> Vec<Hit> {
        self.book.hits.lock().unwrap().clone()
    }

    pub(super) fn most_at_once(&self) -> usize {
        self.book.most.load(Ordering::SeqCst)
    }

    /// How many requests are being answered.
    pub(super) fn hanging(&self) -> usize {
        self.book.at_once.load(Ordering::SeqCst)
    }

    pub(super) async fn until(&self, what: &str, so: impl Fn(&Self) -> bool) {
        eventually(what, async || so(self).then_some(())).await;
    }
}

/// A request that is being answered.
struct Present(Arc<Book>);

impl Book {
    fn note(self: &Arc<Self>, headers: &HeaderMap) -> Present {
        let text = |name: &str| {
            headers.get(name).and_then(|it| it.to_str().ok()).unwrap_or_default().to_owned()
        };
        let hit = Hit { key: text("idempotency-key"), authorization: text("authorization") };
        self.hits.lock().unwrap().push(hit);
        let now = self.at_once.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        Present(self.clone())
    }

    fn times(&self, key: &str) -> usize {
        self.hits.lock().unwrap().iter().filter(|hit| hit.key == key).count()
    }
}

impl Drop for Present {
    fn drop(&mut self) {
        self.0.at_once.fetch_sub(1, Ordering::SeqCst);
    }
}

type Shared = State<Arc<Book>>;

async fn hit(State(book): Shared, headers: HeaderMap, body: Bytes) -> axum::Json<Value> {
    let _here = book.note(&headers);
    let seen: Value = serde_json::from_slice(&body).unwrap_or_default();
    let authorization = headers.get("authorization").and_then(|it| it.to_str().ok());
    axum::Json(json!({ "seen": seen, "authorization": authorization }))
}

async fn nap(State(book): Shared, headers: HeaderMap) {
    let _here = book.note(&headers);
    tokio::time::sleep(Duration::from_millis(60)).await;
}

async fn hang(State(book): Shared, headers: HeaderMap) {
    let _here = book.note(&headers);
    std::future::pending::<()>().await;
}

/// Fails the first time that anybody comes.
async fn once(State(book): Shared, headers: HeaderMap) -> StatusCode {
    let _here = book.note(&headers);
    static BEEN: AtomicUsize = AtomicUsize::new(0);
    if BEEN.fetch_add(1, Ordering::SeqCst) == 0 { StatusCode::CONFLICT } else { StatusCode::OK }
}

/// Fails the first times that a key comes.
async fn flaky(State(book): Shared, Path(times): Path<usize>, headers: HeaderMap) -> StatusCode {
    let _here = book.note(&headers);
    let key = headers.get("idempotency-key").unwrap().to_str().unwrap();
    if book.times(key) <= times { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK }
}
