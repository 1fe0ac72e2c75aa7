//! Workflows: steps in order, started by the clock, by events, by pushes, by people and programs; and their
//! runs, which survive whatever happens to the process.
//!
//! It relies on the queue of `db` for leases and fairness, on followers for events that are never missed, on
//! `egress` for requests, and on a [`Runner`] for actions of integrations. It promises that the result of
//! each step is committed before the next begins, that no step that has ended begins again, and that a
//! worker that lost its lease writes nothing. It never opens a credential: no expression can reach one, and
//! run data holds none.

mod api;
pub mod definition;
mod dispatch;
mod drive;
mod execution;
pub mod expression;
mod jobs;
mod listeners;
pub mod run;
mod schedule;
mod start;
pub mod step;
mod store;

pub use api::routes;
pub use execution::State;
pub use step::{ConnectorCall, ConnectorOutcome, Runner};

use db::{Batcher, Db, DbError, Tx, Worker};
use definition::Definition;
use egress::Egress;
use kernel::{WorkflowId, WorkspaceId};
use std::sync::Arc;

use listeners::Listeners;
use store::commit::Commits;

/// What is announced when a run is over, or has an answer for who waits.
pub(crate) const NOUN: &str = "execution";
/// What is announced when a run has been told something, or was called off.
pub(crate) const SIGNAL: &str = "execution_signal";

/// How many runs commit together at most.
const BATCH: usize = 256;
/// How many definitions are kept ready.
const READY: u64 = 1_000;

/// The room. Cloning it is cheap.
#[derive(Clone)]
pub struct Flows(Arc<Inner>);

struct Inner {
    db: Db,
    egress: Egress,
    runner: Arc<dyn Runner>,
    commits: Batcher<Commits>,
    definitions: moka::sync::Cache<(WorkspaceId, WorkflowId, i64), Arc<Definition>>,
    /// Who waits for a run to get somewhere.
    watching: Listeners,
    /// Who drives a run.
    driving: Listeners,
}

impl Flows {
    /// Opens the room, within a Tokio runtime.
    pub fn new(db: Db, egress: Egress, runner: Arc<dyn Runner>) -> Self {
        let flows = Self(Arc::new(Inner {
            commits: Batcher::start(db.clone(), Commits(db.clone()), BATCH),
            definitions: moka::sync::Cache::new(READY),
            watching: Listeners::default(),
            driving: Listeners::default(),
            egress,
            runner,
            db,
        }));
        let (watching, driving) = (flows.0.watching.clone(), flows.0.driving.clone());
        tokio::spawn(listeners::listen(flows.db().signals(), watching, driving));
        flows
    }

    /// Registers the room's jobs.
    #[must_use]
    pub fn work(&self, worker: Worker) -> Worker {
        worker
            .handle(jobs::run::RunJob(self.clone()))
            .handle(jobs::dispatch::DispatchJob(self.clone()))
            .handle(jobs::tick::TickJob(self.clone()))
    }

    /// The definition of a version of a workflow, which never changes; `None` when there is none.
    pub(crate) async fn definition(
        &self,
        tx: &mut Tx,
        workspace: WorkspaceId,
        workflow: WorkflowId,
        version: i64,
    ) -> Result<Option<Arc<Definition>>, DbError> {
        let key = (workspace, workflow, version);
        if let Some(ready) = self.0.definitions.get(&key) {
            return Ok(Some(ready));
        }
        let found = store::workflows::version(tx, workspace, workflow, version).await?;
        let Some(found) = found else { return Ok(None) };
        let read = tokio::task::spawn_blocking(move || Definition::read(&found.definition)).await;
        match read {
            Ok(Ok(definition)) => {
                let definition = Arc::new(definition);
                self.0.definitions.insert(key, definition.clone());
                Ok(Some(definition))
            }
            Ok(Err(problem)) => Err(DbError::Refused(problem.to_string())),
            Err(panic) => Err(DbError::Refused(panic.to_string())),
        }
    }

    pub(crate) fn db(&self) -> &Db {
        &self.0.db
    }

    pub(crate) fn egress(&self) -> &Egress {
        &self.0.egress
    }

    pub(crate) fn runner(&self) -> &Arc<dyn Runner> {
        &self.0.runner
    }

    pub(crate) fn commits(&self) -> &Batcher<Commits> {
        &self.0.commits
    }

    pub(crate) fn watching(&self) -> &Listeners {
        &self.0.watching
    }

    pub(crate) fn driving(&self) -> &Listeners {
        &self.0.driving
    }
}
