//! After the rotation of a workspace's data key: seals every row anew, a batch at a time, while
//! everybody goes on working.

use db::{Db, Done, Handler, Job, JobError, Workspace};
use kernel::{JobKind, Lane};
use std::future::Future;
use std::pin::Pin;

use crate::store::rotation::{EVENT, Progress};

/// The kind; the job's key is the workspace.
pub const KIND: JobKind = JobKind { name: "vault.reseal", lane: Lane::Fast };

/// How many batches pass between two words about the progress.
const TELL_EVERY: u32 = 20;

/// Runs it.
#[derive(Debug)]
pub struct Reseal {
    db: Db,
}

impl Reseal {
    /// On this database.
    pub fn new(db: Db) -> Self {
        Self { db }
    }

    async fn reseal(&self, job: Job) -> Result<Done, JobError> {
        let workspace = self.db.workspace(job.workspace);
        let mut progress = Progress { version: 0, done: 0, finished: false };
        for batch in 1u32.. {
            let sealed = self.db.seal_anew(workspace.id()).await?;
            progress.version = sealed.version;
            progress.done += sealed.done;
            if sealed.done == 0 && sealed.left == 0 {
                break;
            }
            if batch.is_multiple_of(TELL_EVERY) {
                tell(&workspace, progress).await?;
            }
        }
        tell(&workspace, Progress { finished: true, ..progress }).await?;
        Ok(Done::Remove)
    }
}

impl Handler for Reseal {
    fn kind(&self) -> JobKind {
        KIND
    }

    fn run(&self, job: Job) -> Pin<Box<dyn Future<Output = Result<Done, JobError>> + Send + '_>> {
        Box::pin(self.reseal(job))
    }
}

async fn tell(workspace: &Workspace, progress: Progress) -> Result<(), JobError> {
    let mut tx = workspace.write().await?;
    tx.emit(workspace.id(), EVENT, workspace.id(), serde_json::json!(progress)).await?;
    Ok(tx.commit().await?)
}
