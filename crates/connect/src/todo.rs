//! What a room above asks of people: a task, of which there is one about a thing, and word of it.

use accounts::Severity;
use db::{DbError, Tx};
use kernel::{TaskId, WorkspaceId};
use std::time::Duration;

use crate::Connect;
use crate::store::tasks::{self, Task, TaskStatus};

const WEEK: Duration = Duration::from_secs(7 * 86_400);

/// What a person is to do.
pub struct Todo {
    /// What kind of task it is; there is one open of a kind about a thing.
    pub kind: &'static str,
    /// The id of what it is about.
    pub about: String,
    /// The artist or end user it concerns; empty for the workspace.
    pub subject: String,
    /// A few words.
    pub title: String,
    /// What happened and what to do.
    pub description: String,
    /// `high`, `medium` or `low`.
    pub priority: &'static str,
    /// How much hangs on it, from 1 to 10.
    pub impact: i64,
}

impl Connect {
    /// Opens a task and tells people, unless there is one.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn ask_people(
        &self,
        tx: &mut Tx,
        workspace: WorkspaceId,
        todo: Todo,
    ) -> Result<(), DbError> {
        let now = tx.now();
        let task = Task {
            id: TaskId::generate(now, self.0.db.entropy()),
            kind: todo.kind.to_owned(),
            about: todo.about,
            subject: todo.subject,
            title: todo.title,
            description: todo.description,
            category: "business".to_owned(),
            priority: todo.priority.to_owned(),
            impact_score: todo.impact,
            due_at: now.plus(WEEK),
            status: TaskStatus::Open,
            created_at: now,
            closed_at: None,
            closed_by: None,
        };
        if !tasks::open(tx, workspace, &task).await? {
            return Ok(());
        }
        let (title, detail) = (&task.title, &task.description);
        let workspace = self.0.db.workspace(workspace);
        let about = &task.about;
        accounts::notify(tx, &workspace, Severity::Error, title, detail, about).await.map(drop)
    }

    /// Closes what is open about a thing: it works again, or is gone. `by` is a person, a key or `house`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn close_tasks(
        &self,
        tx: &mut Tx,
        workspace: WorkspaceId,
        about: &str,
        by: &str,
    ) -> Result<(), DbError> {
        tasks::close(tx, workspace, about, by).await.map(drop)
    }
}
