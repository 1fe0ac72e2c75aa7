//! The newsroom: one list of items in three formats (RSS 2.0, Atom, JSON Feed 1.1) and one that is
//! broken. An item's number is the clock's, so it appears when its time has come, in every format, and
//! nothing is kept.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use kernel::{Clock, Timestamp};
use serde_json::json;

use crate::answer::{conditional, http_date};
use crate::seed::Seed;

/// A feed holds this many items; older ones drop off.
const ITEMS: i64 = 20;

const TITLE: &str = "Patchbay Newsroom";
const ABOUT: &str = "News from a small town that does not exist";

pub(crate) struct Newsroom {
    pub(crate) clock: Clock,
    pub(crate) seed: Seed,
    /// Where it is, without a slash at the end.
    pub(crate) url: String,
    /// The time between two items; a second at least.
    pub(crate) every: Duration,
}

pub(crate) fn router(newsroom: Newsroom) -> Router {
    Router::new()
        .route("/feed.xml", get(rss))
        .route("/atom.xml", get(atom))
        .route("/feed.json", get(json_feed))
        .route("/malformed.xml", get(malformed))
        .route("/items/{number}", get(page))
        .with_state(Arc::new(newsroom))
}

async fn rss(State(newsroom): State<Arc<Newsroom>>, headers: HeaderMap) -> Response {
    let items = newsroom.items();
    let mut body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <rss version=\"2.0\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\">\n<channel>\n\
         <title>{TITLE}</title>\n<link>{url}/</link>\n<description>{ABOUT}</description>\n\
         <language>en</language>\n<lastBuildDate>{built}</lastBuildDate>\n",
        url = newsroom.url,
        built = http_date(items[0].at),
    );
    for item in &items {
        body += &format!(
            "<item>\n<title>{}</title>\n<link>{}</link>\n<guid isPermaLink=\"false\">{}</guid>\n\
             <pubDate>{}</pubDate>\n<dc:creator>{}</dc:creator>\n<category>{}</category>\n\
             <description><![CDATA[<p>{}</p>]]></description>\n</item>\n",
            escape(&item.title),
            item.url,
            item.id,
            http_date(item.at),
            item.author,
            escape(item.category),
            escape(&item.text),
        );
    }
    body += "</channel>\n</rss>\n";
    conditional(&headers, "application/rss+xml; charset=utf-8", Some(items[0].at), body)
}

async fn atom(State(newsroom): State<Arc<Newsroom>>, headers: HeaderMap) -> Response {
    let items = newsroom.items();
    let mut body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\n\
         <id>urn:patchbay:newsroom</id>\n<title>{TITLE}</title>\n<subtitle>{ABOUT}</subtitle>\n\
         <updated>{updated}</updated>\n<link rel=\"self\" href=\"{url}/atom.xml\"/>\n",
        url = newsroom.url,
        updated = items[0].at,
    );
    for item in &items {
        body += &format!(
            "<entry>\n<id>{}</id>\n<title>{}</title>\n<link rel=\"alternate\" href=\"{}\"/>\n\
             <published>{}</published>\n<updated>{}</updated>\n<author><name>{}</name></author>\n\
             <category term=\"{}\"/>\n<summary>{}</summary>\n</entry>\n",
            item.id,
            escape(&item.title),
            item.url,
            item.at,
            item.at,
            item.author,
            escape(item.category),
            escape(&item.text),
        );
    }
    body += "</feed>\n";
    conditional(&headers, "application/atom+xml; charset=utf-8", Some(items[0].at), body)
}

async fn json_feed(State(newsroom): State<Arc<Newsroom>>, headers: HeaderMap) -> Response {
    let items = newsroom.items();
    let entry = |item: &Item| {
        json!({
            "id": item.id,
            "url": item.url,
            "title": item.title,
            "content_text": item.text,
            "date_published": item.at,
            "authors": [{"name": item.author}],
            "tags": [item.category],
        })
    };
    let body = json!({
        "version": "https://jsonfeed.org/version/1.1",
        "title": TITLE,
        "description": ABOUT,
        "home_page_url": format!("{}/", newsroom.url),
        "feed_url": format!("{}/feed.json", newsroom.url),
        "items": items.iter().map(entry).collect::<Vec<_>>(),
    });
    let media_type = "application/feed+json; charset=utf-8";
    conditional(&headers, media_type, Some(items[0].at), body.to_string())
}

/// Says that it is RSS and ends in the middle of a tag.
async fn malformed() -> impl IntoResponse {
    let body = "<?xml version=\"1.0\"?>\n<rss version=\"2.0\"><channel><title>Cut & dried</titel>\n<item><tit";
    ([(header::CONTENT_TYPE, "application/rss+xml; charset=utf-8")], body)
}

/// The page behind an item's link.
async fn page(State(newsroom): State<Arc<Newsroom>>, Path(number): Path<i64>) -> Response {
    if !(1..=newsroom.latest()).contains(&number) {
        return (StatusCode::NOT_FOUND, "There is no such item.").into_response();
    }
    let item = newsroom.item(number);
    let (title, text) = (escape(&item.title), escape(&item.text));
    Html(format!("<!doctype html><title>{title}</title><h1>{title}</h1><p>{text}</p>"))
        .into_response()
}

