//! Limits in headers: those the provider file names, then those that are common.

use std::time::Duration;

use kernel::Timestamp;
use serde_json::Value;

use super::unit::{self, Unit};
use super::{Answer, HeaderNames, Observation, UsageForm};

/// What the headers say that the provider file names.
pub(super) fn configured(
    names: Option<&HeaderNames>,
    answer: &Answer<'_>,
    now: Timestamp,
) -> Observation {
    let Some(names) = names else { return Observation::default() };
    let get = |name: &Option<String>| name.as_deref().and_then(answer.header);
    let mut seen = match &names.usage {
        Some(usage) => {
            (answer.header)(&usage.header).map(|text| used(usage.form, &text)).unwrap_or_default()
        }
        None => Observation::default(),
    };
    seen.limit = get(&names.limit).and_then(|text| count(&text)).or(seen.limit);
    seen.remaining = get(&names.remaining).and_then(|text| count(&text)).or(seen.remaining);
    seen.reset_at = get(&names.reset).and_then(|text| names.reset_unit.read(&text, now));
    seen
}

/// What common headers say, on any status: `Retry-After` and its kin, `RateLimit` of the IETF draft in its
/// old and new forms, the `X-RateLimit-*` family, and fractions of requests.
pub(super) fn usual(answer: &Answer<'_>, now: Timestamp) -> Observation {
    let get = |names: &[&str]| names.iter().find_map(|name| (answer.header)(name));
    let mut seen = structured(answer, now);
    let family = Observation {
        limit: get(&[
            "x-ratelimit-limit",
            "x-rate-limit-limit",
            "ratelimit-limit",
            "x-ratelimit-requests-limit",
            "x-ratelimit-limit-requests",
            "x-rate-limit",
            "x-hubspot-ratelimit-max",
            "anthropic-ratelimit-requests-limit",
        ])
        .and_then(|text| count(&text)),
        remaining: get(&[
            "x-ratelimit-remaining",
            "x-rate-limit-remaining",
            "ratelimit-remaining",
            "x-ratelimit-requests-remaining",
            "x-ratelimit-remaining-requests",
            "x-hubspot-ratelimit-remaining",
            "anthropic-ratelimit-requests-remaining",
        ])
        .and_then(|text| count(&text)),
        reset_at: get(&["x-ratelimit-reset-after"])
            .and_then(|text| Unit::Seconds.read(&text, now))
            .or_else(|| {
                get(&[
                    "x-ratelimit-reset",
                    "x-rate-limit-reset",
                    "ratelimit-reset",
                    "x-ratelimit-requests-reset",
                    "x-ratelimit-reset-requests",
                    "anthropic-ratelimit-requests-reset",
                ])
                .and_then(|text| Unit::Auto.read(&text, now))
            })
            // The length of HubSpot's window: it ends within that.
            .or_else(|| {
                let text = get(&["x-hubspot-ratelimit-interval-milliseconds"])?;
                Unit::Ms.read(&text, now)
            }),
        retry_after: get(&["retry-after-ms"])
            .and_then(|text| unit::seconds(unit::decimal(text.trim())? / 1e3))
            .or_else(|| get(&["retry-after"]).and_then(|text| unit::retry_after(&text, now))),
        should_retry: get(&["stripe-should-retry", "x-should-retry"])
            .and_then(|text| text.trim().parse().ok()),
        ..Observation::default()
    };
    super::fill(&mut seen, family);
    for name in ["x-shopify-shop-api-call-limit", "sforce-limit-info"] {
        super::fill(&mut seen, get(&[name]).and_then(|text| fraction(&text)).unwrap_or_default());
    }
    seen
}

/// What some count beside requests, each as `limit`, `remaining` and `reset`: tokens (OpenAI, Anthropic),
/// complexity (Linear).
const OTHERS: [[&str; 3]; 5] = [
    [
        "x-ratelimit-complexity-limit",
        "x-ratelimit-complexity-remaining",
        "x-ratelimit-complexity-reset",
    ],
    ["x-ratelimit-limit-tokens", "x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"],
    [
        "anthropic-ratelimit-tokens-limit",
        "anthropic-ratelimit-tokens-remaining",
        "anthropic-ratelimit-tokens-reset",
    ],
    [
        "anthropic-ratelimit-input-tokens-limit",
        "anthropic-ratelimit-input-tokens-remaining",
        "anthropic-ratelimit-input-tokens-reset",
    ],
    [
        "anthropic-ratelimit-output-tokens-limit",
        "anthropic-ratelimit-output-tokens-remaining",
        "anthropic-ratelimit-output-tokens-reset",
    ],
];

