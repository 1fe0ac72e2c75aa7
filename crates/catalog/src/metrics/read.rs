//! From a platform's answers to the vocabulary. `null` is not 0: what an answer does not hold is absent, and
//! what it holds in a form that a metric cannot have is told, and absent as well.

use std::collections::BTreeMap;

use kernel::Timestamp;
use serde_json::{Map, Value};

use super::{Mapping, Metric, Metrics, Shape};

/// Longer text names no song and no genre.
const MAX_TEXT: usize = 300;
/// More entries than these are no list of genres.
const MAX_TEXTS: usize = 100;
/// Above this, a number with decimals is no longer exact.
const MAX_COUNT: f64 = 9_007_199_254_740_992.0;

/// What was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Read {
    /// What the platform says.
    pub values: BTreeMap<Metric, Value>,
    /// The formulas of those among them that are computed.
    pub estimated: BTreeMap<Metric, String>,
    /// What should be there and is not, or is there and cannot be what it should.
    pub missing: Vec<Missing>,
}

/// A metric without a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// Which.
    pub metric: Metric,
    /// Why, for people.
    pub why: String,
}

impl Metrics {
    /// Reads the answers, each under the name of its call. A call that failed has none.
    pub fn read(&self, answers: &Map<String, Value>, now: Timestamp) -> Read {
        let programs =
            self.metrics.iter().map(|(metric, mapping)| (metric.name(), mapping.value.as_str()));
        let mut found = self.gather.run(programs, Value::Object(answers.clone()), Some(now));
        let mut read = Read::default();
        for (metric, mapping) in &self.metrics {
            match value(*metric, mapping, found.take(metric.name())) {
                Ok(Some(value)) => {
                    read.values.insert(*metric, value);
                    let formula = mapping.estimated.clone();
                    read.estimated.extend(formula.map(|formula| (*metric, formula)));
                }
                Ok(None) => {}
                Err(why) => read.missing.push(Missing { metric: *metric, why }),
            }
        }
        read
    }
}

fn value(
    metric: Metric,
    mapping: &Mapping,
    found: Result<Option<Value>, String>,
) -> Result<Option<Value>, String> {
    match found? {
        Some(found) => metric.shape().read(&found).map(Some),
        None if mapping.optional => Ok(None),
        None => Err("the platform's answer does not hold it".to_owned()),
    }
}

impl Shape {
    /// The value in this shape; numbers may come as text.
    fn read(self, value: &Value) -> Result<Value, String> {
        let shown = || value.to_string().chars().take(60).collect::<String>();
        match self {
            Self::Count => count(value).ok_or_else(|| format!("{} is no count", shown())),
            Self::Percent => {
                let share = number(value).filter(|share| *share >= 0.0);
                let rounded = share.map(|share| (share * 100.0).round() / 100.0);
                rounded.map(Value::from).ok_or_else(|| format!("{} is no percentage", shown()))
            }
            Self::Text => text(value).ok_or_else(|| format!("{} is no text", shown())),
            Self::Texts => {
                let list = value.as_array().filter(|list| list.len() <= MAX_TEXTS);
                let texts = list.and_then(|list| list.iter().map(text).collect::<Option<_>>());
                texts.map(Value::Array).ok_or_else(|| format!("{} is no list of text", shown()))
            }
        }
    }
}

fn count(value: &Value) -> Option<Value> {
    let whole = match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse::<u64>().ok(),
        _ => None,
    };
    let rounded = || {
        let number = number(value)?.round();
        (0.0..=MAX_COUNT).contains(&number).then_some(number as u64)
    };
    whole.or_else(rounded).map(Value::from)
}

fn number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.filter(|number: &f64| number.is_finite())
}

