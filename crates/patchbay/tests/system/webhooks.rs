//! Webhooks out: the real binary tells a sink that listens. What needs a moved clock is in the room's tests.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, Request, StatusCode};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::client::Client;
use crate::running::{Plan, eventually};
use crate::world::{World, created, text};

/// An endpoint on loopback.
#[derive(Clone)]
struct Sink {
    address: SocketAddr,
    state: Arc<SinkState>,
}

struct SinkState {
    status: Mutex<u16>,
    delay: Mutex<Duration>,
    told: Mutex<Vec<(HeaderMap, Bytes, u16)>>,
}

impl Sink {
    async fn new() -> Self {
        let (status, delay) = (Mutex::new(200), Mutex::new(Duration::ZERO));
        let state = Arc::new(SinkState { status, delay, told: Mutex::default() });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = axum::Router::new().fallback(hear).with_state(state.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, state }
    }

    fn url(&self) -> String {
        format!("http://{}/hooks", self.address)
    }

    fn answer(&self, status: u16) {
        *self.state.status.lock().unwrap() = status;
    }

    /// How often each event was heard, by its id; what was refused does not count.
    fn heard(&self) -> BTreeMap<String, u32> {
        let mut heard = BTreeMap::new();
        for (headers, _, status) in self.state.told.lock().unwrap().iter() {
            let id = headers["webhook-id"].to_str().unwrap().to_owned();
            *heard.entry(id).or_default() += u32::from(*status == 200);
        }
        heard
    }

    fn bodies(&self) -> Vec<Value> {
        let told = self.state.told.lock().unwrap();
        told.iter().map(|(_, body, _)| serde_json::from_slice(body).unwrap()).collect()
    }

    async fn when(&self, what: &str, fits: impl Fn(&BTreeMap<String, u32>) -> bool) {
        eventually(what, async || fits(&self.heard()).then_some(())).await;
    }
}

async fn hear(State(state): State<Arc<SinkState>>, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let (status, delay) = (*state.status.lock().unwrap(), *state.delay.lock().unwrap());
    state.told.lock().unwrap().push((parts.headers, body, status));
    tokio::time::sleep(delay).await;
    StatusCode::from_u16(status).unwrap().into_response()
}

async fn webhook(world: &World, sink: &Sink, more: Value) -> Value {
    let mut body = json!({ "url": sink.url(), "events": ["custom.*"] });
    for (name, value) in more.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    world.post("/api/v1/webhooks", body).await
}

async fn happen(owner: &Client, n: u64) -> String {
    let body = json!({ "type": "custom.tick", "data": { "n": n } });
    text(&created(owner.post("/api/v1/events", body).await)["id"])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_that_changed_is_told() {
    for world in World::all().await {
        let sink = Sink::new().await;
        let hook = webhook(&world, &sink, json!({ "events": ["feed.updated"] })).await;
        assert!(text(&hook["secret"]).starts_with("whsec_"));
        let rest = world.rest().await;
        let pull = json!({ "path": "/rest/echo", "interval_secs": 3600 });
        let (feed, _) = world.feed(&rest, json!({ "pull": pull })).await;
        sink.when("the feed's first version is told", |heard| heard.len() == 1).await;
        let told = sink.bodies().remove(0);
        assert_eq!((&told["type"], &told["subject"]), (&json!("feed.updated"), &json!(feed)));
        assert_eq!(told["data"]["version"], 1, "{told}");
        let path = format!("/api/v1/webhooks/{}/deliveries?state=succeeded", text(&hook["id"]));
        let listed = eventually("it is kept", async || {
            let found = world.owner.get(&path).await.expect(200);
            Some(found).filter(|found| found["data"].as_array().unwrap().len() == 1)
        });
        assert_eq!(listed.await["data"][0]["attempts"][0]["status_code"], 200);
        let metrics = world.server.client.get("/metrics").await.text();
        let counted = "patchbay_delivery_attempts_total{outcome=\"succeeded\"} 1";
        assert!(metrics.contains(counted), "{metrics}");
    }
}

/// The plug is pulled while an endpoint is being told, again and again: each event is heard, and one that was
/// heard and noted is not told again.
#[tokio::test(flavor = "multi_thread")]
async fn crashes_lose_no_event() {
    let world = World::of(Plan::new()).await;
    let sink = Sink::new().await;
    *sink.state.delay.lock().unwrap() = Duration::from_millis(3);
    webhook(&world, &sink, json!({ "concurrency": 5 })).await;
    let World { plan, mut server, owner, sandbox: _sandbox, .. } = world;
    let mut events = Vec::new();
    for round in 0..5 {
        let owner = owner.at(server.client.address);
        for n in 0..40 {
            events.push(happen(&owner, round * 40 + n).await);
        }
        server.kill().await;
        server = plan.serve().await;
    }
    sink.when("every event is heard", |heard| events.iter().all(|id| heard.contains_key(id))).await;
    // At most those that were on their way when the plug was pulled are told twice.
    let twice = sink.heard().values().filter(|times| **times > 1).count();
    assert!(twice <= 5 * 5, "{twice}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_comes_back_is_told_what_it_missed() {
    for world in World::all().await {
        let sink = Sink::new().await;
        sink.answer(500);
        let hook = webhook(&world, &sink, json!({})).await;
        let mut events = Vec::new();
        for n in 0..5 {
            events.push(happen(&world.owner, n).await);
        }
        sink.when("each is tried", |heard| heard.len() == 5).await;
        sink.answer(200);
        let heard = |all: &BTreeMap<String, u32>| all.values().all(|times| *times == 1);
        sink.when("each is told, once", heard).await;
        let path = format!("/api/v1/webhooks/{}", text(&hook["id"]));
        world.owner.send("POST", &format!("{path}/pause"), &[], "").await.expect(200);
        let late = happen(&world.owner, 9).await;
        eventually("it waits", async || {
            let found = world.owner.get(&format!("{path}/deliveries?status=pending")).await;
            (found.expect(200)["data"][0]["event_id"] == late).then_some(())
        })
        .await;
        assert!(!sink.heard().contains_key(&late));
        world.owner.send("POST", &format!("{path}/resume"), &[], "").await.expect(200);
        sink.when("it is told after the pause", |heard| heard.contains_key(&late)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_inside_is_not_called() {
    let closed = Plan::new().flag("--allow-network", "192.0.2.0/24");
    let world = World::of(closed).await;
    let key = world.key(&["webhooks:manage"]).await;
    let body = json!({ "url": "http://169.254.169.254/latest", "events": ["*"] });
    let refused = key.post("/api/v1/webhooks", body).await;
    assert_eq!((refused.status, refused.code().as_str()), (422, "egress.address_forbidden"));
    let reader = world.key(&["feeds:read", "events:read"]).await;
    assert_eq!(reader.get("/api/v1/webhooks").await.status, 403);
    let body = json!({ "type": "custom.x", "data": 1 });
    assert_eq!(reader.post("/api/v1/events", body).await.status, 403);
}
