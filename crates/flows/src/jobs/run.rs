//! Drives one run: from where it stands to where nothing is left to do but wait.

use db::{Done, Handler, Job, JobError};
use kernel::{ExecutionId, JobKind};
use std::pin::Pin;

use super::RUN;
use crate::Flows;
use crate::drive::Drive;

pub(crate) struct RunJob(pub(crate) Flows);

impl Handler for RunJob {
    fn kind(&self) -> JobKind {
        RUN
    }

    fn run(&self, job: Job) -> Pin<Box<dyn Future<Output = Result<Done, JobError>> + Send + '_>> {
        Box::pin(async move {
            let id: ExecutionId =
                job.key.parse().map_err(|_| JobError(format!("{} is no run", job.key)))?;
            match Drive::load(&self.0, job, id).await? {
                Some(drive) => drive.run().await,
                None => Ok(Done::Remove),
            }
        })
    }
}
