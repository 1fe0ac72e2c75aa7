//! The plug is pulled while pushes come in: what was acknowledged is there, once.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Semaphore;

use crate::client::{Client, Line};
use crate::running::{Plan, eventually};
use crate::world::{World, sign};

const SENDERS: usize = 8;
/// How many acknowledgements there are between one crash and the next, at least.
const BETWEEN: u32 = 40;

#[tokio::test(flavor = "multi_thread")]
async fn twenty_crashes_lose_nothing_on_sqlite() {
    crash(Plan::new(), 20).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn crashes_lose_nothing_on_postgres() {
    if let Some(plan) = Plan::on_postgres().await {
        crash(plan, 4).await;
    }
}

async fn crash(plan: Plan, times: usize) {
    let world = World::of(plan).await;
    let hook = world.webhook("hush", json!({ "event_id": "body:id" })).await;
    let settings = json!({ "apply": "append", "keep_last": 10_000, "transform": ".id" });
    let (feed, path) = world.feed(&hook, json!({ "mode": "push", "push": settings })).await;
    let World { plan, mut server, owner, sandbox, workspace } = world;
    let next = Arc::new(AtomicU64::new(0));
    // What was not acknowledged is sent again, as real senders do.
    let mut doubtful = vec![None; SENDERS];
    for _ in 0..times {
        let acknowledged = Arc::new(Semaphore::new(0));
        let senders: Vec<_> = doubtful
            .drain(..)
            .map(|first| {
                let client = owner.at(server.client.address).nobody();
                let sender = send(client, path.clone(), first, next.clone(), acknowledged.clone());
                tokio::spawn(sender)
            })
            .collect();
        acknowledged.acquire_many(BETWEEN).await.unwrap().forget();
        server.kill().await;
        for sender in senders {
            doubtful.push(Some(sender.await.unwrap()));
        }
        server = plan.serve().await;
    }
    let world = World { owner: owner.at(server.client.address), plan, server, sandbox, workspace };
    let mut line = Line::open(&world.owner.nobody()).await.unwrap();
    for id in doubtful.into_iter().flatten() {
        let status = push(&mut line, &path, id).await.unwrap();
        assert!(["accepted", "duplicate"].contains(&status.as_str()), "{status}");
    }

    let sent: Vec<u64> = (0..next.load(Ordering::SeqCst)).collect();
    let mut inbox = BTreeMap::<u64, u32>::new();
    let mut cursor = String::new();
    loop {
        let page = format!("/api/v1/inbound-events?limit=200{cursor}");
        let page = world.owner.get(&page).await.expect(200);
        for event in page["data"].as_array().unwrap() {
            *inbox.entry(event["payload"]["id"].as_u64().unwrap()).or_default() += 1;
        }
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(inbox.keys().copied().collect::<Vec<_>>(), sent, "each is there");
    assert!(inbox.values().all(|times| *times == 1), "each is there once");

    if !world.plan.is_embedded() {
        // Another node may be at work: what the dead one had claimed is its own until its lease ends.
        return;
    }
    let applied = eventually("all are applied", async || {
        let pending = world.owner.get("/api/v1/inbound-events?state=pending&limit=1").await;
        let is_done = pending.expect(200)["data"].as_array().unwrap().is_empty();
        is_done.then_some(())
    });
    applied.await;
    let data = world.data(&feed).await["data"].clone();
    let mut ids: Vec<u64> = data.as_array().unwrap().iter().filter_map(Value::as_u64).collect();
    ids.sort_unstable();
    assert_eq!(ids, sent, "each is applied, once");
    let (status, _, _) = world.server.stop().await;
    assert!(status.success());
}

/// Sends until the plug is pulled; the event that was on its way then.
async fn send(
    client: Client,
    path: String,
    first: Option<u64>,
    next: Arc<AtomicU64>,
    acknowledged: Arc<Semaphore>,
) -> u64 {
    let mut line = Line::open(&client).await.unwrap();
    let mut id = first.unwrap_or_else(|| next.fetch_add(1, Ordering::SeqCst));
    while push(&mut line, &path, id).await.is_ok() {
        acknowledged.add_permits(1);
        id = next.fetch_add(1, Ordering::SeqCst);
    }
    id
}

async fn push(line: &mut Line, path: &str, id: u64) -> Result<String, String> {
    let body = json!({ "id": id }).to_string();
    let signature = sign("hush", &body);
    let headers =
        [("content-type", "application/json"), ("x-webhook-signature", signature.as_str())];
    let answer = line.send("POST", path, &headers, body).await?;
    assert_eq!(answer.status, 200, "{}", answer.text());
    Ok(answer.json()["status"].as_str().unwrap_or_default().to_owned())
}
