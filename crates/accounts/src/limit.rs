//! How often something may happen: a sliding window, given the time. Pure; who keeps the windows and
//! for whom is the caller's business.

use http::HeaderValue;
use kernel::Timestamp;
use std::time::Duration;

/// So many in any window of that length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub requests: u32,
    /// In how long; at least a millisecond.
    pub window: Duration,
}

impl Rate {
    /// So many a minute.
    pub const fn per_minute(requests: u32) -> Self {
        Self { requests, window: Duration::from_secs(60) }
    }

    /// The window in seconds as headers say it, rounded up.
    pub fn window_secs(self) -> u64 {
        self.window.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX)
    }
}

/// A rate with a name and the headers that announce it, made once.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    pub(crate) rate: Rate,
    pub(crate) name: &'static str,
    /// `RateLimit-Policy`, as in draft-ietf-httpapi-ratelimit-headers-10.
    pub(crate) announced: HeaderValue,
}

impl Policy {
    pub(crate) fn new(name: &'static str, rate: Rate) -> Self {
        let text = format!("\"{name}\";q={};w={}", rate.requests, rate.window_secs());
        let announced = HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""));
        Self { rate, name, announced }
    }
}

/// What a window says of one more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) allowed: bool,
    /// How many more are allowed now.
    pub(crate) remaining: u32,
    /// After how long the oldest ones stop counting.
    pub(crate) reset: Duration,
}

impl Verdict {
    /// `reset` in whole seconds, rounded up.
    pub(crate) fn reset_secs(self) -> u64 {
        self.reset.as_millis().div_ceil(1000).max(1).try_into().unwrap_or(u64::MAX)
    }
}

const SLOTS: usize = 16;

/// What happened lately, in sixteen slots of time. Who waits a whole window always has everything
/// again; nobody gets more than the rate within fifteen sixteenths of a window.
#[derive(Clone, Debug, Default)]
pub(crate) struct Window {
    counts: [u32; SLOTS],
    newest: i64,
}

impl Window {
    /// Counts one, if it is allowed.
    pub(crate) fn take(&mut self, rate: Rate, now: Timestamp) -> Verdict {
        self.advance(slot(rate, now));
        let used: u32 = self.counts.iter().fold(0, |sum, count| sum.saturating_add(*count));
        let allowed = used < rate.requests;
        if allowed {
            self.counts[index(self.newest)] += 1;
        }
        let remaining = rate.requests.saturating_sub(used.saturating_add(u32::from(allowed)));
        Verdict { allowed, remaining, reset: self.reset(rate, now) }
    }

    /// Whether nothing in it counts any more.
    pub(crate) fn is_idle(&self, rate: Rate, now: Timestamp) -> bool {
        slot(rate, now).saturating_sub(self.newest) >= SLOTS as i64
    }

    fn advance(&mut self, to: i64) {
        // A clock that was set back leaves the window where it is.
        let ahead = to.saturating_sub(self.newest).clamp(0, SLOTS as i64);
        for step in 0..ahead {
            self.counts[index(to - step)] = 0;
        }
        self.newest = self.newest.max(to);
    }

    fn reset(&self, rate: Rate, now: Timestamp) -> Duration {
        let oldest = (self.newest - (SLOTS as i64 - 1)..=self.newest)
            .find(|at| self.counts[index(*at)] > 0)
            .unwrap_or(self.newest);
        let free = Timestamp::from_micros((oldest + SLOTS as i64).saturating_mul(width(rate)));
        free.since(now)
    }
}

fn width(rate: Rate) -> i64 {
    i64::try_from(rate.window.as_micros() / SLOTS as u128).unwrap_or(i64::MAX).max(1)
}

fn slot(rate: Rate, now: Timestamp) -> i64 {
    now.micros().div_euclid(width(rate))
}

fn index(slot: i64) -> usize {
    slot.rem_euclid(SLOTS as i64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { requests: 5, window: Duration::from_secs(60) };
    const START: Timestamp = Timestamp::from_micros(1_767_225_623_456_789);

    #[test]
    fn the_rate_holds_and_a_whole_window_restores_it() {
        let mut window = Window::default();
        for remaining in (0..5).rev() {
            let verdict = window.take(RATE, START);
            assert!(verdict.allowed && verdict.remaining == remaining, "{verdict:?}");
        }
        let refused = window.take(RATE, START);
        assert!(!refused.allowed && refused.remaining == 0);
        assert!(refused.reset <= RATE.window && refused.reset > RATE.window * 14 / 16);
        assert!(!window.take(RATE, START.plus(RATE.window / 2)).allowed);
        assert!(window.take(RATE, START.plus(refused.reset)).allowed);
        let mut later = window.clone();
        let verdict = later.take(RATE, START.plus(RATE.window * 2));
        assert_eq!((verdict.allowed, verdict.remaining), (true, 4));
    }

    #[test]
    fn no_window_position_lets_more_through() {
        let mut window = Window::default();
        let mut passed: Vec<Timestamp> = Vec::new();
        for step in 0..2_000 {
            let now = START.plus(Duration::from_millis(step * 137));
            if window.take(RATE, now).allowed {
                passed.push(now);
            }
        }
        for six in passed.windows(6) {
            assert!(six[5].since(six[0]) >= RATE.window * 15 / 16, "{six:?}");
        }
        assert!(passed.len() >= 2_000 * 137 / 60_000 * 5);
    }

    #[test]
    fn a_clock_set_back_does_no_harm() {
        let mut window = Window::default();
        assert!(window.take(RATE, START).allowed);
        assert!(window.take(RATE, START.minus(Duration::from_secs(3600))).allowed);
        assert!(!window.is_idle(RATE, START) && window.is_idle(RATE, START.plus(RATE.window)));
    }
}
