//! What an answer says about the provider's limits. Providers say it in many ways; whoever knows
//! theirs passes an [`Observer`]. `Retry-After` needs none: the door reads it itself.

use crate::response::ResponseHead;
use http::{StatusCode, header};
use jiff::fmt::rfc2822::DateTimeParser;
use kernel::Timestamp;
use std::sync::Arc;
use std::time::Duration;

/// What was reported; a field that was not is `None`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observation {
    /// Requests in a window.
    pub limit: Option<u64>,
    /// What is left of them in this window.
    pub remaining: Option<u64>,
    /// When the window ends.
    pub reset_at: Option<Timestamp>,
    /// How long to send nothing.
    pub retry_after: Option<Duration>,
    /// Whether this answer is a refusal because of the limit.
    pub limited: bool,
    /// Whether `limit` and `remaining` count something other than requests (percent, points): what is left
    /// is a share.
    pub is_share: bool,
    /// Whether it is worth asking again; `None` when the answer does not say.
    pub should_retry: Option<bool>,
    /// The keys of those budgets of the request that it says are spent, until they reset.
    pub spent: Vec<String>,
}

impl Observation {
    /// How long the provider wants to be left alone.
    pub fn pause(&self, now: Timestamp) -> Option<Duration> {
        let used_up = self.limited || self.remaining == Some(0);
        let reset = self.reset_at.filter(|_| used_up).map(|at| at.since(now));
        self.retry_after.or(reset)
    }
}

/// Reads an observation from a head and, where it was read, the body.
pub type Observer = Arc<dyn Fn(&ResponseHead, Option<&[u8]>) -> Observation + Send + Sync>;

/// Understands status 429.
pub fn status_429() -> Observer {
    Arc::new(|head, _| Observation {
        limited: head.status == StatusCode::TOO_MANY_REQUESTS,
        ..Observation::default()
    })
}

/// The wait that `Retry-After` asks for, as a date or in seconds, of which some send decimals.
/// Source: RFC 9110, 10.2.3.
pub fn retry_after(head: &ResponseHead, now: Timestamp) -> Option<Duration> {
    let text = head.headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds.max(0.0)).ok();
    }
    let at = DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(Timestamp::from(at).since(now))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderMap, HeaderValue};

    #[test]
    fn retry_after_is_read_in_each_form() {
        let now = Timestamp::parse("1994-11-06T08:49:07Z").unwrap();
        for (text, seconds) in [
            ("120", Some(120.0)),
            ("0.5", Some(0.5)),
            ("-3", Some(0.0)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(30.0)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0.0)),
            ("soon", None),
            ("NaN", Some(0.0)),
            ("inf", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static(text));
            let head = ResponseHead { status: StatusCode::OK, headers };
            assert_eq!(retry_after(&head, now).map(|it| it.as_secs_f64()), seconds, "{text}");
        }
    }
}
