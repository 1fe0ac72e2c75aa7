//! `GET /connect/{token}`: the page behind a connect link, and the way on from it.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderValue, header};

use super::{browser, page};
use crate::{Begun, Connect};

/// The page of a connect link
///
/// It says who asks for what, in the workspace's name, and leads on to the provider.
#[utoipa::path(get, path = "/connect/{token}", operation_id = "connect_page", tag = "connections",
    params(("token" = String, Path, description = "What the link ends in.")),
    responses((status = 200, description = "The page.", content_type = "text/html", body = String),
        (status = 410, description = "The link is no longer valid.", content_type = "text/html", body = String),
        (status = 409, description = "It cannot be connected.", content_type = "text/html", body = String),
        (status = 422, description = "It cannot be connected.", content_type = "text/html", body = String)))]
pub(in crate::api) async fn show(
    State(connect): State<Connect>,
    Path(token): Path<String>,
) -> Response {
    match connect.invitation(&token).await {
        Ok(invitation) => page::invite(&invitation, &token).into_response(),
        Err(problem) => page::refused(&problem).into_response(),
    }
}

/// On to the provider
#[utoipa::path(get, path = "/connect/{token}/go", operation_id = "connect_go", tag = "connections",
    params(("token" = String, Path, description = "What the link ends in.")),
    responses((status = 303, description = "On to the provider."),
        (status = 410, description = "The link is no longer valid.", content_type = "text/html", body = String),
        (status = 409, description = "It cannot be connected.", content_type = "text/html", body = String),
        (status = 422, description = "It cannot be connected.", content_type = "text/html", body = String)))]
pub(in crate::api) async fn go(
    State(connect): State<Connect>,
    Path(token): Path<String>,
) -> Response {
    let is_https = connect.0.public_url.starts_with("https://");
    let (mark, cookie) = browser::mark(&connect.0.db, is_https);
    match connect.follow_link(&token, mark).await {
        Ok(Begun::Authorize(url)) => {
            let mut response = Redirect::to(url.as_str()).into_response();
            if let Ok(cookie) = HeaderValue::from_str(&cookie) {
                response.headers_mut().insert(header::SET_COOKIE, cookie);
            }
            response
        }
        Ok(Begun::Connected(connection)) => page::connected(&connect, &connection).into_response(),
        Err(problem) => page::refused(&problem).into_response(),
    }
}
