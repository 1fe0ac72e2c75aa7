//! Telling again, and forgetting.

use serde_json::{Value, json};
use std::time::Duration;

use crate::house::{Manner, Sink, houses};

const DAY: Duration = Duration::from_secs(24 * 3600);

#[tokio::test(flavor = "multi_thread")]
async fn one_delivery_is_told_again_with_the_same_id() {
    for house in houses().await {
        let sink = Sink::new(&house.clock).await;
        let (id, _) = house.webhook(&sink, json!({})).await;
        let event = house.happen("custom.tick", json!({})).await;
        house.rest().await;
        let delivery = house.deliveries(&id).await.remove(0);
        let delivery = delivery["id"].as_str().unwrap();
        for path in [
            format!("/api/v1/deliveries/{delivery}/replay"),
            format!("/api/v1/webhooks/{id}/deliveries/{delivery}/replay"),
        ] {
            house.api("POST", &path, Value::Null).await.expect(202);
            house.rest().await;
        }
        let told = sink.told();
        assert_eq!(told.len(), 3);
        assert!(told.iter().all(|it| it.header("webhook-id") == event));
        let delivery = house.deliveries(&id).await.remove(0);
        assert_eq!(delivery["attempts"].as_array().unwrap().len(), 3);
        assert_eq!(delivery["status"], "succeeded");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_since_a_time_are_told_again_and_what_was_never_told() {
    for house in houses().await {
        let sink = Sink::new(&house.clock).await;
        for n in 0..5 {
            house.happen("custom.before", json!({ "n": n })).await;
        }
        house.sleep(DAY).await;
        let (id, _) = house.webhook(&sink, json!({})).await;
        let since = house.clock.now();
        for n in 0..500 {
            house.happen("custom.tick", json!({ "n": n })).await;
        }
        house.rest().await;
        assert_eq!(sink.told().len(), 500);
        let path = format!("/api/v1/webhooks/{id}/replay");
        house.api("POST", &path, json!({ "since": since })).await.expect(202);
        house.rest().await;
        assert_eq!(sink.told().len(), 1000);
        // The webhook is younger than these.
        house.api("POST", &path, json!({ "since": since.minus(2 * DAY) })).await.expect(202);
        house.rest().await;
        assert_eq!(sink.told().len(), 1505);
        house.api("POST", &path, json!({ "since": since, "status": "dead" })).await.expect(202);
        house.rest().await;
        assert_eq!(sink.told().len(), 1505);
        assert!(house.rest().await.is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ended_long_ago_is_forgotten_and_what_waits_is_not() {
    for house in houses().await {
        let (sink, slow) = (Sink::new(&house.clock).await, Sink::new(&house.clock).await);
        let (id, _) = house.webhook(&sink, json!({})).await;
        let (paused, _) = house.webhook(&slow, json!({ "enabled": false })).await;
        let waiting = house.happen("custom.tick", json!("x".repeat(10_000))).await;
        house.rest().await;
        house.sleep(40 * DAY).await;
        house.test.db.forget_old(&db::Retention::default()).await.unwrap();
        assert!(house.deliveries(&id).await.is_empty());
        assert_eq!(house.count("SELECT count(*) AS n FROM delivery_attempts").await, 0);
        assert_eq!(house.tally(&paused).await["pending"], 1);
        let path = format!("/api/v1/webhooks/{paused}/resume");
        house.api("POST", &path, Value::Null).await.expect(200);
        assert_eq!(slow.when(1).await[0].header("webhook-id"), waiting);
        house.rest().await;
        house.sleep(40 * DAY).await;
        house.test.db.forget_old(&db::Retention::default()).await.unwrap();
        let sql = "SELECT count(*) AS n FROM events WHERE kind LIKE 'custom.%'";
        assert_eq!(house.count(sql).await, 0);
    }
}

/// What an attempt that nobody waits for any more has to say is dropped.
#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_can_go_while_it_is_told() {
    for house in houses().await {
        let sink = Sink::new(&house.clock).await;
        let gate = std::sync::Arc::new(tokio::sync::Semaphore::new(0));
        sink.answer(Manner { gate: Some(gate.clone()), ..Manner::status(200) });
        let (id, _) = house.webhook(&sink, json!({})).await;
        house.happen("custom.tick", json!({})).await;
        sink.when(1).await;
        let path = format!("/api/v1/webhooks/{id}");
        house.api("DELETE", &path, Value::Null).await.expect(204);
        gate.add_permits(10);
        assert!(house.rest().await.is_none());
        for table in ["deliveries", "delivery_attempts"] {
            assert_eq!(house.count(&format!("SELECT count(*) AS n FROM {table}")).await, 0);
        }
        house.happen("custom.tick", json!({})).await;
        assert!(house.rest().await.is_none(), "nobody follows any more");
    }
}
