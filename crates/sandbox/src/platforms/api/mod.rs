//! The platforms, one table and its data each. The shapes are those of the platforms' documents, without
//! the metrics that they have given up.

pub(super) mod apple_music;
mod facebook;
mod instagram;
mod microsoft;
mod oauth;
mod soundcloud;
mod spotify;
mod tiktok;
mod x;
mod youtube;

use serde_json::{Value, json};

use super::artist::{date, day};
use super::ask::Ask;
use super::call::Visit;
use super::style::Style;
use crate::Service;

pub(super) fn style(service: Service) -> Option<&'static Style> {
    Some(match service {
        Service::Oauth => &oauth::STYLE,
        Service::Instagram => &instagram::STYLE,
        Service::Facebook => &facebook::STYLE,
        Service::Tiktok => &tiktok::STYLE,
        Service::X => &x::STYLE,
        Service::Youtube => &youtube::STYLE,
        Service::Spotify => &spotify::STYLE,
        Service::Soundcloud => &soundcloud::STYLE,
        Service::AppleMusic => &apple_music::STYLE,
        Service::Microsoft => &microsoft::STYLE,
        _ => return None,
    })
}

/// The names in a Graph API's `fields`, without what is asked of each: `likes.summary(true)` and
/// `picture{url}` are `likes` and `picture`.
fn graph_fields(ask: &Ask) -> Vec<&str> {
    let mut depth = 0;
    let between = |c: char| {
        depth += i32::from(c == '{') - i32::from(c == '}');
        c == ',' && depth == 0
    };
    let fields = ask.field("fields").unwrap_or_default().split(between);
    let bare = |field: &'_ str| field.find(['.', '{', '(']).unwrap_or(field.len());
    fields.map(|field| field[..bare(field)].trim()).filter(|field| !field.is_empty()).collect()
}

/// The days from a Graph API's `since` up to but without `until`, which are dates or seconds: the last two
/// whole ones unless given, thirty at most.
fn graph_days(visit: &Visit<'_>) -> Vec<i64> {
    let read = |name| {
        let text = visit.ask.field(name)?;
        text.parse::<i64>()
            .map(|secs| secs.div_euclid(86_400))
            .ok()
            .or_else(|| day(text.get(..10)?))
    };
    let until = read("until").unwrap_or(visit.today).min(visit.today);
    let since = read("since").unwrap_or(until - 2).max(until - 30);
    (since..until).collect()
}

/// Seven in the morning UTC, where the day of a Graph API ends.
fn graph_end(day: i64) -> String {
    format!("{}T08:00:00+0000", date(day))
}

/// A page of a Graph API's list. Cursors are positions; `next` is absent at the end.
fn graph_page(visit: &Visit<'_>, all: Vec<Value>) -> Value {
    let ask = visit.ask;
    let begin = ask.number("after", 0, all.len());
    let limit = ask.number("limit", 25, 100).max(1);
    let end = (begin + limit).min(all.len());
    let mut paging = json!({"cursors": {"before": begin.to_string(), "after": end.to_string()}});
    if end < all.len() {
        let path = format!("{}{}", visit.platform.url, ask.path);
        let fields = ask.field("fields").unwrap_or_default();
        paging["next"] = format!("{path}?fields={fields}&limit={limit}&after={end}").into();
    }
    let page: Vec<Value> = all.into_iter().skip(begin).take(limit).collect();
    json!({"data": page, "paging": paging})
}
