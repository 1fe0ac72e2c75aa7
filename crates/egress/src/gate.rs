//! The line before a bucket. Whoever has a person waiting goes before whoever has not; within a lane
//! it is first come, first served. Giving up (dropping the future) leaves the line.

use crate::bounded::Bounded;
use crate::bucket::{Bucket, Level};
use crate::error::EgressError;
use crate::observe::Observation;
use crate::request::{LONGEST_WAIT, Lane, RateLimit};
use kernel::Timestamp;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

pub(crate) struct Gates(Bounded<Gate>);

/// How a limit stands, as far as this process knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Requests in a window, or whatever else the provider counts.
    pub limit: u64,
    /// What is left of them.
    pub remaining: u64,
    /// When all of them are back; `None` when the provider alone knows.
    pub resets_at: Option<Timestamp>,
}

struct Gate {
    provider: String,
    line: Mutex<Line>,
    /// Somebody left the line, or the bucket learned something.
    moved: Notify,
}

struct Line {
    bucket: Bucket,
    interactive: VecDeque<u64>,
    background: VecDeque<u64>,
    tickets: u64,
}

impl Gates {
    pub(crate) fn new() -> Self {
        Self(Bounded::new())
    }

    /// Takes a token from each bucket, waiting for it up to `max_wait`.
    pub(crate) async fn pass(
        &self,
        limits: &[RateLimit],
        lane: Lane,
        max_wait: Duration,
    ) -> Result<(), EgressError> {
        let deadline = Instant::now() + max_wait.min(LONGEST_WAIT);
        let mut taken = Taken(Vec::with_capacity(limits.len()));
        for limit in limits {
            let gate = self.gate(limit);
            gate.pass(lane, deadline).await?;
            taken.0.push(gate);
        }
        taken.0.clear();
        Ok(())
    }

    /// Tells the buckets that learn what an answer said.
    pub(crate) fn learn(&self, limits: &[RateLimit], seen: &Observation, at: Timestamp) {
        for limit in limits.iter().filter(|limit| limit.learns) {
            let gate = self.gate(limit);
            gate.lock().bucket.learn(seen, at, Instant::now());
            gate.moved.notify_waiters();
        }
    }

    /// How a limit stands; `None` when only the provider knows it.
    pub(crate) fn standing(&self, limit: &RateLimit, at: Timestamp) -> Option<Standing> {
        let now = Instant::now();
        // Looking at a limit that nothing was sent under takes up no room.
        let level = match self.0.known(&key(limit)) {
            Some(gate) => gate.lock().bucket.level(at, now),
            None => bucket(limit, now).level(at, now),
        };
        let Level { limit, remaining, full_at } = level?;
        Some(Standing { limit, remaining, resets_at: full_at })
    }

    /// The share that is used of each limit, by provider.
    pub(crate) fn shares(&self, at: Timestamp) -> Vec<(String, f64)> {
        let share = |gate: &Arc<Gate>| {
            let level = gate.lock().bucket.level(at, Instant::now())?;
            let left = level.remaining as f64 / level.limit.max(1) as f64;
            Some((gate.provider.clone(), (1.0 - left).max(0.0)))
        };
        self.0.all().iter().filter_map(share).collect()
    }

    fn gate(&self, limit: &RateLimit) -> Arc<Gate> {
        let make = || Gate::new(limit.provider.clone(), bucket(limit, Instant::now()));
        self.0.get(&key(limit), make, |gate| gate.lock().bucket.is_idle(Instant::now()))
    }
}

/// A limit that was changed in the settings is another bucket.
fn key(limit: &RateLimit) -> String {
    let requests = limit.requests.map_or(0, u32::from);
    format!("{}|{requests}/{}", limit.key, limit.window.as_millis())
}

fn bucket(limit: &RateLimit, now: Instant) -> Bucket {
    Bucket::new(limit.requests, limit.window, now)
}

/// Tokens taken for a request that may yet not be sent.
struct Taken(Vec<Arc<Gate>>);

impl Drop for Taken {
    fn drop(&mut self) {
        for gate in &self.0 {
            gate.lock().bucket.give_back();
            gate.moved.notify_waiters();
        }
    }
}

impl Gate {
    fn new(provider: String, bucket: Bucket) -> Self {
        let (interactive, background) = (VecDeque::new(), VecDeque::new());
        let line = Mutex::new(Line { bucket, interactive, background, tickets: 0 });
        Self { provider, line, moved: Notify::new() }
    }

