//! Webhooks out: events of a workspace, told to addresses that asked for them, signed, until they are heard.
//!
//! It promises that no event is lost between its commit and the answer of an endpoint (at least once, with
//! the same `webhook-id` at every attempt), and that an endpoint that is down holds up nobody else, nor the
//! first attempts of its own. It relies on the followers of `db` for the events, on `egress` to send, and
//! on one job per webhook, so that order, concurrency and rate are kept by whoever holds its lease. It
//! follows no redirect, and a secret is opened only to sign.

mod api;
mod filter;
mod flight;
mod health;
mod jobs;
mod message;
mod metrics;
mod results;
mod schedule;
mod send;
mod sign;
mod slots;
mod store;
mod wakes;
mod webhook;

use connect::Connect;
use db::{Batcher, Db, DbError, Worker};
use egress::Egress;
use kernel::{NewJob, WebhookId, WorkspaceId};
use prometheus_client::registry::Registry;
use serde_json::json;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;

use filter::Filters;
use metrics::Metrics;
use results::Results;
use wakes::Wakes;

/// The room of outgoing webhooks. Cloning it is cheap.
#[derive(Clone)]
pub struct Outgoing(Arc<Inner>);

struct Inner {
    db: Db,
    connect: Connect,
    egress: Egress,
    /// Who tells, as CloudEvents names it.
    public_url: String,
    filters: Filters,
    results: Batcher<Results>,
    wakes: Wakes,
    metrics: Metrics,
}

/// Outcomes in one transaction.
const MOST_RESULTS: usize = 256;

impl Outgoing {
    /// Opens the room, within a Tokio runtime.
    pub fn new(db: Db, connect: Connect, egress: Egress, public_url: impl Into<String>) -> Self {
        let wakes = Wakes::default();
        wakes.listen(db.signals());
        Self(Arc::new(Inner {
            results: Batcher::start(db.clone(), Results, MOST_RESULTS),
            public_url: public_url.into().trim_end_matches('/').to_owned(),
            filters: Filters::default(),
            metrics: Metrics::default(),
            wakes,
            db,
            connect,
            egress,
        }))
    }

    /// Everything under `/api/v1/webhooks`, `/api/v1/deliveries`, and the making of events.
    pub fn routes(&self) -> OpenApiRouter {
        api::routes(self.clone())
    }

    /// Registers the room's jobs.
    #[must_use]
    pub fn work(&self, worker: Worker) -> Worker {
        worker
            .handle(jobs::dispatch::Dispatch(self.clone()))
            .handle(jobs::deliver::Deliver(self.clone()))
            .handle(jobs::replay::Replay(self.clone()))
    }

    /// Adds the room's counters.
    pub fn register(&self, registry: &mut Registry) {
        self.0.metrics.register(registry);
    }

    /// Takes up what waits although no job is about to send it: a job that was given up leaves that behind.
    ///
    /// # Errors
    /// [`DbError`] when it cannot be written.
    pub async fn recover(&self) -> Result<(), DbError> {
        let mut tx = self.0.db.system(true).await?;
        for (workspace, id) in store::webhooks::stranded(&mut tx, jobs::deliver::KIND.name).await? {
            enqueue(&mut tx, workspace, id).await?;
        }
        tx.commit().await
    }
}

/// Asks for what waits for a webhook to be sent.
async fn enqueue(tx: &mut db::Tx, workspace: WorkspaceId, id: WebhookId) -> Result<(), DbError> {
    let run_at = tx.now();
    let kind = jobs::deliver::KIND;
    let job = NewJob { kind, key: id.to_string(), run_at, payload: json!({}) };
    tx.enqueue(workspace, job).await?;
    tx.changed(db::Change::noun(wakes::WAITING, workspace, id));
    Ok(())
}
