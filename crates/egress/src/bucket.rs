//! A token bucket that believes what the provider says. Pure: the time comes in.

use crate::observe::Observation;
use crate::request::LONGEST_WAIT;
use kernel::Timestamp;
use std::num::NonZeroU32;
use std::time::Duration;
use tokio::time::Instant;

/// What a refusal without any date holds back for.
const DEFAULT_PAUSE: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(crate) struct Bucket {
    rate: Option<Rate>,
    paused_until: Option<Instant>,
}

#[derive(Debug)]
struct Rate {
    per_second: f64,
    capacity: f64,
    tokens: f64,
    at: Instant,
}

impl Bucket {
    /// A full bucket.
    pub(crate) fn new(requests: Option<NonZeroU32>, window: Duration, now: Instant) -> Self {
        let rate = requests.map(|requests| {
            let capacity = f64::from(requests.get());
            let seconds = window.as_secs_f64().max(0.001);
            Rate { per_second: capacity / seconds, capacity, tokens: capacity, at: now }
        });
        Self { rate, paused_until: None }
    }

    /// Takes a token, or says when to come back.
    pub(crate) fn take(&mut self, now: Instant) -> Result<(), Duration> {
        let wait = self.wait(1, now);
        if !wait.is_zero() {
            return Err(wait);
        }
        if let Some(rate) = &mut self.rate {
            rate.tokens -= 1.0;
        }
        Ok(())
    }

    /// Gives back a token whose request was not sent.
    pub(crate) fn give_back(&mut self) {
        if let Some(rate) = &mut self.rate {
            rate.tokens = (rate.tokens + 1.0).min(rate.capacity);
        }
    }

    /// How long until the `place`-th in line gets its token, as far as is known.
    pub(crate) fn wait(&mut self, place: usize, now: Instant) -> Duration {
        let paused = self.paused_until.map_or(Duration::ZERO, |until| until - now.min(until));
        let filling = self.rate.as_mut().map_or(Duration::ZERO, |rate| {
            rate.refill(now);
            // A hair of tolerance, for a token that is there but for rounding.
            let missing = place as f64 - rate.tokens - 1e-6;
            let seconds = (missing / rate.per_second).max(0.0);
            Duration::try_from_secs_f64(seconds).unwrap_or(LONGEST_WAIT)
        });
        paused.max(filling).min(LONGEST_WAIT)
    }

    /// Adapts to what an answer said. The window of a reported limit is not known, so a lower limit
    /// narrows the burst, while the refill stays as configured; what stops us is `remaining`.
    pub(crate) fn learn(&mut self, seen: &Observation, at: Timestamp, now: Instant) {
        if let Some(rate) = &mut self.rate {
            rate.refill(now);
            if let Some(limit) = seen.limit {
                rate.capacity = rate.capacity.min((limit as f64).max(1.0));
            }
            let left = seen.remaining.map_or(f64::INFINITY, |left| left as f64);
            rate.tokens = rate.tokens.min(rate.capacity).min(left);
        }
        let pause = seen.pause(at).or(seen.limited.then_some(DEFAULT_PAUSE));
        if let Some(pause) = pause {
            // A broken date must not close it for years.
            let until = now + pause.min(LONGEST_WAIT);
            self.paused_until = Some(self.paused_until.map_or(until, |known| known.max(until)));
        }
    }

    /// How many fit, how many are there, and how long until it is full or open again; `None` without
    /// a rate.
    pub(crate) fn standing(&mut self, now: Instant) -> Option<(u64, u64, Duration)> {
        let rate = self.rate.as_mut()?;
        rate.refill(now);
        let pause = self.paused_until.map_or(Duration::ZERO, |until| until - now.min(until));
        let missing = (rate.capacity - rate.tokens) / rate.per_second;
        let filling = Duration::try_from_secs_f64(missing.max(0.0)).unwrap_or(LONGEST_WAIT);
        let left = if pause.is_zero() { rate.tokens.max(0.0) as u64 } else { 0 };
        Some((rate.capacity as u64, left, pause.max(filling)))
    }

