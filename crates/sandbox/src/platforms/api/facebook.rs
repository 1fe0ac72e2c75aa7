//! Facebook Pages: `www.facebook.com` and `graph.facebook.com`. Each account is one page; its Instagram
//! account is here as well, as it is for apps with Facebook Login.

use aws_lc_rs::hmac::HMAC_SHA256;
use serde_json::{Value, json};

use super::{graph_days, graph_end, graph_fields, graph_page, instagram};
use crate::Service;
use crate::platforms::artist::noon;
use crate::platforms::call::{Visit, pick};
use crate::platforms::push::sign;
use crate::platforms::quota::{Quota, Window};
use crate::platforms::refusal::Refusal;
use crate::platforms::rules::{Model, TokenRules};
use crate::platforms::style::{Act, ClientAuth, Offline, RefreshAnswer, Route, Style, call, route};

const PAGES: &[&str] = &["pages_show_list"];
const ENGAGEMENT: &[&str] = &["pages_read_engagement", "instagram_basic"];
const INSIGHTS: &[&str] = &["read_insights", "instagram_manage_insights"];

pub(super) const STYLE: Style = Style {
    service: Service::Facebook,
    routes: ROUTES,
    client_auth: ClientAuth::Post,
    app_auth: ClientAuth::Post,
    grants: &["authorization_code", "fb_exchange_token", "client_credentials"],
    pkce_required: false,
    separator: ",",
    scopes: &[
        "public_profile",
        "email",
        "pages_show_list",
        "pages_read_engagement",
        "read_insights",
        "pages_manage_metadata",
        "pages_read_user_content",
        "business_management",
        "instagram_basic",
        "instagram_manage_insights",
        "instagram_manage_comments",
    ],
    offline: Offline::Never,
    refresh_answer: RefreshAnswer::Never,
    rules: TokenRules {
        model: Model::Extending,
        code_secs: 60,
        access_secs: 5_400,
        refresh_secs: Some(5_184_000),
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
    route("*", "/dialog/oauth", Act::Authorize),
    route("*", "/oauth/access_token", Act::Token),
    route("*", "/{}/subscriptions", Act::Webhook),
    call("GET", "/me/accounts", PAGES, accounts),
    call("GET", "/me/permissions", &[], permissions),
    call("DELETE", "/{}/permissions", &[], give_back),
    call("POST", "/{}/subscribed_apps", &["pages_manage_metadata"], subscribe),
    call("GET", "/{}/insights", INSIGHTS, insights),
    call("GET", "/{}/posts", ENGAGEMENT, posts),
    call("GET", "/{}/feed", ENGAGEMENT, posts),
    call("GET", "/{}/media", &["instagram_basic"], media),
    call("GET", "/{}", &[], node),
];

/// The person, the page, or the page's Instagram account. `/me` is whose token it is.
fn node(visit: &Visit<'_>) -> Result<Value, Refusal> {
    proof(visit)?;
    let fields = graph_fields(visit.ask);
    let artist = &visit.artist;
    match visit.ask.param(0) {
        "me" if !visit.held.token.starts_with("page_") => {
            let person =
                json!({"id": person(visit), "name": format!("Manager of {}", artist.name)});
            Ok(pick(&person, &["name", "id"], &[]))
        }
        "me" => Ok(pick(&page(visit), &["name", "id"], &fields)),
        id if id == visit.id() => Ok(pick(&page(visit), &["id"], &fields)),
        id if id == artist.id(Service::Instagram) => {
            visit.needs("instagram_basic")?;
            Ok(pick(&instagram::user(artist, visit.today), &["id"], &fields))
        }
        _ => Err(Refusal::NotFound),
    }
}

/// The page that the person manages, with its own token.
fn accounts(visit: &Visit<'_>) -> Result<Value, Refusal> {
    proof(visit)?;
    let token = visit.platform.book().page_token(&visit.held.token, visit.ask.now);
    let mut page = page(visit);
    page["access_token"] = token.into();
    let fields = graph_fields(visit.ask);
    let usual = ["access_token", "category", "name", "id", "tasks"];
    let always: &[&str] = if fields.is_empty() { &usual } else { &["id"] };
    Ok(graph_page(visit, vec![pick(&page, always, &fields)]))
}

fn permissions(visit: &Visit<'_>) -> Result<Value, Refusal> {
    let granted = |scope: &String| json!({"permission": scope, "status": "granted"});
    Ok(json!({"data": visit.held.scopes.iter().map(granted).collect::<Vec<_>>()}))
}

fn give_back(visit: &Visit<'_>) -> Result<Value, Refusal> {
    visit.platform.book().revoke_token(&visit.held.token);
    Ok(json!({"success": true}))
}

fn subscribe(_: &Visit<'_>) -> Result<Value, Refusal> {
    Ok(json!({"success": true}))
}

fn insights(visit: &Visit<'_>) -> Result<Value, Refusal> {
    proof(visit)?;
    let artist = &visit.artist;
    match visit.ask.param(0) {
        id if id == artist.id(Service::Instagram) => {
            visit.needs("instagram_manage_insights")?;
            return instagram::account_insights(visit);
        }
        id if id == visit.id() || id == "me" => visit.needs("read_insights")?,
        _ => return Err(Refusal::NotFound),
    }
    const DAILY: [(&str, f64); 7] = [
        ("page_media_view", 1_900.0),
        ("page_total_media_view_unique", 800.0),
        ("page_daily_follows_unique", 14.0),
        ("page_daily_follows", 15.0),
        ("page_views_total", 90.0),
        ("page_post_engagements", 120.0),
        ("page_actions_post_reactions_total", 70.0),
    ];
    let days = graph_days(visit);
    let mut data = Vec::new();
    for name in visit.ask.list("metric") {
        let daily = DAILY.iter().find(|(known, _)| *known == name).map(|(_, daily)| *daily);
        let value = |day: i64| match daily {
            Some(daily) => artist.gained(&format!("facebook {name}"), daily, day),
            None => followers(visit, day),
        };
        if daily.is_none() && name != "page_follows" {
            let why = "(#100) The value must be a valid insights metric";
            return Err(Refusal::Bad(why.to_owned()));
        }
        let values =
            days.iter().map(|day| json!({"value": value(*day), "end_time": graph_end(*day)}));
        data.push(json!({
            "name": name, "period": "day", "values": values.collect::<Vec<_>>(), "title": name,
            "id": format!("{}/insights/{name}/day", visit.id()),
        }));
    }
    Ok(json!({"data": data, "paging": {"previous": "", "next": ""}}))
}

fn posts(visit: &Visit<'_>) -> Result<Value, Refusal> {
    let (artist, today) = (&visit.artist, visit.today);
    let fields = graph_fields(visit.ask);
    let post = |work| {
        let count = |what, daily| artist.work_total(work, what, daily, today);
        let of = |what, daily| json!({"data": [], "summary": {"total_count": count(what, daily)}});
        let number = artist.work_number(Service::Facebook, work, 15);
        json!({
            "id": format!("{}_{number}", visit.id()),
            "message": format!("{} is out now", work.title),
            "created_time": noon(work.day, "%Y-%m-%dT%H:%M:%S+0000"),
            "permalink_url": format!("https://www.facebook.com/{number}"),
            "reactions": of("reactions", 9.0),
            "likes": of("reactions", 9.0),
            "comments": of("comments", 1.1),
            "shares": {"count": count("shares", 0.7)},
        })
    };
    let usual = ["created_time", "message", "id"];
    let always: &[&str] = if fields.is_empty() { &usual } else { &["id"] };
    let posts = artist.works(today);
    Ok(graph_page(visit, posts.iter().map(|work| pick(&post(work), always, &fields)).collect()))
}

fn media(visit: &Visit<'_>) -> Result<Value, Refusal> {
    if visit.ask.param(0) != visit.artist.id(Service::Instagram) {
        return Err(Refusal::NotFound);
    }
    let fields = graph_fields(visit.ask);
    Ok(instagram::posts(visit, &fields))
}

fn person(visit: &Visit<'_>) -> String {
    visit.artist.id(Service::Bench)
}

fn followers(visit: &Visit<'_>, day: i64) -> u64 {
    visit.artist.total("facebook followers", 9_000.0, 14.0, day)
}

fn page(visit: &Visit<'_>) -> Value {
    let artist = &visit.artist;
    let followers = followers(visit, visit.today);
    let account = instagram::user(artist, visit.today);
    let asked = visit.ask.field("fields").unwrap_or_default();
    let more = asked.contains("instagram_business_account{").then_some("username");
    let account = pick(&account, &["id"], more.as_slice());
    json!({
        "id": visit.id(),
        "name": artist.name,
        "username": artist.handle.replace('-', ""),
        "category": "Musician/Band",
        "tasks": ["ANALYZE", "MANAGE"],
        "fan_count": followers - followers / 50,
        "followers_count": followers,
        "new_like_count": artist.gained("facebook likes", 12.0, visit.today),
        "talking_about_count": artist.gained("facebook talk", 160.0, visit.today),
        "rating_count": 0,
        "link": format!("https://www.facebook.com/{}", visit.id()),
        "instagram_business_account": account,
    })
}

/// `appsecret_proof` must fit where it is given.
fn proof(visit: &Visit<'_>) -> Result<(), Refusal> {
    let Some(given) = visit.ask.field("appsecret_proof") else { return Ok(()) };
    let secret = visit.platform.client_secret.expose();
    let fits = hex::encode(sign(HMAC_SHA256, secret, &visit.held.token)) == given;
    let why = "Invalid appsecret_proof provided in the API argument";
    if fits { Ok(()) } else { Err(Refusal::Bad(why.to_owned())) }
}
