//! `POST /api/v1/integrations/{id}/connect`.

use accounts::gate::{Answer, ApiJson, ApiPath, Caller, may, present};
use axum::extract::State;
use http::HeaderMap;
use kernel::IntegrationId;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use utoipa::ToSchema;

use super::ConnectionView;
use crate::api::oauth::browser;
use crate::{Begun, Connect, ConnectDraft};

/// Who is to be connected.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "subject": "aurel", "return_url": "https://label.example/artists/aurel" }))]
pub(in crate::api) struct ConnectAccount {
    /// Whose account it is: an artist, an end user. Absent for the workspace's own.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false, max_length = 200)]
    subject: Option<String>,
    /// Where the browser goes in the end, with `connection_id` or `error` added.
    #[serde(alias = "returnUrl")]
    return_url: Option<String>,
    /// What to ask for beyond what the integration asks for.
    #[serde(default)]
    scopes: Vec<String>,
    /// Whether another account than the one that was connected may take its place.
    #[serde(default, alias = "anyAccount")]
    any_account: bool,
    /// How long the connect link holds, in seconds: an hour unless said, a week at most.
    #[serde(default, deserialize_with = "present", alias = "linkExpiresIn")]
    #[schema(nullable = false, minimum = 60, maximum = 604800)]
    link_expires_in: Option<u64>,
}

/// Where to go to connect an account.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct ConnectStarted {
    /// The provider's page, for the browser that asks; it holds for ten minutes. Absent where nobody needs
    /// to agree.
    authorize_url: Option<String>,
    /// A page of this instance that leads there, to be mailed or embedded.
    connect_link: Option<String>,
    /// The address that must be registered with the app at the provider.
    redirect_uri: String,
    /// The connection, where nobody needed to agree.
    connection: Option<ConnectionView>,
}

const LINK: Duration = Duration::from_secs(3600);
const LONGEST: u64 = 7 * 86_400;

/// Begin to connect an account
///
/// Send the browser to `authorize_url`, or hand `connect_link` to whoever owns the account. What comes of
/// it is a connection; a subject that has one keeps it, with its id and its history.
#[utoipa::path(
    post, path = "/api/v1/integrations/{id}/connect", operation_id = "connect_integration",
    tag = "connections",
    params(("id" = String, Path, description = "The integration.")),
    request_body = Option<ConnectAccount>,
    responses((status = 200, description = "Where to go.", body = ConnectStarted)),
    security(("api_key" = ["connections:write"]), ("session" = []))
)]
pub(in crate::api) async fn connect(
    State(connect): State<Connect>,
    caller: Caller<may::ConnectionsWrite>,
    ApiPath(id): ApiPath<IntegrationId>,
    headers: HeaderMap,
    body: Option<ApiJson<ConnectAccount>>,
) -> Answer<ApiJson<ConnectStarted>> {
    let body = body.map(|ApiJson(body)| body).unwrap_or_default();
    let lifetime = body.link_expires_in;
    let draft = ConnectDraft {
        subject: body.subject.unwrap_or_default(),
        return_url: body.return_url,
        scopes: body.scopes,
        any_account: body.any_account,
    };
    Ok(ApiJson(started(&connect, &caller, id, &draft, &headers, lifetime).await?))
}

pub(super) async fn started(
    connect: &Connect,
    identity: &accounts::gate::Identity,
    id: IntegrationId,
    draft: &ConnectDraft,
    headers: &HeaderMap,
    lifetime: Option<u64>,
) -> Answer<ConnectStarted> {
    // A program has no browser of its own; whoever follows the link has, and is bound to it then.
    let bound = browser::session(headers);
    let redirect_uri = connect.redirect_uri();
    match connect.begin(identity, id, draft, bound).await? {
        Begun::Connected(connection) => Ok(ConnectStarted {
            authorize_url: None,
            connect_link: None,
            redirect_uri,
            connection: Some((*connection).into()),
        }),
        Begun::Authorize(url) => {
            let lifetime =
                lifetime.map_or(LINK, |secs| Duration::from_secs(secs.clamp(60, LONGEST)));
            let link = connect.link(identity, id, draft, lifetime).await?;
            Ok(ConnectStarted {
                authorize_url: Some(url.into()),
                connect_link: Some(link),
                redirect_uri,
                connection: None,
            })
        }
    }
}
