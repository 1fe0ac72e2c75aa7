//! Limits in bodies: refusals that wear another status, also 200, and budgets that GraphQL reports.

use kernel::Timestamp;
use serde_json::Value;

use super::{Answer, Limited, Observation, unit};

/// Where refusals stand in bodies, and what they say there. Each is specific enough to mean nothing else.
const REFUSALS: [(&str, &[&str]); 8] = [
    ("/errors/*/type", &["RATE_LIMITED"]),
    ("/errors/*/extensions/code", &["THROTTLED", "RATELIMITED", "RATE_LIMITED"]),
    ("/errors/*/extensions/type", &["ratelimited"]),
    ("/*/errorCode", &["REQUEST_LIMIT_EXCEEDED"]),
    ("/error/errors/*/reason", &["rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded"]),
    ("/error/code", &["rate_limit_exceeded", "rate_limit"]),
    ("/error", &["ratelimited", "rate_limited"]),
    ("/code", &["rate_limited"]),
];

/// What the body says without the provider file's help.
pub(super) fn observe(answer: &Answer<'_>, now: Timestamp) -> Observation {
    let Some(body) = answer.body else { return Observation::default() };
    let refused = REFUSALS.iter().any(|(at, words)| {
        any(body, at, &|value| value.as_str().is_some_and(|text| words.contains(&text)))
    });
    // Meta: 4, 17 and 32 are the app's, the user's and the page's limit, 613 and 800xx custom ones.
    let meta = any(body, "/error/fbtrace_id", &|_| true)
        && any(body, "/error/code", &|code| {
            code.as_u64().is_some_and(|code| {
                matches!(code, 4 | 17 | 32 | 613) || (80_000..80_015).contains(&code)
            })
        });
    let mut seen = throttle(body);
    seen.limited = refused || meta;
    if answer.status == 429 {
        let wait = body.get("retry_after").and_then(Value::as_f64);
        seen.retry_after = wait.and_then(unit::seconds);
        // OpenAI's word for an account without money, which no wait mends.
        let is_broke = any(body, "/error/code", &|code| code == "insufficient_quota");
        seen.should_retry = is_broke.then_some(false);
    }
    if seen.limited || answer.status == 429 {
        let until = body.pointer("/error/message").and_then(Value::as_str).and_then(said_until);
        seen.retry_after = seen.retry_after.or(until.map(|at| at.since(now)));
    }
    seen
}

/// Google's `… Retry after 2026-11-20T21:00:10.5Z`.
fn said_until(message: &str) -> Option<Timestamp> {
    let (_, after) = message.split_once("Retry after ")?;
    let word = after.split_whitespace().next()?;
    Timestamp::parse(word.trim_end_matches(['.', ',', ')']))
}

/// Whether an answer refuses in this way.
pub(super) fn matches(way: &Limited, answer: &Answer<'_>) -> bool {
    let status = way.status.is_empty() || way.status.contains(&answer.status);
    let body = || match (&way.at, answer.body) {
        (None, _) => !way.status.is_empty(),
        (Some(at), Some(body)) => any(body, at, &|value| {
            !value.is_null() && (way.is.is_empty() || way.is.contains(value))
        }),
        (Some(_), None) => false,
    };
    status && body()
}

/// Shopify's GraphQL budget, in points: what is missing comes back at `restoreRate` a second.
fn throttle(body: &Value) -> Observation {
    let Some(status) = body.pointer("/extensions/cost/throttleStatus") else {
        return Observation::default();
    };
    let number = |name: &str| status.get(name).and_then(Value::as_f64);
    let (limit, left) = (number("maximumAvailable"), number("currentlyAvailable"));
    let wanted = body.pointer("/extensions/cost/requestedQueryCost").and_then(Value::as_f64);
    let wait = match (left, wanted, number("restoreRate")) {
        (Some(left), Some(wanted), Some(rate)) if wanted > left && rate > 0.0 => {
            unit::seconds((wanted - left) / rate)
        }
        _ => None,
    };
    Observation {
        limit: limit.map(|limit| limit as u64),
        remaining: left.map(|left| left as u64),
        retry_after: wait,
        is_share: true,
        ..Observation::default()
    }
}

/// Whether something at the pointer passes, `*` standing for any item.
fn any(value: &Value, pointer: &str, test: &dyn Fn(&Value) -> bool) -> bool {
    let Some(path) = pointer.strip_prefix('/') else { return test(value) };
    let (word, rest) = path.find('/').map_or((path, ""), |at| path.split_at(at));
    match value {
        Value::Array(items) if word == "*" => items.iter().any(|item| any(item, rest, test)),
        Value::Object(map) if word == "*" => map.values().any(|item| any(item, rest, test)),
        Value::Array(items) => word
            .parse()
            .ok()
            .and_then(|at: usize| items.get(at))
            .is_some_and(|item| any(item, rest, test)),
        value => value
            .get(word.replace("~1", "/").replace("~0", "~"))
            .is_some_and(|item| any(item, rest, test)),
    }
}
