//! Reads JSON strictly, and gathers what is wrong with it instead of stopping at the first.

use kernel::FieldError;
use serde_json::{Map, Value};
use std::time::Duration;

use super::parse_span;

/// More complaints than these help nobody.
const MOST_ERRORS: usize = 50;

#[derive(Default)]
pub(super) struct Reader {
    pub(super) errors: Vec<FieldError>,
}

/// An object that is being read: what is not asked for in the end is unknown.
pub(super) struct Fields<'a> {
    map: &'a Map<String, Value>,
    at: String,
    asked: Vec<&'static str>,
}

impl Reader {
    pub(super) fn wrong(&mut self, pointer: impl Into<String>, message: impl Into<String>) {
        if self.errors.len() < MOST_ERRORS {
            self.errors.push(FieldError { pointer: pointer.into(), message: message.into() });
        }
    }

    pub(super) fn object<'a>(&mut self, value: &'a Value, at: &str) -> Option<Fields<'a>> {
        match value {
            Value::Object(map) => Some(Fields { map, at: at.to_owned(), asked: Vec::new() }),
            _ => {
                self.wrong(at, "expected an object");
                None
            }
        }
    }

    pub(super) fn array<'a>(&mut self, value: &'a Value, at: &str) -> &'a [Value] {
        match value {
            Value::Array(items) => items,
            _ => {
                self.wrong(at, "expected a list");
                &[]
            }
        }
    }

    pub(super) fn span(&mut self, value: Option<(&Value, String)>) -> Option<Duration> {
        let (value, at) = value?;
        parse_span(value).map_err(|message| self.wrong(at, message)).ok()
    }
}

impl<'a> Fields<'a> {
    /// A field and where it stands; `null` is as good as absent.
    pub(super) fn get(&mut self, name: &'static str) -> Option<(&'a Value, String)> {
        self.asked.push(name);
        let value = self.map.get(name).filter(|value| !value.is_null())?;
        Some((value, self.pointer(name)))
    }

    pub(super) fn pointer(&self, name: &str) -> String {
        format!("{}/{}", self.at, name.replace('~', "~0").replace('/', "~1"))
    }

    pub(super) fn need(
        &mut self,
        name: &'static str,
        reader: &mut Reader,
    ) -> Option<(&'a Value, String)> {
        let found = self.get(name);
        if found.is_none() {
            reader.wrong(self.pointer(name), "it is required");
        }
        found
    }

    pub(super) fn text(&mut self, name: &'static str, reader: &mut Reader) -> Option<String> {
        let (value, at) = self.get(name)?;
        let text = value.as_str();
        if text.is_none() {
            reader.wrong(at, "expected a text");
        }
        text.map(str::to_owned)
    }

    pub(super) fn need_text(&mut self, name: &'static str, reader: &mut Reader) -> Option<String> {
        self.need(name, reader)?;
        self.text(name, reader)
    }

    pub(super) fn flag(&mut self, name: &'static str, reader: &mut Reader) -> Option<bool> {
        let (value, at) = self.get(name)?;
        let flag = value.as_bool();
        if flag.is_none() {
            reader.wrong(at, "expected true or false");
        }
        flag
    }

    pub(super) fn number(
        &mut self,
        name: &'static str,
        range: std::ops::RangeInclusive<u32>,
        reader: &mut Reader,
    ) -> Option<u32> {
        let (value, at) = self.get(name)?;
        let number = value.as_u64().and_then(|it| u32::try_from(it).ok());
        let number = number.filter(|it| range.contains(it));
        if number.is_none() {
            let (least, most) = (range.start(), range.end());
            reader.wrong(at, format!("expected a whole number from {least} to {most}"));
        }
        number
    }

    pub(super) fn map(&mut self, name: &'static str, reader: &mut Reader) -> Map<String, Value> {
        match self.get(name) {
            Some((Value::Object(map), _)) => map.clone(),
            Some((_, at)) => {
                reader.wrong(at, "expected an object");
                Map::new()
            }
            None => Map::new(),
        }
    }

    pub(super) fn span(&mut self, name: &'static str, reader: &mut Reader) -> Option<Duration> {
        let found = self.get(name);
        reader.span(found)
    }

    /// Everything that is there, asked for or not.
    pub(super) fn all(&self) -> &'a Map<String, Value> {
        self.map
    }

    /// Complains of what nobody asked for.
    pub(super) fn end(self, reader: &mut Reader) {
        for name in self.map.keys().filter(|name| !self.asked.contains(&name.as_str())) {
            reader.wrong(self.pointer(name), "there is no such field");
        }
    }
}
