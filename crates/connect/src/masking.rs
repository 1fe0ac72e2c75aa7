//! Secrets inside a configuration: taken out before it is stored, with the mask in their place, and put
//! back only to make a request. A mask that a caller sends back means "as it was".

use kernel::{FieldError, MASK, looks_secret};
use serde_json::{Map, Value};
use std::collections::HashSet;

/// A configuration without its secrets, and the secrets by where they stood: a name at the top level, a
/// JSON Pointer below.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Split {
    pub(crate) config: Map<String, Value>,
    pub(crate) secrets: Map<String, Value>,
}

/// Takes the secrets out. `known` are those that a mask can stand for; `sensitive` are pointers that hold
/// secrets whatever their name.
pub(crate) fn split(
    config: &Map<String, Value>,
    known: &Map<String, Value>,
    sensitive: &[String],
) -> Result<Split, Vec<FieldError>> {
    let sensitive = sensitive.iter().map(String::as_str).collect();
    let mut splitter = Splitter { known, sensitive, secrets: Map::new(), errors: Vec::new() };
    let config = splitter.object(config, "");
    match splitter.errors.is_empty() {
        true => Ok(Split { config, secrets: splitter.secrets }),
        false => Err(splitter.errors),
    }
}

struct Splitter<'a> {
    known: &'a Map<String, Value>,
    sensitive: HashSet<&'a str>,
    secrets: Map<String, Value>,
    errors: Vec<FieldError>,
}

impl Splitter<'_> {
    fn object(&mut self, map: &Map<String, Value>, at: &str) -> Map<String, Value> {
        map.iter()
            .map(|(name, value)| {
                let pointer = format!("{at}/{}", escape(name));
                (name.clone(), self.field(name, value, &pointer))
            })
            .collect()
    }

    fn field(&mut self, name: &str, value: &Value, pointer: &str) -> Value {
        let place = place(pointer);
        if *value == MASK {
            match self.known.get(&place) {
                Some(kept) => drop(self.secrets.insert(place, kept.clone())),
                None => self.errors.push(FieldError {
                    pointer: pointer.to_owned(),
                    message: "the mask stands for a stored secret, and none is stored here"
                        .to_owned(),
                }),
            }
            return Value::from(MASK);
        }
        let empty = matches!(value, Value::Null | Value::Bool(_)) || *value == "";
        // A template is not a secret: it says which one to fill in.
        let template = value.as_str().is_some_and(|text| text.contains("{{"));
        let secret = looks_secret(name) || self.sensitive.contains(pointer);
        if secret && !empty && !template {
            self.secrets.insert(place, value.clone());
            return Value::from(MASK);
        }
        match value {
            Value::Object(map) => Value::Object(self.object(map, pointer)),
            Value::Array(items) => {
                let each = items.iter().enumerate();
                each.map(|(n, item)| self.field("", item, &format!("{pointer}/{n}"))).collect()
            }
            other => other.clone(),
        }
    }
}

/// Puts the secrets back, and says which texts they were.
pub(crate) fn reveal(
    config: &Map<String, Value>,
    secrets: &Map<String, Value>,
) -> (Map<String, Value>, Vec<String>) {
    let mut whole = Value::Object(config.clone());
    let mut texts = Vec::new();
    for place in masked(config) {
        let (Some(secret), Some(slot)) = (secrets.get(&place), whole.pointer_mut(&pointer(&place)))
        else {
            continue;
        };
        collect_texts(secret, &mut texts);
        *slot = secret.clone();
    }
    match whole {
        Value::Object(whole) => (whole, texts),
        _ => (Map::new(), texts),
    }
}

