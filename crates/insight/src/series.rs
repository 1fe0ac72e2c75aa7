//! A row of a series: what one platform said of one subject on one day.

use catalog::metrics::Read;
use kernel::{ConnectionId, Timestamp};
use serde_json::{Map, Value};

/// What one platform said of one subject on one day (UTC). What is unknown is absent.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Day {
    pub(crate) subject: String,
    pub(crate) platform: String,
    /// `2026-01-31`.
    pub(crate) date: String,
    pub(crate) connection: ConnectionId,
    pub(crate) metrics: Map<String, Value>,
    /// The formula of each metric that was computed instead of told.
    pub(crate) estimated: Map<String, Value>,
    pub(crate) fetched_at: Timestamp,
}

impl Day {
    /// Takes over what was read.
    pub(crate) fn fill(&mut self, read: &Read) {
        let metrics = read.values.iter();
        self.metrics = metrics.map(|(it, value)| (it.to_string(), value.clone())).collect();
        let estimated = read.estimated.iter();
        self.estimated =
            estimated.map(|(it, formula)| (it.to_string(), Value::from(&**formula))).collect();
    }

    /// Keeps what an earlier pull of the same day knew and this one could not ask for.
    pub(crate) fn complete(&mut self, earlier: &Self) {
        for (name, value) in &earlier.metrics {
            if self.metrics.contains_key(name) {
                continue;
            }
            self.metrics.insert(name.clone(), value.clone());
            if let Some(formula) = earlier.estimated.get(name) {
                self.estimated.insert(name.clone(), formula.clone());
            }
        }
    }
}

/// The day of a time, in UTC.
pub(crate) fn date(at: Timestamp) -> String {
    at.to_string().chars().take(10).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_was_known_and_not_asked_again_stays() {
        let id = ConnectionId::generate(Timestamp::from_secs(0), &kernel::Entropy::System);
        let day = |metrics: Value, estimated: Value| Day {
            subject: "aurel".to_owned(),
            platform: "instagram".to_owned(),
            date: date(Timestamp::from_secs(86_399)),
            connection: id,
            metrics: metrics.as_object().unwrap().clone(),
            estimated: estimated.as_object().unwrap().clone(),
            fetched_at: Timestamp::from_secs(0),
        };
        let earlier = day(json!({"followers": 1, "views": 9}), json!({"views": "a sum"}));
        let mut later = day(json!({"followers": 2}), json!({}));
        later.complete(&earlier);
        assert_eq!(later, day(json!({"followers": 2, "views": 9}), json!({"views": "a sum"})));
        assert_eq!(later.date, "1970-01-01");
    }
}
