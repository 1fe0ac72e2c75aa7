//! Renews the tokens of a connection before they end, and warns ahead of an end that nothing moves.

use accounts::Severity;
use catalog::oauth::OAuth;
use db::{DbError, Done, Handler, Job, JobError, Tx, Workspace};
use kernel::{ConnectionId, JobKind, Lane, NewJob, Timestamp};
use serde_json::json;
use std::pin::Pin;
use std::sync::Arc;

use super::flight::Want;
use super::plan;
use crate::Connect;
use crate::connection::Connection;
use crate::oauth::terms::Terms;
use crate::store::connections;

/// Renews the connection whose id is the key.
pub(crate) const KIND: JobKind = JobKind { name: "connection.refresh", lane: Lane::Remote };

pub(crate) struct RefreshJob(pub(crate) Connect);

impl Handler for RefreshJob {
    fn kind(&self) -> JobKind {
        KIND
    }

    fn run(&self, job: Job) -> Pin<Box<dyn Future<Output = Result<Done, JobError>> + Send + '_>> {
        Box::pin(self.refresh(job))
    }
}

impl RefreshJob {
    async fn refresh(&self, job: Job) -> Result<Done, JobError> {
        let connect = &self.0;
        let workspace = connect.0.db.workspace(job.workspace);
        let id: ConnectionId =
            job.key.parse().map_err(|_| JobError(format!("{} is no connection", job.key)))?;
        let mut tx = workspace.read().await?;
        let stored = connections::get(&mut tx, job.workspace, id).await?;
        drop(tx);
        let Some(stored) = stored.filter(|it| !it.connection.status.needs_person()) else {
            return Ok(Done::Remove);
        };
        let it = stored.connection.clone();
        let terms = connect.terms_of(&workspace, &it).await.map_err(failed)?;
        let now = connect.0.db.clock().now();
        if plan::renew_at(&terms.oauth, &it, 0.0).is_none_or(|due| due > now) {
            return self.warn(job, &workspace, &terms, &it).await;
        }
        let want = Want::Anew { than: it.generation };
        let Err(problem) = connect.renewed(&workspace, &terms, Arc::new(stored), want).await else {
            // Whoever asked has written down the next time, beside the outcome.
            return Ok(Done::Settled);
        };
        tracing::info!(connection = %id, code = problem.code.name, "not renewed");
        let mut tx = workspace.write().await?;
        let again = now.plus(plan::backoff(it.failures + 1, connect.0.db.entropy().fraction()));
        match job.run_again(&mut tx, again).await {
            // The outcome brought its own next time, or none.
            Err(DbError::LeaseLost) => return Ok(Done::Settled),
            other => other?,
        }
        tx.commit().await?;
        Ok(Done::Settled)
    }

    /// Tells people once that an end is near; then waits for what comes next.
    async fn warn(
        &self,
        job: Job,
        workspace: &Workspace,
        terms: &Terms,
        it: &Connection,
    ) -> Result<Done, JobError> {
        let mut tx = workspace.write().await?;
        let now = tx.now();
        let name = terms.integration.service();
        let warn = plan::warn_at(&terms.oauth, it);
        let ends = if it.can_refresh { it.refresh_expires_at } else { it.expires_at };
        if warn.is_some_and(|at| at <= now) && plan::is_alive(it, now) {
            let days = ends.map_or(0, |end| end.since(now).as_secs() / 86_400);
            let title = format!("Connect {name} again within {days} days");
            let detail = "The provider does not let this access be renewed without you. Connect the \
                          account again before it ends, and nothing is interrupted.";
            let severity = Severity::Warning;
            accounts::notify(&mut tx, workspace, severity, &title, detail, it.id).await?;
            let data = json!({ "ends_at": ends, "provider": it.provider, "subject": it.subject });
            tx.emit(it.workspace, "connection.expiring", it.id, data).await?;
        }
        let later = [warn, plan::renew_at(&terms.oauth, it, 0.0), ends];
        match later.into_iter().flatten().filter(|at| *at > now).min() {
            Some(next) => job.run_again(&mut tx, next).await?,
            None => {
                if !plan::is_alive(it, now) {
                    let why = format!("{name} grants this access for a limited time only.");
                    self.0.expire(&mut tx, it, name, &why).await?;
                }
                job.finish(&mut tx).await?;
            }
        }
        tx.commit().await?;
        Ok(Done::Settled)
    }
}

impl Connect {
    /// Asks for the next renewal, and for the warning ahead of an end that nothing moves.
    pub(crate) async fn schedule(
        &self,
        tx: &mut Tx,
        oauth: &OAuth,
        it: &Connection,
    ) -> Result<(), DbError> {
        let renew = plan::renew_at(oauth, it, self.0.db.entropy().fraction());
        let next = [renew, plan::warn_at(oauth, it)].into_iter().flatten().min();
        self.run_at(tx, it, next).await
    }

    /// Lets the job run at that time and at no other; with `None` not at all.
    pub(crate) async fn run_at(
        &self,
        tx: &mut Tx,
        it: &Connection,
        at: Option<Timestamp>,
    ) -> Result<(), DbError> {
        let key = it.id.to_string();
        tx.dequeue(it.workspace, KIND, &key).await?;
        let Some(run_at) = at else { return Ok(()) };
        tx.enqueue(it.workspace, NewJob { kind: KIND, key, run_at, payload: json!({}) }).await
    }
}

fn failed(problem: kernel::Problem) -> JobError {
    JobError(format!("{}: {}", problem.code.name, problem.detail))
}
