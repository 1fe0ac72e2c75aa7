//! YouTube: Google's accounts, `youtube/v3` (Data), `v2/reports` (Analytics) and the hub. All counts of
//! the Data API are text. Its quota is counted in units, by the day of California.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::Service;
use crate::platforms::artist::{Artist, Work, date, day, noon};
use crate::platforms::ask::Ask;
use crate::platforms::call::{Visit, pick};
use crate::platforms::quota::{Quota, Window};
use crate::platforms::refusal::Refusal;
use crate::platforms::rules::{Model, TokenRules};
use crate::platforms::style::{Act, ClientAuth, Offline, RefreshAnswer, Route, Style, call, route};
use crate::platforms::{Platform, device};

const DATA: &[&str] = &[
    "https://www.googleapis.com/auth/youtube.readonly",
    "https://www.googleapis.com/auth/youtube",
    "https://www.googleapis.com/auth/youtube.force-ssl",
];
const ANALYTICS: &[&str] = &[
    "https://www.googleapis.com/auth/yt-analytics.readonly",
    "https://www.googleapis.com/auth/yt-analytics-monetary.readonly",
];

pub(super) const STYLE: Style = Style {
    service: Service::Youtube,
    routes: ROUTES,
    client_auth: ClientAuth::Post,
    app_auth: ClientAuth::Post,
    grants: &[
        "authorization_code",
        "refresh_token",
        "urn:ietf:params:oauth:grant-type:device_code",
    ],
    pkce_required: false,
    separator: " ",
    scopes: &[
        "https://www.googleapis.com/auth/youtube.readonly",
        "https://www.googleapis.com/auth/youtube",
        "https://www.googleapis.com/auth/youtube.force-ssl",
        "https://www.googleapis.com/auth/yt-analytics.readonly",
        "https://www.googleapis.com/auth/yt-analytics-monetary.readonly",
        "https://www.googleapis.com/auth/userinfo.email",
        "https://www.googleapis.com/auth/userinfo.profile",
        "openid",
        "email",
        "profile",
    ],
    offline: Offline::AccessType,
    refresh_answer: RefreshAnswer::Never,
    rules: TokenRules {
        model: Model::Stable,
        code_secs: 60,
        access_secs: 3_599,
        refresh_secs: None,
        min_age_secs: 0,
        reuse_grace_secs: 0,
        told_secs: None,
    },
    scheme: "Bearer",
    says_issuer: false,
    quota: Quota { limit: 10_000, window: Window::PacificDay, per_account: false, per_call: false },
    drift: "subscriberCount",
};

const ROUTES: &[Route] = &[
    route("*", "/o/oauth2/v2/auth", Act::Authorize),
    route("POST", "/token", Act::Token),
    route("POST", "/revoke", Act::Special(revoke)),
    route("POST", "/device/code", Act::Special(device::begin)),
    route("*", "/device", Act::Device),
    route("POST", "/subscribe", Act::Hub),
    call("GET", "/youtube/v3/i18nRegions", DATA, regions),
    call("GET", "/youtube/v3/channels", DATA, channels),
    call("GET", "/youtube/v3/videos", DATA, videos),
    call("GET", "/youtube/v3/playlistItems", DATA, uploads),
    call("GET", "/youtube/v3/search", DATA, search).cost(100),
    // Analytics has a quota of its own, which nobody here reaches.
    call("GET", "/v2/reports", ANALYTICS, reports).cost(0),
];

/// The token alone is enough, be it in the query or the body.
fn revoke(platform: &Platform, ask: &Ask) -> Response {
    if platform.book().revoke_token(ask.field("token").unwrap_or_default()) {
        return Json(json!({})).into_response();
    }
    let body = json!({"error": "invalid_token", "error_description": "Token expired or revoked"});
    (StatusCode::BAD_REQUEST, Json(body)).into_response()
}

/// The cheapest call.
fn regions(visit: &Visit<'_>) -> Result<Value, Refusal> {
    let all = json!({"snippet": {"gl": "SE", "name": "Sweden"}});
    let items = vec![parts(visit, "youtube#i18nRegion", "SE".into(), &all)];
    Ok(list(visit, "youtube#i18nRegionListResponse", items))
}

