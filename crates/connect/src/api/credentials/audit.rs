//! `GET /api/v1/credentials/{id}/audit`.

use accounts::gate::{Answer, ApiJson, ApiPath, ApiQuery, Caller, List, may, not_found, page};
use db::{Row, args};
use kernel::{AuditId, CredentialId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::store::credentials;

/// Which page.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::api) struct CredentialAuditQuery {
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Who did what with a credential.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "id": "aud_01h455vb4pex5vsknk084sn02q", "at": "2026-01-01T00:00:00Z", "actor": "house",
    "action": "credential.used", "detail": {"purpose": "feed.pull", "uses": 1}
}))]
pub(in crate::api) struct CredentialAudit {
    #[schema(value_type = String)]
    id: AuditId,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// The id of a user, a key or a player, or `house`.
    actor: String,
    action: String,
    detail: Value,
    remote_addr: Option<String>,
}

/// Everything that was done with a credential, uses included, newest first.
#[utoipa::path(
    get, path = "/api/v1/credentials/{id}/audit", operation_id = "list_credential_audit",
    tag = "credentials",
    params(("id" = String, Path, description = "The credential."), CredentialAuditQuery),
    responses((status = 200, description = "A page of it.", body = List<CredentialAudit>)),
    security(("api_key" = ["credentials:read"]), ("session" = []))
)]
pub(in crate::api) async fn audit(
    caller: Caller<may::CredentialsRead>,
    ApiPath(id): ApiPath<CredentialId>,
    ApiQuery(query): ApiQuery<CredentialAuditQuery>,
) -> Answer<ApiJson<List<CredentialAudit>>> {
    let page = page(query.limit, query.cursor.as_deref())?;
    let workspace = caller.workspace.id();
    let mut tx = caller.workspace.read().await?;
    let found = credentials::get(&mut tx, workspace, id).await?;
    found.ok_or_else(|| not_found("credential"))?;
    let rows = tx
        .fetch_all(
            "SELECT id, at, actor, action, detail, remote_addr FROM audit_entries \
             WHERE workspace_id = $1 AND subject = $2 AND ($3 = '' OR id < $3) \
             ORDER BY id DESC LIMIT $4",
            args![workspace, id, page.after.clone().unwrap_or_default(), page.limit + 1],
        )
        .await?;
    let rows = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    Ok(ApiJson(List::of(rows, &page, |row| row.id.to_string())))
}

fn read(row: &Row) -> Result<CredentialAudit, db::DbError> {
    Ok(CredentialAudit {
        id: row.parse("id")?,
        at: row.time("at")?,
        actor: row.text("actor")?,
        action: row.text("action")?,
        detail: row.json("detail")?,
        remote_addr: row.opt_text("remote_addr")?,
    })
}
