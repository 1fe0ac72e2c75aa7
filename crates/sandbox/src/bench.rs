//! The benchmark endpoint: `GET /bench/{n}` answers the same few bytes for the same `n`, and every hit
//! is written down with its time, so that a scheduler's drift can be measured from outside.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use kernel::{Clock, Timestamp};

/// Writers of different feeds rarely meet on the same shard.
const SHARDS: usize = 64;

/// Hits beyond this many in a shard are counted and not written down: four million in all, 64 MB.
const ARRIVALS_PER_SHARD: usize = 65_536;

/// A hit on the benchmark endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// The number in the path.
    pub n: u64,
    /// When it came, by the sandbox's clock.
    pub at: Timestamp,
}

/// What has arrived at the benchmark endpoint.
#[derive(Debug)]
pub struct Bench {
    clock: Clock,
    hits: AtomicU64,
    shards: [Mutex<Vec<Arrival>>; SHARDS],
}

impl Bench {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { clock, hits: AtomicU64::new(0), shards: [const { Mutex::new(Vec::new()) }; SHARDS] }
    }

    /// The number of hits since the start or the last [`Bench::reset`].
    pub fn hits(&self) -> u64 {
        self.hits.load(Ordering::Relaxed)
    }

    /// The hits that were written down, by time. At most about four million are.
    pub fn arrivals(&self) -> Vec<Arrival> {
        let mut all = Vec::new();
        for shard in &self.shards {
            all.extend_from_slice(&shard.lock().unwrap_or_else(PoisonError::into_inner));
        }
        all.sort_unstable_by_key(|arrival| (arrival.at, arrival.n));
        all
    }

    /// Forgets all hits.
    pub fn reset(&self) {
        for shard in &self.shards {
            *shard.lock().unwrap_or_else(PoisonError::into_inner) = Vec::new();
        }
        self.hits.store(0, Ordering::Relaxed);
    }

    fn arrived(&self, n: u64) {
        let at = self.clock.now();
        self.hits.fetch_add(1, Ordering::Relaxed);
        let shard = &self.shards[(n % SHARDS as u64) as usize];
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        if shard.len() < ARRIVALS_PER_SHARD {
            shard.push(Arrival { n, at });
        }
    }
}

pub(crate) fn router(bench: Arc<Bench>) -> Router {
    Router::new().route("/bench/{n}", get(hit)).with_state(bench)
}

async fn hit(State(bench): State<Arc<Bench>>, Path(n): Path<u64>) -> impl IntoResponse {
    bench.arrived(n);
    let value = n.wrapping_mul(2_654_435_761) % 1000;
    let body = format!(r#"{{"n":{n},"value":{value}}}"#);
    ([(header::CONTENT_TYPE, "application/json")], body)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::probe::Probe;

    #[tokio::test]
    async fn hits_are_answered_alike_and_written_down() {
        let probe = Probe::start().await;
        let start = probe.clock.now();
        let first = probe.get(crate::Service::Bench, "/bench/7", &[]).await;
        probe.clock.advance(Duration::from_secs(3));
        let second = probe.get(crate::Service::Bench, "/bench/7", &[]).await;
        assert_eq!((first.status, &first.body), (200, &second.body));
        assert_eq!(first.json()["n"], 7);

        let bench = probe.sandbox.bench();
        let later = start.plus(Duration::from_secs(3));
        let want = vec![Arrival { n: 7, at: start }, Arrival { n: 7, at: later }];
        assert_eq!((bench.hits(), bench.arrivals()), (2, want));
        bench.reset();
        assert_eq!((bench.hits(), bench.arrivals()), (0, vec![]));
    }
}
