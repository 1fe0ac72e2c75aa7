//! How each platform says no: the same few reasons in its status, its words and its form.

use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use kernel::Timestamp;
use serde_json::{Value, json};

use super::book::{Dead, Denied};
use super::quota::{self, Spent};
use crate::Service;

/// How long a storm tells clients to wait, in seconds.
const STORM_SECS: i64 = 5;

/// TikTok numbers its answers.
const LOG_ID: &str = "20261121SANDBOX";

/// Why a call of the API is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    NoToken,
    BadToken(Dead),
    /// This scope is missing.
    Scope(&'static str),
    /// The token is an app's own, or the user token is missing.
    NoPerson,
    NotFound,
    /// What is wrong with the request.
    Bad(String),
    /// Too many requests for now.
    Limited,
    /// The day's units are spent.
    Spent,
    Down,
}

/// The answer to a refused call.
pub(super) fn answer(service: Service, refusal: &Refusal) -> Response {
    let (status, body) = match service {
        Service::Instagram | Service::Facebook => meta(service, refusal),
        Service::Tiktok => tiktok(refusal),
        Service::X => x(refusal),
        Service::Youtube => google(refusal),
        Service::AppleMusic => apple(refusal),
        Service::Spotify => {
            let (status, message) = plain(refusal);
            (status, json!({"error": {"status": status, "message": message}}))
        }
        Service::Soundcloud => {
            let (status, message) = plain(refusal);
            let body = json!({
                "code": status, "message": message, "status": format!("{status} - {message}"),
                "link": "https://developers.soundcloud.com/docs/api/explorer/open-api",
                "errors": [{"error_message": message}],
            });
            (status, body)
        }
        _ => standard(refusal),
    };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, Json(body)).into_response();
    if service == Service::Oauth && status == StatusCode::UNAUTHORIZED {
        let challenge = HeaderValue::from_static("Bearer error=\"invalid_token\"");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}

/// The answer to a refused exchange.
pub(super) fn token(service: Service, Denied(error, why): Denied) -> Response {
    let status = match (service, error) {
        // TikTok says it in a 200.
        (Service::Tiktok, _) => StatusCode::OK,
        (_, "invalid_client") => StatusCode::UNAUTHORIZED,
        _ => StatusCode::BAD_REQUEST,
    };
    let body = match service {
        Service::Instagram if error == "invalid_grant" => {
            json!({"error_type": "OAuthException", "code": 400, "error_message": why})
        }
        Service::Instagram | Service::Facebook => {
            let code = if error == "invalid_client" { 101 } else { 100 };
            meta_error(&format!("{error}: {why}"), code, None)
        }
        Service::Tiktok => json!({"error": error, "error_description": why, "log_id": LOG_ID}),
        _ => json!({"error": error, "error_description": why}),
    };
    (status, Json(body)).into_response()
}

/// Too many requests, with the headers of the platform.
pub(crate) fn storm(service: Service, now: Timestamp) -> Response {
    let spent = Spent { limit: 100, used: 100, reset: now.secs() + STORM_SECS, over: true };
    let mut response = answer(service, &Refusal::Limited);
    for (name, value) in quota::headers(service, "0", spent, now) {
        put_header(&mut response, name, &value);
    }
    response
}

/// An error of the server's own.
pub(crate) fn down(service: Service) -> Response {
    answer(service, &Refusal::Down)
}

pub(super) fn put_header(response: &mut Response, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(HeaderName::from_static(name), value);
    }
}

fn plain(refusal: &Refusal) -> (u16, String) {
    let (status, message) = match refusal {
        Refusal::NoToken => (401, "No token provided"),
        Refusal::BadToken(Dead::Expired) => (401, "The access token expired"),
        Refusal::BadToken(_) => (401, "Invalid access token"),
        Refusal::NoPerson => (401, "Valid user authentication required"),
        Refusal::Scope(_) => (403, "Insufficient client scope"),
        Refusal::NotFound => (404, "Resource not found"),
        Refusal::Bad(message) => return (400, message.clone()),
        Refusal::Limited | Refusal::Spent => (429, "API rate limit exceeded"),
        Refusal::Down => (503, "Service unavailable"),
    };
    (status, message.to_owned())
}

/// RFC 6750.
fn standard(refusal: &Refusal) -> (u16, Value) {
    let (status, message) = plain(refusal);
    let error = match refusal {
        Refusal::NoToken | Refusal::Bad(_) => "invalid_request",
        Refusal::BadToken(_) | Refusal::NoPerson => "invalid_token",
        Refusal::Scope(_) => "insufficient_scope",
        Refusal::NotFound => "not_found",
        Refusal::Limited | Refusal::Spent => "rate_limited",
        Refusal::Down => "temporarily_unavailable",
    };
    let mut body = json!({"error": error, "error_description": message});
    if let Refusal::Scope(needed) = refusal {
        body["scope"] = (*needed).into();
    }
    (status, body)
}

