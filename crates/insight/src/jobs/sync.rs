//! Reads the numbers of an account, about once a day.

use accounts::gate::Actor;
use connect::{Connection, ConnectionStatus};
use db::{Done, Handler, Job, JobError, Workspace};
use kernel::{JobKind, Lane, Timestamp};
use std::pin::Pin;

use crate::asking::Asker;
use crate::{Insight, schedule};

/// Reads the numbers of the connection whose id is the key.
pub const KIND: JobKind = JobKind { name: "metrics.sync", lane: Lane::Remote };

pub(crate) struct SyncJob(pub(crate) Insight);

impl Handler for SyncJob {
    fn kind(&self) -> JobKind {
        KIND
    }

    fn run(&self, job: Job) -> Pin<Box<dyn Future<Output = Result<Done, JobError>> + Send + '_>> {
        Box::pin(self.sync(job))
    }
}

impl SyncJob {
    async fn sync(&self, job: Job) -> Result<Done, JobError> {
        let insight = &self.0;
        let workspace = insight.db().workspace(job.workspace);
        let id = super::connection(&job.key)?;
        let connection = insight.connect().known_connection(&workspace, id).await?;
        let measured = connection.filter(|it| insight.provider(&it.provider).is_some());
        let Some(connection) = measured else { return Ok(Done::Remove) };
        let next = self.read(&workspace, &connection).await;
        let mut tx = workspace.write().await?;
        job.run_again(&mut tx, next).await?;
        tx.commit().await?;
        Ok(Done::Settled)
    }

    /// Reads, unless nobody may; when the next time is.
    async fn read(&self, workspace: &Workspace, connection: &Connection) -> Timestamp {
        let insight = &self.0;
        let status = connection.status;
        let read = if status.needs_person() || status == ConnectionStatus::Disabled {
            Ok(0)
        } else {
            let asker = Asker { actor: &Actor::House, lane: egress::Lane::Background };
            insight.sync(workspace, connection, asker).await
        };
        let (id, now) = (connection.id, insight.db().clock().now());
        match read {
            Ok(_) => schedule::next(id, now),
            Err(problem) => {
                tracing::info!(connection = %id, code = problem.code.name, "no numbers were read");
                schedule::after(&problem, id, now)
            }
        }
    }
}
