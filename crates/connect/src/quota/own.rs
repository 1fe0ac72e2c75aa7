//! What a workspace says of its own app's limits, where the provider has granted it more than the usual, or
//! less.

use catalog::ratelimit::{Daily, RateLimitSpec};
use kernel::FieldError;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::num::{NonZeroU32, NonZeroU64};
use std::time::Duration;
use utoipa::ToSchema;

/// The numbers of an app, in place of those of the catalog. Classes of calls keep theirs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "daily_units": 1000000 }))]
pub struct Quota {
    /// Units a day, where the provider counts by the day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 1_000_000_000_000_u64, value_type = Option<u64>)]
    pub daily_units: Option<NonZeroU64>,
    /// So many requests …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, value_type = Option<u32>)]
    pub requests: Option<NonZeroU32>,
    /// … in so many seconds; in the provider's window unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 2_678_400, value_type = Option<u64>)]
    pub window_secs: Option<NonZeroU64>,
}

const MOST_UNITS: u64 = 1_000_000_000_000;
const LONGEST_WINDOW: u64 = 31 * 86_400;
/// The window of a provider that names none, in seconds.
const USUAL_WINDOW: u64 = 60;

impl Quota {
    /// Whether it says nothing.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What does not fit the provider.
    pub(crate) fn problems(&self, spec: Option<&RateLimitSpec>) -> Vec<FieldError> {
        let has_daily = spec.is_some_and(|spec| spec.daily.is_some());
        let units = self.daily_units.map(NonZeroU64::get);
        let window = self.window_secs.map(NonZeroU64::get);
        [
            (
                units.is_some() && !has_daily,
                "daily_units",
                "the provider does not count by the day",
            ),
            (units.is_some_and(|it| it > MOST_UNITS), "daily_units", "it is more than anybody has"),
            (window.is_some() && self.requests.is_none(), "window_secs", "say how many `requests`"),
            (
                window.is_some_and(|it| it > LONGEST_WINDOW),
                "window_secs",
                "it is more than 31 days",
            ),
        ]
        .into_iter()
        .filter(|(is_wrong, ..)| *is_wrong)
        .map(|(_, field, message)| FieldError {
            pointer: format!("/quota/{field}"),
            message: message.to_owned(),
        })
        .collect()
    }

    /// How many requests, and in which time.
    pub(crate) fn rate(&self, spec: Option<&RateLimitSpec>) -> (Option<NonZeroU32>, Duration) {
        let known = spec.and_then(|spec| spec.requests).and_then(NonZeroU32::new);
        let own = self.window_secs.map(NonZeroU64::get);
        let window = own.or(spec.and_then(|spec| spec.window_secs)).unwrap_or(USUAL_WINDOW);
        (self.requests.or(known), Duration::from_secs(window))
    }

    /// The day of the provider with the units of the app.
    pub(crate) fn day<'a>(&self, spec: Option<&'a RateLimitSpec>) -> Option<Cow<'a, Daily>> {
        let daily = spec?.daily.as_ref()?;
        Some(match self.daily_units {
            None => Cow::Borrowed(daily),
            Some(units) => Cow::Owned(Daily { units: units.get(), ..daily.clone() }),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, from_value, json};

    fn quota(value: Value) -> Quota {
        from_value(value).unwrap()
    }

    #[test]
    fn what_has_no_effect_is_refused() {
        let counted: RateLimitSpec = from_value(json!({"daily": {"units": 9}})).unwrap();
        let problems = |own: Value, spec: Option<&RateLimitSpec>| {
            let found = quota(own).problems(spec);
            found.into_iter().map(|it| it.pointer).collect::<Vec<_>>()
        };
        assert_eq!(problems(json!({"daily_units": 5}), None), ["/quota/daily_units"]);
        assert!(problems(json!({"daily_units": 5}), Some(&counted)).is_empty());
        assert_eq!(problems(json!({"window_secs": 5}), None), ["/quota/window_secs"]);
        assert!(problems(json!({"requests": 5, "window_secs": 5}), None).is_empty());
        assert_eq!(problems(json!({"requests": 1, "window_secs": 9_999_999}), None).len(), 1);
        assert!(from_value::<Quota>(json!({"requests": 0})).is_err());
    }

    #[test]
    fn the_apps_numbers_stand_in_for_the_catalogs() {
        let spec = json!({"requests": 75, "window_secs": 900, "daily": {"units": 10_000}});
        let spec: RateLimitSpec = from_value(spec).unwrap();
        let (requests, window) = quota(json!({"requests": 900})).rate(Some(&spec));
        assert_eq!((requests.map(NonZeroU32::get), window.as_secs()), (Some(900), 900));
        let day = quota(json!({"daily_units": 50_000})).day(Some(&spec)).unwrap();
        assert_eq!((day.units, day.default_units), (50_000, 1));
        assert_eq!(Quota::default().day(Some(&spec)).unwrap().units, 10_000);
    }
}
