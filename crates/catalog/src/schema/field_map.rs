//! The short form of a schema, in which an object names its fields:
//! `{"api_key": {"type": "string", "required": true, "label": "Key", "sensitive": true}}`.

use kernel::FieldError;
use serde_json::{Map, Value, json};

/// What the short form may say about a field, beside `type`, and how JSON Schema says it.
const SAME: [&str; 12] = [
    "enum",
    "default",
    "description",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "pattern",
    "format",
    "items",
    "examples",
    "title",
];

/// Whether this is the short form rather than a JSON Schema. The empty object is.
pub fn is_field_map(value: &Value) -> bool {
    let Value::Object(map) = value else { return false };
    let fields = map.get("properties").and_then(Value::as_object);
    let schema =
        fields.is_some_and(|fields| !fields.contains_key("type") || fields["type"].is_object());
    !schema && map.values().all(Value::is_object)
}

/// The JSON Schema that a field map means. Fields that it does not name are refused by it.
pub fn from_field_map(map: &Map<String, Value>) -> Result<Value, Vec<FieldError>> {
    let mut errors = Vec::new();
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for (name, field) in map {
        let at = |key: &str| format!("/{}/{key}", name.replace('~', "~0").replace('/', "~1"));
        let mut schema = Map::new();
        for (key, value) in field.as_object().into_iter().flatten() {
            match (key.as_str(), value) {
                ("type", Value::String(kind)) => match kind_of(kind) {
                    Some(kind) => schema.extend(kind),
                    None => errors.push(error(at(key), "is not a type that is known here")),
                },
                ("required", Value::Bool(yes)) => {
                    if *yes {
                        required.push(name.clone());
                    }
                }
                ("label", Value::String(label)) => {
                    drop(schema.insert("title".into(), json!(label)))
                }
                ("sensitive", Value::Bool(yes)) => {
                    if *yes {
                        schema.insert("x-sensitive".into(), json!(true));
                    }
                }
                ("placeholder", Value::String(text)) => {
                    schema.insert("examples".into(), json!([text]));
                }
                (same, value) if SAME.contains(&same) => {
                    schema.insert(same.to_owned(), value.clone());
                }
                ("type" | "required" | "label" | "sensitive" | "placeholder", _) => {
                    errors.push(error(at(key), "has the wrong type"));
                }
                _ => errors.push(error(at(key), "is not something a field can say")),
            }
        }
        if !field.is_object() {
            errors.push(error(format!("/{name}"), "must be an object that describes the field"));
        }
        properties.insert(name.clone(), Value::Object(schema));
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    Ok(json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    }))
}

fn kind_of(name: &str) -> Option<Map<String, Value>> {
    let schema = match name {
        "string" | "number" | "integer" | "boolean" | "array" | "object" => json!({"type": name}),
        "text" | "select" => json!({"type": "string"}),
        "url" => json!({"type": "string", "format": "uri"}),
        "email" => json!({"type": "string", "format": "email"}),
        "password" | "secret" => json!({"type": "string", "x-sensitive": true}),
        _ => return None,
    };
    schema.as_object().cloned()
}

fn error(pointer: String, message: &str) -> FieldError {
    FieldError { pointer, message: message.to_owned() }
}
