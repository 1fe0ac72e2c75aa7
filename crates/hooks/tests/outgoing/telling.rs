//! What an endpoint is told, and how that is proven.

use serde_json::{Value, json};
use std::time::Duration;

use crate::house::{Sink, houses, is_signed};

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_told_signed_and_kept() {
    for house in houses().await {
        let sink = Sink::new(&house.clock).await;
        let (id, secret) = house.webhook(&sink, json!({ "headers": { "x-team": "red" } })).await;
        let event = house.happen("custom.paid", json!({ "who": "Grüße 🎺" })).await;
        let told = sink.when(1).await.remove(0);
        house.rest().await;
        assert!(is_signed(&told, &secret), "{told:?}");
        assert_eq!(told.header("webhook-id"), event);
        assert_eq!(told.header("webhook-timestamp"), house.clock.now().secs().to_string());
        assert_eq!(told.header("content-type"), "application/json");
        assert_eq!(told.header("x-team"), "red");
        let expected = json!({
            "type": "custom.paid", "timestamp": house.clock.now(), "data": { "who": "Grüße 🎺" },
        });
        assert_eq!(told.json(), expected);

        let delivery = house.deliveries(&id).await.remove(0);
        assert_eq!(delivery["status"], "succeeded");
        assert_eq!(delivery["event_type"], "custom.paid");
        assert_eq!(delivery["next_attempt_at"], Value::Null);
        assert_eq!(delivery["attempts"][0]["status_code"], 200);
        let path = format!("/api/v1/deliveries/{}", delivery["id"].as_str().unwrap());
        assert_eq!(house.get(&path).await["request"]["body"], expected);
        assert!(house.rest().await.is_none(), "nothing is left to be done");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_wanted_is_told_to_each() {
    for house in houses().await {
        let (all, some) = (Sink::new(&house.clock).await, Sink::new(&house.clock).await);
        house.webhook(&all, json!({ "events": ["*"] })).await;
        let filter = "select(.data.total > 10) # the large ones";
        let wanted = json!({ "events": ["custom.order.*"], "filter": filter });
        house.webhook(&some, wanted).await;
        for (kind, total) in [
            ("custom.order.paid", 20),
            ("custom.order.paid", 5),
            ("custom.other", 20),
            ("custom.order.sent", 11),
        ] {
            house.happen(kind, json!({ "total": total })).await;
        }
        all.when(4).await;
        let mut told: Vec<_> =
            some.when(2).await.iter().map(|it| it.json()["data"]["total"].clone()).collect();
        told.sort_by_key(Value::as_i64);
        assert_eq!(told, [11, 20]);
        house.rest().await;
        assert_eq!((all.told().len(), some.told().len()), (4, 2));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cloud_events_on_request() {
    for house in houses().await {
        let sink = Sink::new(&house.clock).await;
        house.webhook(&sink, json!({ "format": "cloudevents", "signing": "ed25519" })).await;
        let event = house.happen("custom.paid", json!([1, 2])).await;
        let told = sink.when(1).await.remove(0);
        assert_eq!(told.header("content-type"), "application/cloudevents+json");
        assert!(told.header("webhook-signature").starts_with("v1a,"));
        let expected = json!({
            "specversion": "1.0", "id": event, "source": crate::house::PUBLIC_URL,
            "type": "custom.paid", "time": house.clock.now(),
            "datacontenttype": "application/json", "data": [1, 2],
        });
        assert_eq!(told.json(), expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn both_secrets_sign_while_they_overlap() {
    for house in houses().await {
        let sink = Sink::new(&house.clock).await;
        let (id, old) = house.webhook(&sink, json!({})).await;
        let path = format!("/api/v1/webhooks/{id}/rotate-secret");
        let rotated = house.api("POST", &path, json!({ "overlap_secs": 60 })).await.expect(200);
        let new = rotated["secret"].as_str().unwrap();
        house.happen("custom.one", json!({})).await;
        let told = sink.when(1).await.remove(0);
        assert!(is_signed(&told, &old) && is_signed(&told, new) && old != new);
        house.sleep(Duration::from_secs(61)).await;
        house.happen("custom.two", json!({})).await;
        let told = sink.when(2).await.remove(1);
        assert!(!is_signed(&told, &old) && is_signed(&told, new));
        let shown = house.get(&format!("/api/v1/webhooks/{id}")).await;
        assert!(!shown.to_string().contains("whsec_"), "{shown}");
        house.rest().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_of_headers_are_sent_and_never_shown() {
    for house in houses().await {
        let sink = Sink::new(&house.clock).await;
        sink.answer(crate::house::Manner {
            body: "you said Bearer s3cret-of-ours\0".to_owned(),
            ..crate::house::Manner::status(200)
        });
        let headers = json!({ "Authorization": "Bearer s3cret-of-ours" });
        let (id, _) = house.webhook(&sink, json!({ "headers": headers })).await;
        house.happen("custom.one", json!({})).await;
        assert_eq!(sink.when(1).await[0].header("authorization"), "Bearer s3cret-of-ours");
        house.rest().await;
        let path = format!("/api/v1/webhooks/{id}");
        let change = json!({ "name": "Other", "headers": { "authorization": kernel::MASK } });
        house.api("PATCH", &path, change).await.expect(200);
        house.happen("custom.two", json!({})).await;
        assert_eq!(sink.when(2).await[1].header("authorization"), "Bearer s3cret-of-ours");
        house.rest().await;
        let shown = house.deliveries(&id).await;
        let shown = format!("{} {}", house.get(&path).await, json!(shown));
        assert!(!shown.contains("s3cret"), "{shown}");
        let sql = "SELECT count(*) AS n FROM delivery_attempts WHERE response LIKE '%s3cret%'";
        assert_eq!(house.count(sql).await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_megabyte_is_told_and_an_endless_answer_is_cut() {
    for house in houses().await {
        let sink = Sink::new(&house.clock).await;
        let body = "ä".repeat(1 << 20);
        sink.answer(crate::house::Manner { body, ..crate::house::Manner::status(200) });
        let (id, secret) = house.webhook(&sink, json!({})).await;
        house.happen("custom.large", json!("x".repeat(1 << 20))).await;
        let told = sink.when(1).await.remove(0);
        assert!(told.body.len() > 1 << 20 && is_signed(&told, &secret));
        house.rest().await;
        let delivery = house.deliveries(&id).await.remove(0);
        assert_eq!(delivery["status"], "succeeded");
        let kept = delivery["attempts"][0]["response"].as_str().unwrap().len();
        assert_eq!(kept, 16 << 10);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_is_told_to_that_webhook_alone_even_when_it_is_paused() {
    for house in houses().await {
        let (sink, other) = (Sink::new(&house.clock).await, Sink::new(&house.clock).await);
        let (id, secret) = house.webhook(&sink, json!({ "enabled": false })).await;
        house.webhook(&other, json!({ "events": ["*"] })).await;
        let path = format!("/api/v1/webhooks/{id}/test");
        let shown = house.api("POST", &path, Value::Null).await.expect(200);
        assert_eq!(shown["status"], "succeeded", "{shown}");
        let told = sink.told().remove(0);
        assert!(is_signed(&told, &secret));
        assert_eq!(told.json()["type"], "webhook.test");
        sink.answer(crate::house::Manner::status(500));
        let shown = house.api("POST", &path, Value::Null).await.expect(200);
        assert_eq!(
            (&shown["status"], shown["attempts"].as_array().unwrap().len()),
            (&json!("dead"), 1)
        );
        house.rest().await;
        assert_eq!((sink.told().len(), other.told().len()), (2, 0));
    }
}
