//! What an answer says about the limit it was counted against. Services disagree about everything (the
//! headers, the units, the status, whether there is a status), so a provider file may say how its service
//! does it; what is common is understood without.

mod body;
mod class;
mod daily;
mod header;
mod unit;

use std::time::Duration;

use kernel::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use class::Class;
pub use daily::{Cost, Daily};
pub use unit::Unit;

/// The limit of a provider: what we keep to, and how its answers report theirs.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimitSpec {
    /// So many requests …
    #[serde(default)]
    pub requests: Option<u32>,
    /// … in so many seconds.
    #[serde(default)]
    pub window_secs: Option<u64>,
    /// The headers that report, where they are not the usual ones.
    #[serde(default)]
    pub headers: Option<HeaderNames>,
    /// Further ways in which an answer says "slow down", beside status 429.
    #[serde(default)]
    pub limited: Vec<Limited>,
    /// How long to wait when an answer says "slow down" and not for how long, in seconds.
    #[serde(default)]
    pub wait_secs: Option<u64>,
    /// Whose limit it is.
    #[serde(default)]
    pub scope: LimitScope,
    /// A limit a day, beside that of `requests`.
    #[serde(default)]
    pub daily: Option<Daily>,
    /// Calls that are counted by themselves, whether or not they count against the above as well.
    #[serde(default)]
    pub classes: Vec<Class>,
}

/// Whose limit it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LimitScope {
    /// Everything that one OAuth client or key asks counts together.
    App,
    /// Each account has its own.
    #[default]
    Account,
}

/// The headers that report a limit.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct HeaderNames {
    /// How many are allowed.
    #[serde(default)]
    pub limit: Option<String>,
    /// How many are left.
    #[serde(default)]
    pub remaining: Option<String>,
    /// When they are all back.
    #[serde(default)]
    pub reset: Option<String>,
    /// In what unit `reset` is.
    #[serde(default)]
    pub reset_unit: Unit,
    /// A header that tells what is used, and in which form.
    #[serde(default)]
    pub usage: Option<Usage>,
}

/// A header that tells what is used.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Usage {
    /// Its name.
    pub header: String,
    /// Its form.
    pub form: UsageForm,
}

/// The forms in which use is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UsageForm {
    /// `18/5000`, also after a key as in `api-usage=18/5000`.
    Fraction,
    /// JSON with percentages `call_count`, `total_time`, `total_cputime`, and minutes
    /// `estimated_time_to_regain_access`, at any depth.
    Percent,
}

/// A way of saying "slow down" other than 429.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Limited {
    /// With any of these statuses; none listed means any status.
    #[serde(default)]
    pub status: Vec<u16>,
    /// Where in the body: a JSON Pointer in which `*` stands for any item.
    #[serde(default)]
    pub at: Option<String>,
    /// What stands there; none listed means that something does.
    #[serde(default)]
    pub is: Vec<Value>,
    /// How long to wait after it when the answer does not say, in seconds; as that of the provider unless
    /// said.
    #[serde(default)]
    pub wait_secs: Option<u64>,
}

/// What an answer said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Observation {
    /// How many are allowed in a window.
    pub limit: Option<u64>,
    /// How many are left.
    pub remaining: Option<u64>,
    /// When they are all back.
    pub reset_at: Option<Timestamp>,
    /// How long to wait before asking again.
    pub retry_after: Option<Duration>,
    /// Whether this answer is a refusal because of the limit.
    pub limited: bool,
    /// Whether `limit` and `remaining` count something other than requests (percent, points, tokens): what
    /// is left is a share.
    pub is_share: bool,
    /// Whether it is worth asking again; `None` when the answer does not say.
    pub should_retry: Option<bool>,
}

impl Observation {
    /// What is left, from 0 to 1.
    fn share_left(&self) -> Option<f64> {
        Some(self.remaining? as f64 / self.limit.filter(|limit| *limit > 0)? as f64)
    }
}

/// An answer, as far as limits go. `header` looks a header up by name, without regard to case.
#[derive(Clone, Copy)]
pub struct Answer<'a> {
    /// The status.
    pub status: u16,
    /// The first value of a header.
    pub header: &'a dyn Fn(&str) -> Option<String>,
    /// The body, when it is JSON.
    pub body: Option<&'a Value>,
}

/// Reads what an answer to a call of the class says about its limit, with the provider's own ways first.
pub fn observe(
    spec: Option<&RateLimitSpec>,
    class: Option<&Class>,
    answer: &Answer<'_>,
    now: Timestamp,
) -> Observation {
    let of_class = class.and_then(|class| class.headers.as_ref());
    let names = of_class.or(spec.and_then(|spec| spec.headers.as_ref()));
    let mut seen = header::configured(names, answer, now);
    fill(&mut seen, header::usual(answer, now));
    fill(&mut seen, body::observe(answer, now));
    for other in header::others(answer, now) {
        // What is not counted in requests matters where it is tighter.
        let is_tighter = match (other.share_left(), seen.share_left()) {
            (Some(other), Some(known)) => other < known,
            (Some(_), None) => seen.remaining.is_none(),
            (None, _) => other.remaining == Some(0),
        };
        if is_tighter {
            let Observation { limit, remaining, reset_at, is_share, .. } = other;
            seen = Observation { limit, remaining, reset_at, is_share, ..seen };
        }
        seen.retry_after = seen.retry_after.or(other.retry_after);
    }
    let way = spec.and_then(|spec| spec.limited.iter().find(|way| body::matches(way, answer)));
    // 529 is how Anthropic says that it is overloaded.
    seen.limited |= matches!(answer.status, 429 | 529)
        || way.is_some()
        || (seen.remaining == Some(0) && answer.status == 403);
    if seen.limited && seen.retry_after.is_none() {
        let until = seen.reset_at.filter(|at| *at > now).map(|at| at.since(now));
        let usual = way.and_then(|way| way.wait_secs).or(spec.and_then(|spec| spec.wait_secs));
        seen.retry_after = until.or(usual.map(Duration::from_secs));
    }
    seen
}

/// What is already known stands.
fn fill(seen: &mut Observation, more: Observation) {
    // A number without its unit would be taken for another.
    if seen.limit.is_none() && seen.remaining.is_none() {
        seen.is_share = more.is_share;
    }
    if seen.is_share == more.is_share {
        seen.limit = seen.limit.or(more.limit);
        seen.remaining = seen.remaining.or(more.remaining);
    }
    seen.reset_at = seen.reset_at.or(more.reset_at);
    seen.retry_after = seen.retry_after.or(more.retry_after);
    seen.limited |= more.limited;
    seen.should_retry = seen.should_retry.or(more.should_retry);
}

#[cfg(test)]
mod tests;
