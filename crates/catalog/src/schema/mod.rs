//! JSON Schemas, also those that people bring: bounded in size, without references to elsewhere, with
//! patterns that cannot backtrack; and messages that a person understands.

mod field_map;
mod message;

use jsonschema::{PatternOptions, Validator};
use kernel::FieldError;
use serde_json::{Map, Value};

pub use field_map::{from_field_map, is_field_map};

/// Schemas that people bring are at most this deep and hold at most this many values.
const MAX_DEPTH: usize = 32;
const MAX_NODES: usize = 5_000;
/// A compiled pattern takes at most this many bytes.
const MAX_PATTERN: usize = 1 << 18;
/// More complaints than these help nobody.
const MAX_ERRORS: usize = 50;

/// Why a JSON Schema cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{pointer}: {message}")]
pub struct SchemaError {
    /// JSON Pointer into the schema.
    pub pointer: String,
    /// What is wrong with it.
    pub message: String,
}

/// A schema, ready to check values with.
#[derive(Debug)]
pub struct Schema(Validator);

impl Schema {
    /// From a JSON Schema (draft 2020-12 unless it says otherwise).
    pub fn new(schema: &Value) -> Result<Self, SchemaError> {
        if !matches!(schema, Value::Object(_) | Value::Bool(_)) {
            return Err(wrong("", "a JSON Schema is an object"));
        }
        bounded(schema, "", 0, &mut 0)?;
        Self::compile(schema)
    }

    /// From a schema of our own, which may refer to its `$defs`.
    pub(crate) fn trusted(schema: &Value) -> Result<Self, SchemaError> {
        Self::compile(schema)
    }

    fn compile(schema: &Value) -> Result<Self, SchemaError> {
        let pattern = PatternOptions::regex().size_limit(MAX_PATTERN).dfa_size_limit(MAX_PATTERN);
        jsonschema::options()
            .with_pattern_options(pattern)
            .should_validate_formats(true)
            .should_ignore_unknown_formats(true)
            .build(schema)
            .map(Self)
            .map_err(|error| wrong(error.instance_path().as_str(), &message::of(&error)))
    }

    /// What is wrong with a value; empty when nothing is.
    pub fn validate(&self, value: &Value) -> Vec<FieldError> {
        let mut errors: Vec<FieldError> = Vec::new();
        for error in self.0.iter_errors(value).take(MAX_ERRORS) {
            for error in message::fields(&error) {
                if !errors.contains(&error) {
                    errors.push(error);
                }
            }
        }
        errors
    }
}

/// Checks a value against a schema once.
pub fn validate(schema: &Value, value: &Value) -> Result<Vec<FieldError>, SchemaError> {
    Schema::new(schema).map(|schema| schema.validate(value))
}

/// Fills in the defaults of fields that are absent, also within objects that are there.
pub fn apply_defaults(schema: &Value, value: &mut Value) {
    let (Some(fields), Value::Object(map)) =
        (schema.get("properties").and_then(Value::as_object), value)
    else {
        return;
    };
    for (name, field) in fields {
        match (map.get_mut(name), field.get("default")) {
            (Some(there), _) => apply_defaults(field, there),
            (None, Some(default)) => drop(map.insert(name.clone(), default.clone())),
            (None, None) => {}
        }
    }
}

/// JSON Pointers to the fields that hold secrets (`x-sensitive`, or `format: password`).
pub fn sensitive(schema: &Value) -> Vec<String> {
    let mut found = Vec::new();
    collect_sensitive(schema, String::new(), &mut found);
    found
}

fn collect_sensitive(schema: &Value, pointer: String, found: &mut Vec<String>) {
    let flagged = schema.get("x-sensitive") == Some(&Value::Bool(true));
    if flagged || schema.get("format").is_some_and(|format| format == "password") {
        found.push(pointer);
        return;
    }
    for (name, field) in fields(schema) {
        let name = name.replace('~', "~0").replace('/', "~1");
        collect_sensitive(field, format!("{pointer}/{name}"), found);
    }
}

/// The fields an object schema names.
pub(crate) fn fields(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema.get("properties").and_then(Value::as_object).into_iter().flat_map(Map::iter)
}

/// Refuses what would make compiling or checking long, or reach outside.
fn bounded(
    schema: &Value,
    pointer: &str,
    depth: usize,
    nodes: &mut usize,
) -> Result<(), SchemaError> {
    *nodes += 1;
    if depth > MAX_DEPTH || *nodes > MAX_NODES {
        return Err(wrong(pointer, "the schema is too deep or too large"));
    }
    match schema {
        Value::Object(map) => {
            for (key, item) in map {
                let pointer = format!("{pointer}/{key}");
                if matches!(key.as_str(), "$ref" | "$dynamicRef" | "$recursiveRef" | "$schema")
                    && item.is_string()
                    && !known_draft(key, item)
                {
                    return Err(wrong(&pointer, "references are not supported; write it out"));
                }
                bounded(item, &pointer, depth + 1, nodes)?;
            }
            Ok(())
        }
        Value::Array(items) => items
            .iter()
            .enumerate()
            .try_for_each(|(at, item)| bounded(item, &format!("{pointer}/{at}"), depth + 1, nodes)),
        _ => Ok(()),
    }
}

fn known_draft(key: &str, item: &Value) -> bool {
    let item = item.as_str().unwrap_or_default();
    key == "$schema"
        && item.split_once("://").is_some_and(|(_, rest)| rest.starts_with("json-schema.org/"))
}

fn wrong(pointer: &str, message: &str) -> SchemaError {
    SchemaError { pointer: pointer.to_owned(), message: message.to_owned() }
}

#[cfg(test)]
mod tests;
