//! A feed's document and the decisions about it: whether an answer brings another document, and how a
//! push changes the one there is. Pure.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use vault::TokenHash;

/// How a push changes the document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Apply {
    /// The payload is the document.
    #[default]
    Replace,
    /// The payload is merged into the document (JSON Merge Patch, RFC 7396).
    Merge,
    /// The document is a list, and the payload its newest entry; the last so many are kept.
    Append {
        /// How many are kept.
        keep_last: usize,
    },
}

/// The document after a push.
pub(crate) fn apply(document: Option<Value>, payload: Value, how: Apply) -> Value {
    match how {
        Apply::Replace => payload,
        Apply::Merge => merge(document.unwrap_or(Value::Null), payload),
        Apply::Append { keep_last } => {
            let mut list = match document {
                Some(Value::Array(list)) => list,
                None | Some(Value::Null) => Vec::new(),
                // The document was something else before the mode was changed.
                Some(other) => vec![other],
            };
            list.push(payload);
            let surplus = list.len().saturating_sub(keep_last.max(1));
            list.drain(..surplus);
            Value::Array(list)
        }
    }
}

fn merge(target: Value, patch: Value) -> Value {
    let Value::Object(patch) = patch else { return patch };
    let mut merged = match target {
        Value::Object(fields) => fields,
        _ => Map::new(),
    };
    for (name, value) in patch {
        if value.is_null() {
            merged.remove(&name);
        } else {
            let before = merged.remove(&name).unwrap_or(Value::Null);
            merged.insert(name, merge(before, value));
        }
    }
    Value::Object(merged)
}

/// What tells two documents apart: a hash of the document with its object keys in order and without
/// what lies at the ignored JSON Pointers. `*` as a segment stands for every member.
pub(crate) fn digest(document: &Value, ignore: &[String]) -> String {
    let mut canonical = document.clone();
    for pointer in ignore {
        let segments: Vec<String> = pointer
            .split('/')
            .skip(1)
            .map(|part| part.replace("~1", "/").replace("~0", "~"))
            .collect();
        remove(&mut canonical, &segments);
    }
    canonical.sort_all_objects();
    TokenHash::of(&canonical.to_string()).to_hex()
}

fn remove(value: &mut Value, path: &[String]) {
    let Some((first, rest)) = path.split_first() else { return };
    match value {
        Value::Object(fields) if first == "*" && rest.is_empty() => fields.clear(),
        Value::Object(fields) if first == "*" => {
            fields.values_mut().for_each(|member| remove(member, rest));
        }
        Value::Object(fields) if rest.is_empty() => {
            fields.remove(first);
        }
        Value::Object(fields) => {
            if let Some(member) = fields.get_mut(first) {
                remove(member, rest);
            }
        }
        Value::Array(items) if first == "*" => {
            items.iter_mut().for_each(|item| remove(item, rest));
        }
        Value::Array(items) => {
            let item = first.parse::<usize>().ok().and_then(|at| items.get_mut(at));
            if let Some(item) = item {
                if rest.is_empty() { *item = Value::Null } else { remove(item, rest) }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn pushes_replace_merge_or_append() {
        let before = Some(json!({ "a": 1, "b": { "c": 2, "d": 3 } }));
        let push = json!({ "b": { "c": null, "e": 4 } });
        assert_eq!(apply(before.clone(), push.clone(), Apply::Replace), push);
        let merged = json!({ "a": 1, "b": { "d": 3, "e": 4 } });
        assert_eq!(apply(before, push, Apply::Merge), merged);

        let mut list = None;
        for n in 0..5 {
            list = Some(apply(list, json!(n), Apply::Append { keep_last: 3 }));
        }
        assert_eq!(list, Some(json!([2, 3, 4])));
    }

    #[test]
    fn only_content_tells_documents_apart() {
        let one = json!({ "a": 1, "b": [{ "id": 1, "seen": 5 }], "took_ms": 12 });
        let two = json!({ "took_ms": 99, "b": [{ "seen": 6, "id": 1 }], "a": 1 });
        let ignore = ["/took_ms".to_owned(), "/b/*/seen".to_owned()];
        assert_eq!(digest(&one, &ignore), digest(&two, &ignore));
        assert_ne!(digest(&one, &[]), digest(&two, &[]));
        assert_ne!(digest(&json!([1, 2]), &[]), digest(&json!([2, 1]), &[]));
    }
}
