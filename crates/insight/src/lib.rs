//! Numbers of accounts, a row a day, in one vocabulary; what stopped being told; how well the house keeps
//! its promises.
//!
//! It relies on `connect` to ask with fresh tokens and on the catalog for what is asked and how answers
//! read. It promises that nothing is made up: what a platform does not tell is absent, which is not 0. It
//! never chooses for a person which artist an account stands for, and it knows nothing of feeds and pushes:
//! that something was pushed it learns from the inbox.

mod api;
mod artist;
mod asking;
mod drift;
mod gauges;
mod jobs;
mod kpi;
mod outcome;
mod pushed;
mod schedule;
mod series;
mod store;
mod sync;

pub use api::routes;
pub use jobs::sync::KIND as SYNC;

use connect::Connect;
use db::{Db, Worker};
use prometheus_client::registry::Registry;
use std::collections::HashSet;
use std::sync::Arc;

/// The room. Cloning it is cheap.
#[derive(Clone)]
pub struct Insight(Arc<Inner>);

struct Inner {
    db: Db,
    connect: Connect,
}

impl Insight {
    /// Opens the room and follows what is pushed from now on.
    pub fn new(db: Db, connect: Connect) -> Self {
        let insight = Self(Arc::new(Inner { db, connect }));
        tokio::spawn(pushed::follow(insight.clone(), insight.db().signals()));
        insight
    }

    /// Adds the room's gauges.
    pub fn register(&self, registry: &mut Registry) {
        registry.register_collector(Box::new(gauges::Gauges::new(self.clone())));
    }

    /// Registers the room's jobs.
    #[must_use]
    pub fn work(&self, worker: Worker) -> Worker {
        worker
            .handle(jobs::sync::SyncJob(self.clone()))
            .handle(jobs::connected::ConnectedJob(self.clone()))
            .handle(jobs::pushed::PushedJob(self.clone()))
    }

    pub(crate) fn db(&self) -> &Db {
        &self.0.db
    }

    pub(crate) fn connect(&self) -> &Connect {
        &self.0.connect
    }

    /// The platforms that tell numbers.
    pub(crate) fn platforms(&self) -> HashSet<String> {
        let all = self.connect().catalog().iter();
        all.filter(|it| it.metrics.is_some()).map(|it| it.id.clone()).collect()
    }

    /// What the catalog says of a platform's numbers.
    pub(crate) fn provider(&self, id: &str) -> Option<&Arc<catalog::Provider>> {
        self.connect().catalog().get(id).filter(|provider| provider.metrics.is_some())
    }
}
