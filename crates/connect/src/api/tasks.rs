//! `/api/v1/tasks`: what a person has to do.

use accounts::audit;
use accounts::gate::{Answer, ApiJson, ApiPath, ApiQuery, Caller, List, may, not_found, page};
use kernel::{TaskId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use crate::store::tasks::{self, Task, TaskStatus};

/// What a person has to do.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "id": "task_01h455vb4pex5vsknk084sn02q", "kind": "connection.reconnect",
    "about": "conn_01h455vb4pex5vsknk084sn02q", "subject": "aurel", "title": "Reconnect Spotify",
    "description": "The Spotify connection of Aurel has ended.", "category": "business",
    "priority": "high", "impact_score": 8, "due_at": "2026-01-08T00:00:00Z",
    "due_date": "2026-01-08", "status": "open", "created_at": "2026-01-01T00:00:00Z"
}))]
pub(super) struct TaskView {
    #[schema(value_type = String)]
    id: TaskId,
    kind: String,
    /// The id of what it is about.
    about: String,
    subject: String,
    title: String,
    description: String,
    category: String,
    priority: String,
    impact_score: i64,
    #[schema(value_type = String, format = DateTime)]
    due_at: Timestamp,
    /// The same as a day.
    due_date: String,
    status: TaskStatus,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    closed_at: Option<Timestamp>,
    closed_by: Option<String>,
}

impl From<Task> for TaskView {
    fn from(it: Task) -> Self {
        let due_date = it.due_at.to_string().chars().take(10).collect();
        Self {
            id: it.id,
            kind: it.kind,
            about: it.about,
            subject: it.subject,
            title: it.title,
            description: it.description,
            category: it.category,
            priority: it.priority,
            impact_score: it.impact_score,
            due_at: it.due_at,
            due_date,
            status: it.status,
            created_at: it.created_at,
            closed_at: it.closed_at,
            closed_by: it.closed_by,
        }
    }
}

/// Which tasks.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct TaskQuery {
    /// In this state; all unless said.
    status: Option<TaskStatus>,
    /// About the thing of this id.
    #[serde(default)]
    about: String,
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    cursor: Option<String>,
}

/// What people have to do, newest first.
#[utoipa::path(
    get, path = "/api/v1/tasks", operation_id = "list_tasks", tag = "tasks", params(TaskQuery),
    responses((status = 200, description = "A page of them.", body = List<TaskView>)),
    security(("api_key" = ["connections:read"]), ("session" = []))
)]
pub(super) async fn list(
    caller: Caller<may::ConnectionsRead>,
    ApiQuery(query): ApiQuery<TaskQuery>,
) -> Answer<ApiJson<List<TaskView>>> {
    let page = page(query.limit, query.cursor.as_deref())?;
    let mut tx = caller.workspace.read().await?;
    let workspace = caller.workspace.id();
    let rows = tasks::list(&mut tx, workspace, query.status, &query.about, &page).await?;
    let rows = rows.into_iter().map(TaskView::from).collect();
    Ok(ApiJson(List::of(rows, &page, |it| it.id.to_string())))
}

/// One task.
#[utoipa::path(
    get, path = "/api/v1/tasks/{id}", operation_id = "get_task", tag = "tasks",
    params(("id" = String, Path, description = "The task.")),
    responses((status = 200, description = "It.", body = TaskView)),
    security(("api_key" = ["connections:read"]), ("session" = []))
)]
pub(super) async fn get(
    caller: Caller<may::ConnectionsRead>,
    ApiPath(id): ApiPath<TaskId>,
) -> Answer<ApiJson<TaskView>> {
    let mut tx = caller.workspace.read().await?;
    let found = tasks::get(&mut tx, caller.workspace.id(), id).await?;
    Ok(ApiJson(found.ok_or_else(|| not_found("task"))?.into()))
}

/// Close a task
///
/// For what was settled elsewhere. A task to reconnect closes by itself.
#[utoipa::path(
    post, path = "/api/v1/tasks/{id}/close", operation_id = "close_task", tag = "tasks",
    params(("id" = String, Path, description = "The task.")),
    responses((status = 200, description = "Closed.", body = TaskView)),
    security(("api_key" = ["connections:write"]), ("session" = []))
)]
pub(super) async fn close(
    caller: Caller<may::ConnectionsWrite>,
    ApiPath(id): ApiPath<TaskId>,
) -> Answer<ApiJson<TaskView>> {
    let workspace = caller.workspace.id();
    let mut tx = caller.workspace.write().await?;
    if tasks::close_one(&mut tx, workspace, id, &caller.actor.to_string()).await? {
        audit::record(&mut tx, &caller, "task.closed", id, json!({})).await?;
    }
    let found = tasks::get(&mut tx, workspace, id).await?;
    let found = found.ok_or_else(|| not_found("task"))?;
    tx.commit().await?;
    Ok(ApiJson(found.into()))
}
