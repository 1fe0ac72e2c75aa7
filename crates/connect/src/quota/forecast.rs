//! How long a budget lasts if it goes on like this. Pure: what was used and the time come in.

use catalog::ratelimit::Daily;
use jiff::tz::TimeZone;
use kernel::Timestamp;
use serde::Serialize;
use std::time::Duration;
use utoipa::ToSchema;

/// How long it lasts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Forecast {
    /// When nothing is left, at this pace; null when it lasts.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) ends_at: Option<Timestamp>,
    /// The same as a sentence, in the time zone of the quota.
    pub(crate) text: String,
}

/// After a reset the pace is taken over this long at least: a few requests in the first minute are no
/// pace yet.
const SHORTEST: Duration = Duration::from_secs(30 * 60);

/// When a day's units end, of which so many are used.
pub(crate) fn forecast(name: &str, daily: &Daily, used: u64, now: Timestamp) -> Forecast {
    let zone = TimeZone::get(&daily.time_zone).unwrap_or(TimeZone::UTC);
    let clock = |at: Timestamp| match at.to_jiff() {
        Some(at) => at.to_zoned(zone.clone()).strftime("%H:%M").to_string(),
        None => at.to_string(),
    };
    let says = |ends_at, text| Forecast { ends_at, text };
    let Some((began, resets_at)) = day(daily, now) else {
        return says(None, format!("Nobody knows when the {name} quota comes back."));
    };
    let back = clock(resets_at);
    if used >= daily.units {
        let text = format!("The {name} quota is used up; it comes back at {back}.");
        return says(Some(now), text);
    }
    if used == 0 {
        return says(None, format!("Nothing of the {name} quota is used yet."));
    }
    let elapsed = now.since(began).max(SHORTEST).as_secs_f64();
    let rest = (daily.units - used) as f64 * elapsed / used as f64;
    let ends_at = Duration::try_from_secs_f64(rest).ok().map(|rest| now.plus(rest));
    match ends_at.filter(|at| *at < resets_at) {
        Some(at) => {
            let text = format!("At this pace the {name} quota ends at {}.", clock(at));
            says(Some(at), text)
        }
        None => {
            let text =
                format!("At this pace the {name} quota lasts until it comes back at {back}.");
            says(None, text)
        }
    }
}

/// The day of the quota that is now: since when, and until when. It has 23 or 25 hours where the clocks
/// change.
pub(crate) fn day(daily: &Daily, now: Timestamp) -> Option<(Timestamp, Timestamp)> {
    let end = daily.next_reset(now)?;
    // Further back than any day is long.
    let mut began = daily.next_reset(now.minus(Duration::from_secs(49 * 3600)))?;
    loop {
        match daily.next_reset(began)? {
            next if next <= now => began = next,
            _ => return Some((began, end)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{from_value, json};

    fn youtube() -> Daily {
        from_value(json!({"units": 10000, "time_zone": "America/Los_Angeles"})).unwrap()
    }

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn the_pace_says_when_it_ends() {
        // The day begins at 08:00Z.
        for (used, now, ends, text) in [
            (0, "2026-11-20T12:00:00Z", None, "Nothing of the YouTube quota is used yet."),
            (
                // 6 h, 60 %: 4 h more.
                6_000,
                "2026-11-20T14:00:00Z",
                Some("2026-11-20T18:00:00Z"),
                "At this pace the YouTube quota ends at 10:00.",
            ),
            (
                600,
                "2026-11-20T14:00:00Z",
                None,
                "At this pace the YouTube quota lasts until it comes back at 00:00.",
            ),
            (
                10_000,
                "2026-11-20T14:00:00Z",
                Some("2026-11-20T14:00:00Z"),
                "The YouTube quota is used up; it comes back at 00:00.",
            ),
            (
                // A hundred in the first second are not yet a pace of a hundred a second.
                100,
                "2026-11-20T08:00:01Z",
                None,
                "At this pace the YouTube quota lasts until it comes back at 00:00.",
            ),
        ] {
            let found = forecast("YouTube", &youtube(), used, at(now));
            assert_eq!((found.ends_at, &*found.text), (ends.map(at), text), "{used} at {now}");
        }
    }

    #[test]
    fn a_day_is_as_long_as_its_clock_says() {
        for (now, began, end) in [
            ("2026-11-20T12:00:00Z", "2026-11-20T08:00:00Z", "2026-11-21T08:00:00Z"),
            ("2026-11-20T08:00:00Z", "2026-11-20T08:00:00Z", "2026-11-21T08:00:00Z"),
            // 25 hours, and 23.
            ("2026-11-02T07:30:00Z", "2026-11-01T07:00:00Z", "2026-11-02T08:00:00Z"),
            ("2026-03-08T12:00:00Z", "2026-03-08T08:00:00Z", "2026-03-09T07:00:00Z"),
        ] {
            assert_eq!(day(&youtube(), at(now)), Some((at(began), at(end))), "{now}");
        }
        let autumn = forecast("YouTube", &youtube(), 9_700, at("2026-11-02T07:15:00Z"));
        assert_eq!(autumn.ends_at, None, "24 h and a quarter of 25 h have passed");
        let lost = Daily { time_zone: "Mars/Olympus".into(), ..youtube() };
        assert_eq!(forecast("YouTube", &lost, 5, at("2026-03-08T12:00:00Z")).ends_at, None);
    }
}
