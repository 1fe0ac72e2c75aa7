//! `/api/v1/notifications`.

use kernel::{NotificationId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::Severity;
use crate::gate::{Answer, ApiJson, ApiPath, ApiQuery, Caller, List, may, not_found, page};
use crate::store::notification;

/// What people are told.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "id": "ntf_01h455vb4pex5vsknk084sn02q", "severity": "error", "title": "Weather is failing",
    "body": "The provider answered 401.", "subject": "int_01h455vb4pex5vsknk084sn02q",
    "created_at": "2026-01-01T00:00:00Z"
}))]
pub(super) struct NotificationView {
    #[schema(value_type = String)]
    id: NotificationId,
    #[schema(value_type = Severity)]
    severity: String,
    title: String,
    body: String,
    /// The id of what it is about.
    subject: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When somebody read it first; absent until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = DateTime, required = false)]
    read_at: Option<Timestamp>,
}

impl From<notification::Stored> for NotificationView {
    fn from(it: notification::Stored) -> Self {
        Self {
            id: it.id,
            severity: it.severity,
            title: it.title,
            body: it.body,
            subject: it.subject,
            created_at: it.created_at,
            read_at: it.read_at,
        }
    }
}

/// Which notifications.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct NotificationQuery {
    /// Only what nobody has read.
    #[serde(default)]
    unread: bool,
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    cursor: Option<String>,
}

/// Notifications of the workspace, newest first.
#[utoipa::path(
    get, path = "/api/v1/notifications", operation_id = "list_notifications", tag = "log",
    params(NotificationQuery),
    responses((status = 200, description = "A page of them.", body = List<NotificationView>)),
    security(("api_key" = ["events:read"]), ("session" = []))
)]
pub(super) async fn list(
    caller: Caller<may::EventsRead>,
    ApiQuery(query): ApiQuery<NotificationQuery>,
) -> Answer<ApiJson<List<NotificationView>>> {
    let page = page(query.limit, query.cursor.as_deref())?;
    let mut tx = caller.workspace.read().await?;
    let rows = notification::list(&mut tx, caller.workspace.id(), query.unread, &page).await?;
    let rows = rows.into_iter().map(NotificationView::from).collect();
    Ok(ApiJson(List::of(rows, &page, |it| it.id.to_string())))
}

/// Marks a notification as read, for everybody in the workspace.
#[utoipa::path(
    post, path = "/api/v1/notifications/{id}/read", operation_id = "read_notification",
    tag = "log", params(("id" = String, Path, description = "The notification.")),
    responses((status = 200, description = "Read.", body = NotificationView)),
    security(("api_key" = ["events:read"]), ("session" = []))
)]
pub(super) async fn read(
    caller: Caller<may::EventsRead>,
    ApiPath(id): ApiPath<NotificationId>,
) -> Answer<ApiJson<NotificationView>> {
    let mut tx = caller.workspace.write().await?;
    let read = notification::mark_read(&mut tx, caller.workspace.id(), id).await?;
    let read = read.ok_or_else(|| not_found("notification"))?;
    tx.commit().await?;
    Ok(ApiJson(read.into()))
}
