//! `/api/v1/session`: signing in, out, and what a signed-in person is told of themselves.

use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{HeaderMap, HeaderValue, SET_COOKIE};
use kernel::{Problem, Secret, UserId, WorkspaceId, codes};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::net::IpAddr;
use utoipa::ToSchema;

use crate::audit::{self, By};
use crate::gate::{self, Actor, Answer, ApiJson, RemoteAddr, SESSION_COOKIE, check_origin};
use crate::people::{self, refuse};
use crate::sessions::{LIFETIME, Membership, SessionEntry};
use crate::{Accounts, Role, store};

/// An address and a password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "email": "ada@example.com", "password": "correct horse battery" }))]
pub(super) struct SignIn {
    #[schema(max_length = 254)]
    email: String,
    #[schema(value_type = String, max_length = 1024, format = Password)]
    password: Secret<String>,
}

/// A signed-in person.
#[derive(Serialize, ToSchema)]
pub(super) struct SessionView {
    user: UserView,
    /// The first is where they act unless `X-Patchbay-Workspace` says otherwise.
    workspaces: Vec<WorkspaceOfUser>,
    /// Sent back as `X-Patchbay-CSRF` with every change.
    csrf_token: String,
}

#[derive(Serialize, ToSchema)]
struct UserView {
    #[schema(value_type = String, example = "usr_01h455vb4pex5vsknk084sn02q")]
    id: UserId,
    email: String,
    name: String,
    /// Whether they run this instance.
    instance_owner: bool,
}

#[derive(Serialize, ToSchema)]
struct WorkspaceOfUser {
    #[schema(value_type = String, example = "ws_01h455vb4pex5vsknk084sn02q")]
    id: WorkspaceId,
    name: String,
    slug: String,
    role: Role,
}

impl SessionView {
    fn of(session: &SessionEntry) -> Self {
        let of = |it: &Membership| WorkspaceOfUser {
            id: it.workspace,
            name: it.name.clone(),
            slug: it.slug.clone(),
            role: it.role,
        };
        Self {
            user: UserView {
                id: session.user,
                email: session.email.clone(),
                name: session.name.clone(),
                instance_owner: session.instance_owner,
            },
            workspaces: session.memberships.iter().map(of).collect(),
            csrf_token: session.csrf_token.clone(),
        }
    }
}

/// Says who is signed in.
#[utoipa::path(
    get, path = "/api/v1/session", operation_id = "get_session", tag = "people",
    responses((status = 200, description = "The signed-in person.", body = SessionView)),
    security(("session" = []))
)]
pub(super) async fn get(gate::Login(session): gate::Login) -> ApiJson<SessionView> {
    ApiJson(SessionView::of(&session))
}

/// Signs in. The answer sets the session cookie, which lasts thirty days.
#[utoipa::path(
    post, path = "/api/v1/session", operation_id = "sign_in", tag = "people", request_body = SignIn,
    responses((status = 200, description = "Signed in.", body = SessionView))
)]
pub(super) async fn post(
    State(accounts): State<Accounts>,
    Extension(RemoteAddr(remote_addr)): Extension<RemoteAddr>,
    headers: HeaderMap,
    ApiJson(body): ApiJson<SignIn>,
) -> Answer<Response> {
    check_origin(&headers, accounts.0.config.public_url.as_deref())?;
    if body.password.expose().chars().count() > 1024 {
        return Err(refuse("/password", "expected at most 1024 characters").into());
    }
    let email = people::read_email(&body.email)?;
    let user = check(&accounts, remote_addr, &email, &body.password).await?;
    let mut tx = accounts.db().system(true).await?;
    let login = accounts.begin_session(&mut tx, user).await?;
    let by = By { actor: Actor::User(user), remote_addr };
    tell_workspaces(&accounts, &mut tx, user, by, "session.created").await?;
    tx.commit().await?;
    signed_in(&accounts, &login, StatusCode::OK).await
}

/// Signs out.
#[utoipa::path(
    delete, path = "/api/v1/session", operation_id = "sign_out", tag = "people",
    responses((status = 204, description = "Signed out.")), security(("session" = []))
)]
pub(super) async fn delete(
    State(accounts): State<Accounts>,
    Extension(RemoteAddr(remote_addr)): Extension<RemoteAddr>,
    gate::Login(session): gate::Login,
) -> Answer<Response> {
    let mut tx = accounts.db().system(true).await?;
    store::session::delete(&mut tx, session.id).await?;
    let by = By { actor: Actor::User(session.user), remote_addr };
    tell_workspaces(&accounts, &mut tx, session.user, by, "session.deleted").await?;
    accounts.commit_person(tx, session.user).await?;
    let gone = cookie(&accounts, "", 0);
    Ok((StatusCode::NO_CONTENT, [(SET_COOKIE, gone)]).into_response())
}

/// The person, if the password is theirs. Failures are counted by where they come from and whom they
/// are about.
async fn check(
    accounts: &Accounts,
    remote_addr: Option<IpAddr>,
    email: &str,
    password: &Secret<String>,
) -> Answer<UserId> {
    let failed = &accounts.0.failed_logins;
    let who = (remote_addr, email.to_owned());
    // Counted before the answer is known, so that guesses at the same time count too.
    let verdict = failed.take(who.clone(), accounts.0.config.failed_logins, accounts.now());
    if !verdict.allowed {
        let secs = verdict.reset_secs();
        let detail = format!("Try again in {secs} s.");
        return Err(Problem::new(&codes::TOO_MANY_LOGINS, detail).retry_after(secs).into());
    }
    let user = store::user::by_email(&mut accounts.db().system(false).await?, email).await?;
    if accounts.verify(password, user.as_ref().map(|user| &user.password)).await? {
        failed.forget(&who);
        if let Some(user) = user {
            return Ok(user.id);
        }
    }
    if let Some(user) = user {
        let mut tx = accounts.db().system(true).await?;
        let by = By { actor: Actor::House, remote_addr };
        tell_workspaces(accounts, &mut tx, user.id, by, "session.refused").await?;
        tx.commit().await?;
    }
    Err(Problem::new(&codes::BAD_LOGIN, "Check both and try again.").into())
}

/// An audit entry in each workspace of a person.
pub(super) async fn tell_workspaces(
    accounts: &Accounts,
    tx: &mut db::Tx,
    user: UserId,
    by: By,
    action: &str,
) -> Result<(), db::DbError> {
    for membership in store::member::of_user(tx, user).await? {
        let workspace = accounts.db().workspace(membership.workspace);
        audit::write(tx, &workspace, by, action, user, json!({})).await?;
    }
    Ok(())
}

/// The answer to a fresh login.
pub(super) async fn signed_in(
    accounts: &Accounts,
    login: &people::Login,
    status: StatusCode,
) -> Answer<Response> {
    let token = login.cookie.expose();
    let session = accounts.session(token).await?;
    let session = session.ok_or_else(|| gate::not_found("session"))?;
    let cookie = cookie(accounts, token, LIFETIME.as_secs());
    Ok((status, [(SET_COOKIE, cookie)], ApiJson(SessionView::of(&session))).into_response())
}

fn cookie(accounts: &Accounts, token: &str, max_age: u64) -> HeaderValue {
    let url = accounts.0.config.public_url.as_deref().unwrap_or_default();
    let secure = if url.starts_with("https:") { "; Secure" } else { "" };
    let text = format!(
        "{SESSION_COOKIE}={token}; HttpOnly; SameSite=Lax; Path=/; Max-Age={max_age}{secure}"
    );
    let mut cookie = HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""));
    cookie.set_sensitive(true);
    cookie
}
