//! When a feed is due next. Pure: time and randomness come in, a time goes out.

use croner::Cron;
use croner::parser::{CronParser, Seconds};
use jiff::tz::TimeZone;
use kernel::Timestamp;
use std::time::Duration;

/// How often a feed is pulled.
#[derive(Clone, Debug)]
pub enum Schedule {
    /// So long after the last pull.
    Every(Duration),
    /// At the times of a cron line, in a time zone.
    Cron(Box<Cron>, TimeZone),
}

/// The shortest interval.
pub(crate) const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST_BACKOFF: Duration = Duration::from_secs(3600);
const LONGEST_SPREAD: Duration = Duration::from_secs(300);

impl Schedule {
    /// Reads a schedule: a cron line wins over an interval.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn parse(
        interval: Duration,
        cron: Option<&str>,
        time_zone: Option<&str>,
    ) -> Result<Self, String> {
        let Some(line) = cron else {
            return Ok(Self::Every(interval.max(SHORTEST)));
        };
        let parser = CronParser::builder().seconds(Seconds::Optional).build();
        let unreadable = |_| {
            format!(
                "The cron line {line:?} cannot be read: it has five fields (minute, hour, day of the \
                 month, month, day of the week), or six with seconds first."
            )
        };
        let cron = parser.parse(line).map_err(unreadable)?;
        let zone = time_zone.unwrap_or("UTC");
        let zone =
            TimeZone::get(zone).map_err(|_| format!("There is no time zone named {zone:?}."))?;
        Ok(Self::Cron(Box::new(cron), zone))
    }

    /// The next time after a pull at `now` went well. `fraction` in 0..1 spreads feeds that were made
    /// together: an interval varies by 5 % (at most 10 s), a cron line by up to a second.
    pub fn next(&self, now: Timestamp, fraction: f64) -> Timestamp {
        match self {
            Self::Every(interval) => {
                let spread = interval.mul_f64(0.05).min(Duration::from_secs(10));
                now.plus(*interval).plus(spread.mul_f64(fraction)).minus(spread / 2)
            }
            Self::Cron(cron, zone) => {
                let next = now
                    .to_jiff()
                    .map(|at| at.to_zoned(zone.clone()))
                    .and_then(|at| cron.find_next_occurrence(&at, false).ok());
                // A line such as `0 0 30 2 *` never comes: look again in a day.
                let next =
                    next.map_or(now.plus(Duration::from_secs(86_400)), |at| at.timestamp().into());
                next.plus(Duration::from_secs(1).mul_f64(fraction))
            }
        }
    }

    /// The next time after `failures` pulls in a row went wrong: never earlier than a good pull would
    /// have come, nor than the provider asked for, and later each time.
    pub fn after_failure(
        &self,
        now: Timestamp,
        failures: u32,
        retry_after: Option<Duration>,
        fraction: f64,
    ) -> Timestamp {
        let doubled = Duration::from_secs(1 << failures.clamp(1, 12)).min(LONGEST_BACKOFF);
        let backoff = doubled.mul_f64(0.5 + fraction / 2.0);
        let asked = retry_after.unwrap_or_default();
        // A spent quota tells all the same time; they must not all come at once then.
        let spread = asked.mul_f64(0.05).min(LONGEST_SPREAD).mul_f64(fraction);
        self.next(now, fraction).max(now.plus(backoff)).max(now.plus(asked).plus(spread))
    }

    /// The usual distance between two pulls, for judging whether a document is overdue.
    pub fn period(&self, now: Timestamp) -> Duration {
        match self {
            Self::Every(interval) => *interval,
            Self::Cron(..) => {
                let next = self.next(now, 0.0);
                self.next(next, 0.0).since(next)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn an_interval_is_kept_but_for_a_little_jitter() {
        let every = Schedule::parse(Duration::from_secs(300), None, None).unwrap();
        let now = at("2026-01-01T00:00:00Z");
        for fraction in [0.0, 0.5, 0.999] {
            let wait = every.next(now, fraction).since(now).as_secs_f64();
            assert!((295.0..=305.0).contains(&wait), "{wait}");
        }
        let fast = Schedule::parse(Duration::ZERO, None, None).unwrap();
        assert!(fast.next(now, 0.5).since(now) >= Duration::from_millis(950));
    }

    #[test]
    fn a_cron_line_means_the_hour_of_its_own_time_zone() {
        let daily = Schedule::parse(SHORTEST, Some("0 9 * * *"), Some("Europe/Berlin")).unwrap();
        // Winter is UTC+1, summer UTC+2; the clocks change on 29 March 2026.
        assert_eq!(daily.next(at("2026-01-01T12:00:00Z"), 0.0), at("2026-01-02T08:00:00Z"));
        assert_eq!(daily.next(at("2026-03-28T12:00:00Z"), 0.0), at("2026-03-29T07:00:00Z"));
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        for (cron, zone) in
            [("every day", None), ("61 * * * *", None), ("0 9 * * *", Some("Mars/Olympus"))]
        {
            let told = Schedule::parse(SHORTEST, Some(cron), zone).unwrap_err();
            let names = zone.unwrap_or(cron);
            assert!(told.starts_with("The") && told.contains(names), "{told}");
            assert!(told.ends_with('.') && !told.contains("Component"), "{told}");
        }
    }

    #[test]
    fn a_line_that_never_comes_is_looked_at_again_tomorrow() {
        let never = Schedule::parse(SHORTEST, Some("0 0 30 2 *"), None).unwrap();
        let now = at("2026-01-01T00:00:00Z");
        assert_eq!(never.next(now, 0.0), at("2026-01-02T00:00:00Z"));
    }

    #[test]
    fn failures_put_it_off_further_and_further() {
        let every = Schedule::parse(Duration::from_secs(5), None, None).unwrap();
        let now = at("2026-01-01T00:00:00Z");
        let waits: Vec<_> = (1..14)
            .map(|failures| every.after_failure(now, failures, None, 0.5).since(now))
            .collect();
        assert!(waits.is_sorted() && waits[12] <= LONGEST_BACKOFF, "{waits:?}");
        let hour = Duration::from_secs(3600);
        let asked = |fraction| every.after_failure(now, 1, Some(hour), fraction).since(now);
        assert_eq!((asked(0.0), asked(0.5)), (hour, hour + Duration::from_secs(90)));
    }
}
