//! `POST /api/v1/connections/{id}/reconnect`.

use accounts::gate::{Answer, ApiJson, ApiPath, Caller, may};
use axum::extract::State;
use http::HeaderMap;
use kernel::ConnectionId;
use serde::Deserialize;
use utoipa::ToSchema;

use super::connect::{ConnectStarted, started};
use super::found;
use crate::{Connect, ConnectDraft};

/// How to connect again.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "return_url": "https://label.example/artists/aurel" }))]
pub(in crate::api) struct Reconnect {
    /// Where the browser goes in the end.
    #[serde(alias = "returnUrl")]
    return_url: Option<String>,
    /// What to ask for beyond what was granted: nothing of it is lost.
    #[serde(default)]
    scopes: Vec<String>,
    /// Whether another account may take its place.
    #[serde(default, alias = "anyAccount")]
    any_account: bool,
}

/// Begin to connect the account again
///
/// The connection keeps its id, its feeds, its history and its settings.
#[utoipa::path(
    post, path = "/api/v1/connections/{id}/reconnect", operation_id = "reconnect_connection",
    tag = "connections",
    params(("id" = String, Path, description = "The connection.")),
    request_body = Option<Reconnect>,
    responses((status = 200, description = "Where to go.", body = ConnectStarted)),
    security(("api_key" = ["connections:write"]), ("session" = []))
)]
pub(in crate::api) async fn reconnect(
    State(connect): State<Connect>,
    caller: Caller<may::ConnectionsWrite>,
    ApiPath(id): ApiPath<ConnectionId>,
    headers: HeaderMap,
    body: Option<ApiJson<Reconnect>>,
) -> Answer<ApiJson<ConnectStarted>> {
    let body = body.map(|ApiJson(body)| body).unwrap_or_default();
    let it = found(&caller, id).await?.connection.clone();
    let mut scopes = it.scopes;
    scopes.extend(it.missing_scopes.into_iter().chain(body.scopes));
    let draft = ConnectDraft {
        subject: it.subject,
        return_url: body.return_url,
        scopes,
        any_account: body.any_account,
    };
    let integration = it.integration_id;
    Ok(ApiJson(started(&connect, &caller, integration, &draft, &headers, None).await?))
}
