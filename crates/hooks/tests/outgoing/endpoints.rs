//! What is refused, and pointed at.

use serde_json::{Value, json};

use crate::house::{Sink, closed_houses, houses};

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_is_pointed_at() {
    for house in houses().await {
        let sink = Sink::new(&house.clock).await;
        let with = |field: &str, value: Value| {
            let mut body = json!({ "url": sink.url(), "events": ["custom.*"] });
            body[field] = value;
            body
        };
        for (body, code, pointer) in [
            (with("filter", json!(".data.")), "webhook.bad_filter", "/filter"),
            (with("filter", json!("nonsense(1)")), "webhook.bad_filter", "/filter"),
            (with("url", json!("http://10.0.0.1/")), "egress.address_forbidden", "/url"),
            (with("url", json!("http://169.254.169.254/x")), "egress.address_forbidden", "/url"),
            (with("url", json!("ftp://a.example/")), "egress.bad_url", "/url"),
            (with("url", json!("http://me:secret@a.example/")), "egress.bad_url", "/url"),
            (with("url", json!("somewhere")), "request.invalid", "/url"),
            (with("events", json!(["*.x"])), "request.invalid", "/events/0"),
            (with("events", json!([])), "request.invalid", "/events"),
            (
                with("headers", json!({ "webhook-id": "1" })),
                "request.invalid",
                "/headers/webhook-id",
            ),
            (with("concurrency", json!(0)), "request.invalid", "/concurrency"),
            (
                with("rate_limit", json!({ "requests": 0, "window_secs": 1 })),
                "request.invalid",
                "/rate_limit/requests",
            ),
            (with("timeout_ms", json!(1)), "request.invalid", "/timeout_ms"),
            (with("retries", json!(1)), "request.invalid", "/retries"),
        ] {
            let answer = house.api("POST", "/api/v1/webhooks", body.clone()).await.expect(422);
            assert_eq!(answer["code"], code, "{body} {answer}");
            assert_eq!(answer["errors"][0]["pointer"], pointer, "{answer}");
        }
        for kind in ["feed.updated", "custom.", "custom.A", "webhook.test"] {
            let body = json!({ "type": kind, "data": 1 });
            let answer = house.api("POST", "/api/v1/events", body).await.expect(422);
            assert_eq!(answer["errors"][0]["pointer"], "/type");
        }
    }
}

/// A name that leads to a closed address is refused when it is dialled, every time.
#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_leads_inside_is_not_called() {
    for house in closed_houses().await {
        let sink = Sink::new(&house.clock).await;
        let url = sink.url().replace("127.0.0.1", "localhost");
        let (id, _) = house.webhook(&sink, json!({ "url": url })).await;
        house.happen("custom.tick", json!({})).await;
        house.rest().await;
        let attempt = house.deliveries(&id).await[0]["attempts"][0].clone();
        assert_eq!(attempt["error_code"], "egress.address_forbidden", "{attempt}");
        assert!(sink.told().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_filter_fails_with_is_shown() {
    for house in houses().await {
        let sink = Sink::new(&house.clock).await;
        let (id, _) = house.webhook(&sink, json!({ "filter": ".data.n | ascii_downcase" })).await;
        let event = house.happen("custom.tick", json!({ "n": 1 })).await;
        house.rest().await;
        let path = format!("/api/v1/webhooks/{id}");
        let shown = house.get(&path).await["filter_error"].as_str().unwrap().to_owned();
        assert!(shown.contains(&event) && shown.contains("custom.tick"), "{shown}");
        let mended =
            house.api("PATCH", &path, json!({ "filter": ".data.n > 0" })).await.expect(200);
        assert_eq!(mended["filter_error"], Value::Null);
        let since = json!({ "since": house.clock.now() });
        house.api("POST", &format!("{path}/replay"), since).await.expect(202);
        assert_eq!(sink.when(1).await[0].header("webhook-id"), event);
        house.rest().await;
        let changed = house.api("PATCH", &path, json!({ "filter": null })).await.expect(200);
        assert_eq!(changed["filter"], Value::Null);
    }
}

/// A workspace's data key is rotated while its webhooks are in use.
#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_sealed_anew() {
    for house in houses().await {
        let sink = Sink::new(&house.clock).await;
        let (_, secret) = house.webhook(&sink, json!({})).await;
        house.test.db.rotate_workspace(house.workspace.id()).await.unwrap();
        assert_eq!(house.test.db.seal_anew(house.workspace.id()).await.unwrap().done, 1);
        house.happen("custom.tick", json!({})).await;
        assert!(crate::house::is_signed(&sink.when(1).await[0], &secret));
        house.rest().await;
    }
}
