//! A webhook: whom we tell of what, and how.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use db::{DbError, Workspace};
use kernel::{Secret, Timestamp, WebhookId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use utoipa::ToSchema;

use super::message::Format;
use super::sign::{Key, Signing};

/// The noun in seals and in [`db::Change`] signals.
pub(crate) const NOUN: &str = "webhook";

/// Whether it is told anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = WebhookStatus)]
pub(crate) enum Status {
    Active,
    /// By a person: what happens meanwhile waits.
    Paused,
    /// By the house, because it cannot be told: what happens meanwhile is not kept for it.
    Disabled,
}

impl Status {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Paused => "paused",
            Self::Disabled => "disabled",
        }
    }
}

impl std::str::FromStr for Status {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let all = [Self::Active, Self::Paused, Self::Disabled];
        let known = all.into_iter().find(|it| it.name() == text);
        known.ok_or_else(|| format!("{text} is no state of a webhook"))
    }
}

/// Why the house disabled it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = WebhookCause)]
pub(crate) struct Cause {
    /// `gone` or `failing`.
    pub(crate) code: String,
    pub(crate) message: String,
}

/// At most so many requests in so much time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rate {
    #[schema(minimum = 1, maximum = 100_000)]
    pub(crate) requests: u32,
    #[schema(minimum = 1, maximum = 86_400)]
    pub(crate) window_secs: u32,
}

/// What a person decides about a webhook.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) name: String,
    pub(crate) url: String,
    pub(crate) events: Vec<String>,
    pub(crate) filter: Option<String>,
    pub(crate) format: Format,
    pub(crate) signing: Signing,
    /// With the mask where a value is a secret.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) ordered: bool,
    pub(crate) concurrency: u32,
    pub(crate) rate: Option<Rate>,
    pub(crate) timeout: Duration,
}

/// A webhook as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct Webhook {
    pub(crate) id: WebhookId,
    pub(crate) settings: Settings,
    pub(crate) public_key: Option<String>,
    pub(crate) overlap_until: Option<Timestamp>,
    pub(crate) filter_error: Option<String>,
    pub(crate) sealed: Vec<u8>,
    pub(crate) status: Status,
    pub(crate) status_since: Timestamp,
    pub(crate) cause: Option<Cause>,
    pub(crate) failing_since: Option<Timestamp>,
    pub(crate) succeeded_at: Option<Timestamp>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// What is sealed: the keys, the newest first, each of the older ones with the time that it signs until;
/// and the headers whose values are secrets.
#[derive(Clone, Debug, Default)]
pub(crate) struct Secrets {
    pub(crate) keys: Vec<(Key, Option<Timestamp>)>,
    pub(crate) headers: BTreeMap<String, Secret<String>>,
}

/// Keys beyond these no longer sign, however often they are rotated.
const MOST_KEYS: usize = 4;

impl Webhook {
    pub(crate) async fn secrets(&self, workspace: &Workspace) -> Result<Secrets, DbError> {
        let plain = workspace.open(NOUN, &self.id, &self.sealed).await?;
        Ok(Secrets::read(&plain))
    }
}

impl Secrets {
    /// The keys that sign now.
    pub(crate) fn signing(&self, now: Timestamp) -> impl Iterator<Item = &Key> {
        let holds = move |until: Option<Timestamp>| until.is_none_or(|until| now < until);
        self.keys.iter().filter(move |(_, until)| holds(*until)).map(|(key, _)| key)
    }

    /// Puts a new key first; the one before signs until then, too.
    pub(crate) fn rotate(&mut self, key: Key, now: Timestamp, until: Timestamp) {
        for (_, end) in &mut self.keys {
            *end = Some(end.map_or(until, |end| end.min(until)));
        }
        self.keys.retain(|(_, end)| end.is_none_or(|end| now < end));
        self.keys.insert(0, (key, None));
        self.keys.truncate(MOST_KEYS);
    }

    pub(crate) fn seal(&self, workspace: &Workspace, id: WebhookId) -> Result<Vec<u8>, DbError> {
        let keys = self.keys.iter().map(|(key, until)| {
            json!({ "key": STANDARD.encode(key.expose()), "until": until.map(Timestamp::micros) })
        });
        let headers = self.headers.iter().map(|(name, value)| (name, value.expose()));
        let headers: BTreeMap<_, _> = headers.collect();
        let text = Secret::new(
            json!({ "keys": keys.collect::<Vec<_>>(), "headers": headers }).to_string(),
        );
        workspace.seal(NOUN, &id, text.expose().as_bytes())
    }

    fn read(plain: &[u8]) -> Self {
        let stored: Value = serde_json::from_slice(plain).unwrap_or_default();
        let key = |it: &Value| {
            let key = STANDARD.decode(it["key"].as_str()?).ok()?;
            Some((Secret::new(key), it["until"].as_i64().map(Timestamp::from_micros)))
        };
        let header = |(name, value): (&String, &Value)| {
            Some((name.clone(), Secret::new(value.as_str()?.to_owned())))
        };
        let headers = stored["headers"].as_object().into_iter().flatten();
        Self {
            keys: stored["keys"].as_array().into_iter().flatten().filter_map(key).collect(),
            headers: headers.filter_map(header).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_signs_until_the_end_of_its_overlap() {
        let at = Timestamp::from_secs;
        let key = |byte: u8| Secret::new(vec![byte; 32]);
        let mut secrets = Secrets { keys: vec![(key(1), None)], ..Secrets::default() };
        secrets.rotate(key(2), at(0), at(100));
        secrets.rotate(key(3), at(10), at(50));
        let signing =
            |now: i64| -> Vec<u8> { secrets.signing(at(now)).map(|key| key.expose()[0]).collect() };
        assert_eq!(signing(49), [3, 2, 1]);
        assert_eq!(signing(50), [3]);
        secrets.rotate(key(4), at(60), at(60));
        assert_eq!(secrets.keys.len(), 1, "what no longer signs is forgotten at the next rotation");
    }
}
