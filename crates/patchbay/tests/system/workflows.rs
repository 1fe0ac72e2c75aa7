//! Workflows, from the outside: what starts them, what each step does, and what survives.

mod durable;
mod sink;

use serde_json::{Value, json};

use crate::client::Client;
use crate::running::eventually;
use crate::world::{World, created, push, text};
use sink::Sink;

impl World {
    /// A workflow; its id.
    async fn workflow(&self, definition: Value) -> String {
        text(&self.post("/api/v1/workflows", definition).await["id"])
    }

    /// Executes and waits for the end; the whole run.
    async fn execute(&self, id: &str, input: Value) -> Value {
        let path = format!("/api/v1/workflows/{id}/execute");
        let body = json!({ "input": input, "wait": 30 });
        let begun = created(self.owner.post(&path, body).await);
        self.run(&text(&begun["id"])).await
    }

    /// Executes without waiting; the id of the run.
    async fn start_run(&self, id: &str, input: Value) -> String {
        let path = format!("/api/v1/workflows/{id}/execute");
        let begun = self.owner.post(&path, json!({ "input": input })).await.expect(202);
        text(&begun["id"])
    }

    async fn run(&self, id: &str) -> Value {
        self.owner.get(&format!("/api/v1/executions/{id}")).await.expect(200)
    }

    async fn run_when(&self, id: &str, status: &str) -> Value {
        let what = format!("{id} is {status}");
        eventually(&what, async || Some(self.run(id).await).filter(|it| it["status"] == status))
            .await
    }

    /// The runs of a workflow, when there are so many.
    async fn runs_of(&self, workflow: &str, many: usize) -> Vec<Value> {
        let path = format!("/api/v1/executions?workflow_id={workflow}&status=succeeded");
        eventually("its runs", async || {
            let found = self.owner.get(&path).await.expect(200);
            let runs = found["data"].as_array().unwrap().clone();
            (runs.len() >= many).then_some(runs)
        })
        .await
    }
}

