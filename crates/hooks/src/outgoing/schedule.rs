//! What follows an attempt. Pure: time, outcome and randomness come in, a decision comes out.

use kernel::Timestamp;
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// What each wait is drawn from, from nothing to this (full jitter: AWS, "Exponential Backoff and Jitter").
const WAITS: [Duration; 7] = [
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_secs(2 * 60),
    Duration::from_secs(10 * 60),
    HOUR,
    Duration::from_secs(3 * 3600),
    Duration::from_secs(8 * 3600),
];
/// The same for all further waits.
const THEN: Duration = Duration::from_secs(12 * 3600);
/// No attempt is made later than this after the first.
pub(crate) const LASTS: Duration = Duration::from_secs(8 * 24 * 3600);
/// The longest `Retry-After` that is obeyed.
const LONGEST_ASKED: Duration = DAY;

/// How an attempt went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// An answer came.
    Answered { status: u16, retry_after: Option<Duration> },
    /// None did.
    Failed,
}

/// Which attempt it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tried {
    /// From 1; counted anew from a replay on.
    pub(crate) number: u32,
    /// When the first of them was.
    pub(crate) since: Timestamp,
}

/// What becomes of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    Succeeded,
    Retry(Timestamp),
    /// Nothing more is tried by itself.
    Dead,
    /// The same, and the endpoint wants nothing at all any more.
    Gone,
}

/// What follows an attempt that ended now. `jitter` is in `0.0..1.0`.
pub(crate) fn decide(now: Timestamp, tried: Tried, outcome: Outcome, jitter: f64) -> Next {
    let asked = match outcome {
        Outcome::Answered { status: 200..=299, .. } => return Next::Succeeded,
        Outcome::Answered { status: 410, .. } => return Next::Gone,
        Outcome::Answered { retry_after, .. } => retry_after.map(|it| it.min(LONGEST_ASKED)),
        Outcome::Failed => None,
    };
    let place = tried.number.saturating_sub(1) as usize;
    let drawn = WAITS.get(place).copied().unwrap_or(THEN).mul_f64(jitter);
    // Those who were told the same time to come back part by a little.
    let wait = asked.map_or(drawn, |asked| asked + drawn.min(MINUTE).min(asked / 10));
    let at = now.plus(wait);
    if at > tried.since.plus(LASTS) { Next::Dead } else { Next::Retry(at) }
}

/// Whether an endpoint is given up with this failure: nothing but failures came for as long as a delivery
/// is tried.
pub(crate) fn gives_up(now: Timestamp, failing_since: Timestamp, tried: Tried, next: Next) -> bool {
    let is_exhausted = next == Next::Dead && failing_since <= tried.since;
    is_exhausted || now.since(failing_since) >= LASTS
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_secs(1_767_225_600);

    fn retry(after: Duration) -> Next {
        Next::Retry(START.plus(after))
    }

    fn answered(status: u16, retry_after: Option<u64>) -> Outcome {
        Outcome::Answered { status, retry_after: retry_after.map(Duration::from_secs) }
    }

    #[test]
    fn each_wait_is_longer_up_to_twelve_hours() {
        let secs = [5, 30, 120, 600, 3600, 3 * 3600, 8 * 3600, 12 * 3600, 12 * 3600];
        for (number, most) in (1..).zip(secs) {
            let tried = Tried { number, since: START };
            let most = Duration::from_secs(most);
            for (jitter, wait) in [(0.0, Duration::ZERO), (0.5, most / 2), (1.0, most)] {
                assert_eq!(decide(START, tried, Outcome::Failed, jitter), retry(wait), "{number}");
            }
        }
    }

    #[test]
    fn what_an_answer_means() {
        let first = Tried { number: 1, since: START };
        for (outcome, next) in [
            (answered(200, None), Next::Succeeded),
            (answered(204, Some(60)), Next::Succeeded),
            (answered(410, Some(60)), Next::Gone),
            (answered(302, None), retry(Duration::from_secs(5))),
            (answered(400, None), retry(Duration::from_secs(5))),
            (answered(500, None), retry(Duration::from_secs(5))),
            (answered(429, Some(60)), retry(Duration::from_secs(65))),
            (answered(503, Some(0)), retry(Duration::ZERO)),
            (answered(503, Some(u64::MAX)), retry(DAY + Duration::from_secs(5))),
        ] {
            assert_eq!(decide(START, first, outcome, 1.0), next, "{outcome:?}");
        }
    }

    #[test]
    fn after_eight_days_it_is_dead() {
        let tried = Tried { number: 20, since: START };
        let late = START.plus(LASTS).minus(HOUR);
        assert_eq!(decide(late, tried, Outcome::Failed, 0.05), Next::Retry(late.plus(THEN / 20)));
        assert_eq!(decide(late, tried, Outcome::Failed, 0.1), Next::Dead);
        assert_eq!(decide(late, tried, answered(503, Some(7200)), 0.0), Next::Dead);
    }

    #[test]
    fn the_whole_schedule_lasts_more_than_seven_days() {
        for jitter in [0.3, 0.5, 0.9, 0.999] {
            let (mut now, mut number) = (START, 1);
            while let Next::Retry(at) =
                decide(now, Tried { number, since: START }, Outcome::Failed, jitter)
            {
                (now, number) = (at, number + 1);
            }
            assert!(now.since(START) > 7 * DAY, "{jitter}: {now}");
            assert!(number < 70, "{jitter}: {number}");
        }
    }

    #[test]
    fn an_endpoint_is_given_up_after_eight_days_of_failures_alone() {
        let tried = Tried { number: 9, since: START };
        let end = START.plus(LASTS);
        for (now, failing_since, next, given_up) in [
            (START.plus(7 * DAY), START, Next::Retry(end), false),
            (START.plus(7 * DAY), START, Next::Dead, true),
            (START.plus(7 * DAY), START.plus(HOUR), Next::Dead, false),
            (end, START, Next::Retry(end), true),
        ] {
            assert_eq!(gives_up(now, failing_since, tried, next), given_up, "{now} {next:?}");
        }
    }
}
