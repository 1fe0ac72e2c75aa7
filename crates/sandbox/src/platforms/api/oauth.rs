//! An OAuth provider by the book, with an API of its own: metadata (RFC 8414), PKCE, rotation with reuse
//! detection, the device flow (RFC 8628), client credentials, revocation (RFC 7009), `iss` (RFC 9207).

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::Service;
use crate::platforms::artist::date;
use crate::platforms::ask::Ask;
use crate::platforms::call::Visit;
use crate::platforms::quota::{Quota, Window};
use crate::platforms::refusal::{self, Refusal};
use crate::platforms::rules::{Model, TokenRules};
use crate::platforms::style::{
    Act, ClientAuth, Offline, RefreshAnswer, Route, Style, call, open_call, route,
};
use crate::platforms::token::known_client;
use crate::platforms::{Platform, device};

pub(super) const STYLE: Style = Style {
    service: Service::Oauth,
    routes: ROUTES,
    client_auth: ClientAuth::Either,
    app_auth: ClientAuth::Either,
    grants: &[
        "authorization_code",
        "refresh_token",
        "client_credentials",
        "urn:ietf:params:oauth:grant-type:device_code",
    ],
    pkce_required: false,
    separator: " ",
    scopes: &["openid", "profile", "email", "offline_access", "read", "write", "numbers:read"],
    offline: Offline::Always,
    refresh_answer: RefreshAnswer::Always,
    rules: TokenRules {
        model: Model::Rotating,
        code_secs: 60,
        access_secs: 3_600,
        refresh_secs: Some(2_592_000),
        min_age_secs: 0,
        reuse_grace_secs: 0,
        told_secs: None,
    },
    scheme: "Bearer",
    says_issuer: true,
    quota: Quota { limit: 6_000, window: Window::Secs(60), per_account: false, per_call: false },
    drift: "followers",
};

const ROUTES: &[Route] = &[
    route("GET", "/.well-known/oauth-authorization-server", Act::Special(metadata)),
    route("GET", "/.well-known/openid-configuration", Act::Special(metadata)),
    route("*", "/authorize", Act::Authorize),
    route("POST", "/token", Act::Token),
    route("POST", "/revoke", Act::Special(revoke)),
    route("POST", "/device_authorization", Act::Special(device::begin)),
    route("*", "/device", Act::Device),
    call("GET", "/userinfo", &[], userinfo),
    call("GET", "/api/me", &[], userinfo),
    call("GET", "/api/numbers", &["numbers:read", "read"], numbers),
    call("POST", "/api/echo", &["write"], echo),
    open_call("/api/status", status),
];

fn metadata(platform: &Platform, _: &Ask) -> Response {
    let at = |path: &str| format!("{}{path}", platform.url);
    Json(json!({
        "issuer": platform.url,
        "authorization_endpoint": at("/authorize"),
        "token_endpoint": at("/token"),
        "revocation_endpoint": at("/revoke"),
        "device_authorization_endpoint": at("/device_authorization"),
        "userinfo_endpoint": at("/userinfo"),
        "scopes_supported": STYLE.scopes,
        "response_types_supported": ["code"],
        "grant_types_supported": STYLE.grants,
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "authorization_response_iss_parameter_supported": true,
    }))
    .into_response()
}

/// A token that is not known is no error (RFC 7009, 2.2).
fn revoke(platform: &Platform, ask: &Ask) -> Response {
    match known_client(platform, ask, STYLE.client_auth) {
        Ok(_) => {
            platform.book().revoke_token(ask.field("token").unwrap_or_default());
            StatusCode::OK.into_response()
        }
        Err(denied) => refusal::token(STYLE.service, denied),
    }
}

fn userinfo(visit: &Visit<'_>) -> Result<Value, Refusal> {
    let artist = &visit.artist;
    let mut info = json!({"sub": visit.id()});
    if visit.needs("profile").is_ok() {
        info["name"] = artist.name.clone().into();
        info["preferred_username"] = artist.handle.clone().into();
    }
    if visit.needs("email").is_ok() {
        info["email"] = format!("{}@example.com", artist.handle).into();
    }
    Ok(info)
}

fn numbers(visit: &Visit<'_>) -> Result<Value, Refusal> {
    let followers = visit.artist.total("oauth followers", 1_000.0, 10.0, visit.today);
    Ok(json!({"date": date(visit.today), "followers": followers}))
}

fn echo(visit: &Visit<'_>) -> Result<Value, Refusal> {
    Ok(json!({"account": visit.artist.handle, "json": visit.ask.json, "query": visit.ask.query}))
}

fn status(visit: &Visit<'_>) -> Result<Value, Refusal> {
    Ok(json!({"status": "ok", "client_id": visit.held.client, "account": visit.held.account}))
}
