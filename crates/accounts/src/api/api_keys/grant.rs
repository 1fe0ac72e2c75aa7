//! What a key is given: scopes, a rate, an end. Read from the forms that clients know.

use kernel::{Problem, Scope, ScopeSet, Timestamp, codes};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::Duration;
use utoipa::ToSchema;

use crate::gate::{Identity, missing_scope, present};
use crate::limit::Rate;
use crate::people::refuse;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const DAYS: std::ops::RangeInclusive<u32> = 1..=365;
const REQUESTS: std::ops::RangeInclusive<u32> = 1..=1_000_000;
const LONGEST_WINDOW: Duration = Duration::from_secs(31 * 24 * 60 * 60);

/// So many requests in a window: `window` in milliseconds or `window_secs`.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "requests": 100, "window_secs": 60 }))]
pub(super) struct RateLimit {
    #[schema(minimum = 1, maximum = 1_000_000)]
    requests: u32,
    /// Milliseconds.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false, minimum = 1)]
    window: Option<u64>,
    /// Seconds.
    #[serde(default, deserialize_with = "present", alias = "windowSecs")]
    #[schema(nullable = false, minimum = 1)]
    window_secs: Option<u64>,
}

impl RateLimit {
    pub(super) fn read(self) -> Result<Rate, Problem> {
        if !REQUESTS.contains(&self.requests) {
            return Err(refuse("/rate_limit/requests", "expected 1 to 1000000"));
        }
        let (pointer, window) = match (self.window, self.window_secs) {
            (Some(ms), None) => ("/rate_limit/window", Duration::from_millis(ms)),
            (None, Some(secs)) => ("/rate_limit/window_secs", Duration::from_secs(secs)),
            _ => return Err(refuse("/rate_limit", "expected either window or window_secs")),
        };
        if window.is_zero() || window > LONGEST_WINDOW {
            return Err(refuse(pointer, "expected from a millisecond to 31 days"));
        }
        Ok(Rate { requests: self.requests, window })
    }
}

/// The scopes of `scopes`, or of `permissions` (`admin` or `scope:name`, each true or false).
pub(super) fn scopes(
    scopes: Option<Vec<Scope>>,
    permissions: Option<BTreeMap<String, bool>>,
) -> Result<Option<ScopeSet>, Problem> {
    let set: ScopeSet = match (scopes, permissions) {
        (Some(scopes), None) => scopes.into_iter().collect(),
        (None, Some(permissions)) => {
            let given = permissions.into_iter().filter(|(_, given)| *given);
            given.map(|(name, _)| permission(&name)).collect::<Result<_, _>>()?
        }
        (None, None) => return Ok(None),
        (Some(_), Some(_)) => {
            return Err(refuse("/permissions", "expected either scopes or permissions"));
        }
    };
    if set == ScopeSet::default() {
        return Err(refuse("/scopes", "expected at least one scope"));
    }
    Ok(Some(set))
}

fn permission(name: &str) -> Result<Scope, Problem> {
    if name == "admin" {
        return Ok(Scope::AdminFull);
    }
    name.parse().map_err(|message: String| {
        refuse(&format!("/permissions/{}", name.replace('~', "~0").replace('/', "~1")), &message)
    })
}

/// Nobody gives away what they do not have.
pub(super) fn check_covered(caller: &Identity, scopes: ScopeSet) -> Result<(), Problem> {
    match scopes.iter().find(|scope| !caller.scopes.allows(*scope)) {
        Some(scope) => Err(missing_scope(scope)),
        None => Ok(()),
    }
}

/// When a key ends: in 1 to 365 days.
pub(super) fn expiry(
    now: Timestamp,
    days: Option<u32>,
    at: Option<Timestamp>,
) -> Result<Option<Timestamp>, Problem> {
    match (days, at) {
        (None, None) => Ok(None),
        (Some(days), None) if DAYS.contains(&days) => Ok(Some(now.plus(DAY * days))),
        (Some(_), None) => Err(refuse("/expires_in_days", "expected 1 to 365")),
        (None, Some(at)) if at > now && at <= now.plus(DAY * *DAYS.end()) => Ok(Some(at)),
        (None, Some(_)) => {
            Err(refuse("/expires_at", "expected a time in the future, at most 365 days away"))
        }
        (Some(_), Some(_)) => {
            let message = "expected either expires_in_days or expires_at";
            Err(Problem::new(&codes::INVALID, message).field("/expires_at", message))
        }
    }
}
