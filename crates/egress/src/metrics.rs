//! What the operator sees of what leaves. No label names a host: there are as many as people think of.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use std::time::Duration;

use crate::coalesce::Outcome;

/// The counters of the door. Cloning them is cheap.
#[derive(Clone, Debug)]
pub(crate) struct Metrics {
    requests: Family<Ended, Counter>,
    seconds: Histogram,
    pub(crate) retries: Counter,
    pub(crate) coalesced: Counter,
    pub(crate) opened: Counter,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ended {
    outcome: &'static str,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            requests: Family::default(),
            // From a millisecond to half a minute.
            seconds: Histogram::new(exponential_buckets(0.001, 2.0, 16)),
            retries: Counter::default(),
            coalesced: Counter::default(),
            opened: Counter::default(),
        }
    }
}

impl Metrics {
    /// A request that came to its end, after all attempts.
    pub(crate) fn ended(&self, outcome: &Outcome, took: Duration) {
        let outcome = match outcome {
            Ok(answer) => match answer.head.status.as_u16() / 100 {
                2 => "2xx",
                3 => "3xx",
                4 => "4xx",
                5 => "5xx",
                _ => "other",
            },
            Err(error) => error.code().name,
        };
        self.requests.get_or_create(&Ended { outcome }).inc();
        self.seconds.observe(took.as_secs_f64());
    }

    pub(crate) fn register(&self, registry: &mut Registry) {
        registry.register(
            "patchbay_egress_requests",
            "Requests sent out, by the class of the answer's status or the code of the error",
            self.requests.clone(),
        );
        registry.register(
            "patchbay_egress_seconds",
            "From a request to its answer, with waiting for limits and all attempts",
            self.seconds.clone(),
        );
        let mut add = |name: &str, help: &str, counter: &Counter| {
            registry.register(format!("patchbay_egress_{name}"), help, counter.clone());
        };
        add("retries", "Attempts after the first", &self.retries);
        add("coalesced", "Requests that were answered by an identical one", &self.coalesced);
        add("circuits_opened", "Times that a host was left alone for a while", &self.opened);
    }
}
