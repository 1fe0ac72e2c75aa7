//! Instagram with Instagram Login: `graph.instagram.com`, `api.instagram.com` and `www.instagram.com`.
//! The same accounts and numbers are at Facebook for apps with Facebook Login.

use serde_json::{Value, json};

use super::{graph_days, graph_end, graph_fields, graph_page};
use crate::Service;
use crate::platforms::artist::{Artist, Work, noon};
use crate::platforms::call::{Visit, pick};
use crate::platforms::quota::{Quota, Window};
use crate::platforms::refusal::Refusal;
use crate::platforms::rules::{Model, TokenRules};
use crate::platforms::style::{Act, ClientAuth, Offline, RefreshAnswer, Route, Style, call, route};

const BASIC: &[&str] = &["instagram_business_basic"];
const INSIGHTS: &[&str] = &["instagram_business_manage_insights"];

pub(super) const STYLE: Style = Style {
    service: Service::Instagram,
    routes: ROUTES,
    client_auth: ClientAuth::Post,
    app_auth: ClientAuth::Post,
    grants: &["authorization_code", "ig_exchange_token", "ig_refresh_token"],
    pkce_required: false,
    separator: ",",
    scopes: &[
        "instagram_business_basic",
        "instagram_business_manage_insights",
        "instagram_business_manage_comments",
        "instagram_business_manage_messages",
        "instagram_business_content_publish",
    ],
    offline: Offline::Never,
    refresh_answer: RefreshAnswer::Never,
    rules: TokenRules {
        model: Model::Extending,
        code_secs: 60,
        access_secs: 3600,
        refresh_secs: Some(5_183_944),
        min_age_secs: 86_400,
        reuse_grace_secs: 0,
        told_secs: None,
    },
    scheme: "Bearer",
    says_issuer: false,
    quota: Quota { limit: 200, window: Window::Secs(3600), per_account: true, per_call: false },
    drift: "followers_count",
};

const ROUTES: &[Route] = &[
    route("*", "/oauth/authorize", Act::Authorize),
    route("POST", "/oauth/access_token", Act::Token),
    route("GET", "/access_token", Act::Token),
    route("GET", "/refresh_access_token", Act::Token),
    route("*", "/{}/subscriptions", Act::Webhook),
    call("GET", "/me/media", BASIC, media),
    call("GET", "/me/insights", INSIGHTS, insights),
    call("POST", "/{}/subscribed_apps", BASIC, subscribe),
    call("GET", "/{}/media", BASIC, media),
    call("GET", "/{}/insights", INSIGHTS, insights),
    call("GET", "/{}", BASIC, node),
];

/// `/me`, the account by its id, or one of its posts.
fn node(visit: &Visit<'_>) -> Result<Value, Refusal> {
    let fields = graph_fields(visit.ask);
    let id = visit.ask.param(0);
    if id == "me" || id == visit.id() {
        return Ok(pick(&user(&visit.artist, visit.today), &["id"], &fields));
    }
    let work = work(visit, id).ok_or(Refusal::NotFound)?;
    Ok(pick(&post(&visit.artist, &work, visit.today), &["id"], &fields))
}

fn media(visit: &Visit<'_>) -> Result<Value, Refusal> {
    own(visit)?;
    let fields = graph_fields(visit.ask);
    Ok(posts(visit, &fields))
}

pub(super) fn posts(visit: &Visit<'_>, fields: &[&str]) -> Value {
    let works = visit.artist.works(visit.today);
    let posts = works.iter().map(|work| post(&visit.artist, work, visit.today));
    graph_page(visit, posts.map(|post| pick(&post, &["id"], fields)).collect())
}

fn insights(visit: &Visit<'_>) -> Result<Value, Refusal> {
    match own(visit) {
        Ok(()) => account_insights(visit),
        Err(_) => {
            let work = work(visit, visit.ask.param(0)).ok_or(Refusal::NotFound)?;
            media_insights(visit, &work)
        }
    }
}

fn subscribe(_: &Visit<'_>) -> Result<Value, Refusal> {
    Ok(json!({"success": true}))
}

fn own(visit: &Visit<'_>) -> Result<(), Refusal> {
    let id = visit.ask.param(0);
    let own = id.is_empty() || id == "me" || id == visit.id();
    if own { Ok(()) } else { Err(Refusal::NotFound) }
}

fn work(visit: &Visit<'_>, id: &str) -> Option<Work> {
    let works = visit.artist.works(visit.today).into_iter();
    works.into_iter().find(|work| media_id(&visit.artist, work) == id)
}