    /// Whether forgetting it changes nothing.
    pub(crate) fn is_idle(&mut self, now: Instant) -> bool {
        let full = self.rate.as_mut().is_none_or(|rate| {
            rate.refill(now);
            rate.tokens >= rate.capacity
        });
        full && self.paused_until.is_none_or(|until| until <= now)
    }
}

impl Rate {
    fn refill(&mut self, now: Instant) {
        let gained = now.saturating_duration_since(self.at).as_secs_f64() * self.per_second;
        self.tokens = (self.tokens + gained).min(self.capacity);
        self.at = self.at.max(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_000);

    fn bucket(requests: u32, secs: u64) -> (Bucket, Instant) {
        let now = Instant::now();
        (Bucket::new(NonZeroU32::new(requests), Duration::from_secs(secs), now), now)
    }

    #[test]
    fn a_burst_then_the_rate() {
        let (mut bucket, now) = bucket(2, 10);
        assert_eq!((bucket.take(now), bucket.take(now)), (Ok(()), Ok(())));
        let wait = bucket.take(now).unwrap_err();
        assert!(wait.abs_diff(Duration::from_secs(5)) < Duration::from_millis(1), "{wait:?}");
        assert_eq!(bucket.take(now + wait), Ok(()));
        assert!(bucket.take(now + wait).is_err());
        assert!(!bucket.is_idle(now + wait));
        assert!(bucket.is_idle(now + Duration::from_secs(20)));
    }

    #[test]
    fn the_line_waits_longer_by_its_length() {
        let (mut bucket, now) = bucket(1, 1);
        assert_eq!(bucket.take(now), Ok(()));
        let wait = bucket.wait(3, now);
        assert!(wait.abs_diff(Duration::from_secs(3)) < Duration::from_millis(1), "{wait:?}");
    }

    #[test]
    fn nothing_remaining_waits_for_the_reset() {
        let (mut bucket, now) = bucket(100, 1);
        let reset_at = Some(Timestamp::from_secs(1_030));
        let seen =
            |remaining| Observation { remaining: Some(remaining), reset_at, ..Default::default() };
        bucket.learn(&seen(3), NOW, now);
        assert_eq!(bucket.take(now), Ok(()));
        bucket.learn(&seen(0), NOW, now);
        assert_eq!(bucket.take(now), Err(Duration::from_secs(30)));
        assert_eq!(bucket.take(now + Duration::from_secs(30)), Ok(()));
    }

    #[test]
    fn a_refusal_pauses_even_without_a_rate() {
        let now = Instant::now();
        let mut bucket = Bucket::new(None, Duration::ZERO, now);
        assert_eq!(bucket.take(now), Ok(()));
        let limited = Observation { limited: true, ..Default::default() };
        bucket.learn(&limited, NOW, now);
        assert_eq!(bucket.take(now), Err(DEFAULT_PAUSE));
        let asked = Observation { retry_after: Some(Duration::from_secs(7)), ..limited };
        bucket.learn(&asked, NOW, now);
        assert_eq!(bucket.take(now), Err(Duration::from_secs(7)));
        let broken = Observation { retry_after: Some(Duration::MAX), ..asked };
        bucket.learn(&broken, NOW, now);
        assert_eq!(bucket.take(now), Err(LONGEST_WAIT));
    }

    #[test]
    fn absurd_windows_do_no_harm() {
        let now = Instant::now();
        for window in [Duration::MAX, Duration::ZERO] {
            let mut bucket = Bucket::new(NonZeroU32::new(1), window, now);
            assert_eq!(bucket.take(now), Ok(()));
            assert!(bucket.take(now).unwrap_err() <= LONGEST_WAIT);
        }
    }

    #[test]
    fn a_lower_limit_narrows_the_burst() {
        let (mut bucket, now) = bucket(10, 10);
        bucket.learn(&Observation { limit: Some(2), ..Default::default() }, NOW, now);
        assert_eq!((bucket.take(now), bucket.take(now)), (Ok(()), Ok(())));
        assert!(bucket.take(now).is_err());
        bucket.give_back();
        assert_eq!(bucket.take(now), Ok(()));
    }
}
