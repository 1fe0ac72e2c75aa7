//! `POST /api/v1/connections/validate`.

use accounts::gate::{Answer, ApiJson, Caller, may, present};
use axum::extract::State;
use futures::StreamExt as _;
use kernel::{ConnectionId, PageRequest, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

use crate::store::connections::{self, Filter};
use crate::{Connect, Connection};

/// Which connections to test: a subject's, or all.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "subject": "aurel" }))]
pub(in crate::api) struct ValidateConnections {
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    subject: Option<String>,
}

/// What the tests found.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct ConnectionsValidated {
    data: Vec<ConnectionValidation>,
}

/// What one test found.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct ConnectionValidation {
    #[schema(value_type = String)]
    connection_id: ConnectionId,
    platform: String,
    subject: String,
    is_valid: bool,
    error: Option<String>,
    /// Whether a person has to do something about it.
    requires_action: bool,
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    #[schema(value_type = String, format = DateTime)]
    last_checked: Timestamp,
}

/// How many are tested side by side.
const AT_ONCE: usize = 8;
/// How many one request tests at most.
const MOST: u32 = 200;

/// Test connections
///
/// The cheap call of each, a few at a time; 200 of them at most.
#[utoipa::path(
    post, path = "/api/v1/connections/validate", operation_id = "validate_connections",
    tag = "connections", request_body = Option<ValidateConnections>,
    responses((status = 200, description = "What was found.", body = ConnectionsValidated)),
    security(("api_key" = ["connections:write"]), ("session" = []))
)]
pub(in crate::api) async fn validate(
    State(connect): State<Connect>,
    caller: Caller<may::ConnectionsWrite>,
    body: Option<ApiJson<ValidateConnections>>,
) -> Answer<ApiJson<ConnectionsValidated>> {
    let body = body.map(|ApiJson(body)| body).unwrap_or_default();
    let filter = Filter { subject: body.subject, ..Filter::default() };
    let page = PageRequest { limit: MOST, after: None };
    let mut tx = caller.workspace.read().await?;
    let mut rows = connections::list(&mut tx, caller.workspace.id(), &filter, &page).await?;
    drop(tx);
    rows.truncate(MOST as usize);
    let tests = rows.into_iter().map(|it| validated(connect.clone(), caller.workspace.clone(), it));
    let data = futures::stream::iter(tests).buffered(AT_ONCE).collect().await;
    Ok(ApiJson(ConnectionsValidated { data }))
}

async fn validated(
    connect: Connect,
    workspace: db::Workspace,
    it: Connection,
) -> ConnectionValidation {
    let tested = async {
        let mut tx = workspace.read().await?;
        let stored = connections::get(&mut tx, workspace.id(), it.id).await?;
        drop(tx);
        let stored = stored.ok_or_else(|| accounts::gate::not_found("connection"))?;
        let terms = connect.terms_of(&workspace, &it).await?;
        connect.test_connection(&workspace, &terms, Arc::new(stored)).await
    };
    let error = match tested.await {
        Ok(test) if test.ok => None,
        Ok(test) => Some((test.code.unwrap_or_default(), test.message)),
        Err(problem) => Some((problem.code.name.to_owned(), problem.detail)),
    };
    let needs_person = ["connection.expired", "connection.revoked", "connection.disabled"];
    ConnectionValidation {
        connection_id: it.id,
        platform: it.provider,
        subject: it.subject,
        is_valid: error.is_none(),
        requires_action: error.as_ref().is_some_and(|(code, _)| needs_person.contains(&&**code)),
        error: error.map(|(_, message)| message),
        expires_at: it.expires_at,
        last_checked: connect.0.db.clock().now(),
    }
}
