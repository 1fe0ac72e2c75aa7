//! The job queue. It lives in the database, so that a change and its job commit together. The time a
//! job is due doubles as its lease: claiming moves it into the future, and a worker that dies simply
//! lets it come due again; a fencing token keeps the dead from finishing what was given away. The next
//! due time of each workspace is known in memory, so with nothing due there is no query and no timer.

mod hand;
mod metrics;
mod store;
mod worker;

use kernel::{JobId, WorkspaceId};
use std::future::Future;
use std::pin::Pin;

use crate::{DbError, Tx};

pub(crate) use store::{enqueue, follow};
pub use worker::Worker;

/// A job that this worker holds a lease on.
#[derive(Clone, Debug)]
pub struct Job {
    /// Whose.
    pub workspace: WorkspaceId,
    /// Its id.
    pub id: JobId,
    /// Its key among the jobs of its kind.
    pub key: String,
    /// What it needs to know.
    pub payload: serde_json::Value,
    /// When it was meant to run.
    pub due: kernel::Timestamp,
    /// How often it was tried, this time included.
    pub attempts: u32,
    /// What it follows from.
    pub trace: Option<kernel::Trace>,
    pub(crate) kind: String,
    pub(crate) fence: i64,
}

/// What a handler says of a job that went well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// It was finished or put off in the handler's own transaction.
    Settled,
    /// It can be removed.
    Remove,
}

/// Why a job did not go well. It is tried again, later each time.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct JobError(pub String);

impl From<DbError> for JobError {
    fn from(error: DbError) -> Self {
        Self(error.to_string())
    }
}

impl From<kernel::Problem> for JobError {
    fn from(problem: kernel::Problem) -> Self {
        Self(problem.to_string())
    }
}

/// Runs the jobs of one kind. It may run a job twice (after a crash, after a lost lease), so what it
/// does is idempotent.
pub trait Handler: Send + Sync + 'static {
    /// Which jobs.
    fn kind(&self) -> kernel::JobKind;

    /// Runs one.
    fn run(&self, job: Job) -> Pin<Box<dyn Future<Output = Result<Done, JobError>> + Send + '_>>;
}

impl Job {
    /// Removes the job in the transaction that made its work true. If it was asked for again while it
    /// ran, it comes due again instead.
    ///
    /// # Errors
    /// [`DbError::LeaseLost`] when another worker has it: roll back.
    pub async fn finish(&self, tx: &mut Tx) -> Result<(), DbError> {
        store::finish(tx, self).await
    }

    /// Makes sure, for the rest of the transaction, that the job is this worker's still: what it writes then
    /// is not written late.
    ///
    /// # Errors
    /// [`DbError::LeaseLost`] when another worker has it, or nobody: roll back.
    pub async fn hold(&self, tx: &mut Tx) -> Result<(), DbError> {
        store::hold(tx, self).await
    }

    /// Lets it run again at `at`, or earlier if it was asked for meanwhile.
    ///
    /// # Errors
    /// [`DbError::LeaseLost`] when another worker has it: roll back.
    pub async fn run_again(&self, tx: &mut Tx, at: kernel::Timestamp) -> Result<(), DbError> {
        store::run_again(tx, self, at).await
    }
}

impl Tx {
    /// Takes back a job that waits. One that runs already is not stopped.
    ///
    /// # Errors
    /// [`DbError`] when the queue cannot be written.
    pub async fn dequeue(
        &mut self,
        workspace: WorkspaceId,
        kind: kernel::JobKind,
        key: &str,
    ) -> Result<(), DbError> {
        store::dequeue(self, workspace, kind, key).await
    }
}
