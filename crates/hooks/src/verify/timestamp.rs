//! When a push was sent, and whether that is near enough to now.

use catalog::push::{Future, TimeRule, TimeUnit};
use kernel::Timestamp;
use std::time::Duration;

use super::{Invalid, Request, request};

/// Reads the time and judges it. `outside` is its text where it does not stand in the body.
pub(super) fn judge(
    rule: &TimeRule,
    outside: Option<&[u8]>,
    request: &Request<'_>,
    now: Timestamp,
) -> Result<Timestamp, Invalid> {
    let inside;
    let text = match outside {
        Some(text) => text,
        None => {
            let place = std::slice::from_ref(&rule.from);
            inside = request::read(place, request, request.json().as_ref());
            inside.as_deref().ok_or(Invalid::TimestampUnreadable)?.as_bytes()
        }
    };
    let text = std::str::from_utf8(text).map_err(|_| Invalid::TimestampUnreadable)?;
    let at = parse(text, rule.unit).ok_or(Invalid::TimestampUnreadable)?;
    let tolerance = Duration::from_secs(rule.tolerance_s.into());
    let (age, ahead) = (now.since(at), at.since(now));
    if tolerance.is_zero() {
        Ok(at)
    } else if age > tolerance {
        Err(Invalid::TooOld((age - tolerance).as_secs()))
    } else if ahead > tolerance && rule.future == Future::Reject {
        Err(Invalid::InFuture((ahead - tolerance).as_secs()))
    } else {
        Ok(at)
    }
}

fn parse(text: &str, unit: TimeUnit) -> Option<Timestamp> {
    let micros_each = match unit {
        TimeUnit::S => 1_000_000,
        TimeUnit::Ms => 1_000,
        TimeUnit::Rfc3339 => return Timestamp::parse(text),
    };
    // Digits alone: what `parse` takes beyond them (a sign) no sender writes.
    let number: i64 =
        text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())??;
    number.checked_mul(micros_each).map(Timestamp::from_micros)
}
