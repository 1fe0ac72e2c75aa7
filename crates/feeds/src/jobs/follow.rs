//! Follows an integration: gives the widgets that it belongs to their feeds, pulls what its change may
//! have mended, and stops what was switched off. What it does follows from the tables, so that running it
//! twice, or once for several changes, comes to the same.

use connect::{CHANGED, IntegrationChanged, Mode};
use db::{DbError, Done, Handler, Job, JobError, Tx};
use kernel::{IntegrationId, JobKind, WorkspaceId};
use std::pin::Pin;

use crate::{Feeds, jobs, served, store};

pub(crate) struct FollowJob(pub(crate) Feeds);

impl Handler for FollowJob {
    fn kind(&self) -> JobKind {
        CHANGED
    }

    fn run(&self, job: Job) -> Pin<Box<dyn Future<Output = Result<Done, JobError>> + Send + '_>> {
        Box::pin(self.follow(job))
    }
}

impl FollowJob {
    async fn follow(&self, job: Job) -> Result<Done, JobError> {
        let feeds = &self.0;
        let id: IntegrationId =
            job.key.parse().map_err(|_| JobError(format!("{} is no integration", job.key)))?;
        let change: IntegrationChanged = serde_json::from_value(job.payload.clone())
            .map_err(|error| JobError(format!("{}: {error}", job.key)))?;
        let mut tx = feeds.db().workspace(job.workspace).write().await?;
        for gone in change.gone {
            feeds.forget_feed(&mut tx, job.workspace, gone).await?;
        }
        let integration = feeds.connect().integration_within(&mut tx, job.workspace, id).await?;
        if let Some(integration) = integration {
            feeds.bind_integration(&mut tx, job.workspace, &integration).await?;
            // What feeds a new one has were just made, and are pulled for that.
            if !change.is_new {
                self.pull_all(&mut tx, job.workspace, id).await?;
            }
        }
        job.finish(&mut tx).await?;
        tx.commit().await?;
        Ok(Done::Settled)
    }

    /// Pulls what the integration feeds, or stops it when the integration is off.
    async fn pull_all(
        &self,
        tx: &mut Tx,
        workspace: WorkspaceId,
        integration: IntegrationId,
    ) -> Result<(), DbError> {
        // Other settings may make another document of an answer that is the same.
        store::feeds::forget_validators(tx, workspace, integration).await?;
        for feed in store::feeds::of_integration(tx, workspace, integration).await? {
            if feed.is_on && feed.mode != Mode::Push {
                self.0.pull_now(tx, workspace, feed.id).await?;
            } else {
                tx.dequeue(workspace, jobs::pull::KIND, &feed.id.to_string()).await?;
            }
            tx.changed(db::Change::noun(served::STATE, workspace, feed.id));
        }
        Ok(())
    }
}
