//! Readers that stay: Server-Sent Events and WebSockets.

use serde_json::json;

use crate::socket::Socket;
use crate::world::{World, created, push, text};

#[tokio::test(flavor = "multi_thread")]
async fn a_new_version_reaches_those_who_wait() {
    for world in World::all().await {
        let hook = world.webhook("hush", json!({})).await;
        let (feed, path) = world.feed(&hook, json!({ "mode": "push" })).await;
        let mut events = world.owner.open(&format!("/api/v1/feeds/{feed}/events")).await;
        let before = events.until(|name, _| name == "update").await;
        assert_eq!(before["version"], 0);
        let mut house = world.owner.open("/api/v1/events/stream").await;
        let mut socket = Socket::open(&world.owner).await;
        socket.subscribe(&[&feed, "feed_nosuch"]).await;
        let first = [socket.next().await, socket.next().await];
        let refused = first.iter().find(|one| one["type"] == "error").expect("a complaint");
        assert_eq!(
            (&refused["id"], &refused["code"]),
            (&json!("feed_nosuch"), &json!("request.not_found"))
        );

        for n in 1..4 {
            push(&world.owner, &path, "hush", &json!({ "n": n })).await.expect(200);
            let update = events.until(|name, _| name == "update").await;
            assert_eq!((&update["version"], &update["data"]), (&json!(n), &json!({ "n": n })));
            let message = socket.next().await;
            assert_eq!((&message["type"], &message["id"]), (&json!("update"), &json!(feed)));
            assert_eq!(message["payload"]["data"], json!({ "n": n }));
            house
                .until(|name, data| name == "feed.updated" && data["subject"] == json!(feed))
                .await;
        }
        // Who comes back says what they have.
        let known = world.owner.with("last-event-id", "2");
        let mut back = known.open(&format!("/api/v1/feeds/{feed}/events")).await;
        assert_eq!(back.next().await.unwrap().1["version"], 3);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_player_follows_its_widget_and_no_other() {
    let world = World::new().await;
    world.post("/api/v1/widgets", json!({ "slug": "wall", "name": "Wall" })).await;
    let printed = json!({ "name": "webhook", "integration_type": "push" });
    let made = world.post(&world.organization("widgets/wall/integrations"), printed).await;
    let secret = json!({ "credentials": { "secret": "hush" } });
    let path = world.organization(&format!("widget-integrations/{}", text(&made["id"])));
    world.post(&format!("{path}/credentials"), secret).await;
    let place = json!({ "widget_id": "wall", "name": "Lobby" });
    let [ours, other] = [
        text(&world.post("/api/v1/widget-configs", place.clone()).await["id"]),
        text(&world.post("/api/v1/widget-configs", place).await["id"]),
    ];
    let player = json!({ "name": "Screen", "widget_config_ids": [ours] });
    let token = text(&world.post("/api/v1/players", player).await["token"]);
    let screen = world.owner.key(&token);

    let path = format!("/api/widgets-config/{ours}/events?token={token}");
    let mut events = world.server.client.open(&path).await;
    assert_eq!(events.next().await.unwrap().1["version"], 0);
    let mut socket = Socket::open(&screen).await;
    socket.subscribe(&[&ours, &other]).await;
    let first = [socket.next().await, socket.next().await];
    let refused = first.iter().find(|one| one["type"] == "error").expect("a complaint");
    assert_eq!((&refused["id"], &refused["code"]), (&json!(other), &json!("request.not_found")));
    let path = format!("/api/widgets-config/{other}/events?token={token}");
    assert_eq!(world.server.client.get(&path).await.status, 404);

    let address = format!("/api/webhooks/widgets/{}/{ours}", text(&made["id"]));
    push(&world.owner, &address, "hush", &json!({ "n": 1 })).await.expect(200);
    assert_eq!(events.next().await.unwrap().1["data"], json!({ "n": 1 }));
    assert_eq!(socket.next().await["payload"]["data"], json!({ "n": 1 }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_key_is_refused_at_once() {
    for world in World::all().await {
        let body = json!({ "name": "short", "scopes": ["feeds:read"] });
        let made = world.post("/api/v1/api-keys", body).await;
        let reader = world.owner.key(made["key"].as_str().unwrap());
        let path = format!("/api/v1/api-keys/{}", text(&made["id"]));
        assert_eq!(reader.get("/api/v1/feeds").await.status, 200);
        created(world.owner.patch(&path, json!({ "enabled": false })).await);
        let refused = reader.get("/api/v1/feeds").await;
        assert_eq!((refused.status, refused.code().as_str()), (401, "auth.key_disabled"));
        created(world.owner.patch(&path, json!({ "enabled": true })).await);
        assert_eq!(reader.get("/api/v1/feeds").await.status, 200);
        created(world.owner.delete(&path).await);
        let refused = reader.get("/api/v1/feeds").await;
        assert_eq!((refused.status, refused.code().as_str()), (401, "auth.unauthenticated"));
    }
}
