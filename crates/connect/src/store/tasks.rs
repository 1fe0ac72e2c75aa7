//! Tasks: what a person has to do. There is one open task of a kind about a thing.

use db::{Change, DbError, Row, Tx, args};
use kernel::{PageRequest, TaskId, Timestamp, WorkspaceId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The noun in [`db::Change`] signals.
pub(crate) const NOUN: &str = "task";

/// Whether a task is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum TaskStatus {
    Open,
    Done,
}

impl TaskStatus {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Done => "done",
        }
    }
}

/// What a person has to do.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Task {
    pub(crate) id: TaskId,
    pub(crate) kind: String,
    /// The id of what it is about.
    pub(crate) about: String,
    /// The artist or end user it concerns; empty for the workspace.
    pub(crate) subject: String,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) category: String,
    pub(crate) priority: String,
    pub(crate) impact_score: i64,
    pub(crate) due_at: Timestamp,
    pub(crate) status: TaskStatus,
    pub(crate) created_at: Timestamp,
    pub(crate) closed_at: Option<Timestamp>,
    pub(crate) closed_by: Option<String>,
}

const COLUMNS: &str = "id, kind, about, subject, title, description, category, priority, impact_score, \
     due_at, status, created_at, closed_at, closed_by";

/// Opens a task, unless there is one. True when it is new.
pub(crate) async fn open(
    tx: &mut Tx,
    workspace: WorkspaceId,
    task: &Task,
) -> Result<bool, DbError> {
    let touched = tx
        .execute(
            "INSERT INTO tasks (workspace_id, id, kind, about, subject, title, description, category, \
               priority, impact_score, due_at, status, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'open', $12) \
             ON CONFLICT (workspace_id, kind, about) WHERE status = 'open' DO NOTHING",
            args![
                workspace,
                task.id,
                &task.kind,
                &task.about,
                &task.subject,
                &task.title,
                &task.description,
                &task.category,
                &task.priority,
                task.impact_score,
                task.due_at,
                task.created_at
            ],
        )
        .await?;
    tx.changed(Change::noun(NOUN, workspace, task.id));
    Ok(touched > 0)
}

/// Closes what is open about a thing.
pub(crate) async fn close(
    tx: &mut Tx,
    workspace: WorkspaceId,
    about: &str,
    by: &str,
) -> Result<u64, DbError> {
    let now = tx.now();
    let touched = tx
        .execute(
            "UPDATE tasks SET status = 'done', closed_at = $3, closed_by = $4 \
             WHERE workspace_id = $1 AND about = $2 AND status = 'open'",
            args![workspace, about, now, by],
        )
        .await?;
    if touched > 0 {
        tx.changed(Change::noun(NOUN, workspace, about));
    }
    Ok(touched)
}

/// Closes one by its id. False when there is none open.
pub(crate) async fn close_one(
    tx: &mut Tx,
    workspace: WorkspaceId,
    id: TaskId,
    by: &str,
) -> Result<bool, DbError> {
    let now = tx.now();
    let touched = tx
        .execute(
            "UPDATE tasks SET status = 'done', closed_at = $3, closed_by = $4 \
             WHERE workspace_id = $1 AND id = $2 AND status = 'open'",
            args![workspace, id, now, by],
        )
        .await?;
    tx.changed(Change::noun(NOUN, workspace, id));
    Ok(touched > 0)
}

pub(crate) async fn get(
    tx: &mut Tx,
    workspace: WorkspaceId,
    id: TaskId,
) -> Result<Option<Task>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM tasks WHERE workspace_id = $1 AND id = $2");
    tx.fetch_optional(&sql, args![workspace, id]).await?.as_ref().map(task).transpose()
}

/// A page of them, newest first.
pub(crate) async fn list(
    tx: &mut Tx,
    workspace: WorkspaceId,
    status: Option<TaskStatus>,
    about: &str,
    page: &PageRequest,
) -> Result<Vec<Task>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM tasks WHERE workspace_id = $1 AND ($2 = '' OR status = $2) \
           AND ($3 = '' OR about = $3) AND ($4 = '' OR id < $4) ORDER BY id DESC LIMIT $5"
    );
    let values = args![
        workspace,
        status.map(TaskStatus::name).unwrap_or_default(),
        about,
        page.after.clone().unwrap_or_default(),
        page.limit + 1
    ];
    tx.fetch_all(&sql, values).await?.iter().map(task).collect()
}

fn task(row: &Row) -> Result<Task, DbError> {
    Ok(Task {
        id: row.parse("id")?,
        kind: row.text("kind")?,
        about: row.text("about")?,
        subject: row.text("subject")?,
        title: row.text("title")?,
        description: row.text("description")?,
        category: row.text("category")?,
        priority: row.text("priority")?,
        impact_score: row.int("impact_score")?,
        due_at: row.time("due_at")?,
        status: if row.text("status")? == "open" { TaskStatus::Open } else { TaskStatus::Done },
        created_at: row.time("created_at")?,
        closed_at: row.opt_time("closed_at")?,
        closed_by: row.opt_text("closed_by")?,
    })
}
