//! Whether and when to try again. Pure: time and randomness come in, a decision comes out.

use std::time::Duration;

/// How often and how long to try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Attempts in all; 1 never tries again.
    pub attempts: u32,
    /// What the first wait is drawn from; each further one doubles it.
    pub base: Duration,
    /// The longest wait of our own making.
    pub cap: Duration,
    /// No attempt begins later than this after the first. A `Retry-After` beyond it ends the tries.
    pub budget: Duration,
    /// Whether a request that is not idempotent may be repeated after it may have arrived.
    pub repeat_unsafe: bool,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: 3,
            base: Duration::from_millis(250),
            cap: Duration::from_secs(5),
            budget: Duration::from_secs(20),
            repeat_unsafe: false,
        }
    }
}

impl RetryPolicy {
    /// Tries once.
    pub fn never() -> Self {
        Self { attempts: 1, ..Self::default() }
    }
}

/// How an attempt went.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tried {
    /// Which one it was, from 1.
    pub(crate) attempt: u32,
    /// Since the first began.
    pub(crate) elapsed: Duration,
    /// Whether it failed in a way that may pass.
    pub(crate) transient: bool,
    /// Whether sending it again could do harm: it may have arrived and is not idempotent.
    pub(crate) harmful: bool,
    /// What the other side asked for.
    pub(crate) retry_after: Option<Duration>,
}

/// The wait before the next attempt; `None` when there is to be none. `jitter` is in `0.0..1.0`.
pub(crate) fn next(policy: &RetryPolicy, tried: Tried, jitter: f64) -> Option<Duration> {
    if !tried.transient || tried.harmful || tried.attempt >= policy.attempts {
        return None;
    }
    let doubled = policy.base.saturating_mul(1 << (tried.attempt - 1).min(16));
    // Full jitter (AWS, "Exponential Backoff and Jitter"): callers that failed together part.
    let backoff = doubled.min(policy.cap).mul_f64(jitter);
    let wait = match tried.retry_after {
        Some(asked) => asked.saturating_add(policy.base.mul_f64(jitter)),
        None => backoff,
    };
    (tried.elapsed.saturating_add(wait) <= policy.budget).then_some(wait)
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: RetryPolicy = RetryPolicy {
        attempts: 4,
        base: Duration::from_millis(100),
        cap: Duration::from_millis(300),
        budget: Duration::from_secs(10),
        repeat_unsafe: false,
    };
    const FAILED: Tried = Tried {
        attempt: 1,
        elapsed: Duration::ZERO,
        transient: true,
        harmful: false,
        retry_after: None,
    };

    fn check(tried: Tried, jitter: f64, wait: Option<u64>) {
        assert_eq!(next(&POLICY, tried, jitter), wait.map(Duration::from_millis), "{tried:?}");
    }

    #[test]
    fn waits_double_up_to_the_cap_with_full_jitter() {
        check(FAILED, 1.0, Some(100));
        check(FAILED, 0.0, Some(0));
        check(Tried { attempt: 2, ..FAILED }, 0.5, Some(100));
        check(Tried { attempt: 3, ..FAILED }, 1.0, Some(300));
        check(Tried { attempt: 4, ..FAILED }, 1.0, None);
    }

    #[test]
    fn what_cannot_help_or_could_harm_is_not_tried() {
        check(Tried { transient: false, ..FAILED }, 1.0, None);
        check(Tried { harmful: true, ..FAILED }, 1.0, None);
    }

    #[test]
    fn retry_after_is_honoured_within_the_budget() {
        let asked = |secs| Tried { retry_after: Some(Duration::from_secs(secs)), ..FAILED };
        check(asked(2), 0.5, Some(2050));
        check(asked(10), 0.0, Some(10_000));
        check(asked(11), 0.0, None);
        check(Tried { elapsed: Duration::from_secs(9), ..asked(2) }, 0.0, None);
        check(Tried { retry_after: Some(Duration::MAX), ..FAILED }, 0.5, None);
    }

    #[test]
    fn many_attempts_do_not_overflow() {
        let policy = RetryPolicy { attempts: u32::MAX, ..POLICY };
        assert_eq!(next(&policy, Tried { attempt: 4_000_000, ..FAILED }, 1.0), Some(POLICY.cap));
    }
}
