//! The units in which services say when.

use std::time::Duration;

use kernel::Timestamp;
use serde::{Deserialize, Serialize};

/// No service means a wait longer than this; what is longer was read in the wrong unit.
const LONGEST: Duration = Duration::from_secs(400 * 24 * 3600);

/// How a point in time, or a wait, is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// By its looks.
    #[default]
    Auto,
    /// Seconds since 1970, perhaps with decimals.
    EpochS,
    /// Milliseconds since 1970.
    EpochMs,
    /// Seconds from now, perhaps with decimals.
    Seconds,
    /// Milliseconds from now.
    Ms,
    /// `2026-01-31T12:00:00Z`.
    Rfc3339,
    /// `Sun, 06 Nov 1994 08:49:37 GMT`.
    HttpDate,
    /// `6m30s`, `1s`, `500ms`.
    GoDuration,
}

impl Unit {
    /// The point in time that the text means.
    pub fn read(self, text: &str, now: Timestamp) -> Option<Timestamp> {
        let text = text.trim();
        match self {
            Self::Auto => Self::guess(text)?.read(text, now),
            Self::EpochS => epoch(decimal(text)?, 1e6),
            Self::EpochMs => epoch(decimal(text)?, 1e3),
            Self::Seconds => after(now, seconds(decimal(text)?)?),
            Self::Ms => after(now, seconds(decimal(text)? / 1e3)?),
            Self::Rfc3339 => Timestamp::parse(text),
            Self::HttpDate => http_date(text),
            Self::GoDuration => after(now, go_duration(text)?),
        }
    }

    /// A number of a billion seconds is a date, of a trillion a date in milliseconds; what is smaller is a
    /// wait in seconds.
    fn guess(text: &str) -> Option<Self> {
        Some(match decimal(text) {
            Some(number) if number >= 1e11 => Self::EpochMs,
            Some(number) if number >= 1e9 => Self::EpochS,
            Some(_) => Self::Seconds,
            None if go_duration(text).is_some() => Self::GoDuration,
            None if Timestamp::parse(text).is_some() => Self::Rfc3339,
            None if http_date(text).is_some() => Self::HttpDate,
            None => return None,
        })
    }
}

/// `Retry-After`: seconds, in practice also with decimals, or an HTTP date (RFC 9110, 10.2.3).
pub(super) fn retry_after(text: &str, now: Timestamp) -> Option<Duration> {
    match decimal(text.trim()) {
        Some(number) => seconds(number),
        None => Unit::guess(text.trim())?.read(text, now).map(|at| at.since(now)),
    }
}

/// A number that is finite and not negative.
pub(super) fn decimal(text: &str) -> Option<f64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let number: f64 = if plain { text.parse().ok()? } else { return None };
    number.is_finite().then_some(number)
}

pub(super) fn seconds(number: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(number).ok().filter(|wait| *wait <= LONGEST)
}

fn after(now: Timestamp, wait: Duration) -> Option<Timestamp> {
    Some(now.plus(wait))
}

fn epoch(number: f64, micros: f64) -> Option<Timestamp> {
    let micros = number * micros;
    // The year 9999; what is later was read in the wrong unit.
    (micros < 2.5e17).then(|| Timestamp::from_micros(micros.round() as i64))
}

/// The form of RFC 9110, 5.6.7, that is sent; the two obsolete ones are not met today.
fn http_date(text: &str) -> Option<Timestamp> {
    let date = jiff::fmt::rfc2822::parse(text).ok()?;
    Some(date.timestamp().into())
}

fn go_duration(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut total = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number = decimal(rest.get(..digits).filter(|digits| !digits.is_empty())?)?;
        rest = rest.get(digits..)?;
        let letters = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        total += number
            * match rest.get(..letters)? {
                "d" => 86_400.0,
                "h" => 3_600.0,
                "m" => 60.0,
                "s" => 1.0,
                "ms" => 1e-3,
                "us" | "µs" => 1e-6,
                "ns" => 1e-9,
                _ => return None,
            };
        rest = rest.get(letters..)?;
    }
    if text.is_empty() { None } else { seconds(total) }
}
