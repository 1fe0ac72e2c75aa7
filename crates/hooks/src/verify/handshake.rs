//! The answer to a provider that checks the endpoint before it sends anything. Who could make us
//! answer with an HMAC of their choice could sign pushes with it, so only what looks like a token is
//! ever signed; and what is echoed is plain text of limited length.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use catalog::push::{Handshake, HandshakeKind, Reply as Spec, Source, Token, When};
use kernel::{Secret, Timestamp};
use serde_json::Value;
use std::cell::OnceCell;

use super::{Request, Verifier, read};

/// What a provider is told.
#[derive(Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The body's type, if there is a body.
    pub content_type: Option<String>,
    /// Further headers, by name.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
    /// What else is to happen, before it is sent.
    pub effect: Effect,
}

/// What a handshake changes.
#[derive(Debug)]
pub enum Effect {
    /// Nothing.
    None,
    /// The secret that all further pushes are checked with is to be stored in this credential field.
    CaptureSecret {
        /// The field.
        field: String,
        /// The secret.
        secret: Secret<String>,
    },
}

/// Why a handshake is not answered as its sender hopes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It does not show what is stored.
    #[error("it shows another token than the one stored here")]
    Token,
    /// There is nothing to answer it with.
    #[error("no secret is stored to answer it with")]
    Secret,
    /// To sign it could be to sign a push.
    #[error("its challenge is no plain token")]
    Challenge,
}

impl Reply {
    /// A challenge as it came.
    pub fn echo(challenge: String) -> Self {
        let spec = Spec { text: Some("{challenge}".to_owned()), ..Spec::default() };
        Self::of(&spec, &challenge, "")
    }

    /// What a provider file says to answer, `{challenge}` and `{answer}` filled in.
    pub fn of(spec: &Spec, challenge: &str, answer: &str) -> Self {
        let fill = |text: &str| text.replace("{answer}", answer).replace("{challenge}", challenge);
        let (kind, body) = match (&spec.json, &spec.text) {
            (Some(json), _) => (Some("application/json"), filled(json, &fill).to_string()),
            (None, Some(text)) => (Some("text/plain; charset=utf-8"), fill(text)),
            (None, None) => (None, String::new()),
        };
        Self {
            status: spec.status,
            content_type: spec.content_type.as_deref().or(kind).map(str::to_owned),
            headers: Vec::new(),
            body,
            effect: Effect::None,
        }
    }
}

/// Answers `request` if it is a handshake, and says nothing if it is a push.
///
/// `credential` gives the value of a credential field, if it is filled. `verifier` is the feed's; a
/// handshake that must be signed is none without it.
pub fn answer(
    handshakes: &[Handshake],
    request: &Request<'_>,
    credential: &dyn Fn(&str) -> Option<Secret<String>>,
    verifier: Option<&Verifier>,
    now: Timestamp,
) -> Option<Result<Reply, Refused>> {
    let asked = Asked { request, credential, json: OnceCell::new() };
    let genuine = || verifier.is_some_and(|verifier| verifier.verify(request, now).is_ok());
    let ours = |handshake: &&Handshake| asked.fits(&handshake.when);
    handshakes.iter().filter(ours).find_map(|handshake| {
        let reply = asked.reply(handshake)?;
        (!handshake.signed || genuine()).then_some(reply)
    })
}

struct Asked<'a> {
    request: &'a Request<'a>,
    credential: &'a dyn Fn(&str) -> Option<Secret<String>>,
    json: OnceCell<Option<Value>>,
}

impl Asked<'_> {
    fn fits(&self, when: &When) -> bool {
        let is = |place: Source, value: &String| self.read(&place).as_ref() == Some(value);
        when.method.as_deref().is_none_or(|method| method == self.request.method)
            && when.header.iter().all(|(name, value)| is(Source::Header(name.clone()), value))
            && when.query.iter().all(|(name, value)| is(Source::Query(name.clone()), value))
            && when.body.iter().all(|(path, value)| {
                self.json().is_some_and(|document| path.find(document) == Some(value))
            })
    }

    /// `None` where there is no challenge of the right kind: then it is no handshake.
    fn reply(&self, handshake: &Handshake) -> Option<Result<Reply, Refused>> {
        use HandshakeKind as Kind;
        const LONGEST: usize = 1024;
        let challenge = match &handshake.challenge {
            Some(place) => self.read(place).filter(|text| text.len() <= LONGEST)?,
            None => String::new(),
        };
        if handshake.token.as_ref().is_some_and(|token| !self.shows(token)) {
            return Some(Err(Refused::Token));
        }
        let written = &handshake.reply;
        let field = handshake.secret_field.as_deref().unwrap_or_default();
        Some(Ok(match handshake.kind {
            Kind::Static | Kind::Accept => Reply::of(written, "", ""),
            Kind::EchoQuery | Kind::EchoBodyField => {
                let text = Some("{challenge}".to_owned());
                Reply::of(&Spec { text, ..written.clone() }, &challenge, "")
            }
            Kind::EchoHeader => {
                let name = match &handshake.challenge {
                    Some(Source::Header(name)) => name.clone(),
                    _ => return None,
                };
                Reply { headers: vec![(name, challenge)], ..Reply::of(written, "", "") }
            }
            Kind::HmacQueryBase64 | Kind::HmacBodyField => {
                let secret = (self.credential)(field).filter(|secret| !secret.expose().is_empty());
                let Some(secret) = secret else { return Some(Err(Refused::Secret)) };
                if !is_token(&challenge) {
                    return Some(Err(Refused::Challenge));
                }
                let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes());
                let tag = hmac::sign(&key, challenge.as_bytes());
                let answer = match handshake.kind {
                    Kind::HmacQueryBase64 => STANDARD.encode(tag),
                    _ => hex::encode(tag),
                };
                Reply::of(written, &challenge, &answer)
            }
            // The first secret stays: who comes later may be anybody.
            Kind::CaptureSecret if (self.credential)(field).is_some() => return None,
            Kind::CaptureSecret => {
                let secret = Secret::new(challenge);
                let effect = Effect::CaptureSecret { field: field.to_owned(), secret };
                Reply { effect, ..Reply::of(written, "", "") }
            }
        }))
    }

    fn shows(&self, token: &Token) -> bool {
        let shown = self.read(&token.from).map(Secret::new);
        let known = (self.credential)(&token.secret_field);
        let (Some(shown), Some(known)) = (shown, known) else { return false };
        let (shown, known) = (shown.expose().as_bytes(), known.expose().as_bytes());
        verify_slices_are_equal(shown, known).is_ok()
    }

    fn read(&self, place: &Source) -> Option<String> {
        let json = if matches!(place, Source::Body(_)) { self.json() } else { None };
        read(std::slice::from_ref(place), self.request, json)
    }

    fn json(&self) -> Option<&Value> {
        self.json.get_or_init(|| self.request.json()).as_ref()
    }
}

/// No JSON document, no form and no `v0:…` looks like this, so its HMAC is the signature of none.
fn is_token(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_+/".contains(&byte);
    let text = text.trim_end_matches('=');
    text.len() <= 256 && text.bytes().all(fits) && text.bytes().any(|byte| !byte.is_ascii_digit())
}

fn filled(json: &Value, fill: &dyn Fn(&str) -> String) -> Value {
    match json {
        Value::String(text) => Value::String(fill(text)),
        Value::Array(items) => items.iter().map(|item| filled(item, fill)).collect(),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| (name.clone(), filled(value, fill)));
            Value::Object(fields.collect())
        }
        other => other.clone(),
    }
}
