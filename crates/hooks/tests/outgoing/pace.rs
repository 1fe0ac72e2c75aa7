//! Order, concurrency, rate, pause.

use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

use crate::house::{Manner, Sink, houses};

fn numbers(sink: &Sink) -> Vec<i64> {
    let number = |it: crate::house::Told| it.json()["data"]["n"].as_i64().unwrap();
    sink.told().into_iter().map(number).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn in_order_the_next_waits_until_the_one_before_was_heard() {
    for house in houses().await {
        let sink = Sink::new(&house.clock).await;
        let (id, _) = house.webhook(&sink, json!({ "ordered": true })).await;
        sink.answer(Manner::status(500));
        for n in 0..30 {
            house.happen("custom.tick", json!({ "n": n })).await;
            house.clock.advance(Duration::from_micros(10));
        }
        house.rest().await;
        house.sleep(Duration::from_secs(20)).await;
        assert!(!sink.told().is_empty());
        assert!(numbers(&sink).iter().all(|n| *n == 0), "{:?}", numbers(&sink));
        sink.answer(Manner::status(200));
        let failed = sink.told().len();
        house.sleep(Duration::from_secs(3600)).await;
        assert_eq!(numbers(&sink)[failed..], (0..30).collect::<Vec<_>>());
        assert_eq!(sink.most_at_once(), 1);
        assert_eq!(house.tally(&id).await["succeeded"], 30);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_at_once_than_allowed() {
    for house in houses().await {
        let sink = Sink::new(&house.clock).await;
        let gate = Arc::new(Semaphore::new(0));
        sink.answer(Manner { gate: Some(gate.clone()), ..Manner::status(200) });
        house.webhook(&sink, json!({ "concurrency": 3 })).await;
        for n in 0..12 {
            house.happen("custom.tick", json!({ "n": n })).await;
        }
        sink.when(3).await;
        gate.add_permits(100);
        house.rest().await;
        assert_eq!((sink.told().len(), sink.most_at_once()), (12, 3));
    }
}

/// An endpoint that hangs on what is tried again is told of what is new at once.
#[tokio::test(flavor = "multi_thread")]
async fn first_attempts_do_not_queue_behind_further_ones() {
    for house in houses().await {
        let (sink, other) = (Sink::new(&house.clock).await, Sink::new(&house.clock).await);
        house.webhook(&sink, json!({ "concurrency": 4, "events": ["custom.*"] })).await;
        house.webhook(&other, json!({ "events": ["custom.new"] })).await;
        sink.answer(Manner::status(500));
        for n in 0..40 {
            house.happen("custom.old", json!({ "n": n })).await;
        }
        house.rest().await;
        let gate = Arc::new(Semaphore::new(0));
        sink.answer(Manner { gate: Some(gate.clone()), ..Manner::status(200) });
        let told = sink.told().len();
        // Further attempts come due and hang, as many as there may be.
        house.clock.advance(Duration::from_secs(6));
        house.happen("custom.wake", json!({})).await;
        sink.when(told + 3).await;
        let now = house.clock.now();
        house.happen("custom.new", json!({})).await;
        let all = sink.when(told + 4).await;
        let last = all.iter().find(|it| it.json()["type"] == "custom.new").expect("it is told");
        assert_eq!(last.at, now);
        assert_eq!(other.when(1).await[0].at, now);
        gate.add_permits(1000);
        house.rest().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_faster_than_allowed() {
    for house in houses().await {
        let sink = Sink::new(&house.clock).await;
        let rate = json!({ "requests": 5, "window_secs": 1 });
        let (id, _) = house.webhook(&sink, json!({ "rate_limit": rate })).await;
        let begun = tokio::time::Instant::now();
        for n in 0..12 {
            house.happen("custom.tick", json!({ "n": n })).await;
        }
        sink.when(12).await;
        let took = begun.elapsed();
        // The rate goes by the clock on the wall, since it spares a machine there.
        assert!(took > Duration::from_millis(900), "{took:?}");
        house.rest().await;
        let deliveries = house.deliveries(&id).await;
        let tries = |it: &Value| it["attempts"].as_array().unwrap().len();
        assert!(deliveries.iter().all(|it| tries(it) == 1), "waiting is no attempt");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_during_a_pause_waits() {
    for house in houses().await {
        let sink = Sink::new(&house.clock).await;
        let (id, _) = house.webhook(&sink, json!({})).await;
        let path = format!("/api/v1/webhooks/{id}");
        let paused = house.api("POST", &format!("{path}/pause"), Value::Null).await.expect(200);
        assert_eq!((&paused["status"], &paused["enabled"]), (&json!("paused"), &json!(false)));
        house.happen("custom.tick", json!({ "n": 1 })).await;
        house.rest().await;
        assert_eq!(house.tally(&id).await["pending"], 1);
        assert!(sink.told().is_empty());
        house.api("PATCH", &path, json!({ "enabled": true })).await.expect(200);
        sink.when(1).await;
        house.rest().await;
        assert_eq!(house.tally(&id).await["succeeded"], 1);
    }
}
