//! Keys are rotated while the house is at work, and nobody notices.

use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::client::Line;
use crate::running::{Plan, eventually};
use crate::world::{World, sign, text};

#[tokio::test(flavor = "multi_thread")]
async fn rotations_under_load_sqlite() {
    rotate(Plan::new()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rotations_under_load_postgres() {
    if let Some(plan) = Plan::on_postgres().await {
        rotate(plan).await;
    }
}

async fn rotate(plan: Plan) {
    let world = World::of(plan).await;
    let token = world.sandbox.credentials().rest_token.expose().clone();
    let config = json!({ "base_url": world.url(sandbox::Service::Rest) });
    let guarded = json!({
        "name": "Guarded", "provider": "rest", "config": config, "credentials": { "token": token },
    });
    let guarded = text(&world.post("/api/v1/integrations", guarded).await["id"]);
    let hook = world.webhook("hush", json!({})).await;
    let (feed, path) = world.feed(&hook, json!({ "mode": "push" })).await;

    let stop = Arc::new(AtomicBool::new(false));
    let (pushed, read, fetched) = (counter(), counter(), counter());
    let pushing = {
        let (mut line, path) = (Line::open(&world.owner.nobody()).await.unwrap(), path.clone());
        let (stop, count) = (stop.clone(), pushed.clone());
        tokio::spawn(async move {
            while !stop.load(Ordering::SeqCst) {
                let body = json!({ "n": count.load(Ordering::SeqCst) }).to_string();
                let signature = sign("hush", &body);
                let headers = [
                    ("content-type", "application/json"),
                    ("x-webhook-signature", signature.as_str()),
                ];
                let answer = line.send("POST", &path, &headers, body).await.unwrap();
                assert_eq!(answer.status, 200, "{}", answer.text());
                count.fetch_add(1, Ordering::SeqCst);
            }
        })
    };
    let asking = |method: &'static str, path: String, body: Value, count: Arc<AtomicU64>| {
        let (client, stop) = (world.owner.clone(), stop.clone());
        tokio::spawn(async move {
            let mut line = Line::open(&client).await.unwrap();
            while !stop.load(Ordering::SeqCst) {
                let body = if method == "GET" { String::new() } else { body.to_string() };
                let headers = [("content-type", "application/json")];
                let answer = line.send(method, &path, &headers, body).await.unwrap();
                assert_eq!(answer.status, 200, "{path}: {}", answer.text());
                count.fetch_add(1, Ordering::SeqCst);
            }
        })
    };
    let reading =
        asking("GET", format!("/api/v1/feeds/{feed}/versions?limit=1"), json!({}), read.clone());
    let fetch = json!({ "integration_id": guarded, "path": "/rest/bearer", "max_age_secs": 0 });
    let fetching = asking("POST", "/api/v1/fetch".to_owned(), fetch, fetched.clone());

    let instance = async || world.owner.get("/api/v1/instance").await.expect(200);
    let before = instance().await;
    let by_command = world.plan.succeed(&["keys", "rotate", "master"]).await;
    assert_ne!(by_command["master_key_id"], before["master_key"]["id"]);
    assert_eq!(instance().await["master_key"]["id"], by_command["master_key_id"]);
    progress(&[&pushed, &read, &fetched]).await;
    // What is made now is locked with the new key, or the next start would find two.
    world.post("/api/v1/workspaces", json!({ "name": "Between" })).await;
    let rotate = world.owner.post("/api/v1/instance/rotate-master-key", json!({})).await;
    rotate.expect(200);
    assert_ne!(instance().await["master_key"]["id"], by_command["master_key_id"]);
    progress(&[&pushed, &read, &fetched]).await;

    let path = format!("/api/v1/workspaces/{}/rotate-key", world.workspace);
    for version in 2..4 {
        world.owner.post(&path, json!({})).await.expect(202);
        eventually("every row is sealed anew", async || {
            let state = world.owner.get(&path).await.expect(200);
            (state["state"] == "done" && state["version"] == version).then_some(())
        })
        .await;
        progress(&[&pushed, &read, &fetched]).await;
    }
    let rotated = world.plan.succeed(&["keys", "rotate", "workspace"]).await;
    assert_eq!(rotated["rotated"][0]["version"], 4);
    progress(&[&pushed, &read, &fetched]).await;
    stop.store(true, Ordering::SeqCst);
    for task in [pushing, reading, fetching] {
        task.await.expect("nothing fails");
    }

    // After a restart, the last key opens everything.
    let last = json!({ "n": pushed.load(Ordering::SeqCst) - 1 });
    world.data_when(&feed, "the last push is applied", |data| data["data"] == last).await;
    let World { plan, server, owner, sandbox, workspace } = world;
    server.stop().await;
    let server = plan.serve().await;
    let world = World { owner: owner.at(server.client.address), plan, server, sandbox, workspace };
    assert_eq!(world.data(&feed).await["data"], last);
    let fetch = json!({ "integration_id": guarded, "path": "/rest/bearer", "max_age_secs": 0 });
    let fetched = world.owner.post("/api/v1/fetch", fetch).await.expect(200);
    assert_eq!(fetched["data"]["authenticated"], true);
}

fn counter() -> Arc<AtomicU64> {
    Arc::new(AtomicU64::new(0))
}

/// Waits until each has counted on.
async fn progress(counters: &[&Arc<AtomicU64>]) {
    for counter in counters {
        let now = counter.load(Ordering::SeqCst);
        let further = || (counter.load(Ordering::SeqCst) > now + 2).then_some(());
        eventually("the load goes on", async || further()).await;
    }
}