fn step<'a>(run: &'a Value, name: &str) -> &'a Value {
    let steps = run["steps"].as_array().unwrap();
    steps.iter().find(|step| step["name"] == name).unwrap_or(&Value::Null)
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_run_in_order_and_the_run_is_read() {
    for world in World::all().await {
        let sink = Sink::start().await;
        let id = world
            .workflow(json!({
                "name": "Order", "output": "{{ steps.tell.output.body.seen }}",
                "steps": [
                    { "name": "total", "type": "transform",
                      "config": { "jq": ".input.items | map(.price) | add" } },
                    { "name": "tell", "type": "http", "config": {
                        "method": "POST", "url": sink.url("/hit"),
                        "headers": { "Authorization": "Bearer s3cret-of-mine" },
                        "body": { "text": "{{ steps.total.output }} for {{ input.who }}" } } },
                ],
            }))
            .await;
        let run = world
            .execute(&id, json!({ "who": "ada", "items": [{ "price": 2 }, { "price": 3 }] }))
            .await;
        assert_eq!(run["status"], "succeeded", "{run}");
        assert_eq!(run["output"], json!({ "text": "5 for ada" }));
        let names: Vec<_> = run["steps"].as_array().unwrap().iter().map(|it| &it["name"]).collect();
        assert_eq!(names, ["total", "tell"]);
        let tell = step(&run, "tell");
        assert_eq!((&tell["status"], &tell["attempts"]), (&json!("succeeded"), &json!(1)));
        let shown = run.to_string();
        assert!(!shown.contains("s3cret-of-mine"), "{shown}");
        let hits = sink.hits();
        assert_eq!(hits[0].key, format!("{}:1", text(&run["id"])));
        assert_eq!(hits[0].authorization, "Bearer s3cret-of-mine");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn definitions_are_checked_versioned_and_restored() {
    let world = World::new().await;
    let bad = json!({ "name": "x", "steps": [
        { "name": "a", "type": "transform", "config": { "value": "{{ steps.nope.output }}" } },
        { "name": "a", "type": "teleport", "config": {} },
        { "name": "b", "type": "http", "config": { "url": "{{ credentials.token }}", "verb": "GET" } },
    ] });
    let answer = world.owner.post("/api/v1/workflows", bad.clone()).await;
    assert_eq!((answer.status, answer.code().as_str()), (422, "workflow.invalid"));
    let told = answer.json()["errors"].to_string();
    for pointer in [
        "/steps/0/config/value",
        "/steps/1/name",
        "/steps/1/type",
        "/steps/2/config/url",
        "/steps/2/config/verb",
    ] {
        assert!(told.contains(&format!("\"{pointer}\"")), "{pointer}: {told}");
    }
    let verdict =
        world.owner.post("/api/v1/workflows/validate", json!({ "definition": bad })).await;
    assert_eq!(verdict.expect(200)["valid"], false);
    let many: Vec<_> = (0..10_000)
        .map(|n| json!({ "name": format!("s{n}"), "type": "transform", "config": { "value": n } }))
        .collect();
    let many =
        world.owner.post("/api/v1/workflows", json!({ "name": "many", "steps": many })).await;
    assert!([413, 422].contains(&many.status), "{}", many.status);

    let one =
        |value: i64| json!([{ "name": "a", "type": "transform", "config": { "value": value } }]);
    let id = world.workflow(json!({ "name": "One", "steps": one(1) })).await;
    let path = format!("/api/v1/workflows/{id}");
    let changed = world.owner.patch(&path, json!({ "steps": one(2) })).await.expect(200);
    assert_eq!(changed["version"], 2);
    assert_eq!(world.execute(&id, json!({})).await["output"], 2);
    let second = world.owner.get(&format!("{path}/versions/2")).await.expect(200);
    assert_eq!(second["changes"][0]["pointer"], "/steps/0/config/value", "{second}");
    world.owner.post(&format!("{path}/versions/1/restore"), json!({})).await.expect(200);
    let run = world.execute(&id, json!({})).await;
    assert_eq!((&run["output"], &run["version"]), (&json!(1), &json!(3)));
    let off = world.owner.patch(&path, json!({ "enabled": false })).await.expect(200);
    assert_eq!((&off["enabled"], &off["version"]), (&json!(false), &json!(3)));
    let refused = world.owner.post(&format!("{path}/execute"), json!({})).await;
    assert_eq!(refused.code(), "workflow.disabled");
    assert_eq!(world.owner.delete(&path).await.status, 204);
    assert_eq!(world.owner.get(&path).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn branches_loops_and_handlers() {
    let world = World::new().await;
    let sink = Sink::start().await;
    let value = |name: &str, value: Value| json!({ "name": name, "type": "transform", "config": { "value": value } });
    let id = world
        .workflow(json!({
            "name": "All ways", "output": {
                "way": "{{ steps.choose.output }}", "doubled": "{{ steps.each.output }}",
                "both": "{{ steps.both.output }}", "case": "{{ steps.case.output }}",
                "handled": "{{ steps.risky.output }}", "left_out": "{{ steps.never.status }}",
                "code": "{{ steps.code.output }}",
            },
            "steps": [
                { "name": "choose", "type": "condition", "config": {
                    "if": "input.n > 2", "then": [value("big", json!("big"))], "else": [value("small", json!("small"))] } },
                { "name": "each", "type": "for_each", "config": {
                    "items": "{{ input.list }}", "as": "row", "concurrency": 3, "steps": [
                        { "name": "send", "type": "http", "config": { "method": "POST", "url": sink.url("/hit"), "body": { "row": "{{ row }}" } } },
                        value("twice", json!("{{ [row, index, steps.send.output.body.seen.row] }}")) ] } },
                { "name": "both", "type": "parallel", "config": { "branches": {
                    "left": [value("l", json!(1))], "right": [value("r", json!("{{ input.n }}"))] } } },
                { "name": "case", "type": "switch", "config": { "value": "{{ input.kind }}", "cases": [
                    { "when": "a", "steps": [value("is_a", json!("A"))] }, { "when": "b", "steps": [value("is_b", json!("B"))] } ] } },
                { "name": "never", "type": "transform", "if": "{{ input.n > 100 }}", "config": { "value": 1 } },
                { "name": "risky", "type": "http", "config": { "url": sink.url("/status/404") },
                  "on_error": [value("sorry", json!("{{ error.code }}"))] },
                { "name": "code", "type": "code", "config": { "source":
                    "export default function (input) { return steps.each.output.length + input.n }" } },
            ],
        }))
        .await;
    let run = world.execute(&id, json!({ "n": 3, "list": [5, 6, 7, 8], "kind": "b" })).await;
    assert_eq!(run["status"], "succeeded", "{run}");
    assert_eq!(
        run["output"],
        json!({
            "way": "big", "doubled": [[5, 0, 5], [6, 1, 6], [7, 2, 7], [8, 3, 8]],
            "both": { "left": 1, "right": 3 }, "case": "B", "handled": "step.http_status",
            "left_out": "skipped", "code": 7,
        })
    );
    assert_eq!(sink.hits().len(), 4);
    assert!(sink.most_at_once() <= 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn attempts_retries_and_a_retry_from_a_step() {
    let world = World::new().await;
    let sink = Sink::start().await;
    let call = |name: &str, path: &str, more: Value| {
        let mut step = json!({ "name": name, "type": "http", "config": { "method": "POST", "url": sink.url(path) } });
        for (field, value) in more.as_object().unwrap() {
            step[field] = value.clone();
        }
        step
    };
    let retry = json!({ "retry": { "attempts": 3, "delay": "10ms" } });
    let id = world
        .workflow(json!({ "name": "Tries", "steps": [call("flaky", "/flaky/2", retry), call("other", "/hit", json!({}))] }))
        .await;
    let run = world.execute(&id, json!({})).await;
    assert_eq!(run["status"], "succeeded", "{run}");
    assert_eq!(step(&run, "flaky")["attempts"], 3);
    let keys: Vec<_> = sink.hits().into_iter().map(|hit| hit.key).collect();
    assert!(keys[0] == keys[1] && keys[1] == keys[2] && keys[2] != keys[3], "{keys:?}");

    let id = world
        .workflow(json!({ "name": "Again", "steps": [call("first", "/hit", json!({})), call("second", "/once", json!({}))] }))
        .await;
    let failed = world.execute(&id, json!({})).await;
    assert_eq!(
        (&failed["status"], &failed["error"]["step"]),
        (&json!("failed"), &json!("second")),
        "{failed}"
    );
    let before = sink.hits().len();
    let path = format!("/api/v1/executions/{}/retry", text(&failed["id"]));
    let again = world.owner.post(&path, json!({})).await.expect(202);
    let run = world.run_when(&text(&again["id"]), "succeeded").await;
    assert_eq!(run["retry_of"], failed["id"]);
    assert_eq!(sink.hits().len(), before + 1, "the first step is not done again");
    let again = world.owner.post(&path, json!({ "from_step": "first" })).await.expect(202);
    world.run_when(&text(&again["id"]), "succeeded").await;
    assert_eq!(sink.hits().len(), before + 3);
    assert_eq!(world.owner.post(&path, json!({ "from_step": "nope" })).await.status, 422);
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_asked_and_runs_are_called_off() {
    for world in World::all().await {
        let sink = Sink::start().await;
        let id = world
            .workflow(json!({ "name": "Ask", "steps": [
                { "name": "sign_off", "type": "approval", "config": { "message": "Send {{ input.n }}?" } },
                { "name": "send", "type": "http", "config": { "method": "POST", "url": sink.url("/hit") } },
            ] }))
            .await;
        let run = world.start_run(&id, json!({ "n": 1 })).await;
        let waits = world.run_when(&run, "waiting").await;
        assert_eq!(step(&waits, "sign_off")["input"]["message"], "Send 1?");
        let approve = format!("/api/v1/executions/{run}/approve");
        let yes = json!({ "step": "sign_off", "approved": true, "comment": "go" });
        world.owner.post(&approve, yes.clone()).await.expect(202);
        let done = world.run_when(&run, "succeeded").await;
        assert_eq!(step(&done, "sign_off")["output"]["comment"], "go");
        assert_eq!(world.owner.post(&approve, yes).await.code(), "execution.not_waiting");

        let no = world.start_run(&id, json!({})).await;
        world.run_when(&no, "waiting").await;
        let path = format!("/api/v1/executions/{no}/approve");
        world.owner.post(&path, json!({ "approved": false })).await.expect(202);
        assert_eq!(world.run_when(&no, "failed").await["error"]["code"], "step.rejected");

        let slow = json!({ "name": "Slow", "steps": [
            { "name": "hang", "type": "http", "config": { "url": sink.url("/hang") } } ] });
        let slow = world.workflow(slow).await;
        let run = world.start_run(&slow, json!({})).await;
        sink.until("somebody hangs", |sink| sink.hanging() == 1).await;
        let cancelled =
            world.owner.send("POST", &format!("/api/v1/executions/{run}"), &[], "").await;
        assert_eq!(cancelled.expect(200)["status"], "cancelled");
        sink.until("nobody hangs", |sink| sink.hanging() == 0).await;
        let cancelled = world.run(&run).await;
        assert_eq!(step(&cancelled, "hang")["status"], "cancelled");
        let again = world
            .owner
            .post(&format!("/api/v1/executions/{run}"), json!({ "action": "cancel" }))
            .await;
        assert_eq!(again.code(), "execution.ended");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn waits_sub_workflows_and_answers() {
    let world = World::new().await;
    let child = world
        .workflow(json!({ "name": "Child", "steps": [
            { "name": "nap", "type": "wait", "config": { "for": "50ms" } },
            { "name": "add", "type": "transform", "config": { "jq": ".input.n + 1" } } ] }))
        .await;
    let parent = world
        .workflow(json!({ "name": "Parent", "steps": [
            { "name": "sub", "type": "workflow", "config": { "workflow_id": child, "input": { "n": "{{ input.n }}" } } },
            { "name": "answer", "type": "respond", "config": {
                "status": 201, "headers": { "X-N": "{{ steps.sub.output }}" }, "body": { "n": "{{ steps.sub.output }}" } } },
            { "name": "later", "type": "wait", "config": { "for": "100ms" } } ] }))
        .await;
    let path = format!("/api/v1/workflows/{parent}/execute");
    let answer = world.owner.post(&path, json!({ "input": { "n": 1 }, "wait": 20 })).await;
    assert_eq!((answer.status, answer.header("x-n")), (201, "2"), "{}", answer.text());
    assert_eq!(answer.json(), json!({ "n": 2 }));
    let run = answer.header("x-patchbay-execution").to_owned();
    world.run_when(&run, "succeeded").await;

    let itself = json!({ "name": "Itself", "steps": [
        { "name": "sub", "type": "workflow", "config": { "workflow_id": "{{ execution.workflow_id }}" } } ] });
    let itself = world.workflow(itself).await;
    let run = world.execute(&itself, json!({})).await;
    assert_eq!(run["error"]["code"], "workflow.too_deep", "{run}");

    let waits = json!({ "name": "Hears", "steps": [
        { "name": "hear", "type": "wait", "config": { "event": "workflow_test.*", "timeout": "1h" } },
    ] });
    let waits = world.workflow(waits).await;
    let run = world.start_run(&waits, json!({})).await;
    world.run_when(&run, "waiting").await;
    let called_off = format!("/api/v1/executions/{run}");
    world.owner.post(&called_off, json!({})).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clock_events_and_pushes_start_runs() {
    for world in World::all().await {
        let tick = json!([{ "name": "a", "type": "transform", "config": { "value": "{{ trigger.scheduled_at }}" } }]);
        let cron = json!({ "name": "Each second", "steps": tick, "triggers": [
            { "type": "cron", "cron": "* * * * * *", "time_zone": "Europe/Berlin" } ] });
        let cron = world.workflow(cron).await;
        let runs = world.runs_of(&cron, 2).await;
        assert_ne!(runs[0]["output"], runs[1]["output"]);
        // Off means off.
        world
            .owner
            .patch(&format!("/api/v1/workflows/{cron}"), json!({ "enabled": false }))
            .await
            .expect(200);

        let hook = world.webhook("hush", json!({})).await;
        let (feed, path) = world.feed(&hook, json!({ "mode": "push" })).await;
        let heard = json!([{ "name": "a", "type": "transform", "config": { "value": "{{ input.data.version }}" } }]);
        let on_feed = json!({ "name": "On feed", "steps": heard, "triggers": [{ "type": "feed", "feed_id": feed }] });
        let on_feed = world.workflow(on_feed).await;
        let on_event = json!({ "name": "On event", "steps": heard, "triggers": [
            { "type": "event", "kind": "feed.*", "filter": ".subject == \"feed_other\"" } ] });
        let on_event = world.workflow(on_event).await;
        push(&world.owner, &path, "hush", &json!({ "n": 0 })).await.expect(200);
        world.runs_of(&on_feed, 1).await;
        let others = world
            .owner
            .get(&format!("/api/v1/executions?workflow_id={on_event}"))
            .await
            .expect(200);
        assert_eq!(others["data"], json!([]));

        let said = json!([{ "name": "a", "type": "transform", "config": { "value": "{{ input.n }} by {{ trigger.provider }}" } }]);
        let inbound = json!({ "name": "On push", "steps": said, "triggers": [
            { "type": "inbound", "integration_id": hook, "filter": ".n > 1" } ] });
        let inbound = world.workflow(inbound).await;
        for n in [1, 2, 3] {
            let path = format!("/api/webhooks/{hook}");
            push(&world.owner, &path, "hush", &json!({ "n": n })).await.expect(200);
        }
        let runs = world.runs_of(&inbound, 2).await;
        let mut outputs: Vec<_> = runs.iter().map(|run| text(&run["output"])).collect();
        outputs.sort_unstable();
        assert_eq!(outputs, ["2 by webhook", "3 by webhook"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_hold() {
    let world = World::new().await;
    let code = |source: &str| {
        json!({ "name": "Code", "steps": [
        { "name": "a", "type": "code", "timeout": "1s", "config": { "source": source } } ] })
    };
    for (source, expected) in [
        ("while (true) {}", "step.timed_out"),
        ("let a = []; while (true) a.push(new Array(100000).fill(1))", "step.code_failed"),
        ("'x'.repeat(1e6)", "step.too_large"),
    ] {
        let id = world.workflow(code(source)).await;
        let run = world.execute(&id, json!({})).await;
        assert_eq!(run["error"]["code"], expected, "{run}");
    }
    let jq = json!({ "name": "jq", "steps": [
        { "name": "a", "type": "transform", "config": { "jq": "[range(1e12)]" } } ] });
    let jq = world.workflow(jq).await;
    assert_eq!(world.execute(&jq, json!({})).await["error"]["code"], "step.expression_failed");
    let private = json!({ "name": "SSRF", "steps": [
        { "name": "a", "type": "http", "config": { "url": "http://169.254.169.254/latest" } } ] });
    let private = world.workflow(private).await;
    assert_eq!(
        world.execute(&private, json!({})).await["error"]["code"],
        "egress.address_forbidden"
    );

    let sink = Sink::start().await;
    let one = json!({ "name": "One at a time", "concurrency": { "limit": 1, "key": "{{ input.who }}" },
        "steps": [{ "name": "a", "type": "http", "config": { "method": "POST", "url": sink.url("/nap") } }] });
    let one = world.workflow(one).await;
    let mut runs = Vec::new();
    for _ in 0..4 {
        runs.push(world.start_run(&one, json!({ "who": "ada" })).await);
    }
    for run in &runs {
        world.run_when(run, "succeeded").await;
    }
    assert_eq!(sink.most_at_once(), 1);
    let skip = json!({ "name": "One or none", "concurrency": { "limit": 1, "on_limit": "skip" },
        "steps": [{ "name": "a", "type": "wait", "config": { "for": "1h" } }] });
    let skip = world.workflow(skip).await;
    world.start_run(&skip, json!({})).await;
    let second = world.execute(&skip, json!({})).await;
    assert_eq!(
        (&second["status"], &second["error"]["code"]),
        (&json!("cancelled"), &json!("workflow.at_limit"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_sent_twice_starts_one_run() {
    let world = World::new().await;
    let id = world
        .workflow(json!({ "name": "Once", "steps": [{ "name": "a", "type": "transform", "config": { "value": 1 } }] }))
        .await;
    let client: Client = world.owner.with("idempotency-key", "order-7");
    let path = format!("/api/v1/workflows/{id}/execute");
    let first = created(client.post(&path, json!({ "input": {} })).await);
    let second = created(client.post(&path, json!({ "input": {} })).await);
    assert_eq!(first["id"], second["id"]);
    let step = json!({ "name": "a", "type": "transform", "config": { "value": "Hello {{ input.name }}" } });
    let tried = json!({ "step": step, "context": { "input": { "name": "Ada" } } });
    let tried = world.owner.post("/api/v1/workflows/test-step", tried).await.expect(200);
    assert_eq!(tried["output"], "Hello Ada");
}
