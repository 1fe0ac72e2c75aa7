//! Endpoints that are down: for a while, for a week, for good.

use kernel::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

use crate::house::{House, Manner, Sink, Told, houses, houses_with};

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
const SECOND: Duration = Duration::from_secs(1);

/// What was told of each event, in order.
fn by_event(told: &[Told]) -> BTreeMap<String, Vec<Told>> {
    let mut found: BTreeMap<String, Vec<Told>> = BTreeMap::new();
    for one in told {
        found.entry(one.header("webhook-id").to_owned()).or_default().push(one.clone());
    }
    found
}

async fn tasks(house: &House) -> i64 {
    house.count("SELECT count(*) AS n FROM tasks WHERE status = 'open'").await
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_week_of_outage_everything_is_told_once() {
    for house in houses().await {
        let (down, well) = (Sink::new(&house.clock).await, Sink::new(&house.clock).await);
        let (id, _) = house.webhook(&down, json!({})).await;
        house.webhook(&well, json!({})).await;
        let begun = house.clock.now();
        down.answer(Manner::status(503));
        let mut happened: Vec<(String, Timestamp)> = Vec::new();
        for n in 0..14 {
            happened
                .push((house.happen("custom.tick", json!({ "n": n })).await, house.clock.now()));
            house.sleep(12 * HOUR).await;
        }
        assert_eq!(house.clock.now().since(begun), 7 * DAY);
        assert_eq!(house.tally(&id).await, [("retrying".to_owned(), 14)].into());
        assert_eq!(house.get(&format!("/api/v1/webhooks/{id}")).await["status"], "active");

        down.answer(Manner::status(200));
        house.sleep(13 * HOUR).await;
        assert_eq!(house.tally(&id).await, [("succeeded".to_owned(), 14)].into());
        let told = by_event(&down.told());
        let others = by_event(&well.told());
        for (event, at) in &happened {
            let tries = &told[event];
            assert!(tries[0].at.since(*at) < SECOND, "the first attempt is on time: {tries:?}");
            let heard = tries.iter().filter(|it| it.status == 200).count();
            assert_eq!(heard, 1, "what was heard is not told again");
            assert!(tries.windows(2).all(|pair| pair[0].body == pair[1].body));
            let stamps: Vec<_> = tries.iter().map(|it| it.header("webhook-timestamp")).collect();
            assert!(stamps.len() > 1 && stamps[0] != stamps[stamps.len() - 1], "{stamps:?}");
            assert_eq!(others[event].len(), 1, "others are told once, meanwhile");
            assert!(others[event][0].at.since(*at) < SECOND);
        }
        assert_eq!(tasks(&house).await, 0);
        let shown = house.get(&format!("/api/v1/webhooks/{id}")).await;
        assert_eq!(shown["failing_since"], Value::Null, "{shown}");
        assert!(house.rest().await.is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_is_down_for_good_is_given_up_with_one_task() {
    for house in houses().await {
        let sink = Sink::new(&house.clock).await;
        let (id, _) = house.webhook(&sink, json!({ "name": "Shop" })).await;
        sink.answer(Manner { body: "no".to_owned(), ..Manner::status(500) });
        for _ in 0..17 {
            house.happen("custom.tick", json!({})).await;
            house.sleep(12 * HOUR).await;
        }
        let path = format!("/api/v1/webhooks/{id}");
        let shown = house.get(&path).await;
        assert_eq!(shown["status"], "disabled", "{shown}");
        assert_eq!(shown["cause"]["code"], "failing");
        assert_eq!(tasks(&house).await, 1);
        let sql = "SELECT count(*) AS n FROM notifications";
        assert_eq!(house.count(sql).await, 1);
        let tally = house.tally(&id).await;
        assert_eq!(tally.keys().collect::<Vec<_>>(), ["dead"], "{tally:?}");
        assert!(house.rest().await.is_none(), "nothing is tried any more");

        // What happens now is not kept for it; repaired, it is told all of it.
        house.happen("custom.missed", json!({})).await;
        house.rest().await;
        let since = json!({ "since": house.clock.now().minus(30 * DAY) });
        let refused = house.api("POST", &format!("{path}/replay"), since.clone()).await.expect(409);
        assert_eq!(refused["code"], "webhook.disabled");
        sink.answer(Manner::status(200));
        let before = sink.told().len();
        house.api("POST", &format!("{path}/resume"), Value::Null).await.expect(200);
        assert_eq!(tasks(&house).await, 0);
        house.api("POST", &format!("{path}/replay"), since).await.expect(202);
        let lost = tally["dead"];
        house.rest().await;
        assert_eq!(sink.told().len() - before, lost + 1 + (17 - lost));
        assert_eq!(house.tally(&id).await.keys().collect::<Vec<_>>(), ["succeeded"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn gone_is_gone_at_once() {
    for house in houses().await {
        let sink = Sink::new(&house.clock).await;
        let (id, _) = house.webhook(&sink, json!({})).await;
        sink.answer(Manner::status(410));
        house.happen("custom.tick", json!({})).await;
        house.rest().await;
        let shown = house.get(&format!("/api/v1/webhooks/{id}")).await;
        assert_eq!(
            (&shown["status"], &shown["cause"]["code"]),
            (&json!("disabled"), &json!("gone"))
        );
        assert_eq!((tasks(&house).await, house.tally(&id).await["dead"]), (1, 1));
        house.happen("custom.tick", json!({})).await;
        house.sleep(DAY).await;
        assert_eq!(sink.told().len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_endpoint_says_when_to_come_again() {
    for house in houses().await {
        let sink = Sink::new(&house.clock).await;
        let (id, _) = house.webhook(&sink, json!({})).await;
        let headers = vec![("retry-after", "600".to_owned())];
        sink.answer(Manner { headers, ..Manner::status(429) });
        let begun = house.clock.now();
        house.happen("custom.tick", json!({})).await;
        sink.when(1).await;
        house.rest().await;
        sink.answer(Manner::status(204));
        let next = house.deliveries(&id).await[0]["next_attempt_at"].as_str().unwrap().to_owned();
        let wait = Timestamp::parse(&next).unwrap().since(begun);
        assert!((600..=665).contains(&wait.as_secs()), "{wait:?}");
        house.sleep(599 * SECOND).await;
        assert_eq!(sink.told().len(), 1);
        house.sleep(67 * SECOND).await;
        assert_eq!(sink.told().len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn redirects_are_not_followed() {
    for house in houses().await {
        let (sink, elsewhere) = (Sink::new(&house.clock).await, Sink::new(&house.clock).await);
        let (id, _) = house.webhook(&sink, json!({})).await;
        sink.answer(Manner { headers: vec![("location", elsewhere.url())], ..Manner::status(308) });
        house.happen("custom.tick", json!({})).await;
        sink.when(1).await;
        house.rest().await;
        let delivery = house.deliveries(&id).await.remove(0);
        assert_eq!(delivery["status"], "retrying");
        assert_eq!(delivery["attempts"][0]["status_code"], 308);
        assert!(elsewhere.told().is_empty());
    }
}

/// With the breaker as it is in production: what it puts off uses up no attempt, and the first attempt of
/// what is new is on time all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_is_left_alone_costs_no_attempts() {
    for house in houses_with(egress::BreakerPolicy::default()).await {
        let sink = Sink::new(&house.clock).await;
        let (id, _) = house.webhook(&sink, json!({})).await;
        sink.answer(Manner::status(502));
        for n in 0..20 {
            house.happen("custom.tick", json!({ "n": n })).await;
        }
        house.rest().await;
        assert_eq!(sink.told().len(), 20, "every first attempt was made");
        let told = sink.told().len();
        house.sleep(60 * SECOND).await;
        assert_eq!(sink.told().len(), told, "further ones are put off");
        let deliveries = house.deliveries(&id).await;
        let tries = |it: &Value| it["attempts"].as_array().unwrap().len();
        assert!(deliveries.iter().all(|it| tries(it) == 1), "{deliveries:?}");
        let now = house.clock.now();
        sink.answer(Manner::status(200));
        house.happen("custom.late", json!({})).await;
        // A further attempt at something else may have found out first that the host is back.
        let late = sink.heard("custom.late").await;
        assert_eq!(late.at, now);
        // It was heard, so the host is back for all.
        house.sleep(10 * SECOND).await;
        assert_eq!(house.tally(&id).await, [("succeeded".to_owned(), 21)].into());
    }
}
