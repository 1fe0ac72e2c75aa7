//! Whether an icon is a picture and nothing else: an SVG of shapes, without script, style, links, or
//! anything from elsewhere.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

const ELEMENTS: [&str; 14] = [
    "svg",
    "g",
    "path",
    "rect",
    "circle",
    "ellipse",
    "line",
    "polyline",
    "polygon",
    "title",
    "defs",
    "linearGradient",
    "stop",
    "text",
];
const MAX_BYTES: usize = 8 << 10;

pub(super) fn check(svg: &str) -> Result<(), String> {
    if svg.trim().is_empty() {
        return Err("the icon is missing".to_owned());
    }
    if svg.len() > MAX_BYTES {
        return Err(format!("the icon is larger than {MAX_BYTES} bytes"));
    }
    let mut reader = Reader::from_str(svg);
    let mut root = None;
    loop {
        match reader.read_event().map_err(|error| format!("the icon is not XML: {error}"))? {
            Event::Start(start) | Event::Empty(start) => {
                let name = element(&start)?;
                root.get_or_insert(name);
            }
            Event::Eof => break,
            Event::DocType(_) | Event::PI(_) | Event::GeneralRef(_) => {
                return Err("the icon holds more than shapes".to_owned());
            }
            _ => {}
        }
    }
    match root.as_deref() {
        Some("svg") => Ok(()),
        _ => Err("the icon is not an SVG".to_owned()),
    }
}

fn element(start: &BytesStart<'_>) -> Result<String, String> {
    let name = String::from_utf8_lossy(start.name().as_ref()).into_owned();
    if !ELEMENTS.contains(&name.as_str()) {
        return Err(format!("the icon holds <{name}>, which is not a shape"));
    }
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| format!("the icon is not XML: {error}"))?;
        let key = String::from_utf8_lossy(attribute.key.as_ref()).to_ascii_lowercase();
        let value = String::from_utf8_lossy(&attribute.value).to_ascii_lowercase();
        let active = key.starts_with("on") || key.ends_with("href") || key == "style";
        let reaches = key != "xmlns"
            && (value.contains(':') || value.contains("url(") && !value.contains("url(#"));
        if active || reaches {
            return Err(format!("the icon has the attribute {key}=\"{value}\""));
        }
    }
    Ok(name)
}
