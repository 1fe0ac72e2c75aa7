//! The versions of a feed's document that are kept, and the request or push that made each.

use accounts::gate::{Answer, ApiJson, ApiPath, ApiQuery, Caller, List, may, not_found, page};
use kernel::{FeedId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use crate::store;

/// One version.
#[derive(Serialize, ToSchema)]
pub(crate) struct VersionView {
    version: u64,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// `pull`, `push`, or `rebind` where a widget came over that had seen a later version elsewhere.
    source: String,
    /// The request in the request log that brought it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    request_id: Option<String>,
    /// The push in the inbox that brought it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    inbound_id: Option<String>,
    bytes: u64,
}

/// A version with its document.
#[derive(Serialize, ToSchema)]
pub(crate) struct VersionData {
    version: u64,
    #[schema(value_type = Value)]
    data: Box<RawValue>,
}

/// Which versions are wanted.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct VersionQuery {
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    cursor: Option<String>,
}

/// List versions
///
/// Those that are kept, newest first.
#[utoipa::path(get, path = "/api/v1/feeds/{id}/versions", tag = "Feeds",
    params(("id" = String, Path, description = "The feed's id"), VersionQuery),
    responses((status = 200, body = List<VersionView>)), security(("api_key" = ["feeds:read"])))]
pub(crate) async fn list(
    caller: Caller<may::FeedsRead>,
    ApiPath(id): ApiPath<FeedId>,
    ApiQuery(query): ApiQuery<VersionQuery>,
) -> Answer<ApiJson<List<VersionView>>> {
    let page = page(query.limit, query.cursor.as_deref())?;
    find(&caller, id).await?;
    let found = store::versions::list(&caller.workspace, id, &page).await?;
    let views = found.into_iter().map(|version| {
        let (request_id, inbound_id) = match version.source.as_str() {
            "push" => (None, version.made_by),
            _ => (version.made_by, None),
        };
        let (at, source, bytes) = (version.at, version.source, version.bytes);
        VersionView { version: version.version, at, source, request_id, inbound_id, bytes }
    });
    Ok(ApiJson(List::of(views.collect(), &page, |view| view.version.to_string())))
}

/// Get a version
#[utoipa::path(get, path = "/api/v1/feeds/{id}/versions/{version}", tag = "Feeds",
    params(("id" = String, Path, description = "The feed's id"),
        ("version" = u64, Path, description = "Which version")),
    responses((status = 200, body = VersionData)), security(("api_key" = ["feeds:read"])))]
pub(crate) async fn get(
    caller: Caller<may::FeedsRead>,
    ApiPath((id, version)): ApiPath<(FeedId, u64)>,
) -> Answer<ApiJson<VersionData>> {
    find(&caller, id).await?;
    let mut tx = caller.workspace.read().await?;
    let data = store::versions::document(&mut tx, &caller.workspace, id, version).await?;
    let data = data.ok_or_else(|| not_found("version"))?;
    Ok(ApiJson(VersionData { version, data }))
}

async fn find(caller: &Caller<may::FeedsRead>, id: FeedId) -> Answer<()> {
    let mut tx = caller.workspace.read().await?;
    let feed = store::feeds::get(&mut tx, caller.workspace.id(), id).await?;
    feed.map(drop).ok_or_else(|| not_found("feed").into())
}
