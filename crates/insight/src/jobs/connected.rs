//! An account was connected, or connected again: its numbers are read at once.

use db::{Done, Handler, Job, JobError};
use kernel::JobKind;
use std::pin::Pin;

use super::{asked, connection};
use crate::Insight;

pub(crate) struct ConnectedJob(pub(crate) Insight);

impl Handler for ConnectedJob {
    fn kind(&self) -> JobKind {
        connect::CONNECTED
    }

    fn run(&self, job: Job) -> Pin<Box<dyn Future<Output = Result<Done, JobError>> + Send + '_>> {
        Box::pin(self.follow(job))
    }
}

impl ConnectedJob {
    async fn follow(&self, job: Job) -> Result<Done, JobError> {
        let workspace = self.0.db().workspace(job.workspace);
        let id = connection(&job.key)?;
        let connection = self.0.connect().known_connection(&workspace, id).await?;
        let is_measured = connection.is_some_and(|it| self.0.provider(&it.provider).is_some());
        if !is_measured {
            return Ok(Done::Remove);
        }
        let mut tx = workspace.write().await?;
        let now = tx.now();
        tx.enqueue(workspace.id(), asked(id, now)).await?;
        job.finish(&mut tx).await?;
        tx.commit().await?;
        Ok(Done::Settled)
    }
}
