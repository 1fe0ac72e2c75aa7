//! When a subscription is asked for again. Pure: times and jitter are arguments.

use kernel::Timestamp;
use serde_json::Value;
use std::time::Duration;

/// The wait after the first failure; it doubles with each.
const FIRST_WAIT: Duration = Duration::from_secs(2);
/// The longest wait.
const LONGEST_WAIT: Duration = Duration::from_secs(6 * 3600);
/// The shortest: near its end, a subscription is not asked for in a loop.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);
/// So many failures in a row, and what is not alive has failed.
const PATIENCE: u32 = 3;
/// How much earlier than planned it may be renewed, as a part of its life, so that what was asked for
/// together is not renewed together.
const SPREAD: f64 = 0.05;
/// How long a hub is waited for before it is asked again.
pub(crate) const CONFIRM_WAIT: Duration = Duration::from_secs(60);

/// When what holds until `end` is renewed; `after` is the part of its life that passes before.
pub(crate) fn renew_at(now: Timestamp, end: Timestamp, after: f64, fraction: f64) -> Timestamp {
    let part = (after - SPREAD * fraction).clamp(0.0, 1.0);
    now.plus(end.since(now).mul_f64(part))
}

/// When to try again after so many failures in a row. What still holds is tried sooner, so that it does not
/// end for want of an attempt.
pub(crate) fn retry_at(
    now: Timestamp,
    failures: u32,
    alive_until: Option<Timestamp>,
    fraction: f64,
) -> Timestamp {
    let doubled = FIRST_WAIT.saturating_mul(1 << failures.saturating_sub(1).min(16));
    let bound = doubled.min(LONGEST_WAIT);
    let mut wait = bound / 2 + (bound / 2).mul_f64(fraction);
    if let Some(end) = alive_until {
        wait = wait.min(end.since(now) / 3);
    }
    now.plus(wait.max(SHORTEST_WAIT))
}

/// Whether people have to be told.
pub(crate) fn is_dead(failures: u32, is_alive: bool) -> bool {
    !is_alive && failures >= PATIENCE
}

/// A moment as providers write it: RFC 3339, or seconds or milliseconds since 1970, as text or number.
pub(crate) fn moment(value: &Value) -> Option<Timestamp> {
    /// In seconds this is the year 5138, in milliseconds it was 1973.
    const MILLIS: u64 = 100_000_000_000;
    let number = match value {
        Value::Number(number) => number.as_u64()?,
        Value::String(text) => match text.parse() {
            Ok(number) => number,
            Err(_) => return Timestamp::parse(text),
        },
        _ => return None,
    };
    let since = if number < MILLIS {
        Duration::from_secs(number)
    } else {
        Duration::from_millis(number.min(MILLIS * 1000))
    };
    Some(Timestamp::from_secs(0).plus(since))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW: Timestamp = Timestamp::from_secs(1_000_000);

    fn secs(from: u64) -> Timestamp {
        NOW.plus(Duration::from_secs(from))
    }

    #[test]
    fn it_is_renewed_before_its_end_and_not_all_at_once() {
        assert_eq!(renew_at(NOW, secs(1000), 0.8, 0.0), secs(800));
        assert_eq!(renew_at(NOW, secs(1000), 0.8, 1.0), secs(750));
        assert_eq!(renew_at(NOW, NOW, 0.8, 1.0), NOW);
    }

    #[test]
    fn failures_are_waited_out_longer_each_time_but_within_what_is_left() {
        assert_eq!(retry_at(NOW, 1, None, 1.0), secs(2));
        assert_eq!(retry_at(NOW, 3, None, 1.0), secs(8));
        assert_eq!(retry_at(NOW, 40, None, 1.0), NOW.plus(LONGEST_WAIT));
        assert_eq!(retry_at(NOW, 40, Some(secs(90)), 1.0), secs(30));
        assert_eq!(retry_at(NOW, 40, Some(secs(1)), 1.0), secs(1));
    }

    #[test]
    fn people_are_told_when_it_has_ended_and_asking_did_not_help() {
        assert!(!is_dead(2, false) && is_dead(3, false) && !is_dead(9, true));
    }

    #[test]
    fn moments_are_read_as_providers_write_them() {
        let at = Some(Timestamp::from_secs(1_800_000_000));
        for value in [
            json!(1_800_000_000),
            json!(1_800_000_000_000_u64),
            json!("1800000000000"),
            json!("2027-01-15T08:00:00Z"),
        ] {
            assert_eq!(moment(&value), at, "{value}");
        }
        assert_eq!(moment(&json!(null)), None);
        assert_eq!(moment(&json!("soon")), None);
    }
}
