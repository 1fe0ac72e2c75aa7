//! What a provider file says about pushes: how they are signed, how the sender checks that the endpoint
//! is ours, where an event's id stands, and what it wants to hear back. It is only read and checked
//! here; `hooks::verify` does what it says. Nothing in it is a secret: it names credential fields.

mod config;
mod handshake;
mod message;
mod signature;
mod source;
mod subscribe;

pub use config::{Check, ConfigError};
pub use handshake::{Handshake, HandshakeKind, Reply, Token, When};
pub use message::{Message, Part};
pub use signature::{
    Encoding, Equals, Future, Hash, How, KeyCoding, KeyForm, Pick, Place, Proof, Sig,
    SignatureSpec, Signed, TimeRule, TimeUnit,
};
pub use source::{Path, Source};
pub use subscribe::{Ask, ByHand, Confirm, GIVEN, Per, Renew, Subscribe, Way};

use serde::Deserialize;

use crate::provider::Format;

/// The `push` part of a provider.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Push {
    /// The ways this provider proves that a push is its own. The first is what a feed gets unasked.
    pub schemes: Vec<Scheme>,
    /// How the provider checks the endpoint before it sends; the first that matches a request answers.
    #[serde(default)]
    pub handshakes: Vec<Handshake>,
    /// Where the event's id is, for deduplication; the first place that holds one counts.
    #[serde(default)]
    pub event_id: Vec<Source>,
    /// Where the event's type is; the first place that holds one counts.
    #[serde(default)]
    pub event_type: Vec<Source>,
    /// The field of a form that carries the document as JSON text (`payload` at GitHub and Slack).
    #[serde(default)]
    pub form_json_field: Option<String>,
    /// What a push is, for whoever reads it; by its content type unless said. A feed that is pushed may say
    /// more as plain XML than it does as a feed.
    #[serde(default)]
    pub format: Format,
    /// What the provider wants to hear once the push is stored.
    #[serde(default)]
    pub respond: Reply,
    /// What to do on the provider's side, a step each, in Markdown. `{webhook_url}` stands for the URL.
    #[serde(default)]
    pub setup: Vec<String>,
    /// How it is asked to push, or what a person does where it cannot be asked.
    #[serde(default)]
    pub subscribe: Option<Subscribe>,
}

impl Push {
    /// The scheme of this name.
    pub fn scheme(&self, name: &str) -> Option<&Scheme> {
        self.schemes.iter().find(|scheme| scheme.name == name)
    }

    /// The scheme of a feed that names none.
    pub fn default_scheme(&self) -> Option<&Scheme> {
        self.schemes.iter().find(|scheme| scheme.purpose == Purpose::Push)
    }

    /// What is wrong with it although it could be read; empty when nothing is.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.default_scheme().is_none() {
            problems.push("it has no scheme that a push can be checked with".to_owned());
        }
        for (at, scheme) in self.schemes.iter().enumerate() {
            if self.schemes[..at].iter().any(|earlier| earlier.name == scheme.name) {
                problems.push(format!("the scheme {} stands there twice", scheme.name));
            }
            if scheme.secret_fields.is_empty() {
                problems.push(format!("the scheme {} names no secret_fields", scheme.name));
            }
        }
        if self.event_id.iter().chain(&self.event_type).any(|from| matches!(from, Source::Sig(_))) {
            problems.push("only a timestamp can come from the signature header".to_owned());
        }
        problems.extend(self.handshakes.iter().filter_map(Handshake::problem));
        for way in self.ways() {
            let scheme = way.scheme.as_deref();
            if scheme.is_some_and(|name| self.scheme(name).is_none()) {
                problems.push(format!("subscribe {}: there is no such scheme", way.name));
            }
        }
        problems.extend(self.subscribe.iter().flat_map(Subscribe::problems));
        problems
    }

    /// What it can be asked to push.
    pub fn ways(&self) -> &[Way] {
        self.subscribe.as_ref().map_or(&[], |subscribe| &subscribe.ways)
    }

    /// The credential fields that it names, each once: the provider's credentials schema must have them.
    pub fn credential_fields(&self) -> Vec<&str> {
        let schemes = self.schemes.iter().flat_map(|scheme| &scheme.secret_fields);
        let handshakes = self.handshakes.iter().flat_map(|handshake| {
            let token = handshake.token.iter().map(|token| &token.secret_field);
            handshake.secret_field.iter().chain(token)
        });
        let own = self.ways().iter().flat_map(|way| &way.secret_for);
        let named = schemes.chain(handshakes).chain(own);
        let mut fields: Vec<&str> = named.map(String::as_str).collect();
        fields.sort_unstable();
        fields.dedup();
        fields
    }
}

/// One way of proving that a push comes from the provider.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scheme {
    /// Its name, by which a feed chooses it.
    pub name: String,
    /// What a person reads in the list to choose from.
    pub title: String,
    /// How it is checked.
    pub signature: SignatureSpec,
    /// The credential fields that may hold the secret; the first that is filled is the secret.
    pub secret_fields: Vec<String>,
    /// What it protects.
    #[serde(default)]
    pub purpose: Purpose,
}

impl Scheme {
    /// Whether the URL is part of what is signed, so that the public URL must be known exactly.
    pub fn needs_public_url(&self) -> bool {
        self.signature.needs_public_url()
    }
}

/// What a scheme protects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// A push; a feed may choose it.
    #[default]
    Push,
    /// A step of an authorization, such as the redirect back to us; no feed can choose it.
    Authorization,
}

#[cfg(test)]
mod tests;
