//! The demo's artist: connected through the API at the first start, and alive after a restart.

use serde_json::Value;

use crate::client::Client;
use crate::running::{PASSWORD, Plan, eventually};
use crate::world::text;

#[tokio::test(flavor = "multi_thread")]
async fn the_artist_of_the_demo_is_connected_and_stays_so() {
    let plan = Plan::new().flag("--demo", "true");
    let made = plan.init(PASSWORD).await;
    let key = made["api_key"].as_str().unwrap();
    let server = plan.serve().await;
    let connected = connections(&server.client.key(key), 5).await;
    let named = |platform: &str| connected.iter().find(|it| it["provider"] == platform);
    for platform in ["spotify", "instagram", "youtube", "tiktok", "apple-music"] {
        let it = named(platform).unwrap_or_else(|| panic!("{platform}: {connected:?}"));
        assert_eq!((&it["status"], &it["subject"]), (&"active".into(), &"Aurel".into()), "{it}");
    }
    // A refresh token of TikTok works once: what was granted here must be known there.
    let tiktok = text(&named("tiktok").unwrap()["id"]);
    let path = format!("/api/v1/connections/{tiktok}/refresh");
    let owner = server.client.key(key);
    owner.post(&path, Value::Null).await.expect(200);
    let (status, _, log) = server.stop().await;
    assert!(status.success(), "{log}");

    let server = plan.serve().await;
    let owner = server.client.key(key);
    for it in connections(&owner, 5).await {
        let path = format!("/api/v1/connections/{}/test", text(&it["id"]));
        let tested = owner.post(&path, Value::Null).await.expect(200);
        assert_eq!(tested["ok"], true, "{} {tested}", it["provider"]);
    }
    owner.post(&path, Value::Null).await.expect(200);
}

/// The connections, as soon as there are so many.
async fn connections(owner: &Client, count: usize) -> Vec<Value> {
    eventually("the demo's connections", async || {
        let found = owner.get("/api/v1/connections").await.expect(200);
        let found = found["data"].as_array().cloned().unwrap_or_default();
        (found.len() == count).then_some(found)
    })
    .await
}