/// What Meta counts, each in percent: the business, the app, the page.
const PERCENTAGES: [&str; 3] = ["x-business-use-case-usage", "x-app-usage", "x-page-usage"];

/// What the headers say of what is not counted in requests.
pub(super) fn others(answer: &Answer<'_>, now: Timestamp) -> impl Iterator<Item = Observation> {
    let get = answer.header;
    let counted = OTHERS.iter().map(move |[limit, remaining, reset]| Observation {
        limit: get(limit).and_then(|text| count(&text)),
        remaining: get(remaining).and_then(|text| count(&text)),
        reset_at: get(reset).and_then(|text| Unit::Auto.read(&text, now)),
        is_share: true,
        ..Observation::default()
    });
    counted.chain(PERCENTAGES.iter().filter_map(move |name| percent(&get(name)?)))
}

/// `RateLimit: "default";r=50;t=30` with `RateLimit-Policy: "default";q=100;w=60`, or the older
/// `RateLimit: limit=100, remaining=50, reset=30` (draft-ietf-httpapi-ratelimit-headers).
fn structured(answer: &Answer<'_>, now: Timestamp) -> Observation {
    let rate = (answer.header)("ratelimit").unwrap_or_default();
    let policy = (answer.header)("ratelimit-policy").unwrap_or_default();
    let wait = parameter(&rate, "t").or_else(|| parameter(&rate, "reset"));
    Observation {
        limit: parameter(&rate, "limit")
            .or_else(|| parameter(&policy, "q"))
            .or_else(|| policy.split([';', ',']).next()?.trim().parse().ok()),
        remaining: parameter(&rate, "r").or_else(|| parameter(&rate, "remaining")),
        reset_at: wait
            .and_then(|wait| unit::seconds(wait as f64))
            .map(|wait: Duration| now.plus(wait)),
        ..Observation::default()
    }
}

fn parameter(text: &str, key: &str) -> Option<u64> {
    text.split([';', ','])
        .filter_map(|part| part.trim().split_once('='))
        .find(|(name, _)| name.trim() == key)
        .and_then(|(_, value)| value.trim().parse().ok())
}

/// A count; of `100, 100;w=60` the first number, of `29.5` the whole part.
fn count(text: &str) -> Option<u64> {
    let first = text.split([',', ';']).next()?.trim();
    unit::decimal(first).map(|number| number as u64)
}

fn used(form: UsageForm, text: &str) -> Observation {
    match form {
        UsageForm::Fraction => fraction(text).unwrap_or_default(),
        UsageForm::Percent => percent(text).unwrap_or_default(),
    }
}

fn fraction(text: &str) -> Option<Observation> {
    let (before, after) = text.split_once('/')?;
    let used = before.rsplit(|c: char| !c.is_ascii_digit()).next()?.parse::<u64>().ok()?;
    let limit = after.split(|c: char| !c.is_ascii_digit()).next()?.parse::<u64>().ok()?;
    Some(Observation {
        limit: Some(limit),
        remaining: Some(limit.saturating_sub(used)),
        ..Observation::default()
    })
}

/// The largest percentage is what counts; at 100 calls are refused.
fn percent(text: &str) -> Option<Observation> {
    let (mut used, mut minutes) = (None::<f64>, None::<f64>);
    walk(&serde_json::from_str(text).ok()?, &mut |key, number| match key {
        "call_count" | "total_time" | "total_cputime" => {
            used = Some(used.unwrap_or(0.0).max(number));
        }
        "estimated_time_to_regain_access" => minutes = Some(minutes.unwrap_or(0.0).max(number)),
        _ => {}
    });
    let used = used?.clamp(0.0, 100.0);
    Some(Observation {
        limit: Some(100),
        remaining: Some((100.0 - used) as u64),
        is_share: true,
        retry_after: minutes
            .filter(|minutes| *minutes > 0.0)
            .and_then(|minutes| unit::seconds(minutes * 60.0)),
        ..Observation::default()
    })
}

/// Every number that stands under a key. `serde_json` read the value, so it is at most 128 deep.
fn walk(value: &Value, found: &mut dyn FnMut(&str, f64)) {
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| match value.as_f64() {
            Some(number) => found(key, number),
            None => walk(value, found),
        }),
        Value::Array(items) => items.iter().for_each(|item| walk(item, found)),
        _ => {}
    }
}
