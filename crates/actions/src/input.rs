//! What an action is given: checked against its schema, with its defaults, as templates see it.

use catalog::jq::{self, Program};
use catalog::{Action, schema};
use kernel::{FieldError, Problem, codes};
use serde_json::{Map, Value};

use crate::call::computed;

/// The input with its defaults.
///
/// # Errors
/// `action.bad_input` with each field that does not fit.
pub(crate) fn checked(
    action: &Action,
    input: Map<String, Value>,
) -> Result<Map<String, Value>, Problem> {
    let mut input = Value::Object(input);
    schema::apply_defaults(&action.input, &mut input);
    let errors = schema::validate(&action.input, &input)
        .map_err(|error| Problem::of(&codes::INTERNAL, &error))?;
    if !errors.is_empty() {
        let detail = format!("The input of {} does not fit its schema.", action.action);
        let below =
            |error: FieldError| FieldError { pointer: format!("/input{}", error.pointer), ..error };
        let errors = errors.into_iter().map(below).collect();
        return Err(Problem { errors, ..Problem::new(&codes::ACTION_INPUT, detail) });
    }
    Ok(object(input))
}

/// The input as templates see it.
///
/// # Errors
/// What the program says of this input.
pub(crate) async fn prepared(
    program: Program,
    input: Map<String, Value>,
    config: Map<String, Value>,
) -> Result<Map<String, Value>, Problem> {
    let (input, config) = (Value::Object(input), Value::Object(config));
    computed(move || {
        let made = jq::run_with(&program, input, config, jq::Limits::default());
        made.map(object).map_err(|error| Problem::of(error.code(), &error))
    })
    .await
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
