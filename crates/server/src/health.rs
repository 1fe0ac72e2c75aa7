//! Whether the process lives, whether it can work, and what it has counted.

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use db::Db;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::registry::Registry;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use crate::House;
use crate::traffic::Traffic;

/// Everything that is counted, in the form that Prometheus reads.
#[derive(Clone, Default)]
pub struct Metrics {
    registry: Arc<Mutex<Registry>>,
    traffic: Traffic,
}

impl Metrics {
    /// With what is served, and what the database counts.
    pub fn new(db: &Db) -> Self {
        let metrics = Self::default();
        metrics.register(|registry| {
            registry.register_collector(Box::new(Statements(db.clone())));
            registry.register_collector(Box::new(metrics.traffic.clone()));
        });
        metrics
    }

    /// Registers what a room counts.
    pub fn register(&self, register: impl FnOnce(&mut Registry)) {
        register(&mut self.registry.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// What is served.
    pub(crate) fn traffic(&self) -> &Traffic {
        &self.traffic
    }

    fn text(&self) -> Option<String> {
        let mut text = String::new();
        let registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        encode(&mut text, &registry).ok().map(|()| text)
    }
}

/// How many statements the database has run, read when it is asked for.
#[derive(Debug)]
struct Statements(Db);

impl Collector for Statements {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        let counter = ConstCounter::new(self.0.statements());
        let kind = counter.metric_type();
        let (name, help) = ("patchbay_database_statements", "Statements run on the database");
        counter.encode(encoder.encode_descriptor(name, help, None, kind)?)
    }
}

pub(crate) fn routes(house: &House) -> Router {
    let ready = Router::new().route("/readyz", get(ready)).with_state(house.db.clone());
    let metrics = Router::new().route("/metrics", get(metrics)).with_state(house.metrics.clone());
    Router::new().route("/healthz", get(|| async { "ok\n" })).merge(ready).merge(metrics)
}

async fn ready(State(db): State<Db>) -> Response {
    match db.ping().await {
        Ok(()) => "ok\n".into_response(),
        Err(error) => {
            tracing::warn!(%error, "not ready: the database does not answer");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n").into_response()
        }
    }
}

async fn metrics(State(metrics): State<Metrics>) -> Response {
    const KIND: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    match metrics.text() {
        Some(text) => ([(CONTENT_TYPE, KIND)], text).into_response(),
        None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