fn text(value: &Value) -> Option<Value> {
    let text = value.as_str()?.trim();
    (!text.is_empty()).then(|| text.chars().take(MAX_TEXT).collect::<String>().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn metrics() -> Metrics {
        serde_json::from_value(json!({
            "calls": {"account": {"request": {"path": "/me"}}},
            "metrics": {
                "followers": {"value": ".account.followers"},
                "saves": {"value": ".account.saves", "optional": true},
                "engagement_rate": {"value": ".account.rate", "estimated": "a / b"},
                "top_track": {"value": ".account.track"},
                "genres": {"value": ".account.genres"},
                "recent_releases": {"value": "[.account.dates[]? | select(. > $now - 10)] | length"},
            }
        }))
        .unwrap()
    }

    fn read(account: Value) -> Read {
        let mut answers = Map::new();
        answers.insert("account".to_owned(), account);
        metrics().read(&answers, Timestamp::from_secs(100))
    }

    #[test]
    fn what_is_told_is_read() {
        let read =
            read(json!({"followers": "1204", "saves": 3, "rate": 2.71555, "track": " Night Bus ",
            "genres": ["a", "b"], "dates": [80, 95, 99]}));
        let expect = [
            (Metric::Followers, json!(1204)),
            (Metric::Saves, json!(3)),
            (Metric::EngagementRate, json!(2.72)),
            (Metric::TopTrack, json!("Night Bus")),
            (Metric::RecentReleases, json!(2)),
            (Metric::Genres, json!(["a", "b"])),
        ];
        assert_eq!(read.values, BTreeMap::from(expect));
        assert_eq!(read.estimated, BTreeMap::from([(Metric::EngagementRate, "a / b".to_owned())]));
        assert_eq!(read.missing, []);
    }

    #[test]
    fn null_is_not_zero_and_nothing_is_invented() {
        let read = read(json!({"followers": null, "rate": 0, "track": "", "genres": []}));
        let expect = [
            (Metric::EngagementRate, json!(0.0)),
            (Metric::RecentReleases, json!(0)),
            (Metric::Genres, json!([])),
        ];
        assert_eq!(read.values, BTreeMap::from(expect));
        let missing: Vec<_> = read.missing.iter().map(|one| one.metric).collect();
        assert_eq!(missing, [Metric::Followers, Metric::TopTrack]);
    }

    #[test]
    fn what_cannot_be_is_refused_with_a_reason() {
        let refused = |followers: Value| {
            let read = read(json!({"followers": followers}));
            let found = read.missing.iter().find(|one| one.metric == Metric::Followers);
            found.map(|one| one.why.clone())
        };
        for bad in [
            json!(-1),
            json!("-1"),
            json!("NaN"),
            json!("inf"),
            json!(1e300),
            json!("many"),
            json!(""),
            json!({}),
            json!([1]),
            json!(true),
        ] {
            assert!(refused(bad.clone()).is_some_and(|why| why.contains("is no count")), "{bad}");
        }
        assert_eq!(refused(json!(u64::MAX)), None);
        assert_eq!(refused(json!(12.4)), None);
        // A metric that is left out at times still says when what is there cannot be.
        let read = read(json!({"saves": -5}));
        assert!(read.missing.iter().any(|one| one.metric == Metric::Saves));
    }

    #[test]
    fn the_names_are_those_of_the_file() {
        for metric in Metric::ALL {
            assert_eq!(serde_json::to_value(metric).unwrap(), metric.name());
        }
    }

    fn anything() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            let names = prop_oneof![
                Just("followers"),
                Just("saves"),
                Just("rate"),
                Just("track"),
                Just("genres"),
                Just("dates")
            ];
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
                prop::collection::vec((names, inner), 0..6).prop_map(|entries| entries
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value))
                    .collect::<Map<_, _>>()
                    .into()),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_answer_can_be_read(account in anything()) {
            let read = read(account);
            for (metric, value) in &read.values {
                let fits = match metric.shape() {
                    Shape::Count => value.is_u64(),
                    Shape::Percent => value.as_f64().is_some_and(|share| share >= 0.0),
                    Shape::Text => value.is_string(),
                    Shape::Texts => value.is_array(),
                };
                prop_assert!(fits, "{metric}: {value}");
                prop_assert!(read.missing.iter().all(|one| one.metric != *metric));
            }
        }
    }
}