fn channels(visit: &Visit<'_>) -> Result<Value, Refusal> {
    let found: Vec<Artist> = if visit.ask.field("mine") == Some("true") {
        vec![visit.artist.clone()]
    } else if let Some(handle) = visit.ask.field("forHandle") {
        visit.search(&handle.trim_start_matches('@').replace('-', " "))
    } else if visit.ask.field("id").is_some() {
        visit.ask.list("id").into_iter().filter_map(|id| visit.find(id).ok()).collect()
    } else {
        return Err(Refusal::Bad("No filter selected.".to_owned()));
    };
    let items = found.iter().map(|artist| channel(visit, artist)).collect();
    Ok(list(visit, "youtube#channelListResponse", items))
}

fn channel(visit: &Visit<'_>, artist: &Artist) -> Value {
    let today = visit.today;
    let id = artist.id(STYLE.service);
    let total = |what: &str, base, daily| {
        artist.total(&format!("youtube {what}"), base, daily, today).to_string()
    };
    let all = json!({
        "snippet": {
            "title": artist.name, "description": "", "customUrl": format!("@{}", artist.handle),
            "publishedAt": "2019-08-23T00:34:43Z", "thumbnails": {},
        },
        "statistics": {
            "viewCount": total("views", 160_000.0, 820.0),
            "subscriberCount": total("subscribers", 1_900.0, 6.0),
            "hiddenSubscriberCount": false,
            "videoCount": artist.works(today).len().to_string(),
        },
        "contentDetails": {"relatedPlaylists": {"likes": "", "uploads": playlist(&id)}},
    });
    parts(visit, "youtube#channel", id.into(), &all)
}

fn videos(visit: &Visit<'_>) -> Result<Value, Refusal> {
    let asked = visit.ask.list("id");
    let works = visit.artist.works(visit.today);
    let items = works.iter().filter(|work| asked.contains(&id(visit, work).as_str())).map(|work| {
        let total =
            |what, daily| visit.artist.work_total(work, what, daily, visit.today).to_string();
        let all = json!({
            "snippet": snippet(visit, work),
            "statistics": {
                "viewCount": total("views", 410.0), "likeCount": total("likes", 19.0),
                "favoriteCount": "0", "commentCount": total("comments", 1.3),
            },
        });
        parts(visit, "youtube#video", id(visit, work).into(), &all)
    });
    Ok(list(visit, "youtube#videoListResponse", items.collect()))
}

/// The playlist of everything that the channel has uploaded.
fn uploads(visit: &Visit<'_>) -> Result<Value, Refusal> {
    if visit.ask.field("playlistId") != Some(&playlist(&visit.id())) {
        return Err(Refusal::NotFound);
    }
    let works = visit.artist.works(visit.today);
    let items = works.iter().map(|work| {
        let video = id(visit, work);
        let all = json!({
            "snippet": snippet(visit, work),
            "contentDetails": {
                "videoId": video, "videoPublishedAt": noon(work.day, "%Y-%m-%dT%H:%M:%SZ"),
            },
        });
        parts(visit, "youtube#playlistItem", format!("item-{video}").into(), &all)
    });
    Ok(list(visit, "youtube#playlistItemListResponse", items.collect()))
}

/// Channels by name, or the channel's own videos.
fn search(visit: &Visit<'_>) -> Result<Value, Refusal> {
    let result = |id: Value, snippet: Value| {
        let all = json!({ "snippet": snippet });
        parts(visit, "youtube#searchResult", id, &all)
    };
    let items = match visit.ask.field("type") {
        Some("channel") => visit
            .search(visit.ask.field("q").unwrap_or_default())
            .iter()
            .map(|artist| {
                let id = artist.id(STYLE.service);
                let snippet = json!({
                    "channelId": id, "title": artist.name, "channelTitle": artist.name,
                });
                result(json!({"kind": "youtube#channel", "channelId": id}), snippet)
            })
            .collect(),
        _ => {
            let works = visit.artist.works(visit.today);
            let video = |work: &Work| {
                let id = json!({"kind": "youtube#video", "videoId": id(visit, work)});
                result(id, snippet(visit, work))
            };
            works.iter().map(video).collect()
        }
    };
    Ok(list(visit, "youtube#searchListResponse", items))
}

