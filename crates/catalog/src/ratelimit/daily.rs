//! Limits that are counted in units a day and come back all at once, as YouTube has them.

use jiff::civil::Time;
use jiff::tz::TimeZone;
use kernel::Timestamp;
use serde::{Deserialize, Serialize};

use super::class::fits;
use super::{Answer, Limited, body};

/// So many units a day.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Daily {
    /// How many.
    pub units: u64,
    /// At what time of day they come back, as `00:00`.
    #[serde(default = "midnight")]
    pub resets: String,
    /// In which time zone.
    #[serde(default = "utc")]
    pub time_zone: String,
    /// What requests cost that cost something else than `default_units`.
    #[serde(default)]
    pub costs: Vec<Cost>,
    /// What a request costs.
    #[serde(default = "one")]
    pub default_units: u64,
    /// How an answer says that nothing is left.
    #[serde(default)]
    pub spent: Option<Limited>,
}

/// What requests to a path cost.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Cost {
    /// The path, with what is below it; `*` stands for one segment. The most particular counts.
    pub path: String,
    /// How many units.
    pub units: u64,
}

impl Daily {
    /// What a request to a path costs.
    pub fn cost(&self, path: &str) -> u64 {
        let fitting =
            self.costs.iter().filter_map(|cost| Some((fits(&cost.path, path)?, cost.units)));
        fitting.max().map_or(self.default_units, |(_, units)| units)
    }

    /// Whether an answer says that nothing is left until the reset.
    pub fn is_spent(&self, answer: &Answer<'_>) -> bool {
        self.spent.as_ref().is_some_and(|way| body::matches(way, answer))
    }

    /// When the units come back next; `None` where `resets` or `time_zone` cannot be read.
    pub fn next_reset(&self, now: Timestamp) -> Option<Timestamp> {
        let (time, zone) = self.clock()?;
        let today = now.to_jiff()?.to_zoned(zone.clone()).date();
        // A time that the clock skips on some day is the one after the gap, as people take it.
        let mut days = [Some(today), today.tomorrow().ok()].into_iter().flatten();
        days.find_map(|day| {
            let at = zone.to_ambiguous_zoned(day.to_datetime(time)).compatible().ok()?;
            Some(Timestamp::from(at.timestamp())).filter(|at| *at > now)
        })
    }

    fn clock(&self) -> Option<(Time, TimeZone)> {
        let (hour, minute) = self.resets.split_once(':')?;
        let time = Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()?;
        Some((time, TimeZone::get(&self.time_zone).ok()?))
    }
}

fn midnight() -> String {
    "00:00".to_owned()
}

fn utc() -> String {
    "UTC".to_owned()
}

const fn one() -> u64 {
    1
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn youtube() -> Daily {
        serde_json::from_value(json!({
            "units": 10000, "resets": "00:00", "time_zone": "America/Los_Angeles",
            "costs": [{"path": "/youtube/v3/search", "units": 100}, {"path": "/upload", "units": 1600}],
            "spent": {"status": [403], "at": "/error/errors/*/reason", "is": ["quotaExceeded"]},
        }))
        .unwrap()
    }

    #[test]
    fn a_request_costs_what_its_path_costs() {
        let daily = youtube();
        assert_eq!(daily.cost("/youtube/v3/search"), 100);
        assert_eq!(daily.cost("/youtube/v3/search/more"), 100);
        assert_eq!(daily.cost("/youtube/v3/searches"), 1);
        assert_eq!(daily.cost("/youtube/v3/channels"), 1);
        assert_eq!(daily.cost(""), 1);
    }

    #[test]
    fn only_its_own_words_say_that_it_is_spent() {
        let spent = |status: u16, reason: &str| {
            let body = json!({"error": {"errors": [{"reason": reason}]}});
            let header = |_: &str| None;
            youtube().is_spent(&Answer { status, header: &header, body: Some(&body) })
        };
        assert!(spent(403, "quotaExceeded"));
        assert!(!spent(403, "rateLimitExceeded"));
        assert!(!spent(200, "quotaExceeded"));
        let header = |_: &str| None;
        let html = Value::String("<html>".to_owned());
        assert!(!youtube().is_spent(&Answer { status: 403, header: &header, body: Some(&html) }));
    }

    #[test]
    fn the_reset_keeps_to_the_local_clock() {
        let next = |now: &str| {
            let at = youtube().next_reset(Timestamp::parse(now).unwrap());
            at.map(|at| at.to_string())
        };
        let is = |at: &str| Some(at.to_owned());
        assert_eq!(next("2026-11-20T12:00:00Z"), is("2026-11-21T08:00:00Z"));
        assert_eq!(next("2026-11-21T07:59:59Z"), is("2026-11-21T08:00:00Z"));
        assert_eq!(next("2026-11-21T08:00:00Z"), is("2026-11-22T08:00:00Z"));
        assert_eq!(next("2026-07-01T12:00:00Z"), is("2026-07-02T07:00:00Z"));
        // The days on which the clocks change.
        assert_eq!(next("2026-03-08T12:00:00Z"), is("2026-03-09T07:00:00Z"));
        assert_eq!(next("2026-11-01T12:00:00Z"), is("2026-11-02T08:00:00Z"));
        for (resets, zone) in [("25:00", "UTC"), ("noon", "UTC"), ("00:00", "Mars/Olympus")] {
            let daily = Daily { resets: resets.into(), time_zone: zone.into(), ..youtube() };
            assert_eq!(daily.next_reset(Timestamp::from_secs(0)), None);
        }
    }
}
