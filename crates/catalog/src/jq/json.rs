//! Between the values of programs and JSON outside, as values and as text. Each part written is a step, so
//! that a small value that shares its parts a million times over cannot be unfolded.

use std::fmt::Write;

use serde_json::{Map, Number, Value as Json};

use super::JqError;
use super::meter::{self, Charge};
use super::value::{List, Object, Value};

/// How much of a value a message quotes.
const EXCERPT: usize = 120;

impl Value {
    /// From JSON outside.
    pub(super) fn from_json(json: Json) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Bool(value),
            Json::Number(number) => number
                .as_i128()
                .map(Self::Int)
                .unwrap_or_else(|| Self::Float(number.as_f64().unwrap_or(f64::NAN))),
            Json::String(text) => Self::text(text),
            Json::Array(items) => items.into_iter().map(Self::from_json).collect(),
            Json::Object(map) => {
                let mut object = Object::new();
                map.into_iter()
                    .for_each(|(key, value)| object.insert(&key, Self::from_json(value)));
                Self::object(object)
            }
        }
    }

    /// To JSON outside, of at most so many bytes.
    pub(super) fn into_json(self, mut room: usize) -> Result<Json, JqError> {
        convert(&self, &mut room).ok_or(JqError::Output)
    }
}

fn convert(value: &Value, room: &mut usize) -> Option<Json> {
    meter::tick();
    *room = room.checked_sub(match value {
        Value::Str(text) => text.len() + 2,
        _ => 4,
    })?;
    Some(match value {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Int(_) | Value::Float(_) => number(value),
        Value::Str(text) => Json::String(text.to_string()),
        Value::Arr(list) => {
            Json::Array(list.items.iter().map(|item| convert(item, room)).collect::<Option<_>>()?)
        }
        Value::Obj(object) => {
            let mut map = Map::new();
            for (key, value) in &object.map {
                *room = room.checked_sub(key.len() + 4)?;
                map.insert(key.clone(), convert(value, room)?);
            }
            Json::Object(map)
        }
    })
}

/// JSON has no infinity: it becomes the largest number, as in jq. What is not a number becomes null.
fn number(value: &Value) -> Json {
    let float = match value {
        Value::Int(int) => {
            if let Some(number) = Number::from_i128(*int) {
                return Json::Number(number);
            }
            *int as f64
        }
        Value::Float(float) => *float,
        _ => f64::NAN,
    };
    // A whole number that came out of a division is written as one.
    if float.fract() == 0.0 && float.abs() < 9e15 {
        return Json::from(float as i64);
    }
    Number::from_f64(float.clamp(f64::MIN, f64::MAX)).map_or(Json::Null, Json::Number)
}

/// The JSON text of a value.
pub(super) fn write(value: &Value) -> String {
    let mut text = String::new();
    let mut charge = Charge::new(0);
    put(value, &mut text, &mut |text| {
        charge.grow(text);
        true
    });
    text
}

/// The beginning of the JSON text of a value.
pub(super) fn excerpt(value: &Value) -> String {
    let mut text = String::new();
    let mut room = EXCERPT;
    let whole = put(value, &mut text, &mut |used| {
        room = room.saturating_sub(used);
        room > 0
    });
    if whole && text.chars().count() <= EXCERPT {
        return text;
    }
    text.chars().take(EXCERPT).chain("…".chars()).collect()
}

/// Writes until `more` says no; `more` is told of each piece before it is written.
fn put(value: &Value, out: &mut String, more: &mut dyn FnMut(usize) -> bool) -> bool {
    meter::tick();
    let piece = value.as_str().map_or(8, |text| text.len() + 2);
    if !more(piece) {
        return false;
    }
    match value {
        Value::Arr(list) => items(list, out, more),
        Value::Obj(object) => {
            out.push('{');
            for (at, (key, value)) in object.map.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                quote(key, out);
                out.push(':');
                if !more(key.len() + 3) || !put(value, out, more) {
                    return false;
                }
            }
            out.push('}');
            true
        }
        Value::Str(text) => {
            quote(text, out);
            true
        }
        Value::Null => write!(out, "null").is_ok(),
        Value::Bool(value) => write!(out, "{value}").is_ok(),
        value => write!(out, "{}", number(value)).is_ok(),
    }
}

fn items(list: &List, out: &mut String, more: &mut dyn FnMut(usize) -> bool) -> bool {
    out.push('[');
    for (at, item) in list.items.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        if !put(item, out, more) {
            return false;
        }
    }
    out.push(']');
    true
}

fn quote(text: &str, out: &mut String) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            letter if letter < ' ' || letter == '\u{7f}' => {
                out.push_str(&format!("\\u{:04x}", letter as u32));
            }
            letter => out.push(letter),
        }
    }
    out.push('"');
}
