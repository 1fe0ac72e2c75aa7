//! `POST /api/v1/api-keys`.

use axum::extract::State;
use http::StatusCode;
use kernel::{ApiKeyId, Scope, ScopeSet, Secret, Timestamp, UserId, WorkspaceId};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;
use utoipa::ToSchema;
use vault::{TokenHash, new_token, preview};

use super::grant::{self, RateLimit};
use super::{KeyView, ScopeName, commit};
use crate::api::workspaces::person_behind;
use crate::gate::{Answer, ApiJson, Caller, Identity, may, not_found, present};
use crate::limit::Rate;
use crate::people::{Founded, read_name, refuse};
use crate::store::api_key::{self, Stored};
use crate::store::member;
use crate::{Accounts, Role, audit};

/// A key to be made. It takes either `scopes` or `permissions`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "CI", "scopes": ["feeds:read"], "expires_in_days": 90,
    "rate_limit": { "requests": 100, "window_secs": 60 }
}))]
pub(in crate::api) struct CreateKey {
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// What it may do; no more than whoever makes it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Vec<ScopeName>, required = false)]
    scopes: Option<Vec<Scope>>,
    /// The same in another form: `{"admin": true}` or `{"feeds:read": true}`.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    permissions: Option<BTreeMap<String, bool>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false, minimum = 1, maximum = 365)]
    expires_in_days: Option<u32>,
    /// At most 365 days away.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, format = DateTime, required = false)]
    expires_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = RateLimit, required = false)]
    rate_limit: Option<RateLimit>,
    /// Another workspace in which the person behind the request is an owner or admin.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false)]
    workspace_id: Option<WorkspaceId>,
}

/// Makes a key. The answer is the only one that has it.
#[utoipa::path(
    post, path = "/api/v1/api-keys", operation_id = "create_api_key", tag = "keys",
    request_body = CreateKey,
    responses((status = 201, description = "Made; keep the key.", body = KeyView)),
    security(("api_key" = ["admin:full"]), ("session" = []))
)]
pub(in crate::api) async fn create(
    State(accounts): State<Accounts>,
    caller: Caller<may::Admin>,
    ApiJson(body): ApiJson<CreateKey>,
) -> Answer<(StatusCode, ApiJson<KeyView>)> {
    let name = read_name(&body.name, "/name")?;
    let scopes = grant::scopes(body.scopes, body.permissions)?
        .ok_or_else(|| refuse("/scopes", "expected scopes or permissions"))?;
    let expires_at = grant::expiry(accounts.now(), body.expires_in_days, body.expires_at)?;
    let rate = body.rate_limit.map(RateLimit::read).transpose()?;
    let person = person_behind(&accounts, &caller).await?;
    let place = place(&accounts, &caller, person, body.workspace_id).await?;
    grant::check_covered(&place, scopes)?;

    let (stored, key) = accounts.new_key(&name, scopes, person, rate, expires_at);
    let mut tx = place.workspace.write().await?;
    api_key::insert(&mut tx, place.workspace.id(), &stored, TokenHash::of(key.expose())).await?;
    let names: Vec<_> = scopes.iter().collect();
    let detail = json!({ "name": name, "scopes": names, "expires_at": expires_at });
    audit::record(&mut tx, &place, "api_key.created", stored.id, detail).await?;
    commit(&accounts, tx, &place, stored.id).await?;
    let view = KeyView { key: Some(key.expose().clone()), ..KeyView::of(&accounts, stored) };
    Ok((StatusCode::CREATED, ApiJson(view)))
}

/// The caller as they stand in the workspace that the key is for.
async fn place(
    accounts: &Accounts,
    caller: &Identity,
    person: UserId,
    workspace: Option<WorkspaceId>,
) -> Answer<Identity> {
    let Some(workspace) = workspace.filter(|id| *id != caller.workspace.id()) else {
        return Ok(caller.clone());
    };
    let mut tx = accounts.db().system(false).await?;
    let role = member::role_of(&mut tx, workspace, person).await?;
    let role = role.filter(|role| *role >= Role::Admin).ok_or_else(|| not_found("workspace"))?;
    Ok(Identity {
        workspace: accounts.db().workspace(workspace),
        scopes: role.scopes(),
        role: Some(role),
        ..caller.clone()
    })
}

impl Accounts {
    fn new_key(
        &self,
        name: &str,
        scopes: ScopeSet,
        person: UserId,
        rate: Option<Rate>,
        expires_at: Option<Timestamp>,
    ) -> (Stored, Secret<String>) {
        let (now, entropy) = (self.now(), self.db().entropy());
        let key = new_token("sk_", entropy);
        let stored = Stored {
            id: ApiKeyId::generate(now, entropy),
            name: name.to_owned(),
            preview: preview(&key),
            scopes,
            rate,
            enabled: true,
            expires_at,
            last_used_at: None,
            usage_count: 0,
            created_by: person.to_string(),
            created_at: now,
            updated_at: now,
        };
        (stored, key)
    }

    /// The first owner's key, for the command line.
    pub(crate) async fn init_key(
        &self,
        tx: &mut db::Tx,
        founded: &Founded,
    ) -> Result<(ApiKeyId, Secret<String>), db::DbError> {
        let scopes = ScopeSet::from_iter([Scope::AdminFull]);
        let (stored, key) = self.new_key("init", scopes, founded.user, None, None);
        let hash = TokenHash::of(key.expose());
        api_key::insert(tx, founded.workspace.id, &stored, hash).await?;
        Ok((stored.id, key))
    }
}
