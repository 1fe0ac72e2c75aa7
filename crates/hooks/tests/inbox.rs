//! The inbox, as the API shows it.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod house;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use house::{House, PUBLIC_URL, hmac_hex, houses};
use kernel::Scope;
use serde_json::{Value, json};
use std::time::Duration;

const READ: &[Scope] = &[Scope::InboundRead];
const WRITE: &[Scope] = &[Scope::InboundWrite];

async fn push(house: &House, path: &str, content_type: &str, body: &[u8]) -> String {
    let signature = hmac_hex("hush", body);
    let headers = [("x-webhook-signature", signature.as_str()), ("content-type", content_type)];
    let answer = house.post(path, &headers, body).await;
    house.clock.advance(Duration::from_millis(1));
    answer.json()["id"].as_str().unwrap_or_else(|| panic!("{answer:?}")).to_owned()
}

async fn get(house: &House, path: &str) -> Value {
    let answer = house.api(&house.workspace, READ, "GET", path).await;
    assert_eq!(answer.status, 200, "{path}: {answer:?}");
    answer.json()
}

#[tokio::test]
async fn events_are_listed_newest_first_with_what_they_say() {
    for house in houses().await {
        let id = house.integration("webhook", json!({"secret": "hush"})).await;
        let (feed, path) = house.feed(id, json!({})).await;
        push(&house, &path, "application/json", br#"{"type":"sold","n":1}"#).await;
        push(&house, &path, "application/x-www-form-urlencoded", b"a=1&b=2").await;
        push(&house, &path, "application/xml", b"<a><b>1</b></a>").await;
        let broken = push(&house, &path, "application/json", b"{\"n\":\xff").await;
        let large = format!("[\"{}\"]", "x".repeat(70_000));
        let large = push(&house, &path, "application/json", large.as_bytes()).await;

        let list = get(&house, "/api/v1/inbound-events").await;
        let data = list["data"].as_array().unwrap();
        let payloads: Vec<_> = data.iter().map(|event| event["payload"].clone()).collect();
        let form = json!({"a": "1", "b": "2"});
        let json = json!({"type": "sold", "n": 1});
        let nothing = Value::Null;
        let expected = [nothing.clone(), nothing, json!({"a": {"b": "1"}}), form, json];
        assert_eq!(payloads, expected);
        assert_eq!(data[0]["payload_truncated"], true);
        assert!(data[1]["parse_error"].as_str().unwrap().contains("JSON"), "{list}");
        assert_eq!(data[4]["feed_id"], json!(feed));
        assert_eq!(data[4]["state"], "pending");
        assert_eq!(data[4]["verified_by"], "generic-hmac-sha256-hex");

        let whole = get(&house, &format!("/api/v1/inbound-events/{large}")).await;
        assert_eq!(whole["payload"][0].as_str().unwrap().len(), 70_000);
        let raw = get(&house, &format!("/api/v1/inbound-events/{broken}")).await;
        assert_eq!(raw["raw_base64"], STANDARD.encode(b"{\"n\":\xff"));
    }
}

#[tokio::test]
async fn events_are_found_by_filter_and_page() {
    for house in houses().await {
        let id = house.integration("webhook", json!({"secret": "hush"})).await;
        let (feed, path) = house.feed(id, json!({})).await;
        for n in 0..3 {
            push(&house, &path, "application/json", format!("{{\"type\":\"t{n}\"}}").as_bytes())
                .await;
        }
        let count = async |query: String| {
            let list = get(&house, &format!("/api/v1/inbound-events?{query}")).await;
            list["data"].as_array().unwrap().len()
        };
        assert_eq!(count(format!("integration_id={id}&feed_id={feed}&state=pending")).await, 3);
        assert_eq!(count("state=failed".to_owned()).await, 0);
        assert_eq!(count("search=t1".to_owned()).await, 1);
        let first = get(&house, "/api/v1/inbound-events?limit=2").await;
        assert_eq!(first["data"].as_array().unwrap().len(), 2);
        let cursor = first["next_cursor"].as_str().unwrap();
        assert_eq!(count(format!("limit=2&cursor={cursor}")).await, 1);
        for query in ["limit=0", "state=none", "feed_id=x", "cursor=%25", "unknown=1"] {
            let path = format!("/api/v1/inbound-events?{query}");
            let answer = house.api(&house.workspace, READ, "GET", &path).await;
            assert_eq!(answer.status, 400, "{query}");
        }
    }
}

#[tokio::test]
async fn a_replay_applies_an_event_once_more() {
    for house in houses().await {
        let id = house.integration("webhook", json!({"secret": "hush"})).await;
        let (feed, path) = house.feed(id, json!({})).await;
        let event = push(&house, &path, "application/json", b"{}").await;
        let workspace = &house.workspace;
        let mut tx = workspace.write().await.unwrap();
        let ids = [event.parse().unwrap()];
        tx.settle_inbound(workspace.id(), feed, &ids).await.unwrap();
        tx.execute("DELETE FROM jobs", Vec::new()).await.unwrap();
        tx.commit().await.unwrap();

        let replay = format!("/api/v1/inbound-events/{event}/replay");
        let denied = house.api(workspace, READ, "POST", &replay).await;
        assert_eq!(denied.code(), "auth.missing_scope");
        let answer = house.api(workspace, WRITE, "POST", &replay).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["state"]), (200, &json!("pending")));
        assert_eq!(house.count("SELECT count(*) AS n FROM jobs").await, 1);
        let audited = "SELECT count(*) AS n FROM audit_entries WHERE action = 'inbound.replayed'";
        assert_eq!(house.count(audited).await, 1);

        house.remove(id, feed).await;
        let gone = house.api(workspace, WRITE, "POST", &replay).await;
        assert_eq!(gone.code(), "request.conflict");
        let alone = push(&house, &format!("/api/webhooks/{id}"), "text/plain", b"x").await;
        let replay = format!("/api/v1/inbound-events/{alone}/replay");
        let kept = house.api(workspace, WRITE, "POST", &replay).await;
        assert_eq!(kept.code(), "request.conflict");
    }
}

