//! RSS, Atom, RDF and JSON Feed as one document: `{title, link, description, updated, image, items: [{id,
//! title, link, summary, content, author, published, updated, categories, enclosures, image}]}`.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};

use feed_rs::model::{Category, Entry, Feed, FeedType, Link, MediaObject, Text};
use kernel::Timestamp;
use serde_json::{Value, json};

use super::repair::{Repaired, repair};
use super::{DecodeError, text, xml};

/// Whether XML is a feed rather than something else.
pub(super) fn looks_like_one(text: &str) -> bool {
    xml::root(text).is_some_and(|root| matches!(root.as_str(), "rss" | "feed" | "RDF"))
}

pub(super) fn decode(
    bytes: &[u8],
    charset: Option<&str>,
    max_items: Option<usize>,
) -> Result<Value, DecodeError> {
    let text = text(bytes, charset);
    let text = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    let feed = if text.starts_with('<') {
        repair(text)?
    } else {
        Repaired { text: text.to_owned(), ..Repaired::default() }
    };
    let parser = feed_rs::parser::Builder::new()
        .id_generator(|links, title, _| identity(links, title.as_ref()))
        .build();
    // The parser is not ours; should it panic on some input, that input is refused.
    let parsed = catch_unwind(AssertUnwindSafe(|| parser.parse(feed.text.as_bytes())));
    let parsed = parsed
        .map_err(|_| malformed("the parser gave up"))?
        .map_err(|error| malformed(&error.to_string()))?;
    Ok(document(&parsed, &feed.names, max_items.unwrap_or(usize::MAX)))
}

fn document(feed: &Feed, names: &HashSet<String>, max_items: usize) -> Value {
    // In RSS an id is a link unless it says otherwise.
    let rss = !matches!(feed.feed_type, FeedType::Atom | FeedType::JSON);
    let permanent =
        |entry: &Entry| rss && entry.id.starts_with("http") && !names.contains(&entry.id);
    json!({
        "title": content(feed.title.as_ref()),
        "link": main_link(&feed.links),
        "description": content(feed.description.as_ref()),
        "updated": time(feed.updated.or(feed.published)),
        "image": feed.logo.as_ref().or(feed.icon.as_ref()).map(|image| image.uri.clone()),
        "items": feed.entries.iter().take(max_items).map(|entry| item(entry, permanent(entry))).collect::<Vec<_>>(),
    })
}

fn item(entry: &Entry, permanent: bool) -> Value {
    let media = || entry.media.iter().flat_map(|media| &media.content);
    let attached = entry.links.iter().filter(|link| link.rel.as_deref() == Some("enclosure"));
    let attached = attached
        .map(|link| json!({"url": link.href, "type": link.media_type, "length": link.length}));
    let enclosures: Vec<Value> = media()
        .filter_map(|content| {
            let kind = content.content_type.as_ref().map(ToString::to_string);
            let url = content.url.as_ref()?;
            Some(json!({"url": url.as_str(), "type": kind, "length": content.size}))
        })
        .chain(attached)
        .collect();
    json!({
        "id": entry.id,
        "title": content(entry.title.as_ref()),
        "link": main_link(&entry.links).or_else(|| permanent.then_some(entry.id.as_str())),
        "summary": content(entry.summary.as_ref()),
        "content": entry.content.as_ref().and_then(|content| content.body.clone()),
        "author": entry.authors.first().and_then(|author| author.name.clone().or_else(|| author.email.clone())),
        "published": time(entry.published.or(entry.updated)),
        "updated": time(entry.updated.or(entry.published)),
        "categories": entry.categories.iter().map(category).collect::<Vec<_>>(),
        "enclosures": enclosures,
        "image": image(&entry.media),
    })
}

fn image(media: &[MediaObject]) -> Option<String> {
    let thumbnail = media.iter().flat_map(|media| &media.thumbnails).next();
    let picture = || {
        let mut contents = media.iter().flat_map(|media| &media.content);
        contents.find_map(|content| {
            let kind = content.content_type.as_ref()?.to_string();
            kind.starts_with("image/").then(|| content.url.as_ref().map(ToString::to_string))?
        })
    };
    thumbnail.map(|thumbnail| thumbnail.image.uri.clone()).or_else(picture)
}

fn main_link(links: &[Link]) -> Option<&str> {
    let rel = |wanted: Option<&str>| links.iter().find(|link| link.rel.as_deref() == wanted);
    rel(Some("alternate")).or_else(|| rel(None)).map(|link| link.href.as_str())
}

fn category(category: &Category) -> &str {
    category.label.as_deref().unwrap_or(&category.term)
}

fn content(text: Option<&Text>) -> Option<&str> {
    text.map(|text| text.content.as_str())
}

fn time(at: Option<impl Into<std::time::SystemTime>>) -> Option<Timestamp> {
    let at: jiff::Timestamp = jiff::Timestamp::try_from(at?.into()).ok()?;
    Some(at.into())
}

/// What an item without an id is called: its link, else a hash of its title. The same item is called the
/// same at every pull, so that it does not count as new.
fn identity(links: &[Link], title: Option<&Text>) -> String {
    if let Some(link) = main_link(links) {
        return link.to_owned();
    }
    let mut hasher = DefaultHasher::new();
    content(title).hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

fn malformed(reason: &str) -> DecodeError {
    DecodeError::malformed("a feed", reason)
}
