//! `/api/v1/members`: who belongs to the workspace.

use axum::extract::State;
use db::DbError;
use http::StatusCode;
use kernel::{MemberId, Problem, Secret, Timestamp, UserId, codes};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use crate::gate::{
    Actor, Answer, ApiJson, ApiPath, ApiQuery, Caller, Identity, List, Sort, may, not_found,
    present,
};
use crate::people::{check_new_password, name_of, read_email, read_name, refuse};
use crate::store::{member, user};
use crate::{Accounts, Role, audit};

/// A person in the workspace.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "id": "mem_01h455vb4pex5vsknk084sn02q", "user_id": "usr_01h455vb4pex5vsknk084sn02q",
    "email": "ada@example.com", "name": "Ada", "role": "editor",
    "created_at": "2026-01-01T00:00:00Z"
}))]
pub(super) struct MemberView {
    #[schema(value_type = String)]
    id: MemberId,
    #[schema(value_type = String)]
    user_id: UserId,
    email: String,
    name: String,
    role: Role,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Shown this once, for a person who had no account and was given no password.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    initial_password: Option<String>,
}

impl From<member::Stored> for MemberView {
    fn from(it: member::Stored) -> Self {
        Self {
            id: it.id,
            user_id: it.user,
            email: it.email,
            name: it.name,
            role: it.role,
            created_at: it.created_at,
            initial_password: None,
        }
    }
}

/// Whom to add.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "email": "grace@example.com", "role": "editor", "name": "Grace" }))]
pub(super) struct AddMember {
    #[schema(max_length = 254, format = Email)]
    email: String,
    role: Role,
    /// What a person is called who has no account yet.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    name: Option<String>,
    /// The password of a person who has no account yet; one is made up when it is left out.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false, min_length = 8, max_length = 1024)]
    password: Option<Secret<String>>,
}

/// A member's new role.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "role": "admin" }))]
pub(super) struct ChangeMember {
    role: Role,
}

/// Which members.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct MemberQuery {
    /// A part of the name or the address.
    #[serde(default)]
    search: String,
    #[serde(default = "joined")]
    #[param(inline, default = "created_at")]
    sort: Sort,
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    cursor: Option<String>,
}

fn joined() -> Sort {
    Sort::Oldest
}

/// The members, in the order of joining unless said.
#[utoipa::path(
    get, path = "/api/v1/members", operation_id = "list_members", tag = "people",
    params(MemberQuery),
    responses((status = 200, description = "A page of members.", body = List<MemberView>)),
    security(("api_key" = ["admin:full"]), ("session" = []))
)]
pub(super) async fn list(
    caller: Caller<may::Viewer>,
    ApiQuery(query): ApiQuery<MemberQuery>,
) -> Answer<ApiJson<List<MemberView>>> {
    let sort = query.sort;
    let page = sort.page(query.limit, query.cursor.as_deref())?;
    let mut tx = caller.workspace.read().await?;
    let rows = member::list(&mut tx, caller.workspace.id(), &query.search, sort, &page).await?;
    let rows = rows.into_iter().map(MemberView::from).collect();
    Ok(ApiJson(List::of(rows, &page, |it: &MemberView| sort.key(&it.name, it.id))))
}

/// Adds a person by e-mail address. Who has no account gets one.
#[utoipa::path(
    post, path = "/api/v1/members", operation_id = "add_member", tag = "people",
    request_body = AddMember,
    responses((status = 201, description = "Added.", body = MemberView)),
    security(("api_key" = ["admin:full"]), ("session" = []))
)]
pub(super) async fn create(
    State(accounts): State<Accounts>,
    caller: Caller<may::Admin>,
    ApiJson(body): ApiJson<AddMember>,
) -> Answer<(StatusCode, ApiJson<MemberView>)> {
    check_rank(&caller, body.role)?;
    let email = read_email(&body.email)?;
    let name = body.name.as_deref().map(|name| read_name(name, "/name")).transpose()?;
    let known = user::by_email(&mut accounts.db().system(false).await?, &email).await?;
    let has_account = known.is_some();
    if has_account && (body.password.is_some() || name.is_some()) {
        let pointer = if name.is_some() { "/name" } else { "/password" };
        return Err(refuse(pointer, "this person has an account already").into());
    }
    let (now, entropy) = (accounts.now(), accounts.db().entropy());
    let mut initial_password = None;
    let (user, is_new) = match known {
        Some(user) => (user, false),
        None => {
            let password = body.password.unwrap_or_else(|| {
                let made_up = vault::new_token("", entropy);
                initial_password = Some(made_up.expose().clone());
                made_up
            });
            check_new_password(&password, "/password")?;
            let password = accounts.hash(&password).await?;
            (user::User { id: UserId::generate(now, entropy), email, password }, true)
        }
    };
    let mut tx = accounts.db().system(true).await?;
    if is_new {
        let name = name.unwrap_or_else(|| name_of(&user.email));
        user::insert(&mut tx, &user, &name, false).await?;
    }
    let (workspace, id) = (caller.workspace.id(), MemberId::generate(now, entropy));
    match member::insert(&mut tx, workspace, id, user.id, body.role).await {
        Err(DbError::Conflict) => {
            let detail = "This person is a member already.";
            return Err(Problem::new(&codes::CONFLICT, detail).into());
        }
        inserted => inserted?,
    }
    let detail = json!({ "user": user.id, "role": body.role });
    audit::record(&mut tx, &caller, "member.added", id, detail).await?;
    let stored = member::find(&mut tx, workspace, id).await?;
    let stored = stored.ok_or_else(|| not_found("member"))?;
    accounts.commit_person(tx, user.id).await?;
    let view = MemberView { initial_password, ..stored.into() };
    Ok((StatusCode::CREATED, ApiJson(view)))
}

