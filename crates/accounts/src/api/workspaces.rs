//! `/api/v1/workspaces`.

use axum::Extension;
use axum::extract::State;
use db::{Change, DbError};
use http::StatusCode;
use kernel::{Problem, Timestamp, UserId, WorkspaceId, codes};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use utoipa::ToSchema;

use crate::audit::{self, By};
use crate::gate::{
    Actor, Answer, ApiJson, ApiPath, Caller, Identity, List, Login, RemoteAddr, may, not_found,
    present,
};
use crate::people::read_name;
use crate::store::{member, workspace};
use crate::{Accounts, Role};

/// A tenant.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "id": "ws_01h455vb4pex5vsknk084sn02q", "name": "Acme", "slug": "acme", "role": "owner",
    "created_at": "2026-01-01T00:00:00Z"
}))]
pub(super) struct WorkspaceView {
    #[schema(value_type = String)]
    id: WorkspaceId,
    name: String,
    /// Its name in paths.
    slug: String,
    /// The colour that it goes by on pages for others, as `#rrggbb`; absent for the house's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    accent: Option<String>,
    /// What the caller is in it; absent for keys without `admin:full`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    role: Option<Role>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl WorkspaceView {
    fn of(it: workspace::Stored, role: Option<Role>) -> Self {
        Self {
            id: it.id,
            name: it.name,
            slug: it.slug,
            accent: it.accent,
            role,
            created_at: it.created_at,
        }
    }
}

/// What a workspace is called.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "name": "Acme" }))]
pub(super) struct NameWorkspace {
    #[schema(min_length = 1, max_length = 200)]
    name: String,
}

/// The workspaces of a person; the one workspace of a key.
#[utoipa::path(
    get, path = "/api/v1/workspaces", operation_id = "list_workspaces", tag = "workspaces",
    responses((status = 200, description = "The caller's workspaces.", body = List<WorkspaceView>)),
    security(("api_key" = []), ("session" = []))
)]
pub(super) async fn list(
    State(accounts): State<Accounts>,
    session: Option<Extension<Arc<crate::sessions::SessionEntry>>>,
    caller: Result<Caller<may::Any>, crate::gate::Failure>,
) -> Answer<ApiJson<List<WorkspaceView>>> {
    let data = match session {
        Some(Extension(session)) => {
            let of = |it: &crate::sessions::Membership| WorkspaceView {
                id: it.workspace,
                name: it.name.clone(),
                slug: it.slug.clone(),
                accent: it.accent.clone(),
                role: Some(it.role),
                created_at: it.created_at,
            };
            session.memberships.iter().map(of).collect()
        }
        None => {
            let caller = caller?;
            let stored = find(&accounts, &caller, caller.workspace.id()).await?;
            vec![WorkspaceView::of(stored, caller.rank())]
        }
    };
    Ok(ApiJson(List { data, next_cursor: None }))
}

/// Makes a workspace of which the caller (or the person that the key goes back to) is the owner.
#[utoipa::path(
    post, path = "/api/v1/workspaces", operation_id = "create_workspace", tag = "workspaces",
    request_body = NameWorkspace,
    responses((status = 201, description = "Made.", body = WorkspaceView)),
    security(("api_key" = ["admin:full"]), ("session" = []))
)]
pub(super) async fn create(
    State(accounts): State<Accounts>,
    Extension(RemoteAddr(remote_addr)): Extension<RemoteAddr>,
    login: Result<Login, crate::gate::Failure>,
    caller: Result<Caller<may::Owner>, crate::gate::Failure>,
    body: Result<ApiJson<NameWorkspace>, crate::gate::Failure>,
) -> Answer<(StatusCode, ApiJson<WorkspaceView>)> {
    let (owner, actor) = match login {
        Ok(Login(session)) => (session.user, Actor::User(session.user)),
        Err(_) => {
            let caller = caller?;
            (person_behind(&accounts, &caller.identity).await?, caller.actor)
        }
    };
    // Only who may make one is told what is wrong with the body.
    let ApiJson(body) = body?;
    let name = read_name(&body.name, "/name")?;
    let mut tx = accounts.db().system(true).await?;
    let by = By { actor, remote_addr };
    let (stored, key) = accounts.new_workspace(&mut tx, &name, owner, by).await?;
    accounts.commit_person(tx, owner).await?;
    accounts.use_key(&key).await?;
    Ok((StatusCode::CREATED, ApiJson(WorkspaceView::of(stored, Some(Role::Owner)))))
}

/// One workspace.
#[utoipa::path(
    get, path = "/api/v1/workspaces/{id}", operation_id = "get_workspace", tag = "workspaces",
    params(("id" = String, Path, description = "The workspace.")),
    responses((status = 200, description = "The workspace.", body = WorkspaceView)),
    security(("api_key" = []), ("session" = []))
)]
pub(super) async fn get(
    State(accounts): State<Accounts>,
    caller: Caller<may::Any>,
    ApiPath(id): ApiPath<WorkspaceId>,
) -> Answer<ApiJson<WorkspaceView>> {
    let stored = find(&accounts, &caller, id).await?;
    Ok(ApiJson(WorkspaceView::of(stored, caller.rank())))
}

