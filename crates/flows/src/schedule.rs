//! When a cron line comes next. Pure: a time comes in, a time goes out.

use croner::Cron;
use croner::parser::{CronParser, Seconds};
use jiff::tz::TimeZone;
use kernel::Timestamp;

/// The times of a cron line, in a time zone.
#[derive(Clone, Debug)]
pub struct Schedule {
    cron: Box<Cron>,
    zone: TimeZone,
}

impl Schedule {
    /// Reads a line of five fields, or six with seconds first.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn parse(line: &str, time_zone: &str) -> Result<Self, String> {
        let parser = CronParser::builder().seconds(Seconds::Optional).build();
        let cron = parser.parse(line).map_err(|_| {
            "a cron line has five fields (minute, hour, day of the month, month, day of the week), or \
             six with seconds first"
                .to_owned()
        })?;
        let zone = TimeZone::get(time_zone)
            .map_err(|_| format!("there is no time zone named {time_zone:?}"))?;
        Ok(Self { cron: Box::new(cron), zone })
    }

    /// The first time after `after`; `None` for a line that never comes, such as `0 0 30 2 *`.
    pub fn next(&self, after: Timestamp) -> Option<Timestamp> {
        let after = after.to_jiff()?.to_zoned(self.zone.clone());
        let next = self.cron.find_next_occurrence(&after, false).ok()?;
        Some(next.timestamp().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn a_line_means_the_hour_of_its_own_time_zone() {
        let daily = Schedule::parse("0 9 * * *", "Europe/Berlin").unwrap();
        // Winter is UTC+1, summer UTC+2; the clocks change on 29 March 2026.
        for (after, next) in [
            ("2026-01-01T12:00:00Z", "2026-01-02T08:00:00Z"),
            ("2026-03-28T12:00:00Z", "2026-03-29T07:00:00Z"),
            ("2026-03-29T07:00:00Z", "2026-03-30T07:00:00Z"),
        ] {
            assert_eq!(daily.next(at(after)), Some(at(next)), "{after}");
        }
        let never = Schedule::parse("0 0 30 2 *", "UTC").unwrap();
        assert_eq!(never.next(at("2026-01-01T00:00:00Z")), None);
        assert!(Schedule::parse("every day", "UTC").is_err());
        assert!(Schedule::parse("* * * * *", "Mars/Olympus").is_err());
    }
}
