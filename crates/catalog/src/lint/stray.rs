//! What services add to their answers one day. A mapping that is worth its name gives the same with it.

use serde_json::{Value, json};

const NAME: &str = "field_that_nobody_knows";

/// The answer with an unknown field in each of its objects.
pub(super) fn with_more(answer: &Value) -> Value {
    match answer {
        Value::Array(items) => items.iter().map(with_more).collect(),
        Value::Object(map) => {
            let more = (NAME.to_owned(), json!({"id": 1, "data": [null, "x"]}));
            let known = map.iter().map(|(name, value)| (name.clone(), with_more(value)));
            known.chain([more]).collect()
        }
        other => other.clone(),
    }
}
