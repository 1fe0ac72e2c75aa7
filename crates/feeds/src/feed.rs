//! The feed: a JSON document kept fresh. What it is, and how it stands.

use kernel::{FeedId, IntegrationId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::time::Duration;

/// Where a feed stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = FeedStatus)]
pub enum Status {
    /// The document is as fresh as asked.
    Ok,
    /// There is a document, but the last attempt to renew it failed or is overdue.
    Stale,
    /// There is no document, and the last attempt to get one failed.
    Failing,
    /// There is no document yet.
    Pending,
    /// The feed or its integration is switched off.
    Off,
}

impl Status {
    /// The name in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Stale => "stale",
            Self::Failing => "failing",
            Self::Pending => "pending",
            Self::Off => "off",
        }
    }
}

/// What the other side said about its document, to be sent back with the next request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validators {
    /// `ETag`.
    pub etag: Option<String>,
    /// `Last-Modified`.
    pub last_modified: Option<String>,
}

/// A feed as it is stored. `pull` and `push` lie over the integration's.
#[derive(Clone, Debug)]
pub struct Feed {
    /// Its id.
    pub id: FeedId,
    /// Whose integration fills it.
    pub integration: IntegrationId,
    /// What people call it.
    pub name: String,
    /// How it is filled.
    pub mode: connect::Mode,
    /// Whether it is to be filled.
    pub enabled: bool,
    /// Whether it is: its integration is switched on too.
    pub is_on: bool,
    /// What tells it from the integration's other feeds: widgets with the same one share it.
    pub discriminator: String,
    /// The options that templates see as `{{config.…}}`.
    pub options: Map<String, Value>,
    /// Settings of its own for pulling.
    pub pull: Option<Map<String, Value>>,
    /// Settings of its own for pushes.
    pub push: Option<Map<String, Value>>,
    /// Counts up each time the document's content changes; 0 before the first.
    pub version: u64,
    /// What tells the document from another.
    pub digest: Option<String>,
    /// The size of the document as JSON.
    pub bytes: u64,
    /// What to ask the other side with.
    pub validators: Validators,
    /// When the document was last seen to be so.
    pub fetched_at: Option<Timestamp>,
    /// When the version last moved.
    pub changed_at: Option<Timestamp>,
    /// When it is due again.
    pub refresh_at: Option<Timestamp>,
    /// Attempts that failed in a row.
    pub failures: u32,
    /// The code of the last failure.
    pub error_code: Option<String>,
    /// The sentence of the last failure.
    pub error_message: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its settings last changed.
    pub updated_at: Timestamp,
}

/// A pull that is this late makes a document stale.
pub(crate) const OVERDUE: Duration = Duration::from_secs(30);

impl Feed {
    /// One that nothing is said of yet: pulled, switched on, its own.
    pub(crate) fn blank(id: FeedId, integration: IntegrationId, now: Timestamp) -> Self {
        Self {
            id,
            integration,
            name: String::new(),
            mode: connect::Mode::Pull,
            enabled: true,
            is_on: true,
            discriminator: own_discriminator(id),
            options: Map::new(),
            pull: None,
            push: None,
            version: 0,
            digest: None,
            bytes: 0,
            validators: Validators::default(),
            fetched_at: None,
            changed_at: None,
            refresh_at: None,
            failures: 0,
            error_code: None,
            error_message: None,
            created_at: now,
            updated_at: now,
        }
    }

    /// Where it stands at `now`.
    pub fn status(&self, now: Timestamp) -> Status {
        match (self.is_on, self.digest.is_some(), self.failures > 0) {
            (false, ..) => Status::Off,
            (_, true, false) if self.stale_from().is_some_and(|from| now > from) => Status::Stale,
            (_, true, false) => Status::Ok,
            (_, true, true) => Status::Stale,
            (_, false, true) => Status::Failing,
            (_, false, false) => Status::Pending,
        }
    }

    /// When the document becomes stale by mere passing of time.
    pub(crate) fn stale_from(&self) -> Option<Timestamp> {
        self.refresh_at.map(|due| due.plus(OVERDUE))
    }

    /// Whether it was made on its own, not for the widgets that share it.
    pub fn stands_alone(&self) -> bool {
        self.discriminator == own_discriminator(self.id)
    }
}

/// The discriminator of a feed that no widget shares.
pub(crate) fn own_discriminator(id: FeedId) -> String {
    format!("own:{id}")
}

/// Settings that decide one question together: naming one of them above takes the others away.
const DECIDED_TOGETHER: [&[&str]; 2] = [
    &["cron", "time_zone", "interval_secs", "interval"],
    &[
        "scheme",
        "signature",
        "unsigned",
        "verify_signature",
        "api_key",
        "signature_header",
        "signature_algorithm",
        "signature_prefix",
        "signature_encoding",
    ],
];

/// Settings laid over others: what is set above wins, what is absent shows through.
pub(crate) fn overlay(
    below: Map<String, Value>,
    above: Option<&Map<String, Value>>,
) -> Map<String, Value> {
    let mut merged = below;
    let Some(above) = above else { return merged };
    let is_set = |name: &&str| above.get(*name).is_some_and(|value| !value.is_null());
    for group in DECIDED_TOGETHER {
        if group.iter().any(is_set) {
            group.iter().for_each(|name| drop(merged.remove(*name)));
        }
    }
    for (name, value) in above.iter().filter(|(_, value)| !value.is_null()) {
        merged.insert(name.clone(), value.clone());
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(below: Value, above: Value, expected: Value) {
        let map = |value: Value| value.as_object().cloned().unwrap_or_default();
        assert_eq!(Value::Object(overlay(map(below), Some(&map(above)))), expected);
    }

    #[test]
    fn what_is_set_above_wins_and_its_rivals_go() {
        let below = json!({ "cron": "0 9 * * *", "time_zone": "Europe/Berlin", "path": "/a" });
        check(below, json!({ "interval_secs": 5 }), json!({ "path": "/a", "interval_secs": 5 }));
        let below = json!({ "scheme": "github-sha256", "apply": "append" });
        check(below, json!({ "unsigned": true }), json!({ "apply": "append", "unsigned": true }));
        check(json!({ "path": "/a" }), json!({ "path": null }), json!({ "path": "/a" }));
    }
}
