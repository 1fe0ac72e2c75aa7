//! The settings of pushes, of an integration or of one feed.

use catalog::jq;
use catalog::push::{Check, SignatureSpec, Source};
use kernel::{FieldError, Problem};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::body;
use crate::pull::MAX_KEEP;

/// How pushes are proven and what they do.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PushConfig {
    /// The provider's way of signing, by its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheme: Option<String>,
    /// Or a way of signing of one's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature: Option<Value>,
    /// Or none at all, said in so many words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unsigned: Option<bool>,
    /// The credential field that holds the secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_field: Option<String>,
    /// A key that the sender brings along.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_key: Option<ApiKeyPlace>,
    /// The header of a signature over the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature_header: Option<String>,
    /// Its hash: `sha256` unless said, or `sha1`, `sha512`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature_algorithm: Option<String>,
    /// What stands before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature_prefix: Option<String>,
    /// `hex` unless said, or `base64`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature_encoding: Option<String>,
    /// `false` is the same as `"unsigned": true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verify_signature: Option<bool>,
    /// Networks that pushes may come from; any when empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ip_allowlist: Vec<String>,
    /// Seconds that a push's own time may be away from ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 86_400)]
    pub replay_window_secs: Option<u64>,
    /// Where the id of an event stands: `header:X-Id`, `body:event.id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_id: Option<SourceList>,
    /// What a push does to the document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub apply: Option<Apply>,
    /// How many entries an appended list keeps.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 10_000)]
    pub keep_last: Option<u32>,
    /// How many versions are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 1000)]
    pub keep: Option<u32>,
    /// jq from the push to what is applied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transform: Option<String>,
    /// What the integration calls its path; the address itself is generated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook_path: Option<String>,
}

/// Where a sender puts its key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApiKeyPlace {
    /// `header` or `query`.
    #[serde(rename = "in", default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// The header or parameter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// What a push does to the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Apply {
    /// Takes its place.
    Replace,
    /// Is merged into it (RFC 7396).
    Merge,
    /// Becomes its newest entry.
    Append,
}

/// One place, or several of which the first that holds something counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum SourceList {
    /// One.
    One(String),
    /// Several.
    Several(Vec<String>),
}

impl SourceList {
    /// The places; those that cannot be read are left out, validation has refused them.
    pub fn sources(&self) -> Vec<Source> {
        self.texts().iter().filter_map(|text| Source::try_from(text.clone()).ok()).collect()
    }

    fn texts(&self) -> &[String] {
        match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::Several(texts) => texts,
        }
    }
}

impl PushConfig {
    /// Reads the settings from JSON; what cannot be read is named.
    ///
    /// # Errors
    /// `request.invalid` with a pointer.
    pub fn from_map(map: Map<String, Value>) -> Result<Self, Problem> {
        body::read(Value::Object(map), "")
    }

    /// The settings as JSON, without those that say nothing.
    pub fn to_map(&self) -> Map<String, Value> {
        body::to_map(self)
    }

    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// How pushes are checked, by these settings or else by the provider's first scheme.
    ///
    /// # Errors
    /// The field that cannot be taken.
    pub fn check(&self, push: &catalog::push::Push) -> Result<Check, FieldError> {
        Check::from_push_config(push, &self.to_map()).map_err(|error| FieldError {
            pointer: format!("/{}", error.field),
            message: error.message,
        })
    }