fn media_id(artist: &Artist, work: &Work) -> String {
    artist.work_number(Service::Instagram, work, 17)
}

/// All fields of an account.
pub(super) fn user(artist: &Artist, day: i64) -> Value {
    json!({
        "id": artist.id(Service::Instagram),
        "user_id": artist.id(Service::Instagram),
        "username": artist.handle.replace('-', "_"),
        "name": artist.name,
        "account_type": "MEDIA_CREATOR",
        "profile_picture_url": "https://example.invalid/picture.jpg",
        "followers_count": artist.total("instagram followers", 18_000.0, 42.0, day),
        "follows_count": artist.total("instagram follows", 300.0, 0.2, day),
        "media_count": artist.works(day).len(),
    })
}

fn post(artist: &Artist, work: &Work, day: i64) -> Value {
    let reel = work.number % 2 == 0;
    json!({
        "id": media_id(artist, work),
        "caption": work.title,
        "media_type": if reel { "VIDEO" } else { "IMAGE" },
        "media_product_type": if reel { "REELS" } else { "FEED" },
        "timestamp": noon(work.day, "%Y-%m-%dT%H:%M:%S+0000"),
        "permalink": format!("https://www.instagram.com/p/{}/", media_id(artist, work)),
        "like_count": artist.work_total(work, "likes", 21.0, day),
        "comments_count": artist.work_total(work, "comments", 1.4, day),
    })
}

/// Metrics of a day, by how much they grow; the first two are also given day by day.
const DAILY: [(&str, f64); 14] = [
    ("reach", 900.0),
    ("follower_count", 42.0),
    ("views", 2_600.0),
    ("profile_views", 130.0),
    ("accounts_engaged", 140.0),
    ("total_interactions", 190.0),
    ("likes", 150.0),
    ("comments", 11.0),
    ("shares", 16.0),
    ("saves", 13.0),
    ("replies", 4.0),
    ("website_clicks", 12.0),
    ("profile_links_taps", 9.0),
    ("follows_and_unfollows", 50.0),
];

pub(super) fn account_insights(visit: &Visit<'_>) -> Result<Value, Refusal> {
    let (artist, ask) = (&visit.artist, visit.ask);
    let id = artist.id(Service::Instagram);
    let as_total = ask.field("metric_type") == Some("total_value");
    let days = graph_days(visit);
    let mut data = Vec::new();
    for name in ask.list("metric") {
        let known =
            DAILY.iter().position(|(known, _)| *known == name).ok_or_else(|| unknown(name))?;
        let (_, daily) = DAILY[known];
        let gained = |day: &i64| artist.gained(&format!("instagram {name}"), daily, *day);
        let mut metric = json!({
            "name": name, "period": "day", "title": name, "description": "",
            "id": format!("{id}/insights/{name}/day"),
        });
        if as_total && name != "follower_count" {
            metric["total_value"] = json!({"value": days.iter().map(gained).sum::<u64>()});
        } else if known < 2 {
            let value = |day| json!({"value": gained(day), "end_time": graph_end(*day)});
            metric["values"] = days.iter().map(value).collect();
        } else {
            let why = "should be specified with parameter metric_type=total_value";
            return Err(Refusal::Bad(format!("(#100) The following metrics ({name}) {why}")));
        }
        data.push(metric);
    }
    Ok(json!({"data": data, "paging": {"previous": "", "next": ""}}))
}

fn media_insights(visit: &Visit<'_>, work: &Work) -> Result<Value, Refusal> {
    const BY_WORK: [(&str, f64); 7] = [
        ("reach", 160.0),
        ("views", 240.0),
        ("likes", 21.0),
        ("comments", 1.4),
        ("saved", 1.9),
        ("shares", 2.2),
        ("total_interactions", 27.0),
    ];
    let artist = &visit.artist;
    let mut data = Vec::new();
    for name in visit.ask.list("metric") {
        let known = BY_WORK.iter().find(|(known, _)| *known == name);
        let (_, daily) = known.ok_or_else(|| unknown(name))?;
        let value = artist.work_total(work, name, *daily, visit.today);
        data.push(json!({
            "name": name, "period": "lifetime", "values": [{"value": value}], "title": name,
            "id": format!("{}/insights/{name}/lifetime", media_id(artist, work)),
        }));
    }
    Ok(json!({ "data": data }))
}

fn unknown(name: &str) -> Refusal {
    let known: Vec<&str> = DAILY.iter().map(|(known, _)| *known).collect();
    let known = known.join(", ");
    Refusal::Bad(format!("(#100) metric[0] must be one of the following values: {known}: {name}"))
}
