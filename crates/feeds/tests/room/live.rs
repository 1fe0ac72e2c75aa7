use crate::node::{Node, owner, request, text};
use crate::world::{World, worlds};
use axum::body::{Body, BodyDataStream};
use axum::extract::Request;
use db::{Db, Options};
use futures::{SinkExt as _, StreamExt as _};
use kernel::{FeedId, Problem};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

const DEADLINE: Duration = Duration::from_secs(20);

/// An open stream of Server-Sent Events.
struct Events {
    body: BodyDataStream,
    read: String,
}

impl Events {
    async fn open(node: &Node, world: &World, path: &str, headers: &[(&str, &str)]) -> Self {
        let who = (!path.contains("token=")).then(|| owner(&world.workspace));
        let ask = request(who, "GET", path, headers, &Value::Null);
        let response = tower::ServiceExt::oneshot(node.api.clone(), ask).await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { body: response.into_body().into_data_stream(), read: String::new() }
    }

    /// The id and the data of the next event; `None` when the stream has ended.
    async fn next(&mut self) -> Option<(u64, Value)> {
        tokio::time::timeout(DEADLINE, self.read()).await.expect("an event, or the end")
    }

    async fn read(&mut self) -> Option<(u64, Value)> {
        loop {
            if let Some((event, rest)) = self.read.split_once("\n\n") {
                let field = |name: &str| {
                    let line = event.lines().find_map(|line| line.strip_prefix(name));
                    line.map(|value| value.trim().to_owned())
                };
                let found = field("data:").map(|data| {
                    assert_eq!(field("event:").as_deref(), Some("update"));
                    let id = field("id:").unwrap().parse().unwrap();
                    (id, serde_json::from_str(&data).unwrap())
                });
                self.read = rest.to_owned();
                if found.is_some() {
                    return found;
                }
                continue;
            }
            let chunk = self.body.next().await?.unwrap();
            self.read += std::str::from_utf8(&chunk).unwrap();
        }
    }
}

/// A feed that is pushed to and says 1.
async fn pushed(world: &World) -> (kernel::IntegrationId, FeedId) {
    let integration = world.webhook(json!({})).await;
    let feed = world.feed(integration, json!({})).await;
    world.push(integration, feed, "application/json", "1").await;
    world.version(feed, 1).await;
    (integration, feed)
}

#[tokio::test]
async fn events_bring_the_document_and_then_each_change() {
    for world in worlds().await {
        let (integration, feed) = pushed(&world).await;
        let path = format!("/api/v1/feeds/{feed}/events");
        let mut events = Events::open(&world.node, &world, &path, &[]).await;
        let mut quiet = Events::open(&world.node, &world, &format!("{path}?data=false"), &[]).await;
        let mut later = Events::open(&world.node, &world, &path, &[("last-event-id", "1")]).await;
        let (id, data) = events.next().await.unwrap();
        assert_eq!((id, &data), (1, &world.data(feed).await), "what the data path answers");
        assert_eq!(quiet.next().await.unwrap(), (1, json!({ "version": 1 })));
        world.push(integration, feed, "application/json", "2").await;
        let (id, data) = events.next().await.unwrap();
        assert_eq!((id, &data["data"], &data["version"]), (2, &json!(2), &json!(2)));
        assert_eq!(quiet.next().await.unwrap().0, 2);
        assert_eq!(later.next().await.unwrap().0, 2, "what it had is not sent again");

        world.get(&format!("{path}?version=x")).await.refused(400, "request.bad_query");
        let none = FeedId::generate(world.clock.now(), world.test.db.entropy());
        let none = world.get(&format!("/api/v1/feeds/{none}/events")).await;
        none.refused(404, "request.not_found");
    }
}

