//! The schemas that integrations bring along, as JSON Schema or as a field map, laid over the
//! provider's.

use catalog::schema;
use kernel::FieldError;
use serde_json::{Map, Value, json};

/// What is wrong with a schema that was brought along; empty when nothing is.
pub(crate) fn problems(own: &Value, at: &str) -> Vec<FieldError> {
    let wrong =
        |pointer: &str, message: String| FieldError { pointer: format!("{at}{pointer}"), message };
    match schema_of(own) {
        Err(errors) => errors.into_iter().map(|it| wrong(&it.pointer, it.message)).collect(),
        Ok(own) => match schema::Schema::new(&own) {
            Err(error) => vec![wrong(&error.pointer, error.message)],
            Ok(_) => Vec::new(),
        },
    }
}

/// The provider's schema with what was brought along laid over it: its fields come on top, and it alone
/// says which ones are required.
pub(crate) fn merged(own: Option<&Value>, provider: &Value) -> Value {
    let Some(Ok(own)) = own.map(schema_of) else { return provider.clone() };
    if is_open(Some(&own)) {
        let mut open = provider.clone();
        if let Some(rules) = open.as_object_mut() {
            rules.retain(|key, _| key == "type" || key == "properties");
            rules.insert("additionalProperties".to_owned(), json!(true));
        }
        return open;
    }
    let mut properties = fields(provider).clone();
    properties.extend(fields(&own).clone());
    let mut merged = own;
    if let Some(rules) = merged.as_object_mut() {
        rules.insert("properties".to_owned(), Value::Object(properties));
    }
    merged
}

/// The schema that lets a configuration say anything: its known fields still have their types.
pub(crate) fn open() -> Value {
    json!({"type": "object", "additionalProperties": true})
}

/// Whether this is [`open`].
pub(crate) fn is_open(own: Option<&Value>) -> bool {
    own.is_some_and(|own| *own == open())
}

/// The fields that a schema names.
pub(crate) fn fields(rules: &Value) -> &Map<String, Value> {
    static NONE: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);
    rules.get("properties").and_then(Value::as_object).unwrap_or(&NONE)
}

/// Whether credentials must be there.
pub(crate) fn requires_any(rules: &Value) -> bool {
    rules.get("required").and_then(Value::as_array).is_some_and(|names| !names.is_empty())
}

/// The same rules for a part of the values: nothing is required of it.
pub(crate) fn of_a_part(mut rules: Value) -> Value {
    if let Some(rules) = rules.as_object_mut() {
        rules.retain(|key, _| {
            matches!(key.as_str(), "type" | "properties" | "additionalProperties")
        });
    }
    rules
}

/// What a value breaks, each pointer under `at`.
pub(crate) fn errors(rules: &Value, value: &Map<String, Value>, at: &str) -> Vec<FieldError> {
    let found = schema::validate(rules, &Value::Object(value.clone()));
    let found = found.unwrap_or_else(|error| {
        vec![FieldError {
            pointer: String::new(),
            message: format!("its schema cannot be used: {error}"),
        }]
    });
    found
        .into_iter()
        .map(|it| FieldError { pointer: format!("{at}{}", it.pointer), message: it.message })
        .collect()
}

fn schema_of(own: &Value) -> Result<Value, Vec<FieldError>> {
    match own {
        Value::Object(map) if schema::is_field_map(own) => schema::from_field_map(map),
        Value::Object(_) => Ok(own.clone()),
        _ => Err(vec![FieldError {
            pointer: String::new(),
            message: "a JSON Schema, or a map of fields, is expected".to_owned(),
        }]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_fields_lie_over_the_providers() {
        let provider = json!({
            "type": "object",
            "required": ["a"],
            "additionalProperties": false,
            "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
        });
        let own = json!({"b": {"type": "integer", "required": true}});
        let merged = merged(Some(&own), &provider);
        let check = |value: Value| errors(&merged, value.as_object().unwrap(), "/config").len();
        assert_eq!(check(json!({"a": "x", "b": 1})), 0);
        assert_eq!(check(json!({"a": "x"})), 1);
        assert_eq!(check(json!({"b": "x"})), 1);
        assert_eq!(check(json!({"b": 1, "c": 1})), 1);
    }

    #[test]
    fn an_open_schema_takes_anything_but_wrong_types() {
        let provider = json!({
            "type": "object",
            "required": ["base_url"],
            "additionalProperties": false,
            "properties": {"base_url": {"type": "string"}},
        });
        let merged = merged(Some(&open()), &provider);
        let check = |value: Value| errors(&merged, value.as_object().unwrap(), "").len();
        assert_eq!(check(json!({"scopes": [1]})), 0);
        assert_eq!(check(json!({"base_url": 7})), 1);
    }

    #[test]
    fn a_schema_that_cannot_be_read_is_refused() {
        for bad in [
            json!(7),
            json!({"a": {"type": "strnig"}}),
            json!({"type": "object", "properties": 1, "$ref": "http://x"}),
        ] {
            assert!(!problems(&bad, "/config_schema").is_empty(), "{bad}");
        }
        assert!(problems(&json!({}), "").is_empty());
    }
}