fn meta(service: Service, refusal: &Refusal) -> (u16, Value) {
    // 4 is the app's limit, 80002 that of an Instagram account.
    let limit = if service == Service::Instagram { 80_002 } else { 4 };
    let (status, message, code, subcode) = match refusal {
        Refusal::NoToken | Refusal::NoPerson => {
            (400, "An active access token must be used to query information.", 2500, None)
        }
        Refusal::BadToken(Dead::Expired) => {
            (400, "Error validating access token: Session has expired.", 190, Some(463))
        }
        Refusal::BadToken(Dead::Revoked) => {
            (400, "The user has not authorized the application.", 190, Some(458))
        }
        Refusal::BadToken(Dead::Unknown) => (400, "Invalid OAuth access token.", 190, None),
        Refusal::Scope(_) => {
            (403, "(#10) Application does not have permission for this action", 10, None)
        }
        Refusal::NotFound => (400, "Object does not exist or cannot be loaded", 100, Some(33)),
        Refusal::Bad(message) => (400, message.as_str(), 100, None),
        Refusal::Limited | Refusal::Spent => (400, "Request limit reached", limit, None),
        Refusal::Down => (500, "An unexpected error has occurred.", 2, None),
    };
    (status, meta_error(message, code, subcode))
}

fn meta_error(message: &str, code: u32, subcode: Option<u32>) -> Value {
    let mut error = json!({
        "message": message, "type": "OAuthException", "code": code, "fbtrace_id": "SANDBOX",
    });
    if let Some(subcode) = subcode {
        error["error_subcode"] = subcode.into();
    }
    json!({ "error": error })
}

fn tiktok(refusal: &Refusal) -> (u16, Value) {
    let (status, message) = plain(refusal);
    let (status, code) = match refusal {
        Refusal::NoToken | Refusal::BadToken(_) | Refusal::NoPerson => {
            (status, "access_token_invalid")
        }
        Refusal::Scope(_) => (401, "scope_not_authorized"),
        Refusal::NotFound | Refusal::Bad(_) => (status, "invalid_params"),
        Refusal::Limited | Refusal::Spent => (status, "rate_limit_exceeded"),
        Refusal::Down => (status, "internal_error"),
    };
    (status, json!({"data": {}, "error": {"code": code, "message": message, "log_id": LOG_ID}}))
}

fn x(refusal: &Refusal) -> (u16, Value) {
    let (status, title) = match refusal {
        Refusal::NoToken | Refusal::BadToken(_) => (401, "Unauthorized"),
        Refusal::Scope(_) | Refusal::NoPerson => (403, "Forbidden"),
        Refusal::NotFound => (404, "Not Found Error"),
        Refusal::Bad(_) => (400, "Invalid Request"),
        Refusal::Limited | Refusal::Spent => (429, "Too Many Requests"),
        Refusal::Down => (503, "Service Unavailable"),
    };
    let detail = if let Refusal::Bad(message) = refusal { message } else { title };
    (status, json!({"title": title, "detail": detail, "type": "about:blank", "status": status}))
}

fn google(refusal: &Refusal) -> (u16, Value) {
    let (_, message) = plain(refusal);
    let (code, domain, reason) = match refusal {
        Refusal::NoToken => (401, "global", "required"),
        Refusal::BadToken(_) | Refusal::NoPerson => (401, "global", "authError"),
        Refusal::Scope(_) => (403, "global", "insufficientPermissions"),
        Refusal::NotFound => (404, "youtube.channel", "channelNotFound"),
        Refusal::Bad(_) => (400, "youtube.parameter", "invalidParameter"),
        Refusal::Limited => (403, "usageLimits", "rateLimitExceeded"),
        Refusal::Spent => (403, "youtube.quota", "quotaExceeded"),
        Refusal::Down => (503, "global", "backendError"),
    };
    let errors = json!([{"domain": domain, "reason": reason, "message": message}]);
    (code, json!({"error": {"code": code, "message": message, "errors": errors}}))
}

fn apple(refusal: &Refusal) -> (u16, Value) {
    let (status, message) = match refusal {
        // The user token is missing or of no use; a bad developer token is 401.
        Refusal::NoPerson => (403, "The Music-User-Token is missing or has expired.".to_owned()),
        refusal => plain(refusal),
    };
    let title = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    let error = json!({
        "id": "SANDBOX", "title": title, "detail": message, "status": status.to_string(),
        "code": format!("{status}00"),
    });
    (status, json!({"errors": [error]}))
}
