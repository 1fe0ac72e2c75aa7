//! A house with the room, its jobs running, on a database of either kind; and a sink.

use accounts::gate::{Actor, Identity};
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use catalog::Catalog;
use connect::Connect;
use db::testing::{START, TestDb, databases_at};
use db::{Change, Worker, Workspace, args};
use egress::{BreakerPolicy, Egress};
use hooks::Outgoing;
use http::{HeaderMap, Request, StatusCode};
use kernel::{Clock, Problem, Scope, Timestamp};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio_util::sync::{CancellationToken, DropGuard};
use tower::ServiceExt as _;

pub(crate) const PUBLIC_URL: &str = "https://patchbay.test";
const PATIENCE: Duration = Duration::from_secs(30);

/// Nothing is logged.
struct Nothing;

impl egress::Log for Nothing {
    fn record(&self, _: egress::RequestLogEntry) {}
}

pub(crate) struct House {
    pub(crate) test: TestDb,
    pub(crate) clock: Clock,
    pub(crate) workspace: Workspace,
    pub(crate) room: Outgoing,
    _stop: DropGuard,
}

/// An answer of the API.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Value,
}

impl Answer {
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        self.body
    }
}

/// A breaker that forgets at once, for what is not about it.
pub(crate) fn quick() -> BreakerPolicy {
    let moment = Duration::from_millis(1);
    BreakerPolicy { open_for: moment, open_at_most: moment, ..BreakerPolicy::default() }
}

/// One house on each kind of database, each with a clock of its own.
pub(crate) async fn houses() -> Vec<House> {
    houses_with(quick()).await
}

pub(crate) async fn houses_with(breaker: BreakerPolicy) -> Vec<House> {
    houses_of(breaker, &["127.0.0.0/8"]).await
}

/// Those from which nothing inside may be called.
pub(crate) async fn closed_houses() -> Vec<House> {
    houses_of(quick(), &[]).await
}

async fn houses_of(breaker: BreakerPolicy, networks: &[&str]) -> Vec<House> {
    let clock = Clock::manual(START);
    let mut houses = Vec::new();
    for test in databases_at(clock.clone()).await {
        let workspace = test.workspace("acme").await;
        let catalog = Arc::new(Catalog::embedded().unwrap());
        let config = egress::Config {
            allow_networks: networks.iter().map(|it| it.parse().unwrap()).collect(),
            breaker,
            ..egress::Config::default()
        };
        let entropy = test.db.entropy().clone();
        let egress = Egress::new(config, clock.clone(), entropy, Arc::new(Nothing)).unwrap();
        let connect = Connect::new(test.db.clone(), catalog, egress.clone(), PUBLIC_URL);
        let room = Outgoing::new(test.db.clone(), connect, egress, PUBLIC_URL);
        let stop = CancellationToken::new();
        let worker = room.work(Worker::new(test.db.clone()));
        tokio::spawn(worker.run(stop.clone()));
        let _stop = stop.drop_guard();
        houses.push(House { test, clock: clock.clone(), workspace, room, _stop });
    }
    houses
}

impl House {
    /// Asks the API as somebody who may manage webhooks.
    pub(crate) async fn api(&self, method: &str, path: &str, body: Value) -> Answer {
        let identity = Identity {
            workspace: self.workspace.clone(),
            actor: Actor::House,
            scopes: [Scope::WebhooksManage, Scope::EventsWrite].into_iter().collect(),
            role: None,
            instance_owner: false,
            remote_addr: None,
        };
        let mut request = Request::builder().method(method).uri(path);
        if !body.is_null() {
            request = request.header("content-type", "application/json");
        }
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let mut request = request.body(Body::from(text)).unwrap();
        request.extensions_mut().insert(Ok::<_, Problem>(Arc::new(identity)));
        let router: axum::Router = self.room.routes().into();
        let (parts, body) = router.oneshot(request).await.unwrap().into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
        Answer { status: parts.status, body }
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        self.api("GET", path, Value::Null).await.expect(200)
    }

    /// A webhook with these settings beside its address; its id and its secret.
    pub(crate) async fn webhook(&self, sink: &Sink, more: Value) -> (String, String) {
        let mut body = json!({ "url": sink.url(), "events": ["custom.*"] });
        for (name, value) in more.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        let made = self.api("POST", "/api/v1/webhooks", body).await.expect(201);
        let text = |field: &str| made[field].as_str().unwrap_or_default().to_owned();
        (text("id"), text("secret"))
    }

    /// Something happens; the event's id.
    pub(crate) async fn happen(&self, kind: &str, data: Value) -> String {
        let body = json!({ "type": kind, "data": data });
        let made = self.api("POST", "/api/v1/events", body).await.expect(201);
        made["id"].as_str().unwrap().to_owned()
    }

    /// The deliveries of a webhook, the newest event first.
    pub(crate) async fn deliveries(&self, webhook: &str) -> Vec<Value> {
        let path = format!("/api/v1/webhooks/{webhook}/deliveries?limit=200");
        self.get(&path).await["data"].as_array().unwrap().clone()
    }

    /// The deliveries by state.
    pub(crate) async fn tally(&self, webhook: &str) -> BTreeMap<String, usize> {
        let mut tally = BTreeMap::new();
        for delivery in self.deliveries(webhook).await {
            *tally.entry(delivery["status"].as_str().unwrap().to_owned()).or_default() += 1;
        }
        tally
    }

