//! What a run commits before it goes on. Runs that commit at the same time share a transaction.

use accounts::{Severity, notify};
use db::{Batch, Change, Db, DbError, Job, Tx, args};
use kernel::{Timestamp, WorkspaceId};
use serde_json::json;
use std::sync::Arc;

use super::triggers::Awaiting;
use super::{ending, executions, steps, triggers};
use crate::definition::Definition;
use crate::execution::Execution;
use crate::run::{Path, Record};
use crate::start;

/// What is committed together.
pub(crate) struct Commit {
    pub(crate) job: Job,
    pub(crate) execution: Execution,
    /// Whether the run itself is another than before.
    pub(crate) is_changed: bool,
    pub(crate) steps: Vec<(Path, Record)>,
    pub(crate) children: Vec<(Arc<Definition>, Execution)>,
    pub(crate) waits: Vec<Awaiting>,
    pub(crate) asks: Vec<Ask>,
    /// What it was told, and has taken note of.
    pub(crate) heard: Vec<String>,
    pub(crate) next: Next,
}

/// A question to people.
pub(crate) struct Ask {
    pub(crate) step: String,
    pub(crate) message: String,
    pub(crate) to: Option<String>,
}

/// What becomes of the job.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Next {
    /// It goes on.
    Hold,
    /// It is put off.
    At(Timestamp),
    /// It is done, until somebody asks for it.
    Done,
}

/// Whether what was handed in is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Held {
    /// It is.
    Yes,
    /// The job is no longer this worker's, so nothing of it is.
    Lost,
}

pub(crate) struct Commits(pub(crate) Db);

impl Batch for Commits {
    type Item = Commit;
    type Answer = Held;

    async fn write(&self, tx: &mut Tx, items: &[Commit]) -> Result<Vec<Held>, DbError> {
        let mut answers = Vec::with_capacity(items.len());
        for item in items {
            match item.job.hold(tx).await {
                Ok(()) => {
                    // This task works for many runs: each has a trace of its own.
                    let written = write(&self.0, tx, item);
                    match item.execution.trace {
                        Some(trace) => db::trace::within(trace, written).await?,
                        None => written.await?,
                    }
                    answers.push(Held::Yes);
                }
                Err(DbError::LeaseLost) => answers.push(Held::Lost),
                Err(error) => return Err(error),
            }
        }
        Ok(answers)
    }
}

async fn write(db: &Db, tx: &mut Tx, commit: &Commit) -> Result<(), DbError> {
    let (workspace, execution) = (commit.job.workspace, &commit.execution);
    for (path, record) in &commit.steps {
        steps::put(tx, workspace, execution.id, path, record).await?;
        let data = json!({
            "workflow_id": execution.workflow, "step": record.name, "path": path.as_str(),
            "status": record.status, "attempts": record.attempts,
        });
        tx.tell(workspace, "execution.step", execution.id, data);
    }
    for (definition, child) in &commit.children {
        start::begin(tx, workspace, definition, child.clone()).await?;
    }
    for wait in &commit.waits {
        triggers::wait(tx, workspace, wait).await?;
    }
    for ask in &commit.asks {
        tell_people(db, tx, workspace, execution, ask).await?;
    }
    for id in &commit.heard {
        let sql = "DELETE FROM execution_signals \
                   WHERE workspace_id = $1 AND execution_id = $2 AND id = $3";
        tx.execute(sql, args![workspace, execution.id, id]).await?;
    }
    if execution.state.is_over() {
        ending::end(tx, workspace, execution).await?;
    } else if commit.is_changed {
        executions::update(tx, workspace, execution).await?;
        if execution.response.is_some() {
            tx.changed(Change::noun(crate::NOUN, workspace, execution.id));
        }
    }
    match commit.next {
        Next::Hold => Ok(()),
        Next::At(at) => commit.job.run_again(tx, at).await,
        Next::Done => commit.job.finish(tx).await,
    }
}

async fn tell_people(
    db: &Db,
    tx: &mut Tx,
    workspace: WorkspaceId,
    execution: &Execution,
    ask: &Ask,
) -> Result<(), DbError> {
    let data = json!({
        "workflow_id": execution.workflow, "step": ask.step, "message": ask.message, "to": ask.to,
        "depth": execution.depth,
    });
    tx.emit(workspace, "execution.approval_requested", execution.id, data).await?;
    let title = format!("A run waits for an answer at {}", ask.step);
    let workspace = db.workspace(workspace);
    notify(tx, &workspace, Severity::Warning, &title, &ask.message, execution.id).await.map(drop)
}
