//! What the operator sees of the queue.

use kernel::Timestamp;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

/// The counters of one worker. Cloning them is cheap.
#[derive(Clone, Debug)]
pub(super) struct Metrics {
    claimed: Family<Of, Counter>,
    ended: Family<EndedAs, Counter>,
    lag: Family<Of, Histogram, fn() -> Histogram>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Of {
    kind: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EndedAs {
    kind: &'static str,
    outcome: &'static str,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            claimed: Family::default(),
            ended: Family::default(),
            // From a millisecond to half a minute.
            lag: Family::new_with_constructor(|| {
                Histogram::new(exponential_buckets(0.001, 2.0, 16))
            }),
        }
    }
}

impl Metrics {
    /// A job that was taken so long after it was due.
    pub(super) fn claimed(&self, kind: &'static str, due: Timestamp, now: Timestamp) {
        self.claimed.get_or_create(&Of { kind }).inc();
        self.lag.get_or_create(&Of { kind }).observe(now.since(due).as_secs_f64());
    }

    /// How an attempt at a job ended.
    pub(super) fn ended(&self, kind: &'static str, outcome: &'static str) {
        self.ended.get_or_create(&EndedAs { kind, outcome }).inc();
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "patchbay_queue_claimed",
            "Jobs that were taken from the queue, by kind",
            self.claimed.clone(),
        );
        registry.register(
            "patchbay_queue_ended",
            "Attempts at jobs, by kind and by how they ended: finished, failed, interrupted or lost",
            self.ended.clone(),
        );
        registry.register(
            "patchbay_queue_lag_seconds",
            "From the time that a job was due to the time that it was taken, by kind",
            self.lag.clone(),
        );
    }
}
