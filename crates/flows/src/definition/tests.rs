use super::*;
use serde_json::json;

fn check(definition: Value) -> Vec<String> {
    match Definition::read(&definition) {
        Ok(_) => Vec::new(),
        Err(problem) => {
            assert_eq!(problem.code, &codes::WORKFLOW_INVALID);
            problem.errors.into_iter().map(|it| format!("{} {}", it.pointer, it.message)).collect()
        }
    }
}

#[test]
fn the_printed_form_is_read() {
    // As the description of the workflow platform prints it.
    let printed = json!({ "name": "Notify", "steps": [{
        "name": "send_slack_message", "type": "connector", "config": {
            "connectorType": "slack", "action": "send_message", "credentialId": "cred_slack_123",
            "channel": "#notifications", "text": "Workflow completed!" } }] });
    assert_eq!(check(printed), Vec::<String>::new());
}

#[test]
fn each_mistake_is_named_where_it_is() {
    let step = |more: Value| {
        let mut step = json!({ "name": "a", "type": "transform", "config": { "value": 1 } });
        more.as_object().unwrap().iter().for_each(|(name, value)| step[name] = value.clone());
        json!({ "name": "x", "steps": [step] })
    };
    for (definition, says) in [
        (json!([]), " expected an object"),
        (json!({ "steps": [] }), "/name it is required"),
        (json!({ "name": "x" }), "/steps it is required"),
        (json!({ "name": "x", "steps": [] }), "/steps a workflow has at least one step"),
        (step(json!({ "name": "A b" })), "/steps/0/name must have"),
        (step(json!({ "type": "magic" })), "/steps/0/type expected connector"),
        (step(json!({ "colour": 1 })), "/steps/0/colour there is no such field"),
        (step(json!({ "timeout": "soon" })), "/steps/0/timeout a span of time"),
        (
            step(json!({ "retry": { "attempts": 0 } })),
            "/steps/0/retry/attempts expected a whole number",
        ),
        (step(json!({ "if": "{{ input.a | }}" })), "/steps/0/if the jq program cannot be read"),
        (step(json!({ "on_error": "ignore" })), "/steps/0/on_error expected"),
        (
            step(
                json!({ "on_error": [{ "name": "a", "type": "transform", "config": { "value": 1 } }] }),
            ),
            "/steps/0/on_error/0/name two steps",
        ),
        (step(json!({ "type": "wait", "config": {} })), "/steps/0/config expected one of for"),
        (
            step(json!({ "type": "wait", "config": { "for": "1s" }, "retry": { "attempts": 2 } })),
            "/steps/0/retry a step of type wait",
        ),
        (step(json!({ "retry": { "attempts": 2 } })), "/steps/0/retry a step of type transform"),
        (step(json!({ "timeout": "1s" })), "/steps/0/timeout a step of type transform"),
        (step(json!({ "idempotency_key": "k" })), "/steps/0/idempotency_key a step of type"),
        (
            step(json!({ "type": "parallel", "config": { "branches": { "on_error": [] } } })),
            "/steps/0/config/branches/on_error a branch",
        ),
        (
            step(json!({ "type": "for_each", "config": { "items": [], "steps": [] } })),
            "/steps/0/config/steps there is at least one",
        ),
        (
            step(json!({ "config": { "value": "{{ secrets.x }}" } })),
            "/steps/0/config/value secrets cannot be reached",
        ),
        (
            json!({ "name": "x", "steps": step(json!({}))["steps"], "triggers": [{ "type": "cron", "cron": "daily" }] }),
            "/triggers/0/cron a cron line",
        ),
        (
            json!({ "name": "x", "steps": step(json!({}))["steps"], "triggers": [{ "type": "cron", "cron": "0 9 * * *", "time_zone": "Mars" }] }),
            "/triggers/0/time_zone there is no",
        ),
        (
            json!({ "name": "x", "steps": step(json!({}))["steps"], "triggers": [{ "type": "feed", "feed_id": "int_1" }] }),
            "/triggers/0/feed_id an id of the form feed_",
        ),
        (
            json!({ "name": "x", "steps": step(json!({}))["steps"], "input": { "type": "object", "properties": { "p": { "type": "string", "x-sensitive": true } } } }),
            "/input/properties/p what a run is given",
        ),
    ] {
        let told = check(definition);
        assert!(told.iter().any(|it| it.starts_with(says)), "{says}: {told:?}");
    }
}

#[test]
fn bounds_are_kept() {
    let many: Vec<_> = (0..10_000)
        .map(|n| json!({ "name": format!("s{n}"), "type": "transform", "config": { "value": n } }))
        .collect();
    assert_eq!(check(json!({ "name": "x", "steps": many })).len(), 1);
    let mut deep = json!([{ "name": "bottom", "type": "transform", "config": { "value": 1 } }]);
    for n in 0..40 {
        deep = json!([{ "name": format!("d{n}"), "type": "condition", "config": { "if": "true", "then": deep } }]);
    }
    assert!(check(json!({ "name": "x", "steps": deep }))[0].contains("deep at most"));
}

#[test]
fn an_edit_of_anything_else_leaves_a_trigger_where_it_is() {
    let of = |trigger: Value| {
        let steps = json!([{ "name": "a", "type": "transform", "config": { "value": 1 } }]);
        let definition = json!({ "name": "x", "steps": steps, "triggers": [trigger] });
        Definition::read(&definition).unwrap().triggers[0].key()
    };
    let daily = of(json!({ "type": "cron", "cron": "0 9 * * *", "time_zone": "Europe/Berlin" }));
    let again = of(
        json!({ "type": "cron", "cron": "0 9 * * *", "time_zone": "Europe/Berlin", "input": 1 }),
    );
    let other = of(json!({ "type": "cron", "cron": "0 8 * * *", "time_zone": "Europe/Berlin" }));
    assert!(daily == again && daily != other);
}
