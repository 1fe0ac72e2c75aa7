//! How a provider checks, before it sends anything, that an endpoint belongs to who subscribed it.

use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

use super::source::{Path, Source};

/// One question of a provider and its answer.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Handshake {
    /// What the answer is made of.
    pub kind: HandshakeKind,
    /// How a request is known to be this question.
    #[serde(default)]
    pub when: When,
    /// Whether it must pass the scheme's check like any push. If it does not, it is no handshake.
    #[serde(default)]
    pub signed: bool,
    /// What the provider proves itself with; where it differs the answer is 400.
    #[serde(default)]
    pub token: Option<Token>,
    /// What the provider wants back. A request without it is not this question.
    #[serde(default)]
    pub challenge: Option<Source>,
    /// The credential field with the key of an HMAC, or the one that a captured secret goes into.
    #[serde(default)]
    pub secret_field: Option<String>,
    /// The answer; `{challenge}` and, for the HMAC kinds, `{answer}` stand for what was computed.
    #[serde(default)]
    pub reply: Reply,
}

/// What a handshake answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HandshakeKind {
    /// A query parameter, as plain text.
    EchoQuery,
    /// A field of the body, as plain text.
    EchoBodyField,
    /// A header, as a header of the same name.
    EchoHeader,
    /// The HMAC-SHA256 of a query parameter, in base64.
    HmacQueryBase64,
    /// The HMAC-SHA256 of a field of the body, in hexadecimal.
    HmacBodyField,
    /// Always the same.
    Static,
    /// Nothing; it brings the secret, which is kept if there is none yet.
    CaptureSecret,
    /// Nothing; it is only acknowledged.
    Accept,
}

impl HandshakeKind {
    /// The name as it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::EchoQuery => "echo-query",
            Self::EchoBodyField => "echo-body-field",
            Self::EchoHeader => "echo-header",
            Self::HmacQueryBase64 => "hmac-query-base64",
            Self::HmacBodyField => "hmac-body-field",
            Self::Static => "static",
            Self::CaptureSecret => "capture-secret",
            Self::Accept => "accept",
        }
    }
}

/// What a request must look like; what is not named is not looked at.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// The HTTP method.
    #[serde(default)]
    pub method: Option<String>,
    /// Headers and their values.
    #[serde(default)]
    pub header: BTreeMap<String, String>,
    /// Query parameters and their values.
    #[serde(default)]
    pub query: BTreeMap<String, String>,
    /// Fields of a JSON body and their values.
    #[serde(default)]
    pub body: BTreeMap<Path, Value>,
}

/// A shared secret that the provider shows in the handshake.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// Where it shows it.
    pub from: Source,
    /// The credential field that it must equal.
    pub secret_field: String,
}

/// An answer as it is written.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    /// The HTTP status.
    #[serde(default = "ok")]
    pub status: u16,
    /// A body of this type instead of the one that follows from `json` or `text`.
    #[serde(default)]
    pub content_type: Option<String>,
    /// A JSON body.
    #[serde(default)]
    pub json: Option<Value>,
    /// A text body.
    #[serde(default)]
    pub text: Option<String>,
}

impl Default for Reply {
    fn default() -> Self {
        Self { status: ok(), content_type: None, json: None, text: None }
    }
}

fn ok() -> u16 {
    200
}

impl Handshake {
    /// Why it cannot work, if it cannot.
    pub(super) fn problem(&self) -> Option<String> {
        use HandshakeKind as Kind;
        let fits = matches!(
            (self.kind, &self.challenge),
            (Kind::EchoQuery | Kind::HmacQueryBase64, Some(Source::Query(_)))
                | (
                    Kind::EchoBodyField | Kind::HmacBodyField | Kind::CaptureSecret,
                    Some(Source::Body(_))
                )
                | (Kind::EchoHeader, Some(Source::Header(_)))
                | (Kind::Static | Kind::Accept, None)
        );
        let keyed =
            matches!(self.kind, Kind::HmacQueryBase64 | Kind::HmacBodyField | Kind::CaptureSecret);
        let unconditional = self.challenge.is_none() && self.when == When::default();
        let why = if !fits {
            "its challenge is not where its kind looks"
        } else if keyed != self.secret_field.is_some() {
            "secret_field belongs to the hmac kinds and to capture-secret, and they need it"
        } else if unconditional {
            "nothing tells it from a push"
        } else if self.reply.json.is_some() && self.reply.text.is_some() {
            "its reply has both json and text"
        } else {
            return None;
        };
        Some(format!("handshake {}: {why}", self.kind.name()))
    }
}
