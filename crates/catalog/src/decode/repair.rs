//! Makes old and careless feeds readable before they are parsed: RSS of any version or none, Atom 0.3, RSS
//! 0.90, content types that Atom does not know. What is rewritten are names and types, never content. On the
//! way it refuses document types and depth.

use std::collections::HashSet;

use quick_xml::events::attributes::Attribute;
use quick_xml::events::{BytesEnd, BytesStart, Event};
use quick_xml::{Reader, Writer};

use super::{DecodeError, MAX_DEPTH};

const ATOM: &str = "http://www.w3.org/2005/Atom";
const ATOM_OLD: [&str; 2] = ["http://purl.org/atom/ns#", "http://purl.org/atom/ns"];
const RSS_1: &str = "http://purl.org/rss/1.0/";
const RSS_090: [&str; 2] =
    ["http://my.netscape.com/rdf/simple/0.9/", "http://channel.netscape.com/rdf/simple/0.9/"];

/// A feed as the parser wants it.
#[derive(Default)]
pub(super) struct Repaired {
    /// The feed itself.
    pub(super) text: String,
    /// The ids that say of themselves that they are no links (`isPermaLink="false"`).
    pub(super) names: HashSet<String>,
}

/// Rewrites what the parser would stumble over.
pub(super) fn repair(text: &str) -> Result<Repaired, DecodeError> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = false;
    let mut writer = Writer::new(Vec::with_capacity(text.len() + 64));
    let mut old_atom = false;
    let mut depth = 0usize;
    let mut names = HashSet::new();
    let mut is_name = false;
    loop {
        let event = match reader.read_event().map_err(malformed)? {
            Event::DocType(_) => return Err(DecodeError::Dtd),
            Event::Eof => break,
            // The text is UTF-8 now, whatever the declaration says.
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => continue,
            Event::Start(start) => {
                if depth >= MAX_DEPTH {
                    return Err(malformed("it is nested too deeply"));
                }
                depth += 1;
                is_name = start.name().as_ref() == b"guid"
                    && start.attributes().with_checks(false).flatten().any(|attribute| {
                        attribute.key.as_ref() == b"isPermaLink" && &*attribute.value == b"false"
                    });
                Event::Start(rename(&start, &mut old_atom))
            }
            Event::Empty(start) => Event::Empty(rename(&start, &mut old_atom)),
            Event::Text(text) => {
                if is_name {
                    names.insert(String::from_utf8_lossy(&text).trim().to_owned());
                }
                Event::Text(text)
            }
            Event::End(end) => {
                is_name = false;
                depth = depth.saturating_sub(1);
                let name = String::from_utf8_lossy(end.name().as_ref()).into_owned();
                Event::End(BytesEnd::new(today(&name, old_atom).to_owned()))
            }
            other => other,
        };
        writer.write_event(event).map_err(malformed)?;
    }
    let text = String::from_utf8(writer.into_inner()).map_err(malformed)?;
    Ok(Repaired { text, names })
}

fn rename(start: &BytesStart<'_>, old_atom: &mut bool) -> BytesStart<'static> {
    let name = String::from_utf8_lossy(start.name().as_ref()).into_owned();
    let attributes: Vec<(String, String)> = start
        .attributes()
        .with_checks(false)
        .filter_map(Result::ok)
        .map(|Attribute { key, value }| {
            let key = String::from_utf8_lossy(key.as_ref()).into_owned();
            (key, String::from_utf8_lossy(&value).into_owned())
        })
        .collect();
    *old_atom |= name == "feed"
        && attributes.iter().any(|(key, value)| key == "xmlns" && ATOM_OLD.contains(&&**value));
    let get = |wanted: &str| {
        attributes.iter().find(|(key, _)| key == wanted).map(|(_, value)| value.as_str())
    };
    let kind = text_type(&name, get("type"), get("mode"), *old_atom);
    let mut new = BytesStart::new(today(&name, *old_atom).to_owned());
    for (key, value) in &attributes {
        let value = match key.as_str() {
            // RSS has no namespace of its own, though some think so.
            "xmlns" if name == "rss" => continue,
            "version" if name == "rss" => continue,
            "xmlns" if ATOM_OLD.contains(&value.as_str()) => ATOM,
            "xmlns" if RSS_090.contains(&value.as_str()) => RSS_1,
            "type" if kind.is_some() => continue,
            _ => value.as_str(),
        };
        // As raw bytes, since the value is escaped already.
        new.push_attribute((key.as_bytes(), value.as_bytes()));
    }
    if name == "rss" {
        new.push_attribute(("version", "2.0"));
    }
    if let Some(kind) = kind {
        new.push_attribute(("type", kind));
    }
    new
}

/// The name that Atom 1.0 has for an element of Atom 0.3.
fn today(name: &str, old_atom: bool) -> &str {
    match name {
        "tagline" if old_atom => "subtitle",
        "modified" if old_atom => "updated",
        "issued" | "created" if old_atom => "published",
        "copyright" if old_atom => "rights",
        name => name,
    }
}

/// The type of a text that the parser would stumble over, in the words of Atom 1.0.
fn text_type(
    name: &str,
    kind: Option<&str>,
    mode: Option<&str>,
    old_atom: bool,
) -> Option<&'static str> {
    let texts =
        ["title", "subtitle", "summary", "rights", "tagline", "copyright", "info", "content"];
    if !texts.contains(&name) {
        return None;
    }
    match (kind, mode) {
        (Some("text/plain"), _) if old_atom || name != "content" => Some("text"),
        (Some("text/html"), Some("escaped")) if old_atom => Some("html"),
        (None, Some("escaped")) if old_atom => Some("text"),
        (Some("text/html" | "application/xhtml+xml"), _) if old_atom => Some("xhtml"),
        (Some("application/xhtml+xml"), _) if name != "content" => Some("xhtml"),
        (Some("text" | "html" | "xhtml" | "text/html"), _) | (None, _) => None,
        (Some(_), _) if name != "content" => Some("text"),
        (Some(""), _) => Some("text"),
        _ => None,
    }
}

fn malformed(reason: impl ToString) -> DecodeError {
    DecodeError::malformed("a feed", reason)
}