/// Where masks stand in a configuration.
pub(crate) fn masked(config: &Map<String, Value>) -> Vec<String> {
    fn walk(value: &Value, at: String, found: &mut Vec<String>) {
        match value {
            Value::String(text) if text == MASK => found.push(place(&at)),
            Value::Object(map) => map
                .iter()
                .for_each(|(name, value)| walk(value, format!("{at}/{}", escape(name)), found)),
            Value::Array(items) => items
                .iter()
                .enumerate()
                .for_each(|(n, value)| walk(value, format!("{at}/{n}"), found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    for (name, value) in config {
        walk(value, format!("/{}", escape(name)), &mut found);
    }
    found
}

/// Credentials with the masks among them replaced by what is stored.
pub(crate) fn unmask(
    given: &Map<String, Value>,
    stored: &Map<String, Value>,
) -> Result<Map<String, Value>, Vec<FieldError>> {
    let mut errors = Vec::new();
    let mut whole = Map::new();
    for (name, value) in given {
        if *value != MASK {
            whole.insert(name.clone(), value.clone());
        } else if let Some(kept) = stored.get(name) {
            whole.insert(name.clone(), kept.clone());
        } else {
            errors.push(FieldError {
                pointer: format!("/credentials/{}", escape(name)),
                message: "the mask stands for a stored secret, and none is stored here".to_owned(),
            });
        }
    }
    if errors.is_empty() { Ok(whole) } else { Err(errors) }
}

/// The document with every text that is one of the secrets masked, and every field that looks like one.
pub(crate) fn redact(document: &mut Value, secrets: &[String]) {
    match document {
        Value::String(text) => {
            for secret in secrets.iter().filter(|secret| secret.len() >= 4) {
                if text.contains(secret.as_str()) {
                    *text = text.replace(secret.as_str(), MASK);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| redact(item, secrets)),
        Value::Object(map) => {
            for (name, value) in map.iter_mut() {
                if looks_secret(name) && value.is_string() {
                    *value = Value::from(MASK);
                } else {
                    redact(value, secrets);
                }
            }
        }
        _ => {}
    }
}

/// Every text in a value.
pub(crate) fn collect_texts(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::String(text) => into.push(text.clone()),
        Value::Number(number) => into.push(number.to_string()),
        Value::Array(items) => items.iter().for_each(|item| collect_texts(item, into)),
        Value::Object(map) => map.values().for_each(|item| collect_texts(item, into)),
        _ => {}
    }
}

fn place(pointer: &str) -> String {
    match pointer.strip_prefix('/') {
        Some(name) if !name.contains('/') => name.replace("~1", "/").replace("~0", "~"),
        _ => pointer.to_owned(),
    }
}

/// A top-level name that holds a slash keeps it; a pointer below begins with one.
fn pointer(place: &str) -> String {
    if place.starts_with('/') { place.to_owned() } else { format!("/{}", escape(place)) }
}

/// RFC 6901, section 3.
pub(crate) fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn map(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap()
    }

    #[test]
    fn secrets_leave_and_come_back() {
        let given = map(json!({
            "provider": "spotify",
            "clientSecret": "xyz",
            "auth": {"user": "u", "password": "p"},
            "servers": [{"token": 7}],
            "headers": {"X-Key": "{{credentials.api_key}}", "Authorization": "{{credentials.t}}"},
            "password": "",
        }));
        let split = split(&given, &Map::new(), &["/provider".to_owned()]).unwrap();
        assert_eq!(
            Value::Object(split.config.clone()),
            json!({
                "provider": MASK,
                "clientSecret": MASK,
                "auth": {"user": "u", "password": MASK},
                "servers": [{"token": MASK}],
                "headers": {"X-Key": "{{credentials.api_key}}", "Authorization": "{{credentials.t}}"},
                "password": "",
            })
        );
        let places: Vec<_> = split.secrets.keys().cloned().collect();
        assert_eq!(places, ["provider", "clientSecret", "/auth/password", "/servers/0/token"]);
        let (whole, texts) = reveal(&split.config, &split.secrets);
        assert_eq!(whole, given);
        assert_eq!(texts, ["spotify", "xyz", "p", "7"]);
    }

    #[test]
    fn a_mask_keeps_what_is_stored_and_nothing_else() {
        let known = map(json!({"apiKey": "k", "/a/token": "t"}));
        let kept = split(&map(json!({"apiKey": MASK, "a": {"token": MASK}})), &known, &[]).unwrap();
        assert_eq!(kept.secrets, known);
        let moved = split(&map(json!({"b": {"token": MASK}})), &known, &[]).unwrap_err();
        assert_eq!(moved[0].pointer, "/b/token");
        assert!(unmask(&map(json!({"x": MASK})), &known).is_err());
        assert_eq!(unmask(&map(json!({"apiKey": MASK})), &known).unwrap()["apiKey"], "k");
    }

    #[test]
    fn a_sample_shows_no_secret() {
        let mut sample = json!({"echo": "key=s3cret!", "access_token": "x", "n": 1});
        redact(&mut sample, &["s3cret!".to_owned()]);
        assert_eq!(sample, json!({"echo": format!("key={MASK}"), "access_token": MASK, "n": 1}));
    }
}
