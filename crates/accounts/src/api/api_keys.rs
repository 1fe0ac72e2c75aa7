//! `/api/v1/api-keys`: programs' keys. A key is shown once, when it is made.

pub(super) mod change;
pub(super) mod create;
mod grant;
pub(super) mod usage;

use axum::extract::State;
use db::{Change, Tx};
use http::StatusCode;
use kernel::{ApiKeyId, Scope, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use super::scopes::ScopeName;
use crate::gate::{
    Answer, ApiJson, ApiPath, ApiQuery, Caller, Identity, List, Sort, may, not_found,
};
use crate::store::api_key::{self, Stored};
use crate::{Accounts, audit};

/// A key, without what is secret about it.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "id": "key_01h455vb4pex5vsknk084sn02q", "name": "CI", "key_preview": "sk_ab12…wxyz",
    "scopes": ["feeds:read"], "rate_limit": { "requests": 100, "window": 60000, "window_secs": 60 },
    "enabled": true, "expires_at": "2026-12-31T00:00:00Z", "usage_count": 12,
    "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z"
}))]
pub(super) struct KeyView {
    #[schema(value_type = String)]
    id: ApiKeyId,
    name: String,
    /// The key itself, this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    key: Option<String>,
    /// Enough of the key to recognise it.
    key_preview: String,
    #[schema(value_type = Vec<ScopeName>)]
    scopes: Vec<Scope>,
    /// Its own limit; absent when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = RateLimitView, required = false)]
    rate_limit: Option<RateLimitView>,
    enabled: bool,
    /// Absent when it does not expire.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = DateTime, required = false)]
    expires_at: Option<Timestamp>,
    /// Absent until it is used.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = DateTime, required = false)]
    last_used_at: Option<Timestamp>,
    /// How often it was used.
    usage_count: u64,
    /// The person it goes back to.
    created_by: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// So many requests in any window.
#[derive(Serialize, ToSchema)]
struct RateLimitView {
    requests: u32,
    /// The window in milliseconds.
    window: u64,
    /// The same in seconds, rounded up.
    window_secs: u64,
}

impl KeyView {
    /// With the uses that wait in memory.
    fn of(accounts: &Accounts, it: Stored) -> Self {
        let waiting = accounts.0.usage.of_key(it.id);
        let last = waiting.iter().map(|(_, count)| count.last).max();
        let uses: u64 = waiting.iter().map(|(_, count)| count.requests).sum();
        Self {
            id: it.id,
            name: it.name,
            key: None,
            key_preview: it.preview,
            scopes: it.scopes.iter().collect(),
            rate_limit: it.rate.map(|rate| RateLimitView {
                requests: rate.requests,
                window: rate.window.as_millis().try_into().unwrap_or(u64::MAX),
                window_secs: rate.window_secs(),
            }),
            enabled: it.enabled,
            expires_at: it.expires_at,
            last_used_at: it.last_used_at.max(last),
            usage_count: it.usage_count + uses,
            created_by: it.created_by,
            created_at: it.created_at,
            updated_at: it.updated_at,
        }
    }
}

/// Which keys.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct KeyQuery {
    /// A part of the name.
    #[serde(default)]
    search: String,
    #[serde(default)]
    #[param(inline, default = "-created_at")]
    sort: Sort,
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    cursor: Option<String>,
}

/// The workspace's keys, newest first unless said.
#[utoipa::path(
    get, path = "/api/v1/api-keys", operation_id = "list_api_keys", tag = "keys", params(KeyQuery),
    responses((status = 200, description = "A page of keys.", body = List<KeyView>)),
    security(("api_key" = ["admin:full"]), ("session" = []))
)]
pub(super) async fn list(
    State(accounts): State<Accounts>,
    caller: Caller<may::Admin>,
    ApiQuery(query): ApiQuery<KeyQuery>,
) -> Answer<ApiJson<List<KeyView>>> {
    let sort = query.sort;
    let page = sort.page(query.limit, query.cursor.as_deref())?;
    let mut tx = caller.workspace.read().await?;
    let rows = api_key::list(&mut tx, caller.workspace.id(), &query.search, sort, &page).await?;
    let rows = rows.into_iter().map(|it| KeyView::of(&accounts, it)).collect();
    Ok(ApiJson(List::of(rows, &page, |it: &KeyView| sort.key(&it.name, it.id))))
}

/// One key.
#[utoipa::path(
    get, path = "/api/v1/api-keys/{id}", operation_id = "get_api_key", tag = "keys",
    params(("id" = String, Path, description = "The key.")),
    responses((status = 200, description = "The key, without its secret.", body = KeyView)),
    security(("api_key" = ["admin:full"]), ("session" = []))
)]
pub(super) async fn get(
    State(accounts): State<Accounts>,
    caller: Caller<may::Admin>,
    ApiPath(id): ApiPath<ApiKeyId>,
) -> Answer<ApiJson<KeyView>> {
    let mut tx = caller.workspace.read().await?;
    let stored = find(&mut tx, &caller, id).await?;
    Ok(ApiJson(KeyView::of(&accounts, stored)))
}

/// Deletes a key. The next request with it is refused.
#[utoipa::path(
    delete, path = "/api/v1/api-keys/{id}", operation_id = "delete_api_key", tag = "keys",
    params(("id" = String, Path, description = "The key.")),
    responses((status = 204, description = "Gone.")),
    security(("api_key" = ["admin:full"]), ("session" = []))
)]
pub(super) async fn delete(
    State(accounts): State<Accounts>,
    caller: Caller<may::Admin>,
    ApiPath(id): ApiPath<ApiKeyId>,
) -> Answer<StatusCode> {
    let mut tx = caller.workspace.write().await?;
    let stored = find(&mut tx, &caller, id).await?;
    api_key::delete(&mut tx, caller.workspace.id(), id).await?;
    audit::record(&mut tx, &caller, "api_key.deleted", id, json!({ "name": stored.name })).await?;
    commit(&accounts, tx, &caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn find(tx: &mut Tx, caller: &Identity, id: ApiKeyId) -> Answer<Stored> {
    let stored = api_key::find(tx, caller.workspace.id(), id).await?;
    Ok(stored.ok_or_else(|| not_found("API key"))?)
}

/// Commits a change of a key and lets it hold at once.
async fn commit(accounts: &Accounts, mut tx: Tx, caller: &Identity, id: ApiKeyId) -> Answer<()> {
    let workspace = caller.workspace.id();
    tx.changed(Change::noun("api_key", workspace, id));
    tx.commit().await?;
    Ok(accounts.reload_key(workspace, id).await?)
}
