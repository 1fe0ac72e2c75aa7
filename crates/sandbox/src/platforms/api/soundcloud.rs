//! SoundCloud: `secure.soundcloud.com` and `api.soundcloud.com`. There are no scopes.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::Service;
use crate::platforms::Platform;
use crate::platforms::artist::{Artist, noon};
use crate::platforms::ask::Ask;
use crate::platforms::call::Visit;
use crate::platforms::quota::{Quota, Window};
use crate::platforms::refusal::Refusal;
use crate::platforms::rules::{Model, TokenRules};
use crate::platforms::style::{
    Act, ClientAuth, Offline, RefreshAnswer, Route, Style, call, open_call, route,
};

pub(super) const STYLE: Style = Style {
    service: Service::Soundcloud,
    routes: ROUTES,
    client_auth: ClientAuth::Post,
    app_auth: ClientAuth::Basic,
    grants: &["authorization_code", "refresh_token", "client_credentials"],
    pkce_required: true,
    separator: " ",
    scopes: &[],
    offline: Offline::Always,
    refresh_answer: RefreshAnswer::Always,
    rules: TokenRules {
        model: Model::Rotating,
        code_secs: 60,
        access_secs: 3_599,
        refresh_secs: None,
        min_age_secs: 0,
        reuse_grace_secs: 0,
        told_secs: None,
    },
    scheme: "OAuth",
    says_issuer: false,
    quota: Quota {
        limit: 15_000,
        window: Window::Secs(86_400),
        per_account: false,
        per_call: false,
    },
    drift: "followers_count",
};

const ROUTES: &[Route] = &[
    route("*", "/authorize", Act::Authorize),
    route("POST", "/oauth/token", Act::Token),
    route("POST", "/sign-out", Act::Special(sign_out)),
    call("GET", "/me", &[], me),
    call("GET", "/me/tracks", &[], my_tracks),
    open_call("/users", search),
    open_call("/users/{}", user),
    open_call("/users/{}/tracks", tracks_of),
];

/// The access token is in the body and is all that is needed.
fn sign_out(platform: &Platform, ask: &Ask) -> Response {
    platform.book().revoke_token(ask.field("access_token").unwrap_or_default());
    StatusCode::OK.into_response()
}

fn me(visit: &Visit<'_>) -> Result<Value, Refusal> {
    Ok(account(visit, &visit.artist))
}

fn user(visit: &Visit<'_>) -> Result<Value, Refusal> {
    Ok(account(visit, &visit.find(visit.ask.param(0))?))
}

fn search(visit: &Visit<'_>) -> Result<Value, Refusal> {
    let found = visit.search(visit.ask.field("q").unwrap_or_default());
    Ok(page(visit, found.iter().map(|artist| account(visit, artist)).collect()))
}

fn my_tracks(visit: &Visit<'_>) -> Result<Value, Refusal> {
    Ok(tracks(visit, &visit.artist))
}

fn tracks_of(visit: &Visit<'_>) -> Result<Value, Refusal> {
    Ok(tracks(visit, &visit.find(visit.ask.param(0))?))
}

fn account(visit: &Visit<'_>, artist: &Artist) -> Value {
    let total = |what: &str, base, daily| {
        artist.total(&format!("soundcloud {what}"), base, daily, visit.today)
    };
    json!({
        "kind": "user", "urn": artist.id(STYLE.service), "username": artist.handle,
        "full_name": artist.name, "plan": "Pro",
        "permalink_url": format!("https://soundcloud.com/{}", artist.handle),
        "followers_count": total("followers", 4_100.0, 8.0),
        "followings_count": total("followings", 140.0, 0.1),
        "track_count": artist.works(visit.today).len(),
        "likes_count": total("likes", 800.0, 1.2),
        "reposts_count": total("reposts", 60.0, 0.3),
        "comments_count": total("comments", 210.0, 0.6),
    })
}

fn tracks(visit: &Visit<'_>, artist: &Artist) -> Value {
    let works = artist.works(visit.today);
    let track = |work| {
        let total = |what, daily| artist.work_total(work, what, daily, visit.today);
        let number = artist.work_number(STYLE.service, work, 9);
        json!({
            "kind": "track", "urn": format!("soundcloud:tracks:{number}"), "title": work.title,
            "created_at": noon(work.day, "%Y/%m/%d %H:%M:%S +0000"),
            "duration": 180_000 + work.number * 1_007, "genre": "Dream Pop",
            "playback_count": total("plays", 95.0),
            "favoritings_count": total("likes", 6.0),
            "comment_count": total("comments", 0.5),
            "reposts_count": total("reposts", 0.8),
            "download_count": total("downloads", 0.2),
            "permalink_url": format!("https://soundcloud.com/{}/{number}", artist.handle),
            "user": {"urn": artist.id(STYLE.service), "username": artist.handle},
        })
    };
    page(visit, works.iter().map(track).collect())
}

/// A list as it is, or in pages when `linked_partitioning` asks for them.
fn page(visit: &Visit<'_>, all: Vec<Value>) -> Value {
    let ask = visit.ask;
    let limit = ask.number("limit", 50, 200).max(1);
    if ask.field("linked_partitioning") != Some("true") {
        return all.into_iter().take(limit).collect();
    }
    let begin = ask.number("cursor", 0, all.len());
    let end = begin + limit;
    let next = (end < all.len()).then(|| {
        let path = format!("{}{}", visit.platform.url, ask.path);
        format!("{path}?limit={limit}&linked_partitioning=true&cursor={end}")
    });
    let page: Vec<Value> = all.into_iter().skip(begin).take(limit).collect();
    json!({"collection": page, "next_href": next})
}
