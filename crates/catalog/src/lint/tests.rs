use super::*;
use std::fs;

#[test]
fn the_catalog_holds_together() {
    let findings = embedded();
    let shown: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert!(shown.is_empty(), "{}", shown.join("\n"));
}

/// Writes a catalog of one provider and gives what the linter says of it.
fn findings(yaml: &str, sample: &str, icon: &str) -> Vec<String> {
    let root = std::env::temp_dir().join(format!(
        "catalog-lint-{}-{:?}",
        std::process::id(),
        std::thread::current().id()
    ));
    let folder = root.join("providers/demo");
    fs::create_dir_all(folder.join("samples")).unwrap();
    fs::write(folder.join("provider.yaml"), yaml).unwrap();
    fs::write(folder.join("icon.svg"), icon).unwrap();
    fs::write(folder.join("samples/one.json"), sample).unwrap();
    let findings = dir(&root).unwrap();
    fs::remove_dir_all(&root).unwrap();
    findings.iter().map(ToString::to_string).collect()
}

const GOOD: &str = r#"
schema: 1
id: demo
name: Demo
summary: A demo.
modes: [pull]
auth: [{kind: bearer, value: "{{credentials.token}}"}]
credentials: {type: object, properties: {token: {title: Token, type: string, x-sensitive: true}}}
config: {type: object, properties: {city: {title: City, type: string}}}
base_url: https://example.org
request: {path: "/{{config.city}}"}
transform: .a
"#;
const SAMPLE: &str = r#"{"response": {"a": 1}, "expect": 1}"#;
const ICON: &str =
    r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><path d="M0 0"/></svg>"#;

#[test]
fn each_mistake_is_found() {
    assert_eq!(findings(GOOD, SAMPLE, ICON), Vec::<String>::new());
    let broken = |from: &str, to: &str, expected: &str| {
        assert!(GOOD.contains(from), "{from}");
        let found = findings(&GOOD.replace(from, to), SAMPLE, ICON).join("\n");
        assert!(found.contains(expected), "{to}: {found}");
    };
    broken("id: demo", "id: other", "must be the folder's name");
    broken("schema: 1", "schema: 2", "/schema");
    broken("summary: A demo.", "sumary: A demo.", "sumary");
    broken("{{config.city}}", "{{config.town}}", "`config.town` is not declared");
    broken("{{config.city}}", "{{config.city", "not closed");
    broken("{{credentials.token}}", "{{credential.token}}", "a name begins with");
    broken("x-sensitive: true", "x-other: true", "looks like a secret");
    broken("title: City, ", "", "needs a `title`");
    broken("city: {title: City", "api_key: {title: City", "belongs into `credentials`");
    broken("transform: .a", "transform: .a |", "cannot be read");
    broken("transform: .a", "transform: .b", "the outcome is not what is expected");
    broken("[pull]", "[pull, push]", "go together");
    broken("[pull]", "[push]", "have no effect");
    broken("request: {path: \"/{{config.city}}\"}", "", "needs a request");
    broken("base_url: https://example.org", "", "neither a `url` nor a `base_url`");
    broken("type: string}}}", "type: strin}}}", "/config");
    broken("kind: bearer, value", "kind: basic, value", "/auth/0");
    assert!(findings(GOOD, "{}", ICON).join("").contains("samples/one.json"));
    assert!(findings("a: [", SAMPLE, ICON).join("").contains("provider.yaml"));
}

#[test]
fn an_icon_is_a_picture_and_nothing_else() {
    for bad in [
        "",
        "<svg><script>alert(1)</script></svg>",
        "<svg onload=\"alert(1)\"/>",
        "<svg><a href=\"javascript:alert(1)\"/></svg>",
        "<svg><image href=\"https://example.org/x.png\"/></svg>",
        "<svg><rect fill=\"url(https://example.org/x)\"/></svg>",
        "<svg><foreignObject/></svg>",
        "<!DOCTYPE svg [<!ENTITY x \"y\">]><svg/>",
        "<svg style=\"background: url(x)\"/>",
        "<html/>",
        "not xml <",
    ] {
        assert!(icon::check(bad).is_err(), "{bad}");
    }
    assert_eq!(icon::check(ICON), Ok(()));
}

/// What the providers' own programs make of answers that are errors.
#[test]
fn error_messages_are_found() {
    use crate::Catalog;
    use serde_json::json;
    let catalog = Catalog::embedded().unwrap();
    let run = |provider: &str, program: &str, body: Value, config: Value| {
        let provider = catalog.get(provider).unwrap();
        let program = match program {
            "success" => &provider.success,
            _ => &provider.error_message,
        };
        let program = jq::compile(program.as_deref().unwrap()).unwrap();
        jq::run_with(&program, body, config, Limits::default()).ok()
    };
    let message = |provider: &str, body: Value| run(provider, "error", body, json!({}));
    for (body, expected) in [
        (json!({"message": "a"}), Some(json!("a"))),
        (json!({"error": "b"}), Some(json!("b"))),
        (json!({"error": {"message": "c"}}), Some(json!("c"))),
        (json!({"error": "x", "error_description": "d"}), Some(json!("d"))),
        (json!({"errors": [{"message": "e"}]}), Some(json!("e"))),
        (json!({"errors": ["f"]}), Some(json!("f"))),
        (json!({"title": "g", "detail": "h"}), Some(json!("h"))),
        (json!({}), None),
        (json!([1]), None),
        (json!("text"), None),
        (json!(null), None),
    ] {
        assert_eq!(message("rest", body.clone()), expected, "{body}");
    }
    assert_eq!(
        message("graphql", json!({"errors": [{"message": "a"}, {"message": "b"}]})),
        Some(json!("a; b"))
    );
    let failed = json!({"errors": [{"message": "a"}], "data": {"x": 1}});
    let success = |provider: &str, body: &Value, config: Value| {
        run(provider, "success", body.clone(), config)
    };
    assert_eq!(success("graphql", &failed, json!({})), Some(json!(false)));
    assert_eq!(success("graphql", &failed, json!({"allow_partial": true})), Some(json!(true)));
    assert_eq!(success("graphql", &json!({"data": {}}), json!({})), Some(json!(true)));
    assert_eq!(success("openweather", &json!({"cod": "200"}), json!({})), Some(json!(true)));
    assert_eq!(success("openweather", &json!({"cod": 401}), json!({})), Some(json!(false)));
}
