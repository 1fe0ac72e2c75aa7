//! Two nodes on one PostgreSQL: what happens on one is known on the other.

use serde_json::json;

use crate::running::{Plan, eventually};
use crate::socket::Socket;
use crate::world::{World, created, push, text};

#[tokio::test(flavor = "multi_thread")]
async fn a_change_on_one_node_reaches_readers_on_the_other() {
    let Some(plan) = Plan::on_postgres().await else { return };
    let world = World::of(plan).await;
    let there = world.plan.another_node().serve().await;
    let other = |client: &crate::client::Client| client.at(there.client.address);
    let hook = world.webhook("hush", json!({})).await;
    let (feed, path) = world.feed(&hook, json!({ "mode": "push" })).await;

    let far = other(&world.owner);
    let mut events = far.open(&format!("/api/v1/feeds/{feed}/events")).await;
    assert_eq!(events.until(|name, _| name == "update").await["version"], 0);
    let mut socket = Socket::open(&far).await;
    socket.subscribe(&[&feed]).await;
    assert_eq!(socket.next().await["type"], "update");
    for n in 1..6 {
        // In turn, so that either node is once the one that is far away.
        let near = if n % 2 == 0 { &far } else { &world.owner };
        push(near, &path, "hush", &json!({ "n": n })).await.expect(200);
        assert_eq!(events.until(|name, _| name == "update").await["data"], json!({ "n": n }));
        assert_eq!(socket.next().await["payload"]["data"], json!({ "n": n }));
    }
    let path_of_data = format!("/api/v1/feeds/{feed}/data?version=5");
    assert_eq!(world.owner.get(&path_of_data).await.status, 304);

    // A key that is made here works there, and revoked here it ends there too.
    let body = json!({ "name": "short", "scopes": ["feeds:read"] });
    let made = world.post("/api/v1/api-keys", body).await;
    let reader = world.owner.key(made["key"].as_str().unwrap());
    eventually("the key is known there", async || {
        (other(&reader).get("/api/v1/feeds").await.status == 200).then_some(())
    })
    .await;
    created(world.owner.delete(&format!("/api/v1/api-keys/{}", text(&made["id"]))).await);
    assert_eq!(reader.get("/api/v1/feeds").await.status, 401, "at once where it was revoked");
    eventually("the key is forgotten there", async || {
        (other(&reader).get("/api/v1/feeds").await.status == 401).then_some(())
    })
    .await;

    // So does a secret.
    let credential = world.owner.get(&format!("/api/v1/credentials?integration_id={hook}")).await;
    let credential = text(&credential.expect(200)["data"][0]["id"]);
    let rotate = json!({ "credentials": { "secret": "whisper" } });
    world.post(&format!("/api/v1/credentials/{credential}/rotate"), rotate).await;
    eventually("the new secret counts there", async || {
        (push(&far, &path, "whisper", &json!({ "n": 6 })).await.status == 200).then_some(())
    })
    .await;
    assert_eq!(push(&far, &path, "hush", &json!({ "n": 7 })).await.status, 401);

    // One that is gone takes nothing with it; what it had claimed would wait for the end of its lease.
    events.until(|name, data| name == "update" && data["data"] == json!({ "n": 6 })).await;
    let (plan, address) = (world.plan.clone(), there.client.address);
    world.server.kill().await;
    push(&far, &path, "whisper", &json!({ "n": 8 })).await.expect(200);
    events.until(|name, data| name == "update" && data["data"] == json!({ "n": 8 })).await;
    let back = plan.serve().await;
    let seen = world.owner.at(back.client.address).get(&format!("/api/v1/feeds/{feed}/data")).await;
    assert_eq!(seen.expect(200)["data"], json!({ "n": 8 }));
    assert_ne!(back.client.address, address);
}
