//! `/api/v1/audit`.

use kernel::{AuditId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::gate::{Answer, ApiJson, ApiQuery, Caller, List, may, page};
use crate::store::audit;

/// Who did what.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "id": "aud_01h455vb4pex5vsknk084sn02q", "at": "2026-01-01T00:00:00Z",
    "actor": "usr_01h455vb4pex5vsknk084sn02q", "action": "api_key.created",
    "subject": "key_01h455vb4pex5vsknk084sn02q", "detail": { "name": "CI" },
    "remote_addr": "192.0.2.1"
}))]
pub(super) struct AuditEntry {
    #[schema(value_type = String)]
    id: AuditId,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// A user, a key, a player, or `house`.
    actor: String,
    action: String,
    /// The id of what it was done to.
    subject: String,
    #[schema(value_type = Object)]
    detail: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    remote_addr: Option<String>,
}

/// Which entries.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct AuditQuery {
    /// The id of what it was done to.
    #[serde(default)]
    subject: String,
    /// What was done: `api_key.created`.
    #[serde(default)]
    action: String,
    /// Who did it.
    #[serde(default)]
    actor: String,
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    cursor: Option<String>,
}

/// The audit log, newest first.
#[utoipa::path(
    get, path = "/api/v1/audit", operation_id = "list_audit", tag = "log", params(AuditQuery),
    responses((status = 200, description = "A page of entries.", body = List<AuditEntry>)),
    security(("api_key" = ["events:read"]), ("session" = []))
)]
pub(super) async fn list(
    caller: Caller<may::EventsRead>,
    ApiQuery(query): ApiQuery<AuditQuery>,
) -> Answer<ApiJson<List<AuditEntry>>> {
    let page = page(query.limit, query.cursor.as_deref())?;
    let filter =
        audit::Filter { subject: &query.subject, action: &query.action, actor: &query.actor };
    let mut tx = caller.workspace.read().await?;
    let rows = audit::list(&mut tx, caller.workspace.id(), &filter, &page).await?;
    let view = |it: audit::Stored| AuditEntry {
        id: it.id,
        at: it.at,
        actor: it.actor,
        action: it.action,
        subject: it.subject,
        detail: it.detail,
        remote_addr: it.remote_addr,
    };
    let rows = rows.into_iter().map(view).collect();
    Ok(ApiJson(List::of(rows, &page, |it| it.id.to_string())))
}
