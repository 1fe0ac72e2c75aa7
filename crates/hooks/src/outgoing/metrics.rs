//! What the operator sees of webhooks out.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use std::time::Duration;

/// The counters. Cloning them is cheap.
#[derive(Clone, Debug)]
pub(crate) struct Metrics {
    attempts: Family<Of, Counter>,
    pub(crate) dispatched: Counter,
    pub(crate) held: Counter,
    pub(crate) disabled: Counter,
    seconds: Histogram,
    first: Histogram,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Of {
    outcome: &'static str,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            attempts: Family::default(),
            dispatched: Counter::default(),
            held: Counter::default(),
            disabled: Counter::default(),
            // From a millisecond to half a minute.
            seconds: Histogram::new(exponential_buckets(0.001, 2.0, 16)),
            first: Histogram::new(exponential_buckets(0.001, 2.0, 20)),
        }
    }
}

impl Metrics {
    /// An attempt: what became of the delivery, how long it took, and for the first one how long after the
    /// event it began.
    pub(crate) fn attempted(&self, outcome: &'static str, took: Duration, late: Option<Duration>) {
        self.attempts.get_or_create(&Of { outcome }).inc();
        self.seconds.observe(took.as_secs_f64());
        if let Some(late) = late {
            self.first.observe(late.as_secs_f64());
        }
    }

    pub(crate) fn register(&self, registry: &mut Registry) {
        registry.register(
            "patchbay_delivery_attempts",
            "Attempts to tell an endpoint of an event, by what became of the delivery",
            self.attempts.clone(),
        );
        let mut add = |name: &str, help: &str, counter: &Counter| {
            registry.register(name, help, counter.clone());
        };
        add(
            "patchbay_deliveries_dispatched",
            "Deliveries that were made of events",
            &self.dispatched,
        );
        add(
            "patchbay_deliveries_held",
            "Attempts that a circuit or a rate limit put off",
            &self.held,
        );
        add(
            "patchbay_deliveries_endpoints_disabled",
            "Endpoints that were given up",
            &self.disabled,
        );
        registry.register(
            "patchbay_delivery_seconds",
            "From the beginning of an attempt to its answer",
            self.seconds.clone(),
        );
        registry.register(
            "patchbay_delivery_first_seconds",
            "From an event to the beginning of the first attempt to tell of it",
            self.first.clone(),
        );
    }
}
