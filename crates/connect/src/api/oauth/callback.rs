//! `GET /api/v1/oauth/callback` and `GET /auth/{provider}/callback`.

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::HeaderMap;

use super::{browser, page};
use crate::Connect;
use crate::oauth::callback::{Brought, Landed};

/// Come back from a provider
///
/// Providers send browsers here. It answers a page, or leads on to the `return_url` with `connection_id`
/// and `status`, or `error` and `error_description`, added.
#[utoipa::path(get, path = "/api/v1/oauth/callback", operation_id = "oauth_callback",
    tag = "connections",
    params(
        ("state" = Option<String>, Query, description = "The name of the authorization."),
        ("code" = Option<String>, Query, description = "The code."),
        ("iss" = Option<String>, Query, description = "Who says so (RFC 9207)."),
        ("error" = Option<String>, Query, description = "Why there is no code."),
        ("error_description" = Option<String>, Query, description = "The same for people."),
    ),
    responses((status = 200, description = "A page that says it is done.", content_type = "text/html", body = String),
        (status = 400, description = "The authorization is not one that was begun here.", content_type = "text/html", body = String),
        (status = 409, description = "It is another account than before.", content_type = "text/html", body = String),
        (status = 422, description = "The access was not granted.", content_type = "text/html", body = String),
        (status = 303, description = "On to the return_url.")))]
pub(in crate::api) async fn callback(
    State(connect): State<Connect>,
    headers: HeaderMap,
    brought: Result<Query<Brought>, axum::extract::rejection::QueryRejection>,
) -> Response {
    land(&connect, None, &headers, brought).await
}

/// Come back from one provider
#[utoipa::path(get, path = "/auth/{provider}/callback", operation_id = "provider_callback",
    tag = "connections",
    params(("provider" = String, Path, description = "The provider.")),
    responses((status = 200, description = "A page that says it is done.", content_type = "text/html", body = String),
        (status = 400, description = "The authorization is not one that was begun here.", content_type = "text/html", body = String),
        (status = 409, description = "It is another account than before.", content_type = "text/html", body = String),
        (status = 422, description = "The access was not granted.", content_type = "text/html", body = String),
        (status = 303, description = "On to the return_url.")))]
pub(in crate::api) async fn of_provider(
    State(connect): State<Connect>,
    Path(provider): Path<String>,
    headers: HeaderMap,
    brought: Result<Query<Brought>, axum::extract::rejection::QueryRejection>,
) -> Response {
    land(&connect, Some(&provider), &headers, brought).await
}

async fn land(
    connect: &Connect,
    provider: Option<&str>,
    headers: &HeaderMap,
    brought: Result<Query<Brought>, axum::extract::rejection::QueryRejection>,
) -> Response {
    // A query that cannot be read names no authorization.
    let brought = brought.map(|Query(brought)| brought).unwrap_or_default();
    let Landed { return_url, outcome } =
        connect.land(brought, provider, &browser::marks(headers)).await;
    let on = return_url.and_then(|text| url::Url::parse(&text).ok());
    let Some(mut on) = on else {
        return match outcome {
            Ok(connection) => page::connected(connect, &connection).into_response(),
            Err(problem) => page::refused(&problem).into_response(),
        };
    };
    match outcome {
        Ok(connection) => {
            let (id, status) = (connection.id.to_string(), connection.status.name());
            on.query_pairs_mut().append_pair("connection_id", &id).append_pair("status", status);
        }
        Err(problem) => {
            on.query_pairs_mut()
                .append_pair("error", problem.code.name)
                .append_pair("error_description", &problem.detail);
        }
    }
    Redirect::to(on.as_str()).into_response()
}
