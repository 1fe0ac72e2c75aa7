//! What is open ends with the right to it, and with the house.

use kernel::Timestamp;
use serde_json::{Value, json};
use std::time::Duration;

use crate::client::{Client, Stream};
use crate::running::{OWNER, PASSWORD, Plan};
use crate::socket::Socket;
use crate::world::{World, created, push, text};

/// Everything that can be held open.
struct Open {
    streams: Vec<Stream>,
    socket: Socket,
}

/// What there is to follow.
struct Place {
    feed: String,
    hook: String,
    config: String,
}

impl Place {
    async fn new(world: &World) -> Self {
        world.post("/api/v1/widgets", json!({ "slug": "wall", "name": "Wall" })).await;
        let printed = json!({ "name": "webhook", "integration_type": "push" });
        world.post(&world.organization("widgets/wall/integrations"), printed).await;
        let config = json!({ "widget_id": "wall", "name": "Lobby" });
        let config = text(&world.post("/api/v1/widget-configs", config).await["id"]);
        let integration = world.webhook("hush", json!({})).await;
        let (feed, hook) = world.feed(&integration, json!({ "mode": "push" })).await;
        Self { feed, hook, config }
    }

    async fn open(&self, client: &Client) -> Open {
        let mut streams = Vec::new();
        for path in [
            format!("/api/v1/feeds/{}/events", self.feed),
            format!("/api/widgets-config/{}/events", self.config),
        ] {
            let mut stream = client.open(&path).await;
            stream.until(|name, _| name == "update").await;
            streams.push(stream);
        }
        streams.push(client.open("/api/v1/events/stream").await);
        assert_eq!(streams[2].status, 200);
        let mut socket = Socket::open(client).await;
        socket.subscribe(&[&self.feed]).await;
        assert_eq!(socket.next().await["type"], "update");
        Open { streams, socket }
    }

    /// Whoever still may is told of a new version.
    async fn check_goes_on(&self, world: &World, open: &mut Open, n: u64) {
        push(&world.owner, &self.hook, "hush", &json!({ "n": n })).await.expect(200);
        open.streams[0].until(|_, data| data["data"] == json!({ "n": n })).await;
        open.streams[2].until(|name, _| name == "feed.updated").await;
        while open.socket.next().await["payload"]["data"] != json!({ "n": n }) {}
    }
}

impl Open {
    /// All of it ends, the socket with this code.
    async fn ends(mut self, code: u16) {
        for stream in &mut self.streams {
            while stream.next().await.is_some() {}
        }
        assert_eq!(self.socket.closed().await, code);
    }
}

const REVOKED: u16 = 1008;
const GOING_AWAY: u16 = 1001;

#[tokio::test(flavor = "multi_thread")]
async fn what_a_key_opened_ends_with_it_and_nothing_else_does() {
    for world in World::all().await {
        let place = Place::new(&world).await;
        let mut others = place.open(&world.owner).await;
        let scopes = json!(["feeds:read", "widgets:read", "events:read"]);
        let changes: [(&str, Value); 4] = [
            ("PATCH", json!({ "enabled": false })),
            ("PATCH", json!({ "scopes": ["widgets:read"] })),
            ("PATCH", json!({ "expires_at": Timestamp::default() })),
            ("DELETE", Value::Null),
        ];
        for (n, (method, mut change)) in (1..).zip(changes) {
            let body = json!({ "name": "short", "scopes": scopes });
            let made = world.post("/api/v1/api-keys", body).await;
            let open = place.open(&world.owner.key(made["key"].as_str().unwrap())).await;
            if change.get("expires_at").is_some() {
                change["expires_at"] = json!(soon());
            }
            let path = format!("/api/v1/api-keys/{}", text(&made["id"]));
            created(world.owner.json(method, &path, change).await);
            open.ends(REVOKED).await;
            place.check_goes_on(&world, &mut others, n).await;
        }
    }
}

fn soon() -> Timestamp {
    kernel::Clock::System.now().plus(Duration::from_millis(1500))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_session_opened_ends_with_it() {
    for world in World::all().await {
        let place = Place::new(&world).await;
        let member = json!({ "email": "bob@example.com", "role": "editor", "password": PASSWORD });
        let member = world.post("/api/v1/members", member).await;
        let path = format!("/api/v1/members/{}", text(&member["id"]));

        let bob = sign_in(&world, "bob@example.com").await;
        let open = place.open(&bob).await;
        created(bob.delete("/api/v1/session").await);
        open.ends(REVOKED).await;

        let (bob, elsewhere) =
            (sign_in(&world, "bob@example.com").await, sign_in(&world, "bob@example.com").await);
        let (open, mut kept) = (place.open(&elsewhere).await, place.open(&bob).await);
        let change = json!({ "current": PASSWORD, "new": "another horse battery" });
        created(bob.post("/api/v1/session/password", change).await);
        open.ends(REVOKED).await;
        place.check_goes_on(&world, &mut kept, 1).await;

        created(world.owner.patch(&path, json!({ "role": "viewer" })).await);
        kept.ends(REVOKED).await;
        let open = place.open(&bob).await;
        created(world.owner.delete(&path).await);
        open.ends(REVOKED).await;
    }
}

async fn sign_in(world: &World, email: &str) -> Client {
    let login = json!({ "email": email, "password": PASSWORD });
    let session = world.server.client.post("/api/v1/session", login).await;
    let cookie = session.header("set-cookie").split(';').next().unwrap().to_owned();
    let csrf = text(&session.expect(200)["csrf_token"]);
    world.server.client.with("cookie", &cookie).with("x-patchbay-csrf", &csrf)
}

#[tokio::test(flavor = "multi_thread")]
async fn it_ends_on_every_node() {
    let Some(plan) = Plan::on_postgres().await else { return };
    let world = World::of(plan).await;
    let there = world.plan.another_node().serve().await;
    let place = Place::new(&world).await;
    let body = json!({ "name": "short", "scopes": ["feeds:read", "widgets:read", "events:read"] });
    let made = world.post("/api/v1/api-keys", body).await;
    let reader = world.owner.key(made["key"].as_str().unwrap()).at(there.client.address);
    let person = sign_in(&world, OWNER).await;
    let opened = [place.open(&reader).await, place.open(&person.at(there.client.address)).await];
    created(world.owner.delete(&format!("/api/v1/api-keys/{}", text(&made["id"]))).await);
    created(person.delete("/api/v1/session").await);
    for open in opened {
        open.ends(REVOKED).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_house_that_closes_does_not_wait_for_its_readers() {
    for world in World::all().await {
        let place = Place::new(&world).await;
        let body = json!({ "name": "Screen", "widget_config_ids": [place.config] });
        let token = text(&world.post("/api/v1/players", body).await["token"]);
        let path = format!("/api/widgets-config/{}/events", place.config);
        let mut screen = world.owner.key(&token).open(&path).await;
        screen.until(|name, _| name == "update").await;
        let open = place.open(&world.owner).await;
        let (stopped, ()) = tokio::join!(world.server.stop(), open.ends(GOING_AWAY));
        while screen.next().await.is_some() {}
        let (status, took, log) = stopped;
        assert!(status.success() && took < Duration::from_secs(1), "{status} {took:?} {log}");
        assert!(log.contains("Clean"), "{log}");
    }
}
