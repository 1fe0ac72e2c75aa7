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
    /// What the provider said last, where only it knows the limit.
    reported: Option<Reported>,
}

#[derive(Clone, Copy, Debug)]
struct Reported {
    limit: u64,
    remaining: u64,
    reset_at: Option<Timestamp>,
    until: Instant,
}

/// How a bucket stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Level {
    pub(crate) limit: u64,
    pub(crate) remaining: u64,
    /// When all of it is back; `None` when nobody knows.
    pub(crate) full_at: Option<Timestamp>,
}

/// What a provider said without saying for how long counts for this long.
const REPORT_LASTS: Duration = Duration::from_secs(3600);

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
        Self { rate, paused_until: None, reported: None }
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
            rate.learn(seen);
        } else if let (Some(limit), Some(remaining)) = (seen.limit, seen.remaining) {
            let lasts = seen.reset_at.map_or(REPORT_LASTS, |reset| reset.since(at));
            let until = now + lasts.min(LONGEST_WAIT);
            self.reported = Some(Reported { limit, remaining, reset_at: seen.reset_at, until });
        }
        let pause = seen.pause(at).or(seen.limited.then_some(DEFAULT_PAUSE));
        if let Some(pause) = pause {
            // A broken date must not close it for years.
            let until = now + pause.min(LONGEST_WAIT);
            self.paused_until = Some(self.paused_until.map_or(until, |known| known.max(until)));
        }
    }

    /// How it stands; `None` without a rate while the provider has said nothing.
    pub(crate) fn level(&mut self, at: Timestamp, now: Instant) -> Option<Level> {
        let pause = self.paused_until.map_or(Duration::ZERO, |until| until - now.min(until));
        let Some(rate) = &mut self.rate else {
            let Reported { limit, remaining, reset_at, .. } =
                self.reported.filter(|it| it.until > now)?;
            let open_at = (!pause.is_zero()).then(|| at.plus(pause));
            let remaining = if open_at.is_some() { 0 } else { remaining };
            return Some(Level { limit, remaining, full_at: open_at.max(reset_at) });
        };
        rate.refill(now);
        let missing = (rate.capacity - rate.tokens) / rate.per_second;
        let filling = Duration::try_from_secs_f64(missing.max(0.0)).unwrap_or(LONGEST_WAIT);
        let remaining = if pause.is_zero() { rate.tokens.max(0.0) as u64 } else { 0 };
        let full_at = Some(at.plus(pause.max(filling)));
        Some(Level { limit: rate.capacity as u64, remaining, full_at })
    }

    /// Whether forgetting it changes nothing.
    pub(crate) fn is_idle(&mut self, now: Instant) -> bool {
        if self.reported.is_some_and(|it| it.until > now) {
            return false;
        }
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

    fn learn(&mut self, seen: &Observation) {
        let limit = seen.limit.map(|limit| (limit as f64).max(1.0));
        let left = match (seen.remaining, limit) {
            (Some(left), Some(limit)) if seen.is_share => self.capacity * left as f64 / limit,
            (Some(left), _) if !seen.is_share || left == 0 => left as f64,
            _ => f64::INFINITY,
        };
        if let Some(limit) = limit.filter(|_| !seen.is_share) {
            self.capacity = self.capacity.min(limit);
        }
        self.tokens = self.tokens.min(self.capacity).min(left);
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
    fn a_share_that_is_left_is_a_share_of_ours() {
        let (mut bucket, now) = bucket(200, 3600);
        let seen = |left| Observation {
            limit: Some(100),
            remaining: Some(left),
            is_share: true,
            ..Default::default()
        };
        bucket.learn(&seen(28), NOW, now);
        let level = bucket.level(NOW, now).unwrap();
        assert_eq!((level.limit, level.remaining), (200, 56));
        bucket.learn(&seen(90), NOW, now);
        assert_eq!(bucket.level(NOW, now).unwrap().remaining, 56, "others used it too");
    }

    #[test]
    fn where_only_the_provider_knows_its_word_is_shown() {
        let now = Instant::now();
        let mut bucket = Bucket::new(None, Duration::ZERO, now);
        assert_eq!(bucket.level(NOW, now), None);
        let seen = Observation { limit: Some(5000), remaining: Some(4982), ..Default::default() };
        bucket.learn(&seen, NOW, now);
        let level = Level { limit: 5000, remaining: 4982, full_at: None };
        assert_eq!(bucket.level(NOW, now), Some(level));
        assert_eq!(bucket.take(now), Ok(()));
        assert!(!bucket.is_idle(now));
        assert_eq!(bucket.level(NOW, now + REPORT_LASTS), None, "it is old");
        assert!(bucket.is_idle(now + REPORT_LASTS));
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
