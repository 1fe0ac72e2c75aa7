//! X: `x.com` and `api.x.com`.

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::Service;
use crate::platforms::artist::{Artist, noon};
use crate::platforms::ask::Ask;
use crate::platforms::call::{Visit, pick};
use crate::platforms::quota::{Quota, Window};
use crate::platforms::refusal::{self, Refusal};
use crate::platforms::rules::{Model, TokenRules};
use crate::platforms::style::{Act, ClientAuth, Offline, RefreshAnswer, Route, Style, call, route};
use crate::platforms::token::known_client;
use crate::platforms::{Platform, oauth1};

const READ: &[&str] = &["users.read"];

pub(super) const STYLE: Style = Style {
    service: Service::X,
    routes: ROUTES,
    client_auth: ClientAuth::Basic,
    app_auth: ClientAuth::Basic,
    grants: &["authorization_code", "refresh_token", "client_credentials"],
    pkce_required: true,
    separator: " ",
    scopes: &[
        "tweet.read",
        "tweet.write",
        "users.read",
        "follows.read",
        "like.read",
        "offline.access",
    ],
    offline: Offline::Scope("offline.access"),
    refresh_answer: RefreshAnswer::Always,
    rules: TokenRules {
        model: Model::Rotating,
        code_secs: 30,
        access_secs: 7_200,
        refresh_secs: Some(15_552_000),
        min_age_secs: 0,
        reuse_grace_secs: 0,
        told_secs: None,
    },
    scheme: "Bearer",
    says_issuer: false,
    quota: Quota { limit: 900, window: Window::Secs(900), per_account: true, per_call: true },
    drift: "followers_count",
};

const ROUTES: &[Route] = &[
    route("*", "/i/oauth2/authorize", Act::Authorize),
    route("POST", "/2/oauth2/token", Act::Token),
    route("POST", "/oauth2/token", Act::Token),
    route("POST", "/2/oauth2/revoke", Act::Special(revoke)),
    route("POST", "/oauth/request_token", Act::Special(oauth1::request_token)),
    route("*", "/oauth/authorize", Act::Special(oauth1::serve)),
    route("POST", "/oauth/access_token", Act::Special(oauth1::access_token)),
    route("POST", "/1.1/oauth/invalidate_token", Act::Special(oauth1::invalidate)),
    route("*", "/2/webhooks", Act::Webhook),
    route("*", "/2/webhooks/{}", Act::Webhook),
    call("POST", "/2/account_activity/webhooks/{}/subscriptions/all", READ, subscribe),
    call("GET", "/2/users/me", READ, me).limit(75),
    call("GET", "/2/users/by/username/{}", READ, by_name).limit(300),
    call("GET", "/2/users/{}", READ, user).limit(300),
    call("GET", "/2/users/{}/tweets", &["tweet.read"], posts),
];

fn revoke(platform: &Platform, ask: &Ask) -> Response {
    match known_client(platform, ask, STYLE.client_auth) {
        Ok(_) => {
            let revoked = platform.book().revoke_token(ask.field("token").unwrap_or_default());
            Json(json!({ "revoked": revoked })).into_response()
        }
        Err(denied) => refusal::token(STYLE.service, denied),
    }
}

fn subscribe(_: &Visit<'_>) -> Result<Value, Refusal> {
    Ok(json!({"data": {"subscribed": true}}))
}

fn me(visit: &Visit<'_>) -> Result<Value, Refusal> {
    Ok(json!({"data": account(visit, &visit.artist)}))
}

fn user(visit: &Visit<'_>) -> Result<Value, Refusal> {
    let artist = visit.find(visit.ask.param(0))?;
    Ok(json!({"data": account(visit, &artist)}))
}

fn by_name(visit: &Visit<'_>) -> Result<Value, Refusal> {
    let name = visit.ask.param(0).replace('_', " ");
    let artist = visit.search(&name).into_iter().next().ok_or(Refusal::NotFound)?;
    Ok(json!({"data": account(visit, &artist)}))
}

fn account(visit: &Visit<'_>, artist: &Artist) -> Value {
    let total =
        |what: &str, base, daily| artist.total(&format!("x {what}"), base, daily, visit.today);
    let all = json!({
        "id": artist.id(STYLE.service),
        "name": artist.name,
        "username": artist.handle.replace('-', "_"),
        "created_at": "2019-08-23T00:34:43.000Z",
        "verified": false,
        "public_metrics": {
            "followers_count": total("followers", 6_400.0, 9.0),
            "following_count": total("following", 210.0, 0.2),
            "tweet_count": artist.works(visit.today).len(),
            "listed_count": total("lists", 40.0, 0.05),
            "like_count": total("likes", 900.0, 2.0),
        },
    });
    pick(&all, &["id", "name", "username"], &visit.ask.list("user.fields"))
}

fn posts(visit: &Visit<'_>) -> Result<Value, Refusal> {
    let artist = visit.find(visit.ask.param(0))?;
    let own = artist.handle == visit.artist.handle;
    let works = artist.works(visit.today);
    let begin = visit.ask.number("pagination_token", 0, works.len());
    let end = (begin + visit.ask.number("max_results", 10, 100).max(5)).min(works.len());
    let fields = visit.ask.list("tweet.fields");
    let posts = works.iter().skip(begin).take(end - begin).map(|work| {
        let total = |what, daily| artist.work_total(work, what, daily, visit.today);
        let impressions = total("impressions", 320.0);
        let mut all = json!({
            "id": artist.work_number(STYLE.service, work, 18),
            "text": format!("{} is out now", work.title),
            "author_id": artist.id(STYLE.service),
            "created_at": noon(work.day, "%Y-%m-%dT%H:%M:%S.000Z"),
            "public_metrics": {
                "retweet_count": total("reposts", 2.0),
                "reply_count": total("replies", 0.9),
                "like_count": total("likes", 11.0),
                "quote_count": total("quotes", 0.4),
                "bookmark_count": total("bookmarks", 0.6),
                "impression_count": impressions,
            },
        });
        // The owner's numbers, for thirty days.
        if own && visit.today - work.day <= 30 {
            all["non_public_metrics"] = json!({
                "impression_count": impressions, "url_link_clicks": total("clicks", 3.0),
                "user_profile_clicks": total("profile clicks", 1.2),
            });
        }
        pick(&all, &["id", "text"], &fields)
    });
    let posts: Vec<Value> = posts.collect();
    let mut meta = json!({"result_count": posts.len()});
    if end < works.len() {
        meta["next_token"] = end.to_string().into();
    }
    Ok(json!({"data": posts, "meta": meta}))
}
