//! When an account is asked for its numbers: each at a time of its own, so that an app's accounts never
//! come all at once, and often enough that no number shown is older than a day. Pure.

use kernel::{ConnectionId, Problem, Timestamp};
use std::time::Duration;

/// A little less than a day: what waits in the queue, or fails once, is in time all the same.
const PERIOD_SECS: i64 = 22 * 60 * 60;
/// After a failure that says nothing of how long it lasts.
const AGAIN: Duration = Duration::from_secs(60 * 60);
/// Nobody is asked sooner, whatever was said.
const SOONEST: Duration = Duration::from_secs(60);

/// The account's next time after `now`.
pub(crate) fn next(id: ConnectionId, now: Timestamp) -> Timestamp {
    let phase = i64::try_from(fnv(&id.to_string()) % PERIOD_SECS.unsigned_abs()).unwrap_or(0);
    let passed = (now.secs() - phase).rem_euclid(PERIOD_SECS);
    Timestamp::from_secs(now.secs() - passed + PERIOD_SECS)
}

/// When to ask again after it failed. A budget that is used up says when it comes back.
pub(crate) fn after(problem: &Problem, id: ConnectionId, now: Timestamp) -> Timestamp {
    match problem.retry_after {
        Some(secs) => now.plus(Duration::from_secs(secs).max(SOONEST)),
        None => now.plus(AGAIN).min(next(id, now)),
    }
}

/// FNV-1a: the same in every process and version, which a hasher of the library need not be.
fn fnv(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::{Entropy, codes};

    fn some(count: usize) -> Vec<ConnectionId> {
        let now = Timestamp::from_secs(1_700_000_000);
        (0..count).map(|_| ConnectionId::generate(now, &Entropy::System)).collect()
    }

    #[test]
    fn an_account_is_asked_every_period_at_its_own_time() {
        let now = Timestamp::from_secs(1_700_000_000);
        for id in some(50) {
            let first = next(id, now);
            assert!(first > now && first.since(now).as_secs() <= PERIOD_SECS.unsigned_abs());
            assert_eq!(next(id, first).since(first).as_secs(), PERIOD_SECS.unsigned_abs());
        }
    }

    #[test]
    fn many_accounts_are_spread_over_the_day() {
        let now = Timestamp::from_secs(1_700_000_000);
        let mut hours = [0; 22];
        for id in some(2_200) {
            let wait = next(id, now).since(now).as_secs();
            hours[usize::try_from(wait.saturating_sub(1) / 3_600).unwrap()] += 1;
        }
        assert!(hours.iter().all(|count| (50..200).contains(count)), "{hours:?}");
    }

    #[test]
    fn a_spent_budget_is_waited_for() {
        let (id, now) = (some(1)[0], Timestamp::from_secs(1_700_000_000));
        let problem = Problem::new(&codes::RATE_LIMITED, "spent").retry_after(40_000);
        assert_eq!(after(&problem, id, now).since(now).as_secs(), 40_000);
        let problem = Problem::new(&codes::INTERNAL, "broken");
        assert!(after(&problem, id, now).since(now) <= AGAIN);
    }
}
