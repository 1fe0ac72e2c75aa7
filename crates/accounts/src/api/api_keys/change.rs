//! `PATCH /api/v1/api-keys/{id}`.

use axum::extract::State;
use kernel::{ApiKeyId, Scope, Timestamp};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;
use utoipa::ToSchema;

use super::grant::{self, RateLimit};
use super::{KeyView, ScopeName, commit, find};
use crate::gate::{Answer, ApiJson, ApiPath, Caller, may, present};
use crate::people::read_name;
use crate::store::api_key;
use crate::{Accounts, audit};

/// What is to change; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "enabled": false }))]
pub(in crate::api) struct ChangeKey {
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    name: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    enabled: Option<bool>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Vec<ScopeName>, required = false)]
    scopes: Option<Vec<Scope>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    permissions: Option<BTreeMap<String, bool>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false, minimum = 1, maximum = 365)]
    expires_in_days: Option<u32>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, format = DateTime, required = false)]
    expires_at: Option<Timestamp>,
    /// `null` takes the limit away.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<RateLimit>, required = false)]
    rate_limit: Option<Option<RateLimit>>,
}

/// Changes a key. It holds for the next request.
#[utoipa::path(
    patch, path = "/api/v1/api-keys/{id}", operation_id = "change_api_key", tag = "keys",
    params(("id" = String, Path, description = "The key.")), request_body = ChangeKey,
    responses((status = 200, description = "Changed.", body = KeyView)),
    security(("api_key" = ["admin:full"]), ("session" = []))
)]
pub(in crate::api) async fn change(
    State(accounts): State<Accounts>,
    caller: Caller<may::Admin>,
    ApiPath(id): ApiPath<ApiKeyId>,
    ApiJson(body): ApiJson<ChangeKey>,
) -> Answer<ApiJson<KeyView>> {
    let now = accounts.now();
    let name = body.name.as_deref().map(|name| read_name(name, "/name")).transpose()?;
    let scopes = grant::scopes(body.scopes, body.permissions)?;
    let expires_at = grant::expiry(now, body.expires_in_days, body.expires_at)?;
    let rate = body.rate_limit.map(|rate| rate.map(RateLimit::read).transpose()).transpose()?;

    let mut tx = caller.workspace.write().await?;
    let mut key = find(&mut tx, &caller, id).await?;
    // A key that may do more than the caller is not theirs to change, nor to be made into one.
    grant::check_covered(&caller, key.scopes)?;
    key.name = name.unwrap_or(key.name);
    key.enabled = body.enabled.unwrap_or(key.enabled);
    key.expires_at = expires_at.or(key.expires_at);
    key.rate = rate.unwrap_or(key.rate);
    if let Some(scopes) = scopes {
        grant::check_covered(&caller, scopes)?;
        key.scopes = scopes;
    }
    key.updated_at = now;
    api_key::update(&mut tx, caller.workspace.id(), &key).await?;
    let scopes: Vec<_> = key.scopes.iter().collect();
    let detail = json!({
        "name": key.name, "enabled": key.enabled, "scopes": scopes, "expires_at": key.expires_at
    });
    audit::record(&mut tx, &caller, "api_key.changed", id, detail).await?;
    commit(&accounts, tx, &caller, id).await?;
    Ok(ApiJson(KeyView::of(&accounts, key)))
}
