//! What the operator sees of feeds.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use std::time::Duration;

/// The counters of this room. Cloning them is cheap.
#[derive(Clone, Debug)]
pub(crate) struct Metrics {
    pulls: Family<Outcome, Counter>,
    pub(crate) applied: Counter,
    drift: Histogram,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            pulls: Family::default(),
            applied: Counter::default(),
            // From a millisecond to half a minute.
            drift: Histogram::new(exponential_buckets(0.001, 2.0, 16)),
        }
    }
}

impl Metrics {
    /// A pull that began so long after it was due.
    pub(crate) fn pulled(&self, outcome: &'static str, drift: Duration) {
        self.pulls.get_or_create(&Outcome { outcome }).inc();
        self.drift.observe(drift.as_secs_f64());
    }

    pub(crate) fn register(&self, registry: &mut Registry) {
        registry.register(
            "patchbay_feeds_pulls",
            "Pulls by what they brought: same, changed or failed",
            self.pulls.clone(),
        );
        registry.register(
            "patchbay_feeds_applied",
            "Pushes that were applied to a document",
            self.applied.clone(),
        );
        registry.register(
            "patchbay_feeds_drift_seconds",
            "From the time that a pull was due to its beginning",
            self.drift.clone(),
        );
    }
}
