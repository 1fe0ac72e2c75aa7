//! The token endpoint: knows the app by the platform's way, does what the grant type says, and answers in
//! the platform's form. Its faults are carried out here.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};
use axum::{Extension, Json};
use bytes::Bytes;
use futures::stream;
use kernel::Timestamp;
use serde_json::{Value, json};

use super::ask::Ask;
use super::book::{Dead, Denied, Issued, Kind};
use super::refusal::{self, Refusal};
use super::style::ClientAuth;
use super::{Platform, authorize, device};
use crate::Service;
use crate::listener::Lost;

/// A huge answer is this many pieces of 64 KB.
const HUGE_PIECES: u32 = 1024;

pub(super) async fn serve(platform: &Platform, ask: &Ask) -> Response {
    let faults = ask.faults;
    if faults.token_slow_ms > 0 {
        tokio::time::sleep(Duration::from_millis(faults.token_slow_ms)).await;
    }
    if let Some(broken) = broken(ask) {
        return broken;
    }
    let grant_type = ask.field("grant_type").unwrap_or("authorization_code");
    let mut response = match granted(platform, ask, grant_type) {
        Ok(answer) => Json(answer).into_response(),
        Err(Refused::Grant(denied)) => return refusal::token(platform.style.service, denied),
        Err(Refused::Api(refused)) => return refusal::answer(platform.style.service, &refused),
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if faults.refresh_lost && renews(grant_type) {
        return (Extension(Lost), response).into_response();
    }
    response
}

/// The answer to a grant, in the platform's form.
pub(super) fn answer(platform: &Platform, issued: &Issued, now: Timestamp) -> Value {
    let style = platform.style;
    let left = |end: Option<Timestamp>| end.map(|end| end.since(now).as_secs());
    let scope = issued.scopes.join(style.separator);
    let account = issued.account.as_deref().map(|handle| platform.account(handle));
    let id = account.map(|account| account.id);
    let mut answer = json!({"access_token": issued.access});
    let mut put = |name: &str, value: Value| {
        if !value.is_null() {
            answer[name] = value;
        }
    };
    let told = platform.book().rules.told_secs;
    let expires_in = json!(told.or_else(|| left(issued.access_expires)));
    match style.service {
        Service::AppleMusic => return json!({"music_user_token": issued.access}),
        Service::Instagram if issued.short => {
            put("user_id", id.and_then(|id| id.parse::<u64>().ok()).into());
            put("permissions", json!(issued.scopes));
            return answer;
        }
        Service::Instagram | Service::Facebook => {
            put("token_type", "bearer".into());
            put("expires_in", expires_in);
            return answer;
        }
        Service::Tiktok => {
            put("open_id", id.into());
            put("refresh_expires_in", json!(left(issued.refresh_expires)));
        }
        _ => {}
    }
    let bearer = if style.service == Service::X { "bearer" } else { "Bearer" };
    put("token_type", bearer.into());
    put("expires_in", expires_in);
    put("refresh_token", issued.refresh.clone().into());
    put("scope", scope.into());
    answer
}

fn renews(grant_type: &str) -> bool {
    matches!(grant_type, "refresh_token" | "ig_refresh_token" | "fb_exchange_token")
}

/// Why there is no token, in the words of OAuth or in those of the API.
enum Refused {
    Grant(Denied),
    Api(Refusal),
}

impl From<Denied> for Refused {
    fn from(denied: Denied) -> Self {
        Self::Grant(denied)
    }
}

impl From<Dead> for Refused {
    fn from(dead: Dead) -> Self {
        Self::Api(Refusal::BadToken(dead))
    }
}

fn granted(platform: &Platform, ask: &Ask, grant_type: &str) -> Result<Value, Refused> {
    let style = platform.style;
    if !style.grants.contains(&grant_type) {
        return Err(Denied("unsupported_grant_type", "This grant type is not known here.").into());
    }
    if renews(grant_type)
        && ask.faults.invalid_grant_once
        && platform.desk.spend_invalid_grant(style.service)
    {
        return Err(Denied("invalid_grant", "Refused once, on purpose.").into());
    }
    let client = match grant_type {
        // The token says whose it is.
        "ig_refresh_token" | "ig_exchange_token" => String::new(),
        "client_credentials" => known_client(platform, ask, style.app_auth)?,
        _ => known_client(platform, ask, style.client_auth)?,
    };
    let needed = |name| ask.field(name).ok_or(Denied("invalid_request", "A field is missing."));
    let now = ask.now;
    let mut book = platform.book();
    let issued = match grant_type {
        "authorization_code" => {
            let (uri, verifier) = (ask.field("redirect_uri"), ask.field("code_verifier"));
            book.redeem(needed("code")?, &client, uri, verifier, now)?
        }
        "refresh_token" => {
            book.refresh(needed("refresh_token")?, &client, ask.faults.refresh_omitted, now)?
        }
        "client_credentials" if style.service == Service::Facebook => {
            let token = format!("{client}|{}", needed("client_secret")?);
            return Ok(json!({"access_token": token, "token_type": "bearer"}));
        }
        "client_credentials" => {
            let scopes = authorize::scopes(platform, ask.field("scope").unwrap_or_default());
            book.for_app(&client, scopes, now)
        }
        "ig_exchange_token" => {
            let token = needed("access_token")?;
            let client = book.held(token, now)?.client;
            let secret = book.clients.get(&client).map(|client| client.secret.as_str());
            if secret != Some(needed("client_secret")?) {
                return Err(Denied("invalid_client", "The client_secret is wrong.").into());
            }
            book.lengthen(token, now)?
        }
        "ig_refresh_token" => {
            let why = "The token is less than 24 hours old, or it is not a long-lived one.";
            let extended = book.extend(needed("access_token")?, now)?;
            extended.ok_or_else(|| Refused::Api(Refusal::Bad(why.to_owned())))?
        }
        "fb_exchange_token" => {
            let token = needed("fb_exchange_token")?;
            if book.held(token, now)?.kind == Kind::Short {
                book.lengthen(token, now)?
            } else if let Some(issued) = book.extend(token, now)? {
                issued
            } else {
                // Too young: it comes back as it is.
                let left = book.end_of(token).map(|end| end.since(now).as_secs());
                let same =
                    json!({"access_token": token, "token_type": "bearer", "expires_in": left});
                return Ok(same);
            }
        }
        _ => device::poll(&mut book, needed("device_code")?, &client, now)?,
    };
    drop(book);
    Ok(answer(platform, &issued, now))
}

/// The id of the app, when it has proven who it is.
pub(super) fn known_client(
    platform: &Platform,
    ask: &Ask,
    auth: ClientAuth,
) -> Result<String, Denied> {
    let posted = |id| Some((ask.field(id)?.to_owned(), ask.field("client_secret")?.to_owned()));
    let pair = match auth {
        ClientAuth::Basic => ask.basic(),
        ClientAuth::Post => posted("client_id"),
        ClientAuth::PostKey => posted("client_key"),
        ClientAuth::Either => ask.basic().or_else(|| posted("client_id")),
    };
    let (id, secret) = pair.ok_or(Denied("invalid_client", "The app does not say who it is."))?;
    let known = platform.book().clients.get(&id).is_some_and(|client| client.secret == secret);
    if known {
        Ok(id)
    } else {
        Err(Denied("invalid_client", "The app or its secret is not known."))
    }
}

/// What the faults answer in place of the endpoint.
fn broken(ask: &Ask) -> Option<Response> {
    let faults = ask.faults;
    if faults.token_html {
        let page = "<!doctype html><title>Maintenance</title><h1>We are back in a minute</h1>";
        return Some(Html(page).into_response());
    }
    if faults.token_empty {
        return Some(([(header::CONTENT_TYPE, "application/json")], "").into_response());
    }
    if faults.token_huge {
        const PIECE: &[u8] = &[b'a'; 65_536];
        let begin = Bytes::from_static(b"{\"token_type\":\"Bearer\",\"access_token\":\"");
        let pieces = (0..HUGE_PIECES).map(|_| Bytes::from_static(PIECE));
        let end = Bytes::from_static(b"\"}");
        let all = std::iter::once(begin).chain(pieces).chain([end]);
        let body = Body::from_stream(stream::iter(all.map(Ok::<_, std::convert::Infallible>)));
        return Some(([(header::CONTENT_TYPE, "application/json")], body).into_response());
    }
    faults.token_ill_typed.then(|| {
        Json(json!({
            "access_token": 12_345, "token_type": ["Bearer"], "expires_in": "soon",
            "refresh_token": {"value": "no"}, "scope": false,
        }))
        .into_response()
    })
}
