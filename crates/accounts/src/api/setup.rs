//! `/api/v1/setup`: the first owner, on an instance that has nobody yet.

use axum::extract::State;
use axum::response::Response;
use axum::{Extension, http::HeaderMap};
use http::StatusCode;
use kernel::Secret;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::session;
use crate::audit::{self, By};
use crate::gate::{Actor, Answer, ApiJson, RemoteAddr, check_origin, present};
use crate::{Accounts, store};

/// Whether the instance waits for its first owner.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({ "needed": true }))]
pub(super) struct SetupState {
    needed: bool,
}

/// The first owner and their workspace.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "email": "ada@example.com", "password": "correct horse battery", "workspace": "Acme"
}))]
pub(super) struct Setup {
    #[schema(max_length = 254, format = Email)]
    email: String,
    #[schema(value_type = String, min_length = 8, max_length = 1024, format = Password)]
    password: Secret<String>,
    /// The name of the first workspace.
    #[schema(min_length = 1, max_length = 200)]
    workspace: String,
    /// What the person is called.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    name: Option<String>,
}

/// Says whether the instance waits for its first owner.
#[utoipa::path(
    get, path = "/api/v1/setup", operation_id = "get_setup", tag = "people",
    responses((status = 200, description = "Whether somebody has to set it up.", body = SetupState))
)]
pub(super) async fn get(State(accounts): State<Accounts>) -> Answer<ApiJson<SetupState>> {
    let mut tx = accounts.db().system(false).await?;
    Ok(ApiJson(SetupState { needed: store::user::none(&mut tx).await? }))
}

/// Sets up the first owner and signs them in.
#[utoipa::path(
    post, path = "/api/v1/setup", operation_id = "set_up", tag = "people", request_body = Setup,
    responses((status = 201, description = "Set up and signed in.", body = session::SessionView))
)]
pub(super) async fn post(
    State(accounts): State<Accounts>,
    Extension(RemoteAddr(remote_addr)): Extension<RemoteAddr>,
    headers: HeaderMap,
    ApiJson(body): ApiJson<Setup>,
) -> Answer<Response> {
    check_origin(&headers, accounts.0.config.public_url.as_deref())?;
    let name = body.name.as_deref();
    let (mut tx, founded) =
        accounts.found(&body.email, &body.password, &body.workspace, name).await?;
    let by = By { actor: Actor::User(founded.user), remote_addr };
    let workspace = accounts.db().workspace(founded.workspace.id);
    audit::write(&mut tx, &workspace, by, "session.created", founded.user, json!({})).await?;
    let login = accounts.begin_session(&mut tx, founded.user).await?;
    tx.commit().await?;
    accounts.use_key(&founded.key).await?;
    session::signed_in(&accounts, &login, StatusCode::CREATED).await
}
