//! Real feed documents against what an independent parser makes of them. The files are from the tests of
//! `feedparser` (see `feeds/LICENSE`); `feeds/expected.json` holds its titles, links, ids and dates.
//! With `FEEDS_DIR` set, every file below that folder is read too, and must not panic.

use std::fs;
use std::path::{Path, PathBuf};

use catalog::Format;
use catalog::decode::{Options, decode};
use serde_json::Value;

#[test]
fn feeds_say_what_another_parser_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/feeds");
    let table = fs::read_to_string(folder.join("expected.json")).unwrap();
    let table: Vec<Value> = serde_json::from_str(&table).unwrap();
    assert!(table.len() >= 25, "{}", table.len());
    for expected in &table {
        let file = expected["file"].as_str().unwrap();
        let bytes = fs::read(folder.join(file)).unwrap();
        let feed = decode(&bytes, None, Format::Feed, &Options::default()).unwrap();
        same(file, "title", &expected["title"], &feed["title"]);
        same(file, "link", &expected["link"], &feed["link"]);
        let items = feed["items"].as_array().unwrap();
        let wanted = expected["items"].as_array().unwrap();
        assert_eq!(items.len(), wanted.len(), "{file}");
        for (item, wanted) in items.iter().zip(wanted) {
            for (field, value) in wanted.as_object().unwrap() {
                same(file, field, value, &item[field]);
            }
        }
    }
}

fn same(file: &str, field: &str, expected: &Value, found: &Value) {
    let text = |value: &Value| value.as_str().unwrap_or_default().trim().to_owned();
    assert_eq!(text(found), text(expected), "{file}: {field}");
}

#[test]
fn no_file_panics() {
    let Some(root) = std::env::var_os("FEEDS_DIR") else { return };
    let mut open = vec![PathBuf::from(root)];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        // Whole, and cut off at places where a parser might trip.
        for cut in (0..8).map(|part| bytes.len() - bytes.len() * part / 8) {
            for format in [Format::Auto, Format::Feed, Format::Xml] {
                let _ = decode(&bytes[..cut], None, format, &Options::default());
            }
        }
    }
}
