//! What the room promises, on both databases.

#![allow(clippy::unwrap_used, reason = "what cannot be so in a test fails it")]

mod world;

use db::args;
use kernel::Timestamp;
use serde_json::{Value, json};
use std::time::Duration;
use world::{World, worlds};

const HOUR: Duration = Duration::from_secs(3600);

fn say(value: &str) -> Value {
    json!([{ "name": "a", "type": "transform", "config": { "value": value } }])
}

#[tokio::test(flavor = "multi_thread")]
async fn actions_are_run_with_one_key_and_their_reasons_told() {
    for world in worlds().await {
        let slack = |name: &str, action: &str| {
            json!({ "name": name, "type": "connector", "config": {
                "connectorType": "slack", "action": action, "channel": "#a", "api_token": "hidden-1",
                "text": "Hi {{ input.who }}" } })
        };
        let id =
            world.workflow(json!({ "name": "x", "steps": [slack("one", "send_message")] })).await;
        let run = world.begin(&id, json!({ "who": "Ada" })).await;
        let run = world.run_when(&run, "succeeded").await;
        let call = world.fake.calls.lock().unwrap()[0].clone();
        assert_eq!(call.provider.as_deref(), Some("slack"));
        assert_eq!(call.input["text"], "Hi Ada");
        assert_eq!(call.idempotency_key, format!("{}:0", run["id"].as_str().unwrap()));
        assert!(!run["steps"][0]["input"].to_string().contains("hidden-1"));

        let id = world.workflow(json!({ "name": "x", "steps": [slack("one", "fail")] })).await;
        let run = world.begin(&id, json!({})).await;
        let run = world.run_when(&run, "failed").await;
        assert_eq!(run["error"]["message"], "channel_not_found");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clock_starts_runs_without_drift_and_makes_up_for_what_was_missed_once() {
    for world in worlds().await {
        let cron = json!({ "type": "cron", "cron": "0 9 * * *", "time_zone": "Europe/Berlin" });
        let definition = json!({ "name": "Daily", "steps": say("{{ trigger.scheduled_at }}"), "triggers": [cron] });
        let id = world.workflow(definition).await;
        world.later(9 * HOUR).await;
        let runs = world.runs_of(&id, 1).await;
        assert_eq!(runs[0]["output"], "2026-01-01T08:00:00Z");
        // An edit of something else, just before it is due, does not put it off.
        world.later(22 * HOUR + HOUR / 2).await;
        let path = format!("/api/v1/workflows/{id}");
        let edit = json!({ "description": "edited" });
        World::expect(200, world.call("PATCH", &path, edit).await);
        world.later(HOUR).await;
        let runs = world.runs_of(&id, 2).await;
        assert_eq!(runs[0]["output"], "2026-01-02T08:00:00Z");
        // Five days without anybody: one run makes up for them.
        world.later(5 * 24 * HOUR).await;
        let runs = world.runs_of(&id, 3).await;
        assert_eq!(runs.len(), 3);
        assert_eq!(runs[0]["output"], "2026-01-03T08:00:00Z");
        world.later(24 * HOUR).await;
        let runs = world.runs_of(&id, 4).await;
        assert_eq!(runs[0]["output"], "2026-01-08T08:00:00Z");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_start_runs_and_end_waits() {
    for world in worlds().await {
        let on = json!({ "name": "On", "steps": say("{{ input.data.n }}"), "triggers": [
            { "type": "event", "kind": "test.*", "filter": ".data.n > 1" } ] });
        let on = world.workflow(on).await;
        let waits = json!({ "name": "Waits", "steps": [
            { "name": "hear", "type": "wait", "config": { "event": "test.done", "filter": ".data.n == 7" } } ] });
        let waits = world.workflow(waits).await;
        let run = world.begin(&waits, json!({})).await;
        world.run_when(&run, "waiting").await;
        for n in [1, 2, 3] {
            world.emit("test.counted", "t", json!({ "n": n })).await;
        }
        world.emit("test.done", "t", json!({ "n": 0 })).await;
        world.emit("test.done", "t", json!({ "n": 7 })).await;
        let heard = world.run_when(&run, "succeeded").await;
        assert_eq!(heard["output"]["data"]["n"], 7);
        let mut outputs: Vec<_> =
            world.runs_of(&on, 3).await.iter().map(|run| run["output"].as_i64().unwrap()).collect();
        outputs.sort_unstable();
        assert_eq!(outputs, [2, 3, 7]);
        // A run does not start itself by its own events.
        let own = json!({ "name": "Own", "steps": say("x"), "triggers": [{ "type": "event", "kind": "execution.ended" }] });
        let own = world.workflow(own).await;
        let run = world.begin(&own, json!({})).await;
        world.run_when(&run, "succeeded").await;
        world.emit("test.last", "t", json!({ "n": 9 })).await;
        world.runs_of(&on, 4).await;
        assert!(world.runs_of(&own, 1).await.len() <= 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_lost_the_lease_writes_nothing() {
    for world in worlds().await {
        let call = json!({ "connectorType": "x", "action": "hang" });
        let steps = json!([{ "name": "a", "type": "connector", "config": call },
            { "name": "b", "type": "transform", "config": { "value": 1 } }]);
        let id = world.workflow(json!({ "name": "x", "steps": steps })).await;
        let run = world.begin(&id, json!({})).await;
        world.fake.called.notified().await;
        // Another worker has it: the fence is another.
        let mut tx = world.workspace.write().await.unwrap();
        let sql = "UPDATE jobs SET fence = fence + 1 WHERE workspace_id = $1 AND key = $2";
        assert_eq!(tx.execute(sql, args![world.workspace.id(), &run]).await.unwrap(), 1);
        tx.commit().await.unwrap();
        world.fake.go_on.notify_one();
        world.emit("test.something", "t", json!({})).await;
        tokio::task::yield_now().await;
        let seen = world.run(&run).await;
        assert_eq!(
            (&seen["status"], &seen["steps"][0]["status"]),
            (&json!("running"), &json!("running"))
        );
        // And that one takes it up where it stood, with the same key.
        let mut tx = world.workspace.write().await.unwrap();
        let sql =
            "UPDATE jobs SET lease_until = NULL, run_at = $2 WHERE workspace_id = $1 AND key = $3";
        tx.execute(sql, args![world.workspace.id(), Timestamp::from_secs(0), &run]).await.unwrap();
        let job = kernel::NewJob {
            kind: kernel::JobKind { name: "workflow.run", lane: kernel::Lane::Remote },
            key: run.clone(),
            run_at: tx.now(),
            payload: json!({}),
        };
        tx.enqueue(world.workspace.id(), job).await.unwrap();
        tx.commit().await.unwrap();
        world.fake.called.notified().await;
        world.fake.go_on.notify_one();
        world.run_when(&run, "succeeded").await;
        let calls = world.fake.calls.lock().unwrap().clone();
        assert_eq!(calls.len(), 2);
        assert_eq!(calls[0].idempotency_key, calls[1].idempotency_key);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn times_are_up_and_old_runs_are_forgotten() {
    for world in worlds().await {
        let wait = |config: Value| json!([{ "name": "w", "type": "wait", "config": config }]);
        let slow = json!({ "name": "x", "timeout": "2h", "keep_days": 3, "steps": wait(json!({ "for": "7d" })) });
        let slow = world.workflow(slow).await;
        let asks = json!({ "name": "x", "steps": [
            { "name": "ask", "type": "approval", "config": { "message": "?", "timeout": "1h" }, "on_error": "continue" },
            { "name": "then", "type": "transform", "config": { "value": "{{ steps.ask.error.code }}" } } ] });
        let asks = world.workflow(asks).await;
        let (slow, asks) =
            (world.begin(&slow, json!({})).await, world.begin(&asks, json!({})).await);
        world.run_when(&slow, "waiting").await;
        world.run_when(&asks, "waiting").await;
        world.later(HOUR).await;
        assert_eq!(world.run_when(&asks, "succeeded").await["output"], "step.timed_out");
        world.later(HOUR).await;
        let ended = world.run_when(&slow, "failed").await;
        assert_eq!(ended["error"]["code"], "execution.timed_out");
        assert_eq!(ended["steps"][0]["status"], "cancelled");
        world.clock.advance(4 * 24 * HOUR);
        world.test.db.forget_old(&db::Retention::default()).await.unwrap();
        let gone = world.call("GET", &format!("/api/v1/executions/{slow}"), Value::Null).await;
        assert_eq!(gone.0, 404);
        world.run(&asks).await;
    }
}
