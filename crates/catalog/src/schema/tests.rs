use super::*;
use proptest::prelude::*;
use serde_json::json;

fn check(schema: Value, value: Value, expected: &[(&str, &str)]) {
    let found = validate(&schema, &value).unwrap();
    let found: Vec<_> =
        found.iter().map(|error| (error.pointer.as_str(), error.message.as_str())).collect();
    assert_eq!(found, expected, "{schema} on {value}");
}

#[test]
fn complaints_are_for_people() {
    let schema = json!({
        "type": "object",
        "properties": {
            "url": {"type": "string", "format": "uri"},
            "units": {"enum": ["metric", "imperial"]},
            "count": {"type": "integer", "minimum": 1},
            "key": {"type": "string", "minLength": 1},
        },
        "required": ["url"],
        "additionalProperties": false,
    });
    check(schema.clone(), json!({"url": "https://example.org/"}), &[]);
    check(schema.clone(), json!({}), &[("/url", "is required")]);
    check(schema.clone(), json!({"url": "nope"}), &[("/url", "must be an absolute URL")]);
    check(
        schema.clone(),
        json!({"url": "https://a.b", "units": "furlong", "coutn": 3}),
        &[
            ("/units", "must be one of \"metric\", \"imperial\""),
            ("/coutn", "is not a field that is known here"),
        ],
    );
    check(schema.clone(), json!({"url": 1}), &[("/url", "must be a text")]);
    check(
        schema,
        json!({"url": "https://a.b", "count": 0, "key": ""}),
        &[("/count", "must be 1 or more"), ("/key", "must not be empty")],
    );
}

#[test]
fn hostile_schemas_are_refused_or_quick() {
    let refused = |schema: Value| assert!(Schema::new(&schema).is_err(), "{schema}");
    refused(json!({"$ref": "#"}));
    refused(json!({"$ref": "https://example.org/schema.json"}));
    refused(json!({"$schema": "https://example.org/own"}));
    refused(json!({"pattern": "((a{1000}){1000}){1000}"}));
    refused(json!({"pattern": "("}));
    refused(json!({"type": "nonsense"}));
    refused(json!("text"));
    let deep = (0..200).fold(json!({}), |inner, _| json!({"items": inner}));
    refused(deep);
    // A pattern that would backtrack for ages in another engine.
    let text = "a".repeat(100_000) + "!";
    check(json!({"pattern": "^(a+)+$"}), json!(text), &[("", "must match the pattern ^(a+)+$")]);
}

#[test]
fn defaults_are_filled_in() {
    let schema = json!({"properties": {
        "units": {"default": "metric"},
        "nested": {"properties": {"n": {"default": 1}}},
    }});
    let mut value = json!({"nested": {}});
    apply_defaults(&schema, &mut value);
    assert_eq!(value, json!({"nested": {"n": 1}, "units": "metric"}));
}

#[test]
fn the_field_maps_as_printed_become_schemas() {
    let printed = json!({
        "api_key": {"type": "string", "required": true, "label": "OpenWeather API Key", "sensitive": true}
    });
    assert!(is_field_map(&printed));
    let schema = from_field_map(printed.as_object().unwrap()).unwrap();
    assert_eq!(schema["properties"]["api_key"]["title"], "OpenWeather API Key");
    assert_eq!(sensitive(&schema), ["/api_key"]);
    check(schema.clone(), json!({}), &[("/api_key", "is required")]);
    check(schema, json!({"api_key": "x"}), &[]);

    let units =
        json!({"units": {"type": "string", "enum": ["metric", "imperial"], "default": "metric"}});
    let schema = from_field_map(units.as_object().unwrap()).unwrap();
    let mut config = json!({});
    apply_defaults(&schema, &mut config);
    assert_eq!(config, json!({"units": "metric"}));

    assert!(is_field_map(&json!({})));
    assert!(is_field_map(&json!({"type": {"type": "string"}})));
    assert!(!is_field_map(&json!({"type": "object", "properties": {}})));
    assert!(!is_field_map(&json!({"properties": {"a": {"type": "string"}}})));
    let bad = json!({"a": {"type": "strnig", "requird": true}});
    assert_eq!(from_field_map(bad.as_object().unwrap()).unwrap_err().len(), 2);
}

proptest! {
    #[test]
    fn no_schema_panics(text in "\\PC{0,80}", key in "(type|items|properties|pattern|enum|\\$ref|allOf|minimum|format)") {
        let inner: Value = serde_json::from_str(&text).unwrap_or(Value::String(text));
        for schema in [json!({&key: inner.clone()}), json!({&key: [inner.clone()]}), json!({&key: {"a": inner.clone()}})] {
            if let Ok(schema) = Schema::new(&schema) {
                schema.validate(&inner);
            }
            if let Value::Object(map) = &schema {
                let _ = from_field_map(map);
            }
            is_field_map(&schema);
        }
    }
}