#[tokio::test]
async fn another_workspace_sees_and_replays_nothing() {
    for house in houses().await {
        let other = house.test.workspace("other").await;
        let id = house.integration("webhook", json!({"secret": "hush"})).await;
        let (_, path) = house.feed(id, json!({})).await;
        let event = push(&house, &path, "application/json", b"{}").await;
        let list = house.api(&other, READ, "GET", "/api/v1/inbound-events").await;
        assert_eq!(list.json()["data"], json!([]));
        let all = &[Scope::AdminFull];
        for (method, path) in [
            ("GET", format!("/api/v1/inbound-events/{event}")),
            ("POST", format!("/api/v1/inbound-events/{event}/replay")),
            ("GET", format!("/api/v1/integrations/{id}/webhook")),
        ] {
            let answer = house.api(&other, all, method, &path).await;
            assert_eq!(answer.code(), "request.not_found", "{path}");
        }
    }
}

/// A destination that names a workspace other than the integration's is none.
#[tokio::test]
async fn an_integration_of_another_workspace_is_no_way_in() {
    for house in houses().await {
        let other = house.test.workspace("other").await;
        let id = house.integration_in(&other, "webhook", json!({"secret": "hush"})).await;
        let (_, path) = house.feed(id, json!({})).await;
        assert_eq!(house.post_signed(&path, "hush", "{}").await.status, 404);
        assert!(house.inbox().await.is_empty());
    }
}

#[tokio::test]
async fn people_are_told_how_to_set_a_sender_up() {
    for house in houses().await {
        let id = house.integration("github", json!({"webhook_secret": "hush"})).await;
        let (feed, path) = house.feed(id, json!({})).await;
        let webhook = format!("/api/v1/integrations/{id}/webhook");
        let may = &[Scope::IntegrationsRead];
        let answer = house.api(&house.workspace, may, "GET", &webhook).await.json();
        let own = format!("{PUBLIC_URL}/api/webhooks/{id}");
        let urls = json!([{"url": own}, {"url": format!("{PUBLIC_URL}{path}"), "feed_id": feed}]);
        assert_eq!(answer["urls"], urls);
        assert_eq!(answer["scheme"], "github-sha256");
        assert_eq!(
            (&answer["unsigned"], &answer["secret_configured"]),
            (&json!(false), &json!(true))
        );
        assert_eq!(answer["schemes"][0]["title"], "Webhook secret");
        assert!(answer["setup"][0].as_str().unwrap().contains(&own), "{answer}");
    }
}

#[tokio::test]
async fn every_address_is_described_and_counted() {
    let houses = houses().await;
    let house = &houses[0];
    let api = hooks::receivers(house.hooks.clone()).into_openapi();
    for path in ["", "/{feed_id}"] {
        let item = &api.paths.paths[&format!("/api/webhooks/{{integration_id}}{path}")];
        assert!(item.get.is_some() && item.post.is_some() && item.put.is_some());
    }
    let widget = &api.paths.paths["/api/webhooks/widgets/{integration_id}/{widget_config_id}"];
    let post = widget.post.as_ref().unwrap();
    assert_eq!(post.operation_id.as_deref(), Some("push_to_widget_config"));
    assert_eq!(post.summary.as_deref(), Some("Push to a placed widget"));

    let mut registry = prometheus_client::registry::Registry::default();
    house.hooks.register(&mut registry);
    let id = house.integration("webhook", json!({"secret": "hush"})).await;
    let path = format!("/api/webhooks/{id}");
    push(house, &path, "text/plain", b"four").await;
    house.post(&path, &[], "x").await;
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    for line in [
        "patchbay_webhooks_accepted_total 1",
        "patchbay_webhooks_bytes_total 4",
        "patchbay_webhooks_rejected_total{reason=\"webhook.signature_missing\"} 1",
        "patchbay_webhooks_seconds_count 1",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
}