    async fn pass(&self, lane: Lane, deadline: Instant) -> Result<(), EgressError> {
        let Some(place) = self.lock().enter(lane, deadline)? else { return Ok(()) };
        let place = Place { gate: self, ticket: place };
        loop {
            let moved = self.moved.notified();
            tokio::pin!(moved);
            moved.as_mut().enable();
            let now = Instant::now();
            let step = self.lock().step(place.ticket, now);
            let until = match step {
                Step::Pass => return Ok(()),
                Step::Wait(wait) if now < deadline => (now + wait).min(deadline),
                Step::Behind if now < deadline => deadline,
                Step::Wait(_) | Step::Behind => return Err(self.lock().refusal(lane, now)),
            };
            tokio::select! {
                () = moved => {}
                () = sleep_until(until) => {}
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Step {
    Pass,
    Wait(Duration),
    Behind,
}

impl Line {
    /// Passes at once (`None`), takes a place, or refuses when waiting would be in vain.
    fn enter(&mut self, lane: Lane, deadline: Instant) -> Result<Option<u64>, EgressError> {
        let now = Instant::now();
        if self.ahead(lane) == 0 && self.bucket.take(now).is_ok() {
            return Ok(None);
        }
        if now + self.expected(lane, now) > deadline {
            return Err(self.refusal(lane, now));
        }
        self.tickets += 1;
        match lane {
            Lane::Interactive => self.interactive.push_back(self.tickets),
            Lane::Background => self.background.push_back(self.tickets),
        }
        Ok(Some(self.tickets))
    }

    fn step(&mut self, ticket: u64, now: Instant) -> Step {
        let first = self.interactive.front().or_else(|| self.background.front());
        if first != Some(&ticket) {
            return Step::Behind;
        }
        match self.bucket.take(now) {
            Ok(()) => Step::Pass,
            Err(wait) => Step::Wait(wait),
        }
    }

    fn ahead(&self, lane: Lane) -> usize {
        match lane {
            Lane::Interactive => self.interactive.len(),
            Lane::Background => self.interactive.len() + self.background.len(),
        }
    }

    fn expected(&mut self, lane: Lane, now: Instant) -> Duration {
        let place = self.ahead(lane) + 1;
        self.bucket.wait(place, now)
    }

    fn refusal(&mut self, lane: Lane, now: Instant) -> EgressError {
        let retry_after = Some(self.expected(lane, now));
        EgressError::RateLimited { by_provider: false, retry_after }
    }
}

/// A place in the line, given up when dropped.
struct Place<'a> {
    gate: &'a Gate,
    ticket: u64,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut line = self.gate.lock();
        line.interactive.retain(|ticket| *ticket != self.ticket);
        line.background.retain(|ticket| *ticket != self.ticket);
        drop(line);
        self.gate.moved.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::num::NonZeroU32;

    const PATIENT: Duration = Duration::from_secs(3600);

    fn limit(key: &str, requests: u32, secs: u64) -> RateLimit {
        let (key, window) = (key.to_owned(), Duration::from_secs(secs));
        let provider = "some".to_owned();
        RateLimit { key, provider, requests: NonZeroU32::new(requests), window, learns: true }
    }

    #[tokio::test(start_paused = true)]
    async fn interactive_goes_first_and_order_is_kept() {
        let (gates, limits) = (Arc::new(Gates::new()), vec![limit("k", 1, 10)]);
        gates.pass(&limits, Lane::Background, PATIENT).await.unwrap();
        let passed = Arc::new(Mutex::new(Vec::new()));
        let mut waiting = tokio::task::JoinSet::new();
        for (name, lane) in [
            ("b1", Lane::Background),
            ("b2", Lane::Background),
            ("i1", Lane::Interactive),
            ("i2", Lane::Interactive),
        ] {
            let (gates, limits, passed) = (gates.clone(), limits.clone(), passed.clone());
            waiting.spawn(async move {
                gates.pass(&limits, lane, PATIENT).await.unwrap();
                passed.lock().unwrap().push(name);
            });
            tokio::task::yield_now().await;
        }
        let start = Instant::now();
        waiting.join_all().await;
        assert_eq!(*passed.lock().unwrap(), ["i1", "i2", "b1", "b2"]);
        let took = start.elapsed();
        assert!(took.abs_diff(Duration::from_secs(40)) < Duration::from_millis(50), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_in_vain_is_refused_at_once() {
        let (gates, limits) = (Gates::new(), [limit("k", 1, 10)]);
        gates.pass(&limits, Lane::Interactive, PATIENT).await.unwrap();
        let start = Instant::now();
        let refused = gates.pass(&limits, Lane::Interactive, Duration::from_secs(9)).await;
        let retry_after = refused.unwrap_err().retry_after().unwrap();
        assert!(retry_after > Duration::from_secs(9) && retry_after <= Duration::from_secs(10));
        assert_eq!(start.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_place_that_is_given_up_moves_the_line() {
        let (gates, limits) = (Gates::new(), [limit("k", 1, 10)]);
        gates.pass(&limits, Lane::Background, PATIENT).await.unwrap();
        let first = gates.pass(&limits, Lane::Background, PATIENT);
        let impatient = tokio::time::timeout(Duration::from_secs(1), first).await;
        assert!(impatient.is_err());
        let start = Instant::now();
        gates.pass(&limits, Lane::Background, PATIENT).await.unwrap();
        assert!(start.elapsed() < Duration::from_secs(10));
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_is_given_back_when_the_second_bucket_refuses() {
        let gates = Gates::new();
        let (wide, narrow) = (limit("wide", 2, 3600), limit("narrow", 1, 3600));
        let both = [wide.clone(), narrow];
        gates.pass(&both, Lane::Interactive, Duration::ZERO).await.unwrap();
        assert!(gates.pass(&both, Lane::Interactive, Duration::ZERO).await.is_err());
        gates.pass(&[wide], Lane::Interactive, Duration::ZERO).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn what_an_answer_says_holds_for_who_already_waits() {
        let (gates, limits) = (Gates::new(), [limit("k", 1, 10)]);
        gates.pass(&limits, Lane::Background, PATIENT).await.unwrap();
        let start = Instant::now();
        let seen = Observation { retry_after: Some(Duration::from_secs(60)), ..Default::default() };
        let (passed, ()) = tokio::join!(gates.pass(&limits, Lane::Background, PATIENT), async {
            gates.learn(&limits, &seen, Timestamp::from_secs(0))
        });
        passed.unwrap();
        assert!(start.elapsed() >= Duration::from_secs(60));
    }
}