/// Changes a member's role.
#[utoipa::path(
    patch, path = "/api/v1/members/{id}", operation_id = "change_member", tag = "people",
    params(("id" = String, Path, description = "The member.")), request_body = ChangeMember,
    responses((status = 200, description = "Changed.", body = MemberView)),
    security(("api_key" = ["admin:full"]), ("session" = []))
)]
pub(super) async fn change(
    State(accounts): State<Accounts>,
    caller: Caller<may::Admin>,
    ApiPath(id): ApiPath<MemberId>,
    ApiJson(body): ApiJson<ChangeMember>,
) -> Answer<ApiJson<MemberView>> {
    let workspace = caller.workspace.id();
    let mut tx = caller.workspace.write().await?;
    let mut stored = find(&mut tx, &caller, id).await?;
    check_rank(&caller, stored.role.max(body.role))?;
    if stored.role == Role::Owner && body.role != Role::Owner {
        check_not_last(&mut tx, &caller).await?;
    }
    member::set_role(&mut tx, workspace, id, body.role).await?;
    let detail = json!({ "user": stored.user, "from": stored.role, "to": body.role });
    audit::record(&mut tx, &caller, "member.role_changed", id, detail).await?;
    stored.role = body.role;
    accounts.commit_person(tx, stored.user).await?;
    Ok(ApiJson(stored.into()))
}

/// Takes a person out of the workspace; everybody may leave by themselves.
#[utoipa::path(
    delete, path = "/api/v1/members/{id}", operation_id = "remove_member", tag = "people",
    params(("id" = String, Path, description = "The member.")),
    responses((status = 204, description = "Gone.")),
    security(("api_key" = ["admin:full"]), ("session" = []))
)]
pub(super) async fn delete(
    State(accounts): State<Accounts>,
    caller: Caller<may::Viewer>,
    ApiPath(id): ApiPath<MemberId>,
) -> Answer<StatusCode> {
    let mut tx = caller.workspace.write().await?;
    let stored = find(&mut tx, &caller, id).await?;
    if caller.actor != Actor::User(stored.user) {
        check_rank(&caller, stored.role.max(Role::Admin))?;
    }
    if stored.role == Role::Owner {
        check_not_last(&mut tx, &caller).await?;
    }
    member::delete(&mut tx, caller.workspace.id(), id).await?;
    let detail = json!({ "user": stored.user, "role": stored.role });
    audit::record(&mut tx, &caller, "member.removed", id, detail).await?;
    accounts.commit_person(tx, stored.user).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn find(tx: &mut db::Tx, caller: &Identity, id: MemberId) -> Answer<member::Stored> {
    let stored = member::find(tx, caller.workspace.id(), id).await?;
    Ok(stored.ok_or_else(|| not_found("member"))?)
}

/// Nobody gives or takes a role above their own; admins manage admins.
fn check_rank(caller: &Identity, role: Role) -> Result<(), Problem> {
    match caller.rank() {
        Some(rank) if rank >= role => Ok(()),
        _ => Err(Problem::new(&codes::MISSING_ROLE, format!("This needs the role {role}."))),
    }
}

async fn check_not_last(tx: &mut db::Tx, caller: &Identity) -> Answer<()> {
    if member::owners(tx, caller.workspace.id()).await? > 1 {
        return Ok(());
    }
    let detail = "Make somebody else an owner first.";
    Err(Problem::new(&codes::LAST_OWNER, detail).into())
}
