//! The plug is pulled in the middle of runs: every run ends, and no step that was completed is done again.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

use super::sink::Sink;
use crate::client::Client;
use crate::running::{Plan, Running, eventually};
use crate::world::{World, text};

/// `PATCHBAY_KILLS=50 PATCHBAY_RUNS=1000` is the long proof.
fn asked(name: &str, usual: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_kill_loses_a_run_or_repeats_a_step() {
    let (kills, runs) = (asked("PATCHBAY_KILLS", 8), asked("PATCHBAY_RUNS", 60));
    let sink = Sink::start().await;
    let World { plan, mut server, mut owner, workspace, sandbox } = World::new().await;
    let call = |name: &str, path: &str| json!({ "name": name, "type": "http", "config": { "method": "POST", "url": sink.url(path) } });
    let definition = json!({ "name": "Five", "steps": [
        call("one", "/hit"), call("two", "/nap"),
        { "name": "three", "type": "transform", "config": { "jq": ".input.n * 2" } },
        call("four", "/nap"), call("five", "/hit"),
    ], "output": "{{ steps.three.output }}" });
    let made = owner.post("/api/v1/workflows", definition).await.expect(201);
    let path = format!("/api/v1/workflows/{}/execute", text(&made["id"]));

    let mut ids = Vec::new();
    // What was completed as of each kill, and how often its request had been seen by then.
    let mut completed = BTreeMap::<String, usize>::new();
    let each = runs.div_ceil(kills);
    for round in 0..kills {
        for n in 0..each.min(runs - ids.len()) {
            ids.push(begin(&owner, &path, n).await);
        }
        // Somewhere in the middle, another place each time.
        tokio::time::sleep(Duration::from_millis(20 + 37 * (round as u64 % 7))).await;
        note_completed(&owner, &ids, &sink, &mut completed).await;
        server = restart(server, &plan).await;
        owner = owner.at(server.client.address);
    }
    let world = World { plan, server, owner, workspace, sandbox };
    for (at, id) in ids.iter().enumerate() {
        let run = ended(&world, id).await;
        assert_eq!(run["status"], "succeeded", "{run}");
        assert_eq!(run["output"], 2 * (at % each), "{run}");
        assert_eq!(run["steps"].as_array().unwrap().len(), 5);
    }
    let mut seen = BTreeMap::<String, usize>::new();
    for hit in sink.hits() {
        *seen.entry(hit.key).or_default() += 1;
    }
    assert_eq!(seen.len(), ids.len() * 4, "each step of each run was done");
    for (key, times) in &completed {
        assert_eq!(seen[key], *times, "{key} was completed, and done again");
    }
    let doubled = seen.values().filter(|times| **times > 1).count();
    // Only what was open when the plug was pulled may be done twice, with the same key.
    assert!(seen.values().all(|times| *times <= 1 + kills), "{seen:?}");
    say(&format!("{} runs, {kills} kills, {doubled} open steps sent again", ids.len()));
    let (status, _, _) = world.server.stop().await;
    assert!(status.success());
}

async fn begin(owner: &Client, path: &str, n: usize) -> String {
    let body = json!({ "input": { "n": n } });
    text(&owner.post(path, body).await.expect(202)["id"])
}

async fn restart(server: Running, plan: &Plan) -> Running {
    server.kill().await;
    plan.serve().await
}

/// The requests of steps that are completed, as the API tells before the plug is pulled.
async fn note_completed(
    owner: &Client,
    ids: &[String],
    sink: &Sink,
    completed: &mut BTreeMap<String, usize>,
) {
    for id in ids.iter().rev().take(20) {
        let run = owner.get(&format!("/api/v1/executions/{id}")).await.expect(200);
        for step in run["steps"].as_array().unwrap() {
            if step["status"] == "succeeded" && step["type"] == "http" {
                let key = format!("{id}:{}", text(&step["path"]));
                let times = sink.hits().iter().filter(|hit| hit.key == key).count();
                completed.entry(key).or_insert(times);
            }
        }
    }
}

async fn ended(world: &World, id: &str) -> Value {
    let is_over =
        |run: &Value| ["succeeded", "failed", "cancelled"].iter().any(|it| run["status"] == *it);
    eventually("the run ends", async || Some(world.run(id).await).filter(is_over)).await
}

/// For who reads along with `--nocapture`.
#[expect(clippy::print_stderr, reason = "the numbers of the long proof are for reading")]
fn say(text: &str) {
    eprintln!("{text}");
}
