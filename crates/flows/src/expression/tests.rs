use super::*;
use serde_json::json;

fn context() -> Context {
    Context(json!({
        "input": { "email": "ada@example.com", "n": 3, "list": [1, 2], "x-id": "7" },
        "steps": { "fetch": { "output": { "items": [{ "id": 1 }, { "id": 2 }] }, "status": "succeeded" } },
        "item": { "name": "one" }, "index": 0, "error": null, "trigger": { "type": "api" },
    }))
}

fn check_render(template: Value, expected: Value) {
    assert_eq!(render(&template, &context()).unwrap(), expected, "{template}");
}

#[test]
fn templates_are_filled_in() {
    check_render(json!("plain"), json!("plain"));
    check_render(json!("{{ input.n }}"), json!(3));
    check_render(json!("{{ .input.n }}"), json!(3));
    check_render(json!("{{input.list[-1]}}"), json!(2));
    check_render(json!("{{ input[\"x-id\"] }}"), json!("7"));
    check_render(json!("{{ input.none.deeper }}"), json!(null));
    check_render(
        json!("Hello {{ input.email }}, {{ input.n }}{{ input.none }}!"),
        json!("Hello ada@example.com, 3!"),
    );
    check_render(json!("{{ steps.fetch.output.items | length }}"), json!(2));
    check_render(json!("{{ input.n + 1 }}"), json!(4));
    check_render(json!("{{ [.steps.fetch.output.items[] | .id + input.n] }}"), json!([4, 5]));
    check_render(json!("{{ {a: {b: input.n}} }}"), json!({ "a": { "b": 3 } }));
    check_render(json!("{{ \"<\\(input.n)> }} \" + item.name }}"), json!("<3> }} one"));
    check_render(json!({ "a": ["{{ index }}", 1] }), json!({ "a": [0, 1] }));
    check_render(json!("{{ input.list | index(2) }}"), json!(1));
    check_render(json!("{{ true }}"), json!(true));
    check_render(json!("{{ if input.n > 2 then \"big\" else \"small\" end }}"), json!("big"));
}

#[test]
fn what_cannot_be_is_said() {
    let (steps, loops) = (["fetch"], ["row".to_owned()]);
    let seen = Seen { steps: &steps, loops: &loops };
    for (text, says) in [
        ("{{ input.a", "ends with }}"),
        ("{{ }}", "nothing between"),
        ("{{ steps.nope.output }}", "no step named nope"),
        ("{{ .steps.nope.output | length }}", "no step named nope"),
        ("{{ credentials.token }}", "cannot be reached"),
        ("{{ .credentials.token | length }}", "cannot be reached"),
        ("{{ $ENV.PATH }}", "cannot be reached"),
        ("{{ env | keys }}", "cannot be reached"),
        ("{{ other.thing }}", "there is no other here"),
        ("{{ input.a | }}", "cannot be read"),
    ] {
        let told = check(text, &seen).unwrap_err();
        assert!(told.contains(says), "{text}: {told}");
    }
    for text in
        ["{{ row.id }}", "{{ input.credentials }}", "{{ .input.steps.x | length }}", "a } b"]
    {
        assert_eq!(check(text, &seen), Ok(()), "{text}");
    }
}

#[test]
fn endless_programs_end() {
    let begun = std::time::Instant::now();
    for program in ["{{ [range(1e12)] | length }}", "{{ def f: f; f }}", "{{ \"x\" * 1e9 }}"] {
        let failure = render(&json!(program), &context()).unwrap_err();
        assert_eq!(failure.code, "step.expression_failed", "{program}");
    }
    assert!(begun.elapsed() < Duration::from_secs(15));
}

#[test]
fn filters_let_pass_what_they_say_true_to() {
    assert!(passes(".a == 1", json!({ "a": 1 })));
    assert!(!passes(".a == 1", json!({ "a": 2 })));
    assert!(!passes(".a.b.c", json!({ "a": 2 })));
    assert!(filter(".a |").is_err());
}