#[tokio::test]
async fn a_slow_reader_gets_the_newest() {
    for world in worlds().await {
        let (integration, feed) = pushed(&world).await;
        let path = format!("/api/v1/feeds/{feed}/events");
        let mut events = Events::open(&world.node, &world, &path, &[]).await;
        assert_eq!(events.next().await.unwrap().0, 1);
        for n in 2..=6 {
            world.push(integration, feed, "application/json", n.to_string()).await;
            world.version(feed, n).await;
        }
        assert!(world.until(async || world.data(feed).await["version"] == 6).await);
        assert_eq!(events.next().await.unwrap().0, 6);
    }
}

#[tokio::test]
async fn a_feed_that_goes_ends_its_streams() {
    for world in worlds().await {
        let (_, feed) = pushed(&world).await;
        let path = format!("/api/v1/feeds/{feed}/events");
        let mut events = Events::open(&world.node, &world, &path, &[]).await;
        assert_eq!(events.next().await.unwrap().0, 1);
        world.delete(&format!("/api/v1/feeds/{feed}")).await.expect(204);
        assert_eq!(events.next().await, None);
    }
}

struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    async fn open(node: &Node, world: &World, query: &str) -> Self {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let who = query.is_empty().then(|| Arc::new(owner(&world.workspace)));
        let api = node.api.clone().layer(axum::middleware::map_request(
            move |mut request: Request<Body>| {
                let who = who.clone();
                async move {
                    if let Some(who) = who {
                        request.extensions_mut().insert(Ok::<_, Problem>(who));
                    }
                    request
                }
            },
        ));
        tokio::spawn(async move { axum::serve(listener, api).await });
        let stream = TcpStream::connect(address).await.unwrap();
        let url = format!("ws://{address}/api/v1/live{query}");
        Self(client_async(url, stream).await.unwrap().0)
    }

    async fn say(&mut self, message: &str) {
        self.0.send(Message::text(message.to_owned())).await.unwrap();
    }

    async fn next(&mut self) -> Value {
        let message = tokio::time::timeout(DEADLINE, self.0.next()).await.expect("a message");
        serde_json::from_str(message.unwrap().unwrap().to_text().unwrap()).unwrap()
    }
}

#[tokio::test]
async fn a_socket_follows_what_it_is_told_to() {
    for world in worlds().await {
        let (integration, feed) = pushed(&world).await;
        let (other_integration, other) = pushed(&world).await;
        let mut socket = Socket::open(&world.node, &world, "").await;
        socket.say(&json!({ "subscribe": [feed, other] }).to_string()).await;
        let (one, two) = (socket.next().await, socket.next().await);
        let ids = [text(&one["id"]), text(&two["id"])];
        assert!(ids.contains(&&*feed.to_string()) && ids.contains(&&*other.to_string()), "{ids:?}");
        assert_eq!((&one["type"], &one["version"]), (&json!("update"), &json!(1)));
        assert_eq!(one["payload"]["data"], 1);

        world.push(integration, feed, "application/json", "2").await;
        let update = socket.next().await;
        assert_eq!((text(&update["id"]), &update["version"]), (&*feed.to_string(), &json!(2)));
        assert_eq!(update["payload"], world.data(feed).await);

        // Subscribed twice is subscribed once; after the unsubscription the other is heard alone.
        socket.say(&json!({ "subscribe": [feed] }).to_string()).await;
        socket.say(&json!({ "unsubscribe": [feed] }).to_string()).await;
        for (message, id, code) in [
            ("{", "", "request.bad_json"),
            ("{\"subscribe\": 7}", "", "request.bad_json"),
            ("{\"follow\": []}", "", "request.bad_json"),
            ("{\"subscribe\": [\"nobody\"]}", "nobody", "request.not_found"),
        ] {
            socket.say(message).await;
            let error = socket.next().await;
            let seen = (text(&error["type"]), text(&error["id"]), text(&error["code"]));
            assert_eq!(seen, ("error", id, code), "{error}");
        }
        let gone = FeedId::generate(world.clock.now(), world.test.db.entropy());
        socket.say(&json!({ "subscribe": [gone] }).to_string()).await;
        assert_eq!(socket.next().await["code"], "request.not_found");
        world.push(integration, feed, "application/json", "3").await;
        world.version(feed, 3).await;
        world.push(other_integration, other, "application/json", "2").await;
        assert_eq!(text(&socket.next().await["id"]), other.to_string());

        world.delete(&format!("/api/v1/feeds/{other}")).await.expect(204);
        let error = socket.next().await;
        assert_eq!((text(&error["type"]), text(&error["code"])), ("error", "request.not_found"));
    }
}

