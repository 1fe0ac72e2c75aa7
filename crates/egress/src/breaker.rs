//! When a host is left alone. Pure: the time comes in, a decision comes out.

use std::time::Duration;
use tokio::time::Instant;

/// When a circuit opens and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BreakerPolicy {
    /// Failures in a row that open it.
    pub failures: u32,
    /// How far back they count.
    pub window: Duration,
    /// How long it stays open at first; each failed probe doubles it.
    pub open_for: Duration,
    /// The longest it stays open.
    pub open_at_most: Duration,
}

impl Default for BreakerPolicy {
    fn default() -> Self {
        Self {
            failures: 8,
            window: Duration::from_secs(60),
            open_for: Duration::from_secs(10),
            open_at_most: Duration::from_secs(300),
        }
    }
}

/// The circuit of one host.
#[derive(Debug, Default)]
pub(crate) enum Breaker {
    /// Requests pass.
    #[default]
    Closed,
    /// Requests pass, and the last ones failed.
    Failing { failures: u32, since: Instant },
    /// Nothing passes until then. `rounds` counts the probes that failed before.
    Open { until: Instant, rounds: u32 },
    /// One request is out to see whether the host is back. Its outcome decides.
    Probing { rounds: u32 },
}

impl Breaker {
    /// Whether a request may go; if not, when to ask again. A request that was let through reports
    /// back through exactly one of the methods below.
    pub(crate) fn admit(&mut self, now: Instant) -> Result<(), Duration> {
        match *self {
            Self::Closed | Self::Failing { .. } => Ok(()),
            Self::Open { until, .. } if now < until => Err(until - now),
            Self::Open { rounds, .. } => {
                *self = Self::Probing { rounds };
                Ok(())
            }
            Self::Probing { .. } => Err(Duration::from_secs(1)),
        }
    }

    /// An answer came: the host lives.
    pub(crate) fn succeeded(&mut self) {
        *self = Self::Closed;
    }

    /// The host did not answer.
    pub(crate) fn failed(&mut self, policy: &BreakerPolicy, now: Instant) {
        let (failures, since) = match *self {
            Self::Failing { failures, since } if now - since <= policy.window => {
                (failures + 1, since)
            }
            Self::Closed | Self::Failing { .. } => (1, now),
            // Sent before it opened.
            Self::Open { .. } => return,
            Self::Probing { rounds } => return self.open(policy, now, rounds + 1),
        };
        *self = Self::Failing { failures, since };
        if failures >= policy.failures {
            self.open(policy, now, 0);
        }
    }

    /// The request was given up before it had an outcome; another one may probe.
    pub(crate) fn abandoned(&mut self, now: Instant) {
        if let Self::Probing { rounds } = *self {
            *self = Self::Open { until: now, rounds };
        }
    }

    /// Whether there is nothing to remember.
    pub(crate) fn is_closed(&self) -> bool {
        matches!(self, Self::Closed)
    }

    /// Whether it lets nothing pass.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self, Self::Open { .. })
    }

    fn open(&mut self, policy: &BreakerPolicy, now: Instant, rounds: u32) {
        let wait = policy.open_for.saturating_mul(1 << rounds.min(16)).min(policy.open_at_most);
        *self = Self::Open { until: now + wait, rounds };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: BreakerPolicy = BreakerPolicy {
        failures: 3,
        window: Duration::from_secs(60),
        open_for: Duration::from_secs(10),
        open_at_most: Duration::from_secs(25),
    };

    fn after(start: Instant, secs: u64) -> Instant {
        start + Duration::from_secs(secs)
    }

    fn opened(now: Instant) -> Breaker {
        let mut breaker = Breaker::default();
        (0..3).for_each(|_| breaker.failed(&POLICY, now));
        breaker
    }

    #[test]
    fn opens_after_failures_in_a_row() {
        let now = Instant::now();
        let mut breaker = Breaker::default();
        breaker.failed(&POLICY, now);
        breaker.failed(&POLICY, now);
        breaker.succeeded();
        breaker.failed(&POLICY, now);
        breaker.failed(&POLICY, now);
        assert_eq!(breaker.admit(now), Ok(()));
        breaker.failed(&POLICY, now);
        assert_eq!(breaker.admit(after(now, 4)), Err(Duration::from_secs(6)));
    }

    #[test]
    fn old_failures_do_not_count() {
        let now = Instant::now();
        let mut breaker = Breaker::default();
        breaker.failed(&POLICY, now);
        breaker.failed(&POLICY, now);
        breaker.failed(&POLICY, after(now, 61));
        assert_eq!(breaker.admit(after(now, 61)), Ok(()));
    }

    #[test]
    fn one_probe_decides() {
        let now = Instant::now();
        let mut breaker = opened(now);
        assert_eq!(breaker.admit(after(now, 10)), Ok(()));
        assert!(breaker.admit(after(now, 10)).is_err(), "a second one waits");
        breaker.failed(&POLICY, after(now, 10));
        assert_eq!(breaker.admit(after(now, 11)), Err(Duration::from_secs(19)));
        assert_eq!(breaker.admit(after(now, 30)), Ok(()));
        breaker.failed(&POLICY, after(now, 30));
        assert_eq!(breaker.admit(after(now, 30)), Err(Duration::from_secs(25)), "the longest");
        assert_eq!(breaker.admit(after(now, 55)), Ok(()));
        breaker.succeeded();
        assert!(breaker.is_closed());
    }

    #[test]
    fn a_probe_that_was_given_up_makes_room() {
        let now = Instant::now();
        let mut breaker = opened(now);
        assert_eq!(breaker.admit(after(now, 10)), Ok(()));
        breaker.abandoned(after(now, 11));
        assert_eq!(breaker.admit(after(now, 11)), Ok(()));
    }

    #[test]
    fn late_failures_change_nothing() {
        let now = Instant::now();
        let mut breaker = opened(now);
        breaker.failed(&POLICY, after(now, 9));
        assert_eq!(breaker.admit(after(now, 10)), Ok(()));
    }
}
