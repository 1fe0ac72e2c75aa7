//! Spans of time as people write them: `30s`, `5m`, `1h30m`, or a number of milliseconds.

use serde_json::Value;
use std::time::Duration;

/// The longest: a year.
const LONGEST: Duration = Duration::from_secs(366 * 86_400);

/// Reads a span.
///
/// # Errors
/// A sentence that says how it is written.
pub fn parse_span(value: &Value) -> Result<Duration, String> {
    let span = match value {
        Value::Number(millis) => millis.as_u64().map(Duration::from_millis),
        Value::String(text) => parse_text(text),
        _ => None,
    };
    let says = "a span of time is a text such as \"30s\", \"5m\", \"1h30m\" or \"7d\", or a number of milliseconds";
    match span {
        Some(span) if span <= LONGEST => Ok(span),
        Some(_) => Err("a span of time is a year at most".to_owned()),
        None => Err(says.to_owned()),
    }
}

fn parse_text(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut millis = 0u64;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let count: u64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let end = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let unit = match &rest[..end] {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return None,
        };
        millis = millis.checked_add(count.checked_mul(unit)?)?;
        rest = &rest[end..];
    }
    Some(Duration::from_millis(millis))
}

/// A span for people.
pub fn spell(span: Duration) -> String {
    let millis = span.as_millis();
    if millis.is_multiple_of(1000) {
        format!("{} s", millis / 1000)
    } else {
        format!("{millis} ms")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn spans_are_read_as_people_write_them() {
        for (value, millis) in [
            (json!("30s"), Some(30_000)),
            (json!("1h30m"), Some(5_400_000)),
            (json!("250ms"), Some(250)),
            (json!("7d"), Some(604_800_000)),
            (json!(1500), Some(1500)),
            (json!(""), None),
            (json!("5"), None),
            (json!("5 m"), None),
            (json!("-1s"), None),
            (json!(-1), None),
            (json!("400d"), None),
            (json!("99999999999999999999s"), None),
            (json!(null), None),
        ] {
            let read = parse_span(&value).ok().map(|span| span.as_millis());
            assert_eq!(read, millis, "{value}");
        }
    }
}