struct Item {
    id: String,
    url: String,
    title: String,
    text: String,
    author: &'static str,
    category: &'static str,
    at: Timestamp,
}

impl Newsroom {
    /// The newest first; never empty.
    fn items(&self) -> Vec<Item> {
        let latest = self.latest();
        (0..ITEMS).map(|back| self.item(latest - back)).collect()
    }

    fn latest(&self) -> i64 {
        self.clock.now().secs().div_euclid(self.every_secs())
    }

    fn every_secs(&self) -> i64 {
        i64::try_from(self.every.as_secs()).unwrap_or(i64::MAX).max(1)
    }

    fn item(&self, number: i64) -> Item {
        let pick = |what: &str, from: &[&'static str]| {
            self.seed.pick(&format!("news {what} {number}"), from)
        };
        let (who, does, what) = (pick("who", &WHO), pick("does", &DOES), pick("what", &WHAT));
        Item {
            id: format!("urn:patchbay:newsroom:{number}"),
            url: format!("{}/items/{number}", self.url),
            title: format!("{who} {does} {what}"),
            text: format!("{who} {does} {what}, {}. More at six.", pick("why", &WHY)),
            author: pick("author", &AUTHORS),
            category: pick("category", &CATEGORIES),
            at: Timestamp::from_secs(number.saturating_mul(self.every_secs())),
        }
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

// An ampersand, quotes and letters beyond ASCII are there on purpose.
const WHO: [&str; 8] = [
    "Harbour & Rail",
    "The town council",
    "Café Zürich",
    "The \"Night Owls\" choir",
    "A retired engineer",
    "The public library",
    "Bakery Müller & Sons",
    "The ferry company",
];
const DOES: [&str; 6] = ["opens", "repairs", "postpones", "celebrates", "doubles", "rediscovers"];
const WHAT: [&str; 8] = [
    "the old lighthouse",
    "its Sunday timetable",
    "a bridge for hedgehogs",
    "the winter market",
    "a century of records",
    "the tram to the beach",
    "its smallest museum",
    "the clock tower",
];
const WHY: [&str; 5] = [
    "to nobody's surprise",
    "after a long vote",
    "thanks to an anonymous gift",
    "in spite of the rain",
    "for the third time",
];
const AUTHORS: [&str; 4] = ["Ada Quill", "Tomás Reyes", "Ingrid Solberg", "Wei Chen"];
const CATEGORIES: [&str; 4] = ["Local", "Culture", "Transport", "Weather & Sea"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Service;
    use crate::probe::Probe;

    #[tokio::test]
    async fn items_come_and_go_in_every_format() {
        let probe = Probe::start().await;
        for (path, media_type, mark) in [
            ("/feed.xml", "application/rss+xml; charset=utf-8", "<item>"),
            ("/atom.xml", "application/atom+xml; charset=utf-8", "<entry>"),
            ("/feed.json", "application/feed+json; charset=utf-8", "\"content_text\""),
        ] {
            let first = probe.get(Service::Rss, path, &[]).await;
            assert_eq!((first.status, first.header("content-type")), (200, media_type));
            assert_eq!(first.text().matches(mark).count(), 20, "{path}");
            for (name, value) in [
                ("if-none-match", first.header("etag")),
                ("if-modified-since", first.header("last-modified")),
            ] {
                let known = probe.get(Service::Rss, path, &[(name, value)]).await;
                assert_eq!(known.status, 304, "{path} {name}");
            }
            probe.clock.advance(Duration::from_secs(30));
            for (name, value) in [
                ("if-none-match", first.header("etag")),
                ("if-modified-since", first.header("last-modified")),
            ] {
                let next = probe.get(Service::Rss, path, &[(name, value)]).await;
                assert_eq!(next.status, 200, "{path} {name}");
                assert_eq!(next.text().matches(mark).count(), 20, "{path}");
                assert_ne!(next.body, first.body, "{path}");
            }
        }
    }

    #[tokio::test]
    async fn links_lead_somewhere_and_text_is_escaped() {
        let probe = Probe::start().await;
        let feed = probe.get(Service::Rss, "/feed.json", &[]).await.json();
        let items = feed["items"].as_array().unwrap();
        let rss = probe.get(Service::Rss, "/feed.xml", &[]).await;
        for item in items {
            let link = item["url"].as_str().unwrap();
            let path = &link[link.find("/items/").unwrap()..];
            let page = probe.get(Service::Rss, path, &[]).await;
            let title = escape(item["title"].as_str().unwrap());
            assert!(page.text().contains(&format!("<h1>{title}</h1>")), "{title}");
            assert!(rss.text().contains(&format!("<title>{title}</title>")), "{title}");
        }
        assert_eq!(probe.get(Service::Rss, "/items/99999999999", &[]).await.status, 404);
        assert!(probe.get(Service::Rss, "/malformed.xml", &[]).await.text().ends_with("<tit"));
    }
}
