//! XML as JSON: an element is an object with `@attribute`, `#text` and its children by name, several of one
//! name as a list; an element with text alone is that text. No document type, no entities of its own.

use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};
use serde_json::{Map, Value};

use super::{DecodeError, MAX_DEPTH, add};

pub(super) fn decode(text: &str) -> Result<Value, DecodeError> {
    let mut reader = reader(text);
    // The document is the outermost map; each open element has its own.
    let mut open: Vec<(String, Map<String, Value>)> = vec![(String::new(), Map::new())];
    loop {
        match reader.read_event().map_err(malformed)? {
            Event::Start(start) => {
                if open.len() > MAX_DEPTH {
                    return Err(malformed("it is nested too deeply"));
                }
                open.push((name(&start), attributes(&start)?));
            }
            Event::Empty(start) => {
                let attributes = attributes(&start)?;
                close(&mut open, name(&start), attributes);
            }
            Event::End(_) => {
                if let Some((name, map)) = open.pop() {
                    close(&mut open, name, map);
                }
            }
            Event::Text(part) => append(&mut open, &part.decode().map_err(malformed)?),
            Event::CData(part) => append(&mut open, &part.decode().map_err(malformed)?),
            Event::GeneralRef(entity) => append(&mut open, &resolve(&entity)?),
            Event::DocType(_) => return Err(DecodeError::Dtd),
            Event::Eof => break,
            Event::Comment(_) | Event::PI(_) | Event::Decl(_) => {}
        }
    }
    let document = open.pop().map(|(_, map)| map).unwrap_or_default();
    if !open.is_empty() || !document.keys().any(|key| key != "#text") {
        return Err(malformed("it has no root element, or one that is not closed"));
    }
    Ok(Value::Object(document.into_iter().filter(|(key, _)| key != "#text").collect()))
}

/// The local name of the root element.
pub(super) fn root(text: &str) -> Option<String> {
    let mut reader = reader(text);
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) | Event::Empty(start) => {
                let local = start.local_name();
                return Some(String::from_utf8_lossy(local.as_ref()).into_owned());
            }
            Event::Eof => return None,
            _ => {}
        }
    }
}

/// The label in `<?xml … encoding="…"?>`, which stands in ASCII.
pub(super) fn declared_encoding(bytes: &[u8]) -> Option<&[u8]> {
    let head = bytes.get(..bytes.len().min(200))?;
    let head = head.strip_prefix(b"<?xml")?;
    let end = head.windows(2).position(|pair| pair == b"?>")?;
    let at = head[..end].windows(8).position(|word| word == b"encoding")?;
    let mut quoted = head[at + 8..end].splitn(3, |byte| matches!(byte, b'"' | b'\''));
    quoted.nth(1)
}

fn reader(text: &str) -> Reader<&[u8]> {
    Reader::from_str(text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']))
}

fn name(start: &BytesStart<'_>) -> String {
    String::from_utf8_lossy(start.name().as_ref()).into_owned()
}

fn attributes(start: &BytesStart<'_>) -> Result<Map<String, Value>, DecodeError> {
    let mut map = Map::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(malformed)?;
        let key = format!("@{}", String::from_utf8_lossy(attribute.key.as_ref()));
        let value = String::from_utf8_lossy(&attribute.value);
        let value = quick_xml::escape::unescape(&value).map_err(malformed)?;
        map.insert(key, Value::String(value.into_owned()));
    }
    Ok(map)
}

fn append(open: &mut [(String, Map<String, Value>)], text: &str) {
    let Some((_, map)) = open.last_mut() else { return };
    match map.get_mut("#text") {
        Some(Value::String(before)) => before.push_str(text),
        _ => drop(map.insert("#text".to_owned(), Value::String(text.to_owned()))),
    }
}

fn close(open: &mut [(String, Map<String, Value>)], name: String, mut map: Map<String, Value>) {
    let text = map.remove("#text").and_then(|text| Some(text.as_str()?.trim().to_owned()));
    let text = text.filter(|text| !text.is_empty());
    let value = match text {
        text if map.is_empty() => Value::String(text.unwrap_or_default()),
        Some(text) => {
            map.insert("#text".to_owned(), Value::String(text));
            Value::Object(map)
        }
        None => Value::Object(map),
    };
    if let Some((_, parent)) = open.last_mut() {
        add(parent, &name, value);
    }
}

fn resolve(entity: &BytesRef<'_>) -> Result<String, DecodeError> {
    if let Some(letter) = entity.resolve_char_ref().map_err(malformed)? {
        return Ok(letter.to_string());
    }
    let name = entity.decode().map_err(malformed)?;
    quick_xml::escape::resolve_predefined_entity(&name)
        .map(str::to_owned)
        .ok_or_else(|| malformed(format!("it uses the unknown entity &{name};")))
}

fn malformed(reason: impl ToString) -> DecodeError {
    DecodeError::malformed("XML", reason)
}