/// The numbers by day or in all, in columns. The last two days are not known yet.
fn reports(visit: &Visit<'_>) -> Result<Value, Refusal> {
    const DAILY: [(&str, f64); 8] = [
        ("views", 820.0),
        ("likes", 38.0),
        ("comments", 3.0),
        ("shares", 5.0),
        ("estimatedMinutesWatched", 1_900.0),
        ("subscribersGained", 7.0),
        ("subscribersLost", 1.0),
        ("averageViewDuration", 140.0),
    ];
    let bad = |what: &str| Refusal::Bad(format!("Unknown {what}."));
    let ids = visit.ask.field("ids").unwrap_or_default();
    if ids != "channel==MINE" && ids != format!("channel=={}", visit.id()) {
        return Err(bad("identifier in the field parameters.ids"));
    }
    let read = |name| visit.ask.field(name).and_then(day).ok_or_else(|| bad(name));
    let (start, end) = (read("startDate")?, read("endDate")?.min(visit.today - 2));
    let metrics = visit.ask.list("metrics");
    let known =
        |name: &str| DAILY.iter().find(|(known, _)| *known == name).map(|(_, daily)| *daily);
    let daily: Option<Vec<f64>> = metrics.iter().map(|name| known(name)).collect();
    let daily = daily.filter(|daily| !daily.is_empty()).ok_or_else(|| bad("metric"))?;
    let value = |nth: usize, day| {
        visit.artist.gained(&format!("youtube {}", metrics[nth]), daily[nth], day)
    };
    let column = |name: &str, kind: &str, data_type: &str| json!({"name": name, "columnType": kind, "dataType": data_type});
    let mut headers: Vec<Value> =
        metrics.iter().map(|name| column(name, "METRIC", "INTEGER")).collect();
    let rows: Vec<Value> = if visit.ask.field("dimensions") == Some("day") {
        headers.insert(0, column("day", "DIMENSION", "STRING"));
        let row = |day| {
            let values = (0..metrics.len()).map(|nth| value(nth, day).into());
            std::iter::once(Value::from(date(day))).chain(values).collect()
        };
        (start..=end).map(row).collect()
    } else {
        let total = |nth| (start..=end).map(|day| value(nth, day)).sum::<u64>();
        let row: Value = (0..metrics.len()).map(total).collect();
        if start <= end { vec![row] } else { vec![] }
    };
    Ok(json!({"kind": "youtubeAnalytics#resultTable", "columnHeaders": headers, "rows": rows}))
}

fn id(visit: &Visit<'_>, work: &Work) -> String {
    visit.artist.work_letters(STYLE.service, work, 11)
}

fn playlist(channel: &str) -> String {
    format!("UU{}", channel.trim_start_matches("UC"))
}

fn snippet(visit: &Visit<'_>, work: &Work) -> Value {
    json!({
        "publishedAt": noon(work.day, "%Y-%m-%dT%H:%M:%SZ"), "channelId": visit.id(),
        "title": work.title, "description": "", "channelTitle": visit.artist.name,
        "resourceId": {"kind": "youtube#video", "videoId": id(visit, work)},
    })
}

fn parts(visit: &Visit<'_>, kind: &str, id: Value, all: &Value) -> Value {
    let mut item = Map::from_iter([("kind".to_owned(), kind.into()), ("id".to_owned(), id)]);
    if let Value::Object(parts) = pick(all, &[], &visit.ask.list("part")) {
        item.extend(parts);
    }
    Value::Object(item)
}

fn list(visit: &Visit<'_>, kind: &str, all: Vec<Value>) -> Value {
    let total = all.len();
    let begin = visit.ask.number("pageToken", 0, total);
    let size = visit.ask.number("maxResults", 5, 50).max(1);
    let mut answer = json!({"kind": kind, "etag": ""});
    if begin + size < total {
        answer["nextPageToken"] = (begin + size).to_string().into();
    }
    answer["pageInfo"] = json!({"totalResults": total, "resultsPerPage": size});
    answer["items"] = all.into_iter().skip(begin).take(size).collect();
    answer
}
