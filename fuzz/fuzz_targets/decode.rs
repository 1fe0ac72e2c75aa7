//! Answers of services: JSON, RSS, Atom, JSON Feed, XML, CSV, forms and text, by a first byte that
//! chooses how they are read. What comes out is JSON that can be written and read again.
#![no_main]

use catalog::Format;
use catalog::decode::{Options, decode};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

const FORMATS: [Format; 7] = [
    Format::Auto,
    Format::Json,
    Format::Feed,
    Format::Xml,
    Format::Csv,
    Format::Form,
    Format::Text,
];
const TYPES: [Option<&str>; 6] = [
    None,
    Some("application/json"),
    Some("application/rss+xml; charset=iso-8859-1"),
    Some("text/csv; charset=utf-16"),
    Some("application/x-www-form-urlencoded"),
    Some("text/html; charset=shift_jis"),
];

fuzz_target!(|input: &[u8]| {
    let Some((choice, bytes)) = input.split_first() else { return };
    let format = FORMATS[usize::from(*choice) % FORMATS.len()];
    let kind = TYPES[usize::from(*choice) / FORMATS.len() % TYPES.len()];
    let options = Options { max_bytes: 1 << 20, max_items: Some(100) };
    if let Ok(document) = decode(bytes, kind, format, &options) {
        let written = document.to_string();
        serde_json::from_str::<Value>(&written).expect("what was read can be read again");
    }
});
