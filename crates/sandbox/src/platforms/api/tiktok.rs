//! TikTok: `www.tiktok.com` and `open.tiktokapis.com`.

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::Service;
use crate::platforms::Platform;
use crate::platforms::ask::Ask;
use crate::platforms::call::{Visit, pick};
use crate::platforms::quota::{Quota, Window};
use crate::platforms::refusal::{self, Refusal};
use crate::platforms::rules::{Model, TokenRules};
use crate::platforms::style::{Act, ClientAuth, Offline, RefreshAnswer, Route, Style, call, route};
use crate::platforms::token::known_client;

pub(super) const STYLE: Style = Style {
    service: Service::Tiktok,
    routes: ROUTES,
    client_auth: ClientAuth::PostKey,
    app_auth: ClientAuth::PostKey,
    grants: &["authorization_code", "refresh_token", "client_credentials"],
    pkce_required: false,
    separator: ",",
    scopes: &["user.info.basic", "user.info.profile", "user.info.stats", "video.list"],
    offline: Offline::Always,
    refresh_answer: RefreshAnswer::Always,
    rules: TokenRules {
        model: Model::Rotating,
        code_secs: 60,
        access_secs: 7_200,
        refresh_secs: Some(15_552_000),
        min_age_secs: 0,
        reuse_grace_secs: 0,
        told_secs: None,
    },
    scheme: "Bearer",
    says_issuer: false,
    quota: Quota { limit: 600, window: Window::Secs(60), per_account: false, per_call: true },
    drift: "follower_count",
};

const ROUTES: &[Route] = &[
    route("*", "/v2/auth/authorize/", Act::Authorize),
    route("POST", "/v2/oauth/token/", Act::Token),
    route("POST", "/v2/oauth/revoke/", Act::Special(revoke)),
    call("GET", "/v2/user/info/", &["user.info.basic"], user),
    call("POST", "/v2/video/list/", &["video.list"], videos),
];

fn revoke(platform: &Platform, ask: &Ask) -> Response {
    match known_client(platform, ask, STYLE.client_auth) {
        Ok(_) => {
            platform.book().revoke_token(ask.field("token").unwrap_or_default());
            Json(json!({})).into_response()
        }
        Err(denied) => refusal::token(STYLE.service, denied),
    }
}

fn user(visit: &Visit<'_>) -> Result<Value, Refusal> {
    let artist = &visit.artist;
    let fields = visit.ask.list("fields");
    if fields.is_empty() {
        return Err(Refusal::Bad("Fields is required".to_owned()));
    }
    let asked = |names: &[&str]| fields.iter().any(|field| names.contains(field));
    if asked(&["follower_count", "following_count", "likes_count", "video_count"]) {
        visit.needs("user.info.stats")?;
    }
    if asked(&["bio_description", "profile_deep_link", "is_verified", "username"]) {
        visit.needs("user.info.profile")?;
    }
    let total =
        |what: &str, base, daily| artist.total(&format!("tiktok {what}"), base, daily, visit.today);
    let user = json!({
        "open_id": visit.id(),
        "union_id": artist.uuid("union id"),
        "avatar_url": "https://example.invalid/avatar.jpg",
        "display_name": artist.name,
        "username": artist.handle.replace('-', "."),
        "bio_description": format!("{}, music from a small town", artist.name),
        "profile_deep_link": format!("https://www.tiktok.com/@{}", artist.handle),
        "is_verified": true,
        "follower_count": total("followers", 22_000.0, 85.0),
        "following_count": total("following", 88.0, 0.1),
        "likes_count": total("likes", 310_000.0, 1_400.0),
        "video_count": artist.works(visit.today).len(),
    });
    Ok(enveloped(json!({"user": pick(&user, &[], &fields)})))
}

fn videos(visit: &Visit<'_>) -> Result<Value, Refusal> {
    let artist = &visit.artist;
    let fields: Vec<&str> =
        visit.ask.query.get("fields").map_or(vec![], |f| f.split(',').collect());
    if fields.is_empty() {
        return Err(Refusal::Bad("Fields is required".to_owned()));
    }
    let most = visit.ask.number("max_count", 10, 20).max(1);
    // A cursor is the time of the last video, in milliseconds.
    let before = visit.ask.json["cursor"].as_i64().filter(|cursor| *cursor > 0);
    let works = artist.works(visit.today).into_iter();
    let mut works =
        works.filter(|work| before.is_none_or(|cursor| work.day * 86_400_000 < cursor)).peekable();
    let mut cursor = 0;
    let mut page = Vec::new();
    while let Some(work) = works.next_if(|_| page.len() < most) {
        cursor = work.day * 86_400_000;
        let total = |what, daily| artist.work_total(&work, what, daily, visit.today);
        let id = artist.work_number(STYLE.service, &work, 18);
        let video = json!({
            "id": id,
            "title": work.title,
            "create_time": work.day * 86_400 + 43_200,
            "share_url": format!("https://www.tiktok.com/video/{id}"),
            "duration": 31,
            "view_count": total("views", 1_900.0),
            "like_count": total("likes", 150.0),
            "comment_count": total("comments", 7.0),
            "share_count": total("shares", 12.0),
        });
        page.push(pick(&video, &[], &fields));
    }
    let more = works.peek().is_some();
    Ok(enveloped(json!({"videos": page, "cursor": cursor, "has_more": more})))
}

fn enveloped(data: Value) -> Value {
    json!({"data": data, "error": {"code": "ok", "message": "", "log_id": "20261121SANDBOX"}})
}
