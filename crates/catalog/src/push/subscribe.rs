//! How a provider is asked to push: what is sent, what its answer says, how long it holds, how it is
//! renewed and how it is ended. What can only be set up by a person says so here too. Templates see
//! `{{subscription.…}}` beside what every request of the provider sees; see [`GIVEN`].

use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

use crate::provider::Request;

/// What `{{subscription.…}}` always has; what the provider answered comes beside it.
///
/// * `webhook_url`: where the pushes are to go,
/// * `secret`: its own secret, made up here,
/// * `key`: our id of it,
/// * `nonce`: another text with each request,
/// * `lease_secs`, `expires_at` (RFC 3339) and `expires_at_ms`: how long it is asked for.
pub const GIVEN: [&str; 7] =
    ["webhook_url", "secret", "key", "nonce", "lease_secs", "expires_at", "expires_at_ms"];

/// The `subscribe` part of a provider's pushes.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subscribe {
    /// What a person does at the provider, where nothing else will do.
    #[serde(default)]
    pub by_hand: Option<ByHand>,
    /// What can be asked for, each by itself.
    #[serde(default)]
    pub ways: Vec<Way>,
}

/// What a person has to do.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ByHand {
    /// Where.
    pub url: String,
    /// What, in a sentence.
    pub text: String,
}

/// One thing that a provider can be asked to push.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Way {
    /// Its name within the provider.
    pub name: String,
    /// What a person reads.
    pub title: String,
    /// For what it is asked.
    #[serde(rename = "for")]
    pub per: Per,
    /// The values without which there is nothing to ask for, such as `config.watch`.
    #[serde(default)]
    pub needs: Vec<String>,
    /// What it is about at the provider, as a template. Another one makes it another subscription.
    pub topic: String,
    /// The credential fields in whose place its own secret stands when its pushes are checked. With one, or
    /// with `confirm: websub`, pushes come to an address of its own; else to that of the integration, and
    /// are proven like all others.
    #[serde(default)]
    pub secret_for: Vec<String>,
    /// The scheme of its pushes, where it is not the provider's first.
    #[serde(default)]
    pub scheme: Option<String>,
    /// How it is known to hold.
    #[serde(default)]
    pub confirm: Confirm,
    /// Whether its requests go without what proves who asks: a hub knows no accounts.
    #[serde(default)]
    pub anonymous: bool,
    /// The request, and what its answer says.
    pub ask: Ask,
    /// How it is renewed.
    #[serde(default)]
    pub renew: Renew,
    /// The request that ends it. Without one it ends by itself.
    #[serde(default)]
    pub end: Option<Request>,
    /// For how many seconds it is asked for, and how long it holds when the provider does not say: a number
    /// or a template. Without it, it holds until it is ended.
    #[serde(default)]
    pub lease_secs: Option<Value>,
    /// After what part of its life it is renewed.
    #[serde(default = "most_of_it")]
    pub renew_after: f64,
}

/// For what something is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Per {
    /// For each connected account.
    Connection,
    /// Once for an integration.
    Integration,
}

/// How a subscription is known to hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confirm {
    /// The answer says so.
    #[default]
    Answer,
    /// A hub asks our address back, and names the lease there (W3C WebSub, 5.3).
    Websub,
}

/// A request, and the jq programs that read its answer.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// What is sent.
    pub request: Request,
    /// What is kept of the answer, by the name that later templates know it by. Nothing secret.
    #[serde(default)]
    pub gives: BTreeMap<String, String>,
    /// When it ends: RFC 3339, or seconds or milliseconds since 1970.
    #[serde(default)]
    pub expires_at: Option<String>,
}

/// How a subscription is renewed.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Renew {
    /// By the same request: the provider knows it again.
    #[default]
    Again,
    /// By the same request, which makes another one; the old one is ended afterwards.
    Replace,
    /// By a request of its own.
    With(Box<Ask>),
}

fn most_of_it() -> f64 {
    0.8
}

impl Way {
    /// Whether its pushes come to an address of its own.
    pub fn has_address(&self) -> bool {
        !self.secret_for.is_empty() || self.confirm == Confirm::Websub
    }

    /// All that is sent for it, with the pointer to where it stands.
    pub fn requests(&self) -> impl Iterator<Item = (&'static str, &Request)> {
        let renew = match &self.renew {
            Renew::With(ask) => Some(("renew/with/request", &ask.request)),
            _ => None,
        };
        let end = self.end.as_ref().map(|end| ("end", end));
        [("ask/request", &self.ask.request)].into_iter().chain(renew).chain(end)
    }

    /// The jq programs.
    pub fn programs(&self) -> impl Iterator<Item = &String> {
        let renew = match &self.renew {
            Renew::With(ask) => Some(&**ask),
            _ => None,
        };
        let asks = [&self.ask].into_iter().chain(renew);
        asks.flat_map(|ask| ask.gives.values().chain(&ask.expires_at))
    }

    /// The names that `{{subscription.…}}` has.
    pub fn given(&self) -> impl Iterator<Item = &str> {
        GIVEN.into_iter().chain(self.ask.gives.keys().map(String::as_str))
    }
}

impl Subscribe {
    /// The way of this name.
    pub fn way(&self, name: &str) -> Option<&Way> {
        self.ways.iter().find(|way| way.name == name)
    }

    /// What is wrong with it although it could be read.
    pub(super) fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.ways.is_empty() && self.by_hand.is_none() {
            problems
                .push("subscribe says neither what to ask for nor what to do by hand".to_owned());
        }
        for (at, way) in self.ways.iter().enumerate() {
            let mut wrong = |why: &str| problems.push(format!("subscribe {}: {why}", way.name));
            if self.ways[..at].iter().any(|earlier| earlier.name == way.name) {
                wrong("it stands there twice");
            }
            if !(0.1..=0.95).contains(&way.renew_after) {
                wrong("renew_after is a part of its life, from 0.1 to 0.95");
            }
            if way.renew == Renew::Replace && way.end.is_none() {
                wrong("what is replaced has to be ended");
            }
            if way.ask.expires_at.is_some() && way.lease_secs.is_none() {
                wrong("what expires needs lease_secs, for an answer that does not say when");
            }
            let is_number = |it: &Value| it.as_u64().is_some_and(|secs| secs > 0) || it.is_string();
            if way.lease_secs.as_ref().is_some_and(|lease| !is_number(lease)) {
                wrong("lease_secs is a number of seconds or a template");
            }
        }
        problems
    }
}