    /// What is wrong with the settings, each pointer under `at`; empty when nothing is.
    pub fn problems(&self, push: &catalog::push::Push, at: &str) -> Vec<FieldError> {
        let mut errors = Vec::new();
        let mut add = |pointer: &str, message: String| {
            errors.push(FieldError { pointer: format!("{at}{pointer}"), message });
        };
        let check = self.check(push).map_err(|error| add(&error.pointer, error.message)).ok();
        for (n, network) in self.ip_allowlist.iter().enumerate() {
            if network.parse::<ipnet::IpNet>().is_err()
                && network.parse::<std::net::IpAddr>().is_err()
            {
                add(&format!("/ip_allowlist/{n}"), "it is not an address or a network".to_owned());
            }
        }
        if let Some(secs) = self.replay_window_secs {
            let signature = check.as_ref().map(|check| check.signature.as_ref());
            if !(1..=86_400).contains(&secs) {
                add("/replay_window_secs", "it is from 1 second to a day".to_owned());
            } else if signature.is_some_and(|spec| !spec.is_some_and(tells_time)) {
                let why = "it has no effect: these pushes carry no signed time; leave it out";
                add("/replay_window_secs", why.to_owned());
            }
        }
        for text in self.event_id.iter().flat_map(SourceList::texts) {
            if let Err(error) = Source::try_from(text.clone()) {
                add("/event_id", error);
            }
        }
        if self.keep_last.is_some() && self.apply != Some(Apply::Append) {
            add("/keep_last", "it has no effect unless apply is append".to_owned());
        }
        if self.keep_last.is_some_and(|keep| !(1..=10_000).contains(&keep)) {
            add("/keep_last", "it is from 1 to 10000".to_owned());
        }
        if self.keep.is_some_and(|keep| !(1..=MAX_KEEP).contains(&keep)) {
            add("/keep", format!("it is from 1 to {MAX_KEEP}"));
        }
        if let Some(error) = self.transform.as_deref().and_then(|it| jq::compile(it).err()) {
            add("/transform", error.to_string());
        }
        errors
    }
}

/// Whether the scheme says when a push was made.
fn tells_time(spec: &SignatureSpec) -> bool {
    match spec {
        SignatureSpec::Signed(signed) => signed.ts.is_some(),
        SignatureSpec::Any(specs) => specs.iter().any(tells_time),
        SignatureSpec::Equals(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_replay_window_needs_a_time_to_judge() {
        let catalog = catalog::Catalog::embedded().unwrap();
        for (provider, more, is_taken) in [
            ("slack", json!({}), true),
            ("stripe", json!({}), true),
            ("github", json!({}), false),
            ("slack", json!({"unsigned": true}), false),
            ("slack", json!({"signature_header": "X-Signature"}), false),
        ] {
            let push = catalog.get(provider).unwrap().push.as_ref().unwrap();
            let mut config = more.as_object().cloned().unwrap();
            config.insert("replay_window_secs".to_owned(), json!(60));
            let found = PushConfig::from_map(config).unwrap().problems(push, "/push");
            let found: Vec<_> = found.iter().map(|it| it.pointer.as_str()).collect();
            let wanted: &[&str] = if is_taken { &[] } else { &["/push/replay_window_secs"] };
            assert_eq!(found, wanted, "{provider} {more}");
        }
    }

    #[test]
    fn settings_are_checked() {
        let catalog = catalog::Catalog::embedded().unwrap();
        let push = catalog.get("facebook").unwrap().push.as_ref().unwrap();
        for (given, wanted) in [
            (json!({}), vec![]),
            (json!({"signature_header": "X-Hub-Signature", "verify_signature": true}), vec![]),
            (json!({"unsigned": true, "apply": "append", "keep_last": 5}), vec![]),
            (json!({"ip_allowlist": ["10.0.0.0/8", "::1"], "event_id": "body:id"}), vec![]),
            (json!({"scheme": "nosuch"}), vec!["/push/scheme"]),
            (json!({"keep_last": 5}), vec!["/push/keep_last"]),
            (json!({"ip_allowlist": ["10.0.0.0/99"]}), vec!["/push/ip_allowlist/0"]),
            (json!({"event_id": "id"}), vec!["/push/event_id"]),
            (json!({"replay_window_secs": 0}), vec!["/push/replay_window_secs"]),
            (json!({"keep": 1000}), vec![]),
            (json!({"keep": 0}), vec!["/push/keep"]),
            (json!({"transform": "|"}), vec!["/push/transform"]),
            (json!({"unsigned": true, "secret_field": "x"}), vec!["/push/secret_field"]),
        ] {
            let config = PushConfig::from_map(given.as_object().cloned().unwrap()).unwrap();
            let found: Vec<_> =
                config.problems(push, "/push").into_iter().map(|it| it.pointer).collect();
            assert_eq!(found, wanted, "{given}");
        }
        let unknown = json!({"schema": "x"}).as_object().cloned().unwrap();
        assert_eq!(PushConfig::from_map(unknown).unwrap_err().errors[0].pointer, "/schema");
    }
}
