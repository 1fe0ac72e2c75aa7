//! How often a platform can be asked: fixed windows of its own length, counted per app or account and,
//! with some, per call.

use std::collections::HashMap;

use jiff::tz::{Offset, TimeZone};
use kernel::Timestamp;
use serde_json::json;

use crate::Service;

/// What a window allows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quota {
    /// Requests, or units.
    pub(super) limit: u32,
    pub(super) window: Window,
    /// Whether each account has its own; otherwise the app has one for all.
    pub(super) per_account: bool,
    /// Whether each call has its own.
    pub(super) per_call: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Window {
    /// So many seconds.
    Secs(i64),
    /// From midnight to midnight in California.
    PacificDay,
}

/// What has been used.
#[derive(Debug)]
pub(super) struct Meter {
    pub(super) quota: Quota,
    window: i64,
    used: HashMap<String, u32>,
    /// The most that was used of any limit within a window, in per mille.
    pub(super) peak: u32,
    /// Requests that were one too many.
    pub(super) refused: u64,
}

/// How a request stands with the quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spent {
    pub(super) limit: u32,
    pub(super) used: u32,
    /// When the window ends, in seconds since 1970.
    pub(super) reset: i64,
    /// Whether this request is one too many; it is not counted then.
    pub(super) over: bool,
}

impl Meter {
    pub(super) fn new(quota: Quota) -> Self {
        Self { quota, window: 0, used: HashMap::new(), peak: 0, refused: 0 }
    }

    /// Counts a request of an app on behalf of an account.
    pub(super) fn spend(
        &mut self,
        (app, account): (&str, &str),
        call: &str,
        limit: Option<u32>,
        cost: u32,
        now: Timestamp,
    ) -> Spent {
        let reset = self.quota.window.end(now);
        if self.window != reset {
            (self.window, self.used) = (reset, HashMap::new());
        }
        let whose = if self.quota.per_account { account } else { app };
        let call = if self.quota.per_call { call } else { "" };
        let used = self.used.entry(format!("{whose} {call}")).or_default();
        let limit = limit.map_or(self.quota.limit, |own| own.min(self.quota.limit));
        let over = *used + cost > limit;
        if over {
            self.refused += 1;
        } else {
            *used += cost;
            self.peak = self.peak.max(u32::saturating_mul(*used, 1000) / limit.max(1));
        }
        Spent { limit, used: *used, reset, over }
    }
}

impl Window {
    fn end(self, now: Timestamp) -> i64 {
        match self {
            Self::Secs(secs) => (now.secs().div_euclid(secs) + 1) * secs,
            Self::PacificDay => {
                let zone = TimeZone::get("America/Los_Angeles")
                    .unwrap_or_else(|_| TimeZone::fixed(Offset::constant(-8)));
                now.to_jiff()
                    .and_then(|now| now.to_zoned(zone).tomorrow().ok()?.start_of_day().ok())
                    .map_or(now.secs() + 86_400, |end| end.timestamp().as_second())
            }
        }
    }
}

/// What a platform's answers say of its quota. `id` is the account's, in the platform's form.
pub(super) fn headers(
    service: Service,
    id: &str,
    spent: Spent,
    now: Timestamp,
) -> Vec<(&'static str, String)> {
    let wait = spent.reset - now.secs();
    match service {
        Service::X => vec![
            ("x-rate-limit-limit", spent.limit.to_string()),
            ("x-rate-limit-remaining", spent.limit.saturating_sub(spent.used).to_string()),
            ("x-rate-limit-reset", spent.reset.to_string()),
        ],
        // In per cent, and the way back in minutes.
        Service::Instagram | Service::Facebook => {
            let percent = u64::from(spent.used) * 100 / u64::from(spent.limit.max(1));
            let usage = json!({
                "call_count": percent, "total_time": percent / 2, "total_cputime": percent / 4,
            });
            let mut business = usage.clone();
            let pages = service == Service::Facebook;
            business["type"] = if pages { "pages" } else { "instagram" }.into();
            let regain = if spent.over { (wait + 59) / 60 } else { 0 };
            business["estimated_time_to_regain_access"] = regain.into();
            vec![
                ("x-app-usage", usage.to_string()),
                ("x-business-use-case-usage", json!({ id: [business] }).to_string()),
            ]
        }
        Service::Spotify | Service::Oauth if spent.over => {
            vec![("retry-after", wait.to_string())]
        }
        _ => vec![],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_ends_and_refusals_do_not_count() {
        let quota =
            Quota { limit: 2, window: Window::Secs(900), per_account: true, per_call: false };
        let mut meter = Meter::new(quota);
        let start = Timestamp::from_secs(9_000);
        let used = |meter: &mut Meter, at| {
            let spent = meter.spend(("app", "a"), "/", None, 1, at);
            (spent.used, spent.over, spent.reset)
        };
        assert_eq!(used(&mut meter, start), (1, false, 9_900));
        assert_eq!(used(&mut meter, start), (2, false, 9_900));
        assert_eq!(used(&mut meter, start), (2, true, 9_900));
        assert_eq!(used(&mut meter, Timestamp::from_secs(9_900)), (1, false, 10_800));
        assert!(!meter.spend(("app", "b"), "/", None, 1, start).over);
        assert_eq!((meter.peak, meter.refused), (1000, 1));
        let mut meter = Meter::new(Quota { per_account: false, ..quota });
        assert!(!meter.spend(("app", "a"), "/", None, 2, start).over);
        assert!(meter.spend(("app", "b"), "/", None, 1, start).over, "accounts share their app's");
        assert!(!meter.spend(("another", "a"), "/", None, 1, start).over);
    }

    #[test]
    fn the_day_of_california_ends_at_its_midnight() {
        let at = |text| Window::PacificDay.end(Timestamp::parse(text).unwrap());
        let midnight = Timestamp::parse("2026-11-21T08:00:00Z").unwrap().secs();
        assert_eq!(at("2026-11-21T07:59:59Z"), midnight);
        assert_eq!(at("2026-11-21T08:00:00Z"), midnight + 86_400);
    }
}
