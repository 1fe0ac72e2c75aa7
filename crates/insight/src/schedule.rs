//! When an account is asked for its numbers: each at a time of its own, so that an app's accounts never
//! come all at once, and often enough that no number shown is older than a day. Pure.

use kernel::{ConnectionId, Problem, Timestamp, codes};
use std::time::Duration;

/// A little less than a day: what waits in the queue, or fails once, is in time all the same.
const PERIOD_SECS: i64 = 22 * 60 * 60;
/// No account goes longer without being asked, if limits alone are in the way.
const LATEST: Duration = Duration::from_secs(23 * 3600 + 1800);
/// After a failure that says nothing of how long it lasts.
const AGAIN: Duration = Duration::from_secs(60 * 60);
/// Nobody is asked sooner, whatever was said.
const SOONEST: Duration = Duration::from_secs(60);
/// What waits for a daily quota comes back within this time after its reset, not all at once.
const AFTER_RESET: Duration = Duration::from_secs(3600);
/// Those that were put off together come back within this time.
const APART: Duration = Duration::from_secs(600);

/// The share of a limit from which on nobody is asked who can wait: the rest is for people, and for what
/// else uses the app.
pub(crate) const MOST_SHARE: f64 = 0.1;

/// The account's next time after `now`.
pub(crate) fn next(id: ConnectionId, now: Timestamp) -> Timestamp {
    let phase = i64::try_from(fnv(&id.to_string()) % PERIOD_SECS.unsigned_abs()).unwrap_or(0);
    let passed = (now.secs() - phase).rem_euclid(PERIOD_SECS);
    Timestamp::from_secs(now.secs() - passed + PERIOD_SECS)
}

/// When to ask again after it failed. A budget that is used up says when it comes back; whoever was
/// refused for it comes back after that, each at a time of its own.
pub(crate) fn after(problem: &Problem, id: ConnectionId, now: Timestamp) -> Timestamp {
    let Some(secs) = problem.retry_after else { return now.plus(AGAIN).min(next(id, now)) };
    let wait = Duration::from_secs(secs).max(SOONEST);
    let is_spent = problem.code == &codes::EGRESS_QUOTA_SPENT;
    let span = if is_spent { AFTER_RESET } else { wait.min(AFTER_RESET) };
    now.plus(wait).plus(span.mul_f64(fraction(id)))
}

/// When to ask instead of now, as limits are used and ease at `eases_at`; `None` when that is not in time.
pub(crate) fn instead(
    id: ConnectionId,
    asked_at: Option<Timestamp>,
    eases_at: Timestamp,
    now: Timestamp,
) -> Option<Timestamp> {
    let latest = asked_at?.plus(LATEST);
    let soonest = eases_at.max(now.plus(SOONEST));
    // Closer together as the day ends.
    let span = APART.min(latest.since(soonest));
    let at = soonest.plus(span.mul_f64(fraction(id)));
    (at < latest).then_some(at)
}

/// A number of the account's own, from 0 to 1.
pub(crate) fn fraction(id: ConnectionId) -> f64 {
    // The upper bits, which are the ones that a float keeps; those that `next` looks at are the lower.
    (fnv(&id.to_string()) >> 11) as f64 / (1u64 << 53) as f64
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
    use kernel::Entropy;
    use std::cmp::Reverse;
    use std::collections::BinaryHeap;

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
        let now = Timestamp::from_secs(1_700_000_000);
        let spent = Problem::new(&codes::EGRESS_QUOTA_SPENT, "spent").retry_after(300);
        let mut minutes = [0; 60];
        for id in some(6_000) {
            let late = after(&spent, id, now).since(now).as_secs() - 300;
            minutes[usize::try_from(late / 60).unwrap()] += 1;
            assert_eq!(after(&spent, id, now), after(&spent, id, now));
        }
        assert!(minutes.iter().all(|count| (50..200).contains(count)), "{minutes:?}");
        let id = some(1)[0];
        let slow = Problem::new(&codes::EGRESS_RATE_LIMITED, "slow down").retry_after(120);
        assert!((120..=240).contains(&after(&slow, id, now).since(now).as_secs()));
        let problem = Problem::new(&codes::INTERNAL, "broken");
        assert!(after(&problem, id, now).since(now) <= AGAIN);
    }

    #[test]
    fn nobody_is_put_off_beyond_the_day() {
        let (id, now) = (some(1)[0], Timestamp::from_secs(1_700_000_000));
        let hours = |hours: u64| Duration::from_secs(hours * 3600);
        let asked_at = Some(now.minus(hours(22)));
        let later = instead(id, asked_at, now.plus(hours(1)), now).unwrap();
        assert!(later >= now.plus(hours(1)) && later <= now.plus(hours(1)).plus(APART));
        assert_eq!(instead(id, asked_at, now.plus(hours(2)), now), None);
        assert_eq!(instead(id, None, now.plus(hours(1)), now), None, "the first time");
    }

    /// A limit that an app's accounts share, which comes back steadily.
    struct Limit {
        requests: f64,
        a_second: f64,
        used: f64,
        at: Timestamp,
    }

    impl Limit {
        fn share(&mut self, now: Timestamp) -> f64 {
            let back = now.since(self.at).as_secs_f64() * self.a_second;
            (self.used, self.at) = ((self.used - back).max(0.0), now);
            self.used / self.requests
        }
    }

    /// The largest share of the limit that was ever used in three days, and the longest that an account
    /// was not asked.
    fn three_days(accounts: usize, is_planned: bool) -> (f64, Duration) {
        const CALLS: f64 = 3.0;
        let start = Timestamp::from_secs(1_700_000_000);
        let end = start.plus(Duration::from_secs(3 * 86_400));
        let mut limit = Limit { requests: 600.0, a_second: 600.0 / 900.0, used: 0.0, at: start };
        let mut due: BinaryHeap<_> =
            some(accounts).into_iter().map(|id| Reverse((next(id, start), id, None))).collect();
        let (mut most, mut longest) = (0.0_f64, Duration::ZERO);
        while let Some(Reverse((now, id, asked_at))) = due.pop() {
            if now > end {
                break;
            }
            let share = limit.share(now);
            if is_planned && share >= MOST_SHARE {
                let over = limit.used - limit.requests * MOST_SHARE;
                let eases_at = now.plus(Duration::from_secs_f64(over / limit.a_second));
                if let Some(later) = instead(id, asked_at, eases_at, now) {
                    due.push(Reverse((later, id, asked_at)));
                    continue;
                }
            }
            limit.used += CALLS;
            // The first day finds the accounts as they come.
            if let Some(asked_at) = asked_at {
                longest = longest.max(now.since(asked_at));
                most = most.max(limit.share(now));
            }
            due.push(Reverse((next(id, now), id, Some(now))));
        }
        (most, longest)
    }

    #[test]
    fn a_tenth_of_the_limit_is_enough_while_there_is_time() {
        // Nearly all of what comes back in a day: one every few seconds.
        let accounts = 17_000;
        let (most, _) = three_days(accounts, false);
        assert!(most > 0.11, "by chance alone they come together: {most}");
        let (most, longest) = three_days(accounts, true);
        // Who comes just below the tenth has its three calls.
        assert!(most < MOST_SHARE + 3.0 / 600.0 + 1e-9, "{most}");
        assert!(longest < Duration::from_secs(86_400), "{longest:?}");
    }
}