#[tokio::test]
async fn a_player_follows_its_widgets() {
    for world in worlds().await {
        world.origin.says("/tides", &json!(1));
        let widget = world.widget("tides").await;
        let pull = connect::PullConfig::from_map(crate::node::map(json!({ "path": "/tides" })));
        let draft = connect::IntegrationDraft {
            widget_id: Some(widget),
            pull: pull.unwrap(),
            ..world.draft("rest")
        };
        world.integration(draft).await;
        let (one, two) =
            (world.place("tides", json!({})).await, world.place("tides", json!({})).await);
        let (one, two) = (text(&one["id"]), text(&two["id"]));
        let (player, token) = world.player(&[one]).await;
        let path = |id: &str| format!("/api/widgets-config/{id}/events?token={token}");
        let mut events = Events::open(&world.node, &world, &path(one), &[]).await;
        assert_eq!(events.next().await.unwrap().1["data"], 1);
        assert_eq!(world.read(&path(two), &[]).await.status, 404);

        let mut socket = Socket::open(&world.node, &world, &format!("?token={token}")).await;
        socket.say(&json!({ "subscribe": [one, two] }).to_string()).await;
        let (first, second) = (socket.next().await, socket.next().await);
        let (update, error) =
            if first["type"] == "update" { (first, second) } else { (second, first) };
        assert_eq!((text(&update["id"]), text(&error["id"])), (one, two));

        // What shows something else from now on is told so.
        world.origin.says("/tides", &json!(2));
        let path = format!("/api/v1/widget-configs/{one}");
        world.patch(&path, json!({ "options": { "any": 1 } })).await.expect(200);
        while socket.next().await["payload"]["data"] != 2 {}
        while events.next().await.unwrap().1["data"] != 2 {}
        // Nothing reaches a player that was switched off.
        let path = format!("/api/v1/players/{player}");
        world.patch(&path, json!({ "enabled": false })).await.expect(200);
        assert_eq!(socket.next().await["code"], "request.not_found");
        assert_eq!(events.next().await, None);
    }
}

#[tokio::test]
async fn every_node_of_a_database_tells_of_a_change() {
    for world in worlds().await.into_iter().filter(|world| world.test.db.is_postgres()) {
        let options = Options { clock: world.clock.clone(), ..Options::new(&world.test.url) };
        let db = Db::open(options).await.unwrap();
        db.unlock(&world.test.master).await.unwrap();
        let node = Node::new(&db);
        let (integration, feed) = pushed(&world).await;
        let path = format!("/api/v1/feeds/{feed}/events");
        let mut events = Events::open(&node, &world, &path, &[]).await;
        assert_eq!(events.next().await.unwrap().0, 1);
        let mut socket = Socket::open(&node, &world, "").await;
        socket.say(&json!({ "subscribe": [feed] }).to_string()).await;
        assert_eq!(socket.next().await["version"], 1);
        world.push(integration, feed, "application/json", "2").await;
        assert_eq!(events.next().await.unwrap().0, 2);
        assert_eq!(socket.next().await["version"], 2);
        let ask = request(
            Some(owner(&world.workspace)),
            "GET",
            &format!("/api/v1/feeds/{feed}/data"),
            &[],
            &Value::Null,
        );
        assert_eq!(node.send(ask).await.expect(200)["data"], 2);
        db.close().await;
    }
}