    /// Waits until nothing is due and nothing runs; the next due time.
    pub(crate) async fn rest(&self) -> Option<Timestamp> {
        let sql = "SELECT count(*) AS n, min(run_at) AS due, \
             count(CASE WHEN lease_until IS NOT NULL OR run_at <= $1 THEN 1 END) AS busy FROM jobs";
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let mut tx = self.workspace.read().await.unwrap();
            let row = tx.fetch_optional(sql, args![self.clock.now()]).await.unwrap().unwrap();
            drop(tx);
            if row.int("busy").unwrap() == 0 {
                return row.opt_time("due").unwrap();
            }
            assert!(tokio::time::Instant::now() < deadline, "it never rests");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// Moves the clock to a time, through everything that is due before.
    pub(crate) async fn sleep_until(&self, until: Timestamp) {
        loop {
            let next = self.rest().await.filter(|due| *due < until).unwrap_or(until);
            self.clock.advance(next.since(self.clock.now()));
            // The dispatchers look at the clock when they hear something.
            let mut tx = self.workspace.write().await.unwrap();
            tx.changed(Change::noun("clock", self.workspace.id(), "hand"));
            tx.commit().await.unwrap();
            if next == until {
                self.rest().await;
                return;
            }
        }
    }

    pub(crate) async fn sleep(&self, how_long: Duration) {
        self.sleep_until(self.clock.now().plus(how_long)).await;
    }

    pub(crate) async fn count(&self, sql: &str) -> i64 {
        let mut tx = self.workspace.read().await.unwrap();
        tx.fetch_optional(sql, args![]).await.unwrap().unwrap().int("n").unwrap()
    }
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) at: Timestamp,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) status: u16,
}

impl Told {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// How a sink answers.
#[derive(Clone, Debug)]
pub(crate) struct Manner {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
    /// Held until one is given back.
    pub(crate) gate: Option<Arc<tokio::sync::Semaphore>>,
}

impl Manner {
    pub(crate) fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: String::new(), gate: None }
    }
}

/// An endpoint that listens on loopback.
#[derive(Clone)]
pub(crate) struct Sink {
    address: SocketAddr,
    state: Arc<SinkState>,
}

struct SinkState {
    clock: Clock,
    manner: Mutex<Manner>,
    told: Mutex<Vec<Told>>,
    /// Requests that are being answered, and the most there ever were.
    open: Mutex<(usize, usize)>,
}

impl Sink {
    pub(crate) async fn new(clock: &Clock) -> Self {
        let state = Arc::new(SinkState {
            clock: clock.clone(),
            manner: Mutex::new(Manner::status(200)),
            told: Mutex::default(),
            open: Mutex::default(),
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = axum::Router::new().fallback(hear).with_state(state.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, state }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/hooks", self.address)
    }

    pub(crate) fn answer(&self, manner: Manner) {
        *self.state.manner.lock().unwrap() = manner;
    }

    /// What it was told until now, in order.
    pub(crate) fn told(&self) -> Vec<Told> {
        self.state.told.lock().unwrap().clone()
    }

    pub(crate) fn most_at_once(&self) -> usize {
        self.state.open.lock().unwrap().1
    }

    /// Waits until it was told of that type.
    pub(crate) async fn heard(&self, kind: &str) -> Told {
        for count in 1.. {
            let found = self.when(count).await.into_iter().find(|told| told.json()["type"] == kind);
            if let Some(found) = found {
                return found;
            }
        }
        unreachable!("it waits until it was told, or fails")
    }

    /// Waits until it was told so many times.
    pub(crate) async fn when(&self, count: usize) -> Vec<Told> {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let told = self.told();
            if told.len() >= count {
                return told;
            }
            assert!(tokio::time::Instant::now() < deadline, "told {} of {count}", told.len());
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

async fn hear(State(state): State<Arc<SinkState>>, request: Request<Body>) -> Response {
    let at = state.clock.now();
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let manner = state.manner.lock().unwrap().clone();
    let Manner { status, headers, body: said, gate } = manner;
    state.told.lock().unwrap().push(Told { at, headers: parts.headers, body, status });
    {
        let mut open = state.open.lock().unwrap();
        open.0 += 1;
        open.1 = open.1.max(open.0);
    }
    if let Some(gate) = gate {
        gate.acquire().await.unwrap().forget();
    }
    state.open.lock().unwrap().0 -= 1;
    let mut response = (StatusCode::from_u16(status).unwrap(), said).into_response();
    for (name, value) in headers {
        response.headers_mut().insert(name, value.parse().unwrap());
    }
    response
}

/// Checks a signature as Standard Webhooks says, with one secret.
pub(crate) fn is_signed(told: &Told, secret: &str) -> bool {
    use aws_lc_rs::hmac;
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
    let head = format!("{}.{}.", told.header("webhook-id"), told.header("webhook-timestamp"));
    let message = [head.as_bytes(), &told.body[..]].concat();
    let expected = format!("v1,{}", STANDARD.encode(hmac::sign(&key, &message)));
    told.header("webhook-signature").split(' ').any(|one| one == expected)
}
