//! `/api/v1/session/password`.

use axum::Extension;
use axum::extract::State;
use http::StatusCode;
use kernel::{Problem, Secret, codes};
use serde::Deserialize;
use utoipa::ToSchema;

use super::session::tell_workspaces;
use crate::audit::By;
use crate::gate::{Actor, Answer, ApiJson, Login, RemoteAddr};
use crate::people::check_new_password;
use crate::{Accounts, store};

/// The password now, and the one from now on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "current": "correct horse", "new": "battery staple" }))]
pub(super) struct ChangePassword {
    #[schema(value_type = String, max_length = 1024, format = Password)]
    current: Secret<String>,
    #[schema(value_type = String, min_length = 8, max_length = 1024, format = Password)]
    new: Secret<String>,
}

/// Changes the password. The person's other sessions end.
#[utoipa::path(
    post, path = "/api/v1/session/password", operation_id = "change_password", tag = "people",
    request_body = ChangePassword,
    responses((status = 204, description = "Changed; other sessions have ended.")),
    security(("session" = []))
)]
pub(super) async fn post(
    State(accounts): State<Accounts>,
    Extension(RemoteAddr(remote_addr)): Extension<RemoteAddr>,
    Login(session): Login,
    ApiJson(body): ApiJson<ChangePassword>,
) -> Answer<StatusCode> {
    check_new_password(&body.new, "/new")?;
    let user = store::user::by_id(&mut accounts.db().system(false).await?, session.user).await?;
    let known = user.as_ref().map(|user| &user.password);
    if !accounts.verify(&body.current, known).await? {
        // Not 401: the session is good, and a client would throw it away.
        let problem = Problem::new(&codes::INVALID, "The current password is another.");
        return Err(problem.field("/current", "is not the current password").into());
    }
    let password = accounts.hash(&body.new).await?;
    let mut tx = accounts.db().system(true).await?;
    store::user::set_password(&mut tx, session.user, &password).await?;
    store::session::delete_others(&mut tx, session.user, session.id).await?;
    let by = By { actor: Actor::User(session.user), remote_addr };
    tell_workspaces(&accounts, &mut tx, session.user, by, "password.changed").await?;
    accounts.commit_person(tx, session.user).await?;
    Ok(StatusCode::NO_CONTENT)
}
