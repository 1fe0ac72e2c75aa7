//! JSON in and out of typed settings, with a pointer to what is wrong.

use kernel::{Code, FieldError, Problem, codes};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use serde_path_to_error::Segment;

use crate::masking::escape;

pub(crate) type JsonMap = Map<String, Value>;

/// Reads a value that stands at `at` in the request.
pub(crate) fn read<T: DeserializeOwned>(value: Value, at: &str) -> Result<T, Problem> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let pointer = error.path().iter().fold(at.to_owned(), |pointer, step| match step {
            Segment::Seq { index } => format!("{pointer}/{index}"),
            Segment::Map { key } | Segment::Enum { variant: key } => {
                format!("{pointer}/{}", escape(key))
            }
            Segment::Unknown => pointer,
        });
        let text = error.into_inner().to_string();
        // `invalid type: string "…", expected a number` would quote what may be a secret.
        let told = match text.split_once(", expected ") {
            Some((_, expected)) if text.starts_with("invalid ") => format!("expected {expected}"),
            _ => text,
        };
        problem(&codes::INVALID, vec![FieldError { pointer, message: told }])
    })
}

/// Settings as a JSON object.
pub(crate) fn to_map<T: Serialize>(settings: &T) -> Map<String, Value> {
    match serde_json::to_value(settings) {
        Ok(Value::Object(map)) => map,
        _ => Map::new(),
    }
}

/// The problem that names these fields, the first of them in its sentence.
pub(crate) fn problem(code: &'static Code, errors: Vec<FieldError>) -> Problem {
    let detail = errors.first().map_or_else(String::new, |first| match first.pointer.as_str() {
        "" => first.message.clone(),
        pointer => format!("{pointer}: {}", first.message),
    });
    Problem { errors, ..Problem::new(code, detail) }
}

/// Nothing, or the problem that names these fields.
pub(crate) fn refuse(code: &'static Code, errors: Vec<FieldError>) -> Result<(), Problem> {
    if errors.is_empty() { Ok(()) } else { Err(problem(code, errors)) }
}

/// One wrong field.
pub(crate) fn wrong(
    code: &'static Code,
    pointer: impl Into<String>,
    message: impl Into<String>,
) -> Problem {
    problem(code, vec![FieldError { pointer: pointer.into(), message: message.into() }])
}
