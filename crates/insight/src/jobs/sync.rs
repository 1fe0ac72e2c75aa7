//! Reads the numbers of an account, about once a day.

use accounts::gate::Actor;
use connect::{Connection, ConnectionStatus};
use db::{Done, Handler, Job, JobError, Workspace};
use kernel::{JobKind, Lane, Timestamp};
use std::pin::Pin;

use crate::asking::Asker;
use crate::outcome::Batch;
use crate::{Insight, schedule};

/// Reads the numbers of the connection whose id is the key.
pub const KIND: JobKind = JobKind { name: "metrics.sync", lane: Lane::Remote };

/// What the payload says of a reading that somebody asked for.
pub(crate) const ASKED: &str = "asked";

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
        let is_asked = job.payload.get(ASKED).is_some();
        let next = self.turn(&workspace, &connection, is_asked).await;
        let mut tx = workspace.write().await?;
        if is_asked {
            // The next time it is in turn.
            job.finish(&mut tx).await?;
            tx.enqueue(workspace.id(), super::in_turn(id, next)).await?;
        } else {
            job.run_again(&mut tx, next).await?;
        }
        tx.commit().await?;
        Ok(Done::Settled)
    }

    /// Reads, unless nobody may, or limits are to be spared and there is time; when the next time is.
    async fn turn(
        &self,
        workspace: &Workspace,
        connection: &Connection,
        is_asked: bool,
    ) -> Timestamp {
        let insight = &self.0;
        let (id, status) = (connection.id, connection.status);
        let now = || insight.db().clock().now();
        if status.needs_person() || status == ConnectionStatus::Disabled {
            return schedule::next(id, now());
        }
        if !is_asked && let Some(later) = self.put_off(workspace, connection).await {
            return later;
        }
        let asker = Asker { actor: &Actor::House, lane: egress::Lane::Background };
        match insight.read(workspace, connection, asker, &Batch::single()).await {
            (_, None) => schedule::next(id, now()),
            (_, Some(problem)) => {
                tracing::info!(connection = %id, code = problem.code.name, "no numbers were read");
                schedule::after(&problem, id, now())
            }
        }
    }

    /// A later time at which limits are used less, if that is early enough.
    async fn put_off(&self, workspace: &Workspace, it: &Connection) -> Option<Timestamp> {
        let connect = self.0.connect();
        let most = schedule::MOST_SHARE;
        let share = connect.share_used(workspace, it.integration_id, it.id, most, &Actor::House);
        // Why the share is not known is told by the reading itself.
        let share = share.await.ok().flatten().filter(|share| share.used >= most)?;
        schedule::instead(it.id, it.synced_at, share.eases_at?, self.0.db().clock().now())
    }
}
