//! Events that workflows and waiting runs follow: whom they concern is started or told in the transaction that
//! handles them, so that none is lost and none counts twice.

use db::{Done, Handler, Job, JobError};
use kernel::JobKind;
use std::pin::Pin;

use super::DISPATCH;
use crate::dispatch;
use crate::store::triggers;
use crate::{Flows, start};

/// How many events are handled at a time.
const MOST: u32 = 100;

pub(crate) struct DispatchJob(pub(crate) Flows);

impl Handler for DispatchJob {
    fn kind(&self) -> JobKind {
        DISPATCH
    }

    fn run(&self, job: Job) -> Pin<Box<dyn Future<Output = Result<Done, JobError>> + Send + '_>> {
        Box::pin(self.dispatch(job))
    }
}

impl DispatchJob {
    async fn dispatch(&self, job: Job) -> Result<Done, JobError> {
        let flows = &self.0;
        let workspace = flows.db().workspace(job.workspace);
        let events = workspace.read().await?.pending_events(workspace.id(), DISPATCH, MOST).await?;
        // Filters and bodies are looked at before the transaction that writes, of which there is one.
        let mut followed = Vec::new();
        for event in &events {
            followed.push(dispatch::follow(flows, &workspace, event).await?);
        }
        let mut tx = workspace.write().await?;
        let mut has_told = false;
        for follows in followed {
            for (definition, new) in follows.starts {
                let trace = new.trace;
                let begun = start::begin(&mut tx, workspace.id(), &definition, new);
                match trace {
                    Some(trace) => db::trace::within(trace, begun).await?,
                    None => begun.await?,
                };
            }
            for (awaiting, told) in follows.tells {
                has_told = true;
                dispatch::tell(&mut tx, workspace.id(), &awaiting, &follows.event, told).await?;
            }
        }
        if has_told {
            triggers::follow(&mut tx, workspace.id()).await?;
        }
        tx.handled(workspace.id(), DISPATCH, &events).await?;
        if events.len() == MOST as usize {
            let now = tx.now();
            job.run_again(&mut tx, now).await?;
        } else {
            job.finish(&mut tx).await?;
        }
        tx.commit().await?;
        Ok(Done::Settled)
    }
}
