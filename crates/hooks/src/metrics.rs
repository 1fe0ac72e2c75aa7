//! What the operator sees of the pushes.

use kernel::Code;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use std::time::Duration;

/// The counters of this room. Cloning them is cheap.
#[derive(Clone, Debug)]
pub(crate) struct Metrics {
    pub(crate) accepted: Counter,
    pub(crate) duplicate: Counter,
    pub(crate) handshakes: Counter,
    rejected: Family<Reason, Counter>,
    bytes: Counter,
    seconds: Histogram,
    inbox: Histogram,
    unstored: Counter,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reason {
    reason: &'static str,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            accepted: Counter::default(),
            duplicate: Counter::default(),
            handshakes: Counter::default(),
            rejected: Family::default(),
            bytes: Counter::default(),
            // From half a millisecond to a second.
            seconds: Histogram::new(exponential_buckets(0.000_5, 2.0, 12)),
            inbox: Histogram::new(exponential_buckets(0.000_5, 2.0, 12)),
            unstored: Counter::default(),
        }
    }
}

impl Metrics {
    /// A push that is durable, or was already.
    pub(crate) fn stored(&self, bytes: usize, took: Duration) {
        self.bytes.inc_by(bytes as u64);
        self.seconds.observe(took.as_secs_f64());
    }

    /// What the inbox made of a push, and how long it took to say so.
    pub(crate) fn answered<T, E>(&self, accepted: &Result<T, E>, took: Duration) {
        match accepted {
            Ok(_) => self.inbox.observe(took.as_secs_f64()),
            Err(_) => drop(self.unstored.inc()),
        }
    }

    pub(crate) fn rejected(&self, code: &'static Code) {
        self.rejected.get_or_create(&Reason { reason: code.name }).inc();
    }

    pub(crate) fn register(&self, registry: &mut Registry) {
        let mut add = |name: &str, help: &str, counter: &Counter| {
            registry.register(format!("patchbay_webhooks_{name}"), help, counter.clone());
        };
        add("accepted", "Pushes that were verified and stored", &self.accepted);
        add("duplicate", "Pushes whose event id was stored before", &self.duplicate);
        add("handshakes", "Checks of an endpoint that were answered", &self.handshakes);
        add("bytes", "Bodies of the pushes that were accepted", &self.bytes);
        registry.register(
            "patchbay_inbox_seconds",
            "From a verified push to its commit, which it shares with those that come at the same time",
            self.inbox.clone(),
        );
        registry.register(
            "patchbay_inbox_failed",
            "Pushes that could not be stored, and were answered so",
            self.unstored.clone(),
        );
        registry.register(
            "patchbay_webhooks_rejected",
            "Pushes that were refused, by the code they were answered with",
            self.rejected.clone(),
        );
        registry.register(
            "patchbay_webhooks_seconds",
            "From the head of a push to its commit",
            self.seconds.clone(),
        );
    }
}
