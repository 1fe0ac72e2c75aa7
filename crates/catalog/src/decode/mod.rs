//! From the bytes of an answer to JSON. Every format is bounded in size and depth, no entity is expanded,
//! nothing is fetched, and HTML inside a feed is passed on as it is: whoever shows it must treat it as
//! foreign.

mod csv;
mod feed;
mod repair;
mod xml;

use kernel::{Code, codes};
use serde_json::{Map, Value};

use crate::provider::Format;

/// XML deeper than this is refused, as `serde_json` does with JSON.
const MAX_DEPTH: usize = 128;

/// What a decoder keeps to.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Longer answers are refused.
    pub max_bytes: usize,
    /// So many items of a feed are kept, the first ones.
    pub max_items: Option<usize>,
}

impl Default for Options {
    fn default() -> Self {
        Self { max_bytes: 10 << 20, max_items: None }
    }
}

/// Why an answer cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Longer than allowed.
    #[error("the answer has {bytes} bytes; {limit} are allowed")]
    TooLarge {
        /// How long it is.
        bytes: usize,
        /// How long it may be.
        limit: usize,
    },
    /// Not what it should be.
    #[error("the answer is not {what}: {reason}")]
    Malformed {
        /// What it should be.
        what: &'static str,
        /// Why it is not.
        reason: String,
    },
    /// XML that declares a document type or entities.
    #[error("the XML declares a document type (DTD), which is refused for safety")]
    Dtd,
}

impl DecodeError {
    /// The stable code.
    pub fn code(&self) -> &'static Code {
        match self {
            Self::TooLarge { .. } => &codes::EGRESS_TOO_LARGE,
            Self::Malformed { .. } | Self::Dtd => &codes::FEED_UNREADABLE,
        }
    }

    fn malformed(what: &'static str, reason: impl ToString) -> Self {
        let reason = reason.to_string().chars().take(300).collect();
        Self::Malformed { what, reason }
    }
}

/// Reads the bytes of an answer. `content_type` is the header as it came.
pub fn decode(
    bytes: &[u8],
    content_type: Option<&str>,
    format: Format,
    options: &Options,
) -> Result<Value, DecodeError> {
    if bytes.len() > options.max_bytes {
        return Err(DecodeError::TooLarge { bytes: bytes.len(), limit: options.max_bytes });
    }
    let kind = MediaType::parse(content_type.unwrap_or_default());
    match format {
        Format::Auto => auto(bytes, &kind, options),
        Format::Json => json(bytes),
        Format::Feed => feed::decode(bytes, kind.charset, options.max_items),
        Format::Xml => xml::decode(&text(bytes, kind.charset)),
        Format::Csv => csv::decode(&text(bytes, kind.charset)),
        Format::Form => Ok(form(bytes)),
        Format::Text => Ok(Value::String(text(bytes, kind.charset))),
    }
}

/// By the content type where it says enough, else by the first byte.
fn auto(bytes: &[u8], kind: &MediaType<'_>, options: &Options) -> Result<Value, DecodeError> {
    let name = kind.name.to_ascii_lowercase();
    let first = bytes
        .iter()
        .find(|byte| !byte.is_ascii_whitespace() && !matches!(byte, 0xEF | 0xBB | 0xBF));
    let plain = || Value::String(text(bytes, kind.charset));
    let markup = |text: String| {
        if feed::looks_like_one(&text) {
            feed::decode(bytes, kind.charset, options.max_items)
        } else {
            xml::decode(&text)
        }
    };
    match name.as_str() {
        "application/feed+json"
        | "application/rss+xml"
        | "application/atom+xml"
        | "application/rdf+xml" => feed::decode(bytes, kind.charset, options.max_items),
        "application/x-www-form-urlencoded" => Ok(form(bytes)),
        "text/csv" => csv::decode(&text(bytes, kind.charset)),
        "text/html" => Ok(plain()),
        name if name.ends_with("/json") || name.ends_with("+json") => json(bytes),
        name if name.ends_with("/xml") || name.ends_with("+xml") => {
            markup(text(bytes, kind.charset))
        }
        // The type says nothing: what does not hold is text.
        _ => Ok(match first {
            Some(b'{' | b'[') => json(bytes).unwrap_or_else(|_| plain()),
            Some(b'<') => match markup(text(bytes, kind.charset)) {
                Err(DecodeError::Dtd) => return Err(DecodeError::Dtd),
                read => read.unwrap_or_else(|_| plain()),
            },
            _ => json(bytes).unwrap_or_else(|_| plain()),
        }),
    }
}

/// JSON in UTF-8, or in UTF-16 with a byte order mark. `serde_json` refuses more than 128 levels.
fn json(bytes: &[u8]) -> Result<Value, DecodeError> {
    let read = match encoding_rs::Encoding::for_bom(bytes) {
        Some((encoding, _)) if encoding != encoding_rs::UTF_8 => {
            serde_json::from_str(&encoding.decode(bytes).0)
        }
        Some((_, mark)) => serde_json::from_slice(&bytes[mark..]),
        None => serde_json::from_slice(bytes),
    };
    read.map_err(|error| DecodeError::malformed("JSON", error))
}

/// A form as an object; a name that comes again makes a list.
fn form(bytes: &[u8]) -> Value {
    let mut fields = Map::new();
    for (name, value) in url::form_urlencoded::parse(bytes) {
        add(&mut fields, &name, Value::String(value.into_owned()));
    }
    Value::Object(fields)
}

/// Adds a member; one that is there already becomes a list.
fn add(map: &mut Map<String, Value>, name: &str, value: Value) {
    match map.get_mut(name) {
        None => drop(map.insert(name.to_owned(), value)),
        Some(Value::Array(items)) => items.push(value),
        Some(first) => {
            let before = first.take();
            *first = Value::Array(vec![before, value]);
        }
    }
}

/// Text by its byte order mark, else the charset of the content type, else the XML declaration, else
/// UTF-8. Bytes that mean nothing become U+FFFD.
fn text(bytes: &[u8], charset: Option<&str>) -> String {
    let label = charset.map(str::as_bytes).or_else(|| xml::declared_encoding(bytes));
    let encoding = label.and_then(encoding_rs::Encoding::for_label).unwrap_or(encoding_rs::UTF_8);
    encoding.decode(bytes).0.into_owned()
}

struct MediaType<'a> {
    name: &'a str,
    charset: Option<&'a str>,
}

impl<'a> MediaType<'a> {
    fn parse(header: &'a str) -> Self {
        let mut parts = header.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let charset = parts.filter_map(|part| part.split_once('=')).find_map(|(key, value)| {
            key.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"'))
        });
        Self { name, charset }
    }
}

#[cfg(test)]
mod tests;
