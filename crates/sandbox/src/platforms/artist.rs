//! The artists whose accounts the platforms hold. Their numbers follow from the seed, the handle and the
//! day: they grow each day, and the same day gives the same numbers.

use jiff::civil::Date;
use kernel::Timestamp;
use serde::Serialize;

use crate::Service;
use crate::seed::Seed;

/// The accounts of the chooser. There is an artist for any other handle, too.
pub(super) const HANDLES: [&str; 4] = ["aurel", "mina-sol", "harbour-static", "night-bus-choir"];

/// 2026-01-01, the first day of the story, in days since 1970.
const FIRST_DAY: i64 = 20_454;

/// Days between two releases.
const BETWEEN: i64 = 28;

/// An account of a platform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Account {
    /// What the control and the chooser call it, on all platforms.
    pub handle: String,
    /// What people call it.
    pub name: String,
    /// The platform's id for it.
    pub id: String,
}

#[derive(Clone, Debug)]
pub(super) struct Artist {
    seed: Seed,
    pub(super) handle: String,
    pub(super) name: String,
}

/// A track, with its picture, its video and whatever else is made of it.
#[derive(Clone, Debug)]
pub(super) struct Work {
    /// 0 is the first.
    pub(super) number: i64,
    pub(super) title: &'static str,
    /// The day of its release, in days since 1970.
    pub(super) day: i64,
}

impl Artist {
    pub(super) fn new(seed: Seed, handle: &str) -> Self {
        let capital = |word: &str| {
            let (first, rest) = word.split_at(word.chars().next().map_or(0, char::len_utf8));
            format!("{}{rest}", first.to_uppercase())
        };
        let name = handle.split('-').map(capital).collect::<Vec<_>>().join(" ");
        Self { seed, handle: handle.to_owned(), name }
    }

    pub(super) fn account(&self, service: Service) -> Account {
        Account { handle: self.handle.clone(), name: self.name.clone(), id: self.id(service) }
    }

    /// The id in the platform's form.
    pub(super) fn id(&self, service: Service) -> String {
        let label = self.label(&format!("{service} id"));
        match service {
            Service::Instagram => format!("17841{}", self.seed.number(&label, 12)),
            Service::Tiktok => self.uuid("open id"),
            Service::Youtube => format!("UC{}", self.seed.letters(&label, 22)),
            Service::Spotify => self.seed.letters(&label, 22),
            Service::Soundcloud => format!("soundcloud:users:{}", self.seed.number(&label, 8)),
            Service::AppleMusic => self.seed.number(&label, 9),
            Service::Oauth => format!("user-{}", self.seed.number(&label, 6)),
            _ => self.seed.number(&label, 15),
        }
    }

    pub(super) fn uuid(&self, what: &str) -> String {
        let hex = self.seed.hex(&self.label(what));
        format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }

    /// A number of the account at the end of a day: `base` at the start of the year and about `daily`
    /// more each day, larger or smaller by how popular the artist is.
    pub(super) fn total(&self, what: &str, base: f64, daily: f64, day: i64) -> u64 {
        let fame = 0.4 + 2.0 * self.seed.fraction(&self.label("fame"));
        let days = (day - FIRST_DAY) as f64;
        // The day's luck shifts a part of one day's growth, so a total never falls.
        let luck = 0.8 * self.seed.fraction(&self.label(&format!("{what} {day}")));
        ((base + daily * (days + luck)) * fame).max(0.0) as u64
    }

    /// What a day has added.
    pub(super) fn gained(&self, what: &str, daily: f64, day: i64) -> u64 {
        self.total(what, 1e6, daily, day) - self.total(what, 1e6, daily, day - 1)
    }

    /// A number of one work.
    pub(super) fn work_total(&self, work: &Work, what: &str, daily: f64, day: i64) -> u64 {
        let age = (day - work.day + 1) as f64;
        let fame = 0.4 + 2.0 * self.seed.fraction(&self.label("fame"));
        let liked = 0.5 + self.seed.fraction(&self.label(&format!("work {}", work.number)));
        let share = 1.0 + 0.1 * self.seed.fraction(&self.label(what));
        (age.max(0.0) * daily * fame * liked * share) as u64
    }

    /// All that was released up to a day, the newest first.
    pub(super) fn works(&self, day: i64) -> Vec<Work> {
        let first = FIRST_DAY + (self.seed.fraction(&self.label("first")) * 20.0) as i64;
        let last = (day - first).div_euclid(BETWEEN);
        let work = |number: i64| Work {
            number,
            title: TITLES[number.unsigned_abs() as usize % TITLES.len()],
            day: first + number * BETWEEN,
        };
        (0..=last).rev().map(work).collect()
    }

    /// The id of a work: so many digits.
    pub(super) fn work_number(&self, service: Service, work: &Work, digits: u32) -> String {
        self.seed.number(&self.label(&format!("{service} work {}", work.number)), digits)
    }

    /// The id of a work: so many letters and digits.
    pub(super) fn work_letters(&self, service: Service, work: &Work, length: usize) -> String {
        self.seed.letters(&self.label(&format!("{service} work {}", work.number)), length)
    }

    fn label(&self, what: &str) -> String {
        format!("artist {} {what}", self.handle)
    }
}

/// The day of a time, in days since 1970.
pub(super) fn day_of(at: Timestamp) -> i64 {
    at.secs().div_euclid(86_400)
}

/// A day as `2026-11-21`.
pub(super) fn date(day: i64) -> String {
    Timestamp::from_secs(day * 86_400).to_string().chars().take(10).collect()
}

/// The day of `2026-11-21`.
pub(super) fn day(date: &str) -> Option<i64> {
    let date: Date = date.parse().ok()?;
    Some(day_of(date.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().into()))
}

/// Noon of a day, in the format of `strftime`.
pub(super) fn noon(day: i64, format: &str) -> String {
    let at = Timestamp::from_secs(day * 86_400 + 43_200).to_jiff();
    at.map(|at| at.strftime(format).to_string()).unwrap_or_default()
}

const TITLES: [&str; 14] = [
    "Night Bus",
    "Low Tide",
    "Glass Harbour",
    "Paper Lanterns",
    "North of Nowhere",
    "Salt & Static",
    "The Long Way Round",
    "Winter Market",
    "Signal Lost",
    "Blue Hour",
    "Hedgehog Bridge",
    "Second Ferry",
    "Clock Tower",
    "Sunday Timetable",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_never_fall_and_days_add_up() {
        let artist = Artist::new(Seed::new(&[3; 32]), "mina-sol");
        assert_eq!(artist.name, "Mina Sol");
        let total = |day| artist.total("followers", 1e6, 40.0, day);
        for day in 20_700..20_800 {
            assert!(total(day) >= total(day - 1), "{day}");
            assert_eq!(artist.gained("followers", 40.0, day), total(day) - total(day - 1));
            let works = artist.works(day);
            assert!(works.len() >= 8 && works.iter().all(|work| work.day <= day), "{works:?}");
        }
        assert_eq!((date(20_778), day("2026-11-21")), ("2026-11-21".to_owned(), Some(20_778)));
    }
}
