//! Feeds that are pushed to: proof, storage, what a push does to the document, the inbox.

use kernel::Secret;
use sandbox::{Outcome, Scheme};
use serde_json::{Value, json};
use std::time::Duration;

use crate::running::Plan;
use crate::world::{World, path_of, push, sign, text};

impl World {
    async fn inbox(&self) -> Vec<Value> {
        let found = self.owner.get("/api/v1/inbound-events?limit=200").await.expect(200);
        found["data"].as_array().unwrap().clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_replaces_merges_or_appends() {
    for world in World::all().await {
        let hook = world.webhook("hush", json!({})).await;
        let two = [json!({ "n": 1, "a": 1 }), json!({ "n": 2 }), json!({ "n": 3 })];
        for (settings, expected) in [
            (json!({ "apply": "replace" }), json!({ "n": 3 })),
            (json!({ "apply": "merge" }), json!({ "n": 3, "a": 1 })),
            (json!({ "apply": "append", "keep_last": 2, "transform": ".n" }), json!([2, 3])),
        ] {
            let (feed, path) = world.feed(&hook, json!({ "mode": "push", "push": settings })).await;
            for (body, version) in two.iter().zip(1..) {
                push(&world.owner, &path, "hush", body).await.expect(200);
                world
                    .data_when(&feed, "the push is applied", |data| data["version"] == version)
                    .await;
            }
            let mut found = world.data(&feed).await["data"].clone();
            if let Some(items) = found.as_array_mut() {
                items.sort_by_key(|item| item.as_u64());
            }
            assert_eq!(found, expected, "{settings}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_taken_once_and_can_be_replayed() {
    for world in World::all().await {
        let hook = world.webhook("hush", json!({ "event_id": "body:id" })).await;
        let settings = json!({ "apply": "append", "transform": ".id" });
        let (feed, path) = world.feed(&hook, json!({ "mode": "push", "push": settings })).await;
        let body = json!({ "id": "evt-1" });
        let taken = push(&world.owner, &path, "hush", &body).await.expect(200);
        assert_eq!(taken["status"], "accepted");
        let again = push(&world.owner, &path, "hush", &body).await.expect(200);
        assert_eq!(again["status"], "duplicate");
        world.data_when(&feed, "it is applied", |data| data["data"] == json!(["evt-1"])).await;
        let inbox = world.inbox().await;
        assert_eq!(inbox.len(), 1);
        assert_eq!((&inbox[0]["event_id"], &inbox[0]["payload"]), (&json!("evt-1"), &body));
        let replay = format!("/api/v1/inbound-events/{}/replay", text(&taken["id"]));
        assert!((200..300).contains(&world.owner.post(&replay, json!({})).await.status));
        let twice = json!(["evt-1", "evt-1"]);
        world.data_when(&feed, "it is applied again", |data| data["data"] == twice).await;
        let (feed_id, state) = (format!("feed_id={feed}"), "state=applied");
        let found = world.owner.get(&format!("/api/v1/inbound-events?{feed_id}&{state}")).await;
        assert_eq!(found.expect(200)["data"].as_array().map(Vec::len), Some(1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_proven_is_refused() {
    let world = World::new().await;
    let silent = json!({ "name": "No secret", "provider": "webhook", "config": {} });
    let silent = text(&world.post("/api/v1/integrations", silent).await["id"]);
    let (_, path) = world.feed(&silent, json!({ "mode": "push" })).await;
    let body = json!({ "n": 1 });
    let refused = push(&world.owner, &path, "", &body).await;
    assert_eq!((refused.status, refused.code().as_str()), (403, "webhook.not_configured"));
    let unsigned = json!({ "mode": "push", "push": { "unsigned": true } });
    let (_, open) = world.feed(&silent, unsigned).await;
    let client = world.server.client.clone();
    client.post(&open, body.clone()).await.expect(200);
    assert_eq!(world.inbox().await[0]["verified_by"], "unsigned");

    let hook = world.webhook("hush", json!({})).await;
    let (_, path) = world.feed(&hook, json!({ "mode": "push" })).await;
    let signature = sign("hush", "{}");
    let send = async |headers: &[(&str, &str)], body: &'static [u8]| {
        let answer = client.send("POST", &path, headers, body).await;
        (answer.status, answer.code())
    };
    let refused = |status: u16, code: &str| (status, code.to_owned());
    assert_eq!(send(&[], b"{}").await, refused(401, "webhook.signature_missing"));
    let header = [("x-webhook-signature", signature.as_str())];
    assert_eq!(send(&header, b"{ }").await, refused(401, "webhook.signature_invalid"));
    assert_eq!(send(&header, b"{}").await.0, 200, "the bytes as they are");
    // It is refused by what it says of its size, before any of it is sent.
    let answer = client.announce(&path, &header, 40 << 20).await;
    assert!(
        answer.starts_with("HTTP/1.1 413 ") && answer.contains("request.too_large"),
        "{answer}"
    );
    // What cannot be read is kept as it came, and marked.
    let garbage = String::from("{not json");
    let signature = sign("hush", &garbage);
    let headers =
        [("x-webhook-signature", signature.as_str()), ("content-type", "application/json")];
    assert_eq!(client.send("POST", &path, &headers, garbage).await.status, 200);
    assert!(world.inbox().await[0]["parse_error"].is_string());

    // A new secret counts at once, the old one no longer.
    let credential = world.owner.get(&format!("/api/v1/credentials?integration_id={hook}")).await;
    let credential = text(&credential.expect(200)["data"][0]["id"]);
    let rotate = json!({ "credentials": { "secret": "whisper" } });
    world.post(&format!("/api/v1/credentials/{credential}/rotate"), rotate).await;
    assert_eq!(push(&client, &path, "hush", &body).await.status, 401);
    assert_eq!(push(&client, &path, "whisper", &body).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_are_believed_from_a_trusted_proxy_alone() {
    for (trusted, from, status) in [
        (Some("127.0.0.0/8"), "203.0.113.7", 200),
        (Some("127.0.0.0/8"), "198.51.100.1", 403),
        (None, "203.0.113.7", 403),
    ] {
        let plan = Plan::new();
        let plan = match trusted {
            Some(network) => plan.flag("--trusted-proxy", network),
            None => plan,
        };
        let world = World::of(plan).await;
        let settings = json!({ "ip_allowlist": ["203.0.113.0/24"] });
        let hook = world.webhook("hush", settings).await;
        let (_, path) = world.feed(&hook, json!({ "mode": "push" })).await;
        let signature = sign("hush", "{}");
        let headers = [("x-webhook-signature", signature.as_str()), ("x-forwarded-for", from)];
        let answer = world.server.client.send("POST", &path, &headers, "{}").await;
        assert_eq!(answer.status, status, "{trusted:?} {from}: {}", answer.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn real_senders_are_understood() {
    let world = World::new().await;
    let keys = world.sandbox.credentials().clone();
    let senders: [(&str, &str, Scheme, &Secret<String>); 2] = [
        ("github", "webhook_secret", Scheme::Github, &keys.github_webhook_secret),
        ("standard-webhooks", "signing_secret", Scheme::Standard, &keys.standard_webhook_secret),
    ];
    for (provider, field, scheme, secret) in senders {
        let body = json!({
            "name": provider, "provider": provider, "config": {}, "mode": "push",
            "credentials": { field: secret.expose() },
        });
        let id = text(&world.post("/api/v1/integrations", body).await["id"]);
        let (feed, path) = world.feed(&id, json!({ "mode": "push" })).await;
        let url = format!("http://{}{path}", world.server.client.address);
        let webhooks = world.sandbox.webhooks();
        let subscribed = webhooks.subscribe(&url, secret, scheme, Duration::from_secs(3600));
        let sent = webhooks.fire(subscribed.unwrap()).await.unwrap();
        assert_eq!(sent.outcomes, [Outcome::Answered(200)], "{provider}");
        world.data_when(&feed, "it is applied", |data| data["version"] == 1).await;
        let event = &world.inbox().await[0];
        assert_eq!(event["event_id"], json!(sent.id), "{event}");
        assert_eq!(path_of(&url), path);
    }
}