/// What is to change; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "name": "Acme", "accent": "#2f6f4f" }))]
pub(super) struct ChangeWorkspace {
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    name: Option<String>,
    /// The colour for pages that others see, as `#rrggbb`; `null` for the house's own.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false, pattern = "^#[0-9A-Fa-f]{6}$")]
    accent: Option<Option<String>>,
}

/// Renames a workspace, or gives it a colour. Its slug stays, so that paths keep working.
#[utoipa::path(
    patch, path = "/api/v1/workspaces/{id}", operation_id = "change_workspace",
    tag = "workspaces", params(("id" = String, Path, description = "The workspace.")),
    request_body = ChangeWorkspace,
    responses((status = 200, description = "Changed.", body = WorkspaceView)),
    security(("api_key" = ["admin:full"]), ("session" = []))
)]
pub(super) async fn change(
    State(accounts): State<Accounts>,
    caller: Caller<may::Admin>,
    ApiPath(id): ApiPath<WorkspaceId>,
    ApiJson(body): ApiJson<ChangeWorkspace>,
) -> Answer<ApiJson<WorkspaceView>> {
    let mut stored = find(&accounts, &caller, id).await?;
    if let Some(name) = body.name {
        stored.name = read_name(&name, "/name")?;
    }
    if let Some(accent) = body.accent {
        stored.accent = accent.map(read_colour).transpose()?;
    }
    let mut tx = accounts.db().system(true).await?;
    workspace::change(&mut tx, &stored).await?;
    let detail = json!({ "name": stored.name, "accent": stored.accent });
    audit::record(&mut tx, &caller, "workspace.changed", id, detail.clone()).await?;
    tx.emit(id, "workspace.changed", id, detail).await?;
    let users = member::users(&mut tx, id).await?;
    users.iter().for_each(|user| accounts.person_changed(&mut tx, *user));
    tx.commit().await?;
    users.into_iter().for_each(|user| accounts.0.sessions.forget_user(user));
    Ok(ApiJson(WorkspaceView::of(stored, caller.rank())))
}

/// Deletes a workspace with everything in it. Its keys stop working at once.
#[utoipa::path(
    delete, path = "/api/v1/workspaces/{id}", operation_id = "delete_workspace",
    tag = "workspaces", params(("id" = String, Path, description = "The workspace.")),
    responses((status = 204, description = "Gone.")),
    security(("api_key" = ["admin:full"]), ("session" = []))
)]
pub(super) async fn delete(
    State(accounts): State<Accounts>,
    caller: Caller<may::Owner>,
    ApiPath(id): ApiPath<WorkspaceId>,
) -> Answer<StatusCode> {
    find(&accounts, &caller, id).await?;
    let mut tx = accounts.db().system(true).await?;
    let users = member::users(&mut tx, id).await?;
    workspace::delete(&mut tx, id).await?;
    tx.emit(id, "workspace.deleted", id, json!({ "actor": caller.actor.to_string() })).await?;
    tx.changed(Change::noun("workspace", id, id));
    users.iter().for_each(|user| accounts.person_changed(&mut tx, *user));
    tx.commit().await?;
    accounts.0.keys.forget_workspace(id);
    users.into_iter().for_each(|user| accounts.0.sessions.forget_user(user));
    tracing::info!(workspace = %id, actor = %caller.actor, "a workspace was deleted");
    Ok(StatusCode::NO_CONTENT)
}

/// The caller's own workspace; any other is nowhere.
pub(super) async fn find(
    accounts: &Accounts,
    caller: &Identity,
    id: WorkspaceId,
) -> Answer<workspace::Stored> {
    if caller.workspace.id() != id {
        return Err(not_found("workspace").into());
    }
    let stored = workspace::find(&mut accounts.db().system(false).await?, id).await?;
    Ok(stored.ok_or_else(|| not_found("workspace"))?)
}

/// The person who is asking, or who the asking key goes back to.
pub(super) async fn person_behind(accounts: &Accounts, caller: &Identity) -> Answer<UserId> {
    let key = match caller.actor {
        Actor::User(user) => return Ok(user),
        Actor::Key(key) => key,
        Actor::Player(_) | Actor::House => return Err(not_found("person").into()),
    };
    let mut tx = accounts.db().workspace(caller.workspace.id()).read().await?;
    let found: Result<_, DbError> =
        crate::store::api_key::made_by(&mut tx, caller.workspace.id(), key).await;
    Ok(found?.ok_or_else(|| not_found("person"))?)
}

/// Whether a text is a colour as workspaces have it, `#rrggbb`, which is safe in a style sheet.
pub fn is_colour(text: &str) -> bool {
    let digits = text.strip_prefix('#').unwrap_or_default();
    digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn read_colour(text: String) -> Result<String, Problem> {
    if is_colour(&text) {
        return Ok(text.to_ascii_lowercase());
    }
    let message = "a colour is written as #rrggbb";
    Err(Problem::new(&codes::INVALID, "The colour cannot be read.").field("/accent", message))
}
