//! Signatures: HMAC, hash and Ed25519.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use catalog::push::{Encoding, Pick, Place, Sig, Signed as Spec, Source, TimeRule};
use kernel::{Secret, Timestamp};
use std::borrow::Cow;

use super::key::Key;
use super::message::Message;
use super::request::one;
use super::{Invalid, Request, Verified, timestamp};

/// A scheme with a signature, made ready.
pub(super) struct Signed {
    keys: Vec<Key>,
    message: Message,
    sig: Sig,
    ts: Option<TimeRule>,
}

impl Signed {
    pub(super) fn new(spec: &Spec, message: Message, secrets: &[Secret<String>]) -> Self {
        let key = |(index, secret)| Key::new(spec.how, &spec.key, index, secret);
        Self {
            keys: secrets.iter().enumerate().filter_map(key).collect(),
            message,
            sig: spec.sig.clone(),
            ts: spec.ts.clone(),
        }
    }

    /// The signature is checked first; only then is the body looked into and the time believed.
    pub(super) fn verify(
        &self,
        request: &Request<'_>,
        now: Timestamp,
    ) -> Result<Verified, Invalid> {
        if self.keys.is_empty() {
            return Err(Invalid::SecretMissing);
        }
        let values = self.values(request)?;
        let candidates = self.candidates(&values)?;
        let rule = self.ts.as_ref();
        let outside = rule.map_or(Ok(None), |rule| self.ts_outside_body(rule, request, &values))?;
        let ts = outside.as_deref().unwrap_or_default();
        let mut matched = None;
        for key in &self.keys {
            let feed = |sink: &mut dyn FnMut(&[u8])| {
                self.message.feed(request, ts, key.text.expose(), sink)
            };
            if key.accepts(&candidates, feed)? {
                matched = Some(key.index);
                break;
            }
        }
        let secret_index = matched.ok_or(Invalid::Mismatch)?;
        let at = rule.map(|rule| timestamp::judge(rule, outside.as_deref(), request, now));
        Ok(Verified { at: at.transpose()?, secret_index })
    }

    /// The texts that may hold signatures.
    fn values<'a>(&self, request: &Request<'a>) -> Result<Vec<Cow<'a, str>>, Invalid> {
        let (values, name): (Vec<_>, _) = match &self.sig.place {
            Place::Headers(names) => {
                let values = names.iter().flat_map(|name| request.headers.get_all(name.as_str()));
                let text = |value: &'a http::HeaderValue| std::str::from_utf8(value.as_bytes());
                let values = values.filter_map(|value| text(value).ok()).map(Cow::Borrowed);
                (values.collect(), names.join(" or "))
            }
            Place::Query(name) => (request.query(name)?.into_iter().collect(), name.clone()),
        };
        if values.is_empty() { Err(Invalid::Missing(name)) } else { Ok(values) }
    }

    /// The signatures in them, as bytes.
    fn candidates(&self, values: &[Cow<'_, str>]) -> Result<Vec<Vec<u8>>, Invalid> {
        let mut candidates = Vec::with_capacity(values.len());
        for value in values {
            match &self.sig.pick {
                Pick::Whole => candidates.extend(self.decode(value)),
                Pick::Kv(name) => {
                    candidates.extend(elements(value, name).filter_map(|text| self.decode(text)));
                }
                Pick::List(version) => {
                    let elements = value.split(' ').filter_map(|element| element.split_once(','));
                    let ours = elements.filter(|(tag, _)| tag == version);
                    candidates.extend(ours.filter_map(|(_, text)| self.decode(text)));
                }
            }
        }
        if candidates.is_empty() { Err(Invalid::Unreadable) } else { Ok(candidates) }
    }

    fn decode(&self, text: &str) -> Option<Vec<u8>> {
        let text = text.strip_prefix(self.sig.prefix.as_str())?;
        let bytes = match self.sig.encoding {
            Encoding::Hex => hex::decode(text).ok(),
            Encoding::Base64 => STANDARD.decode(text).ok(),
        };
        bytes.filter(|bytes| !bytes.is_empty())
    }

    /// The timestamp as it is written, unless it is in the body.
    fn ts_outside_body<'a>(
        &self,
        rule: &'a TimeRule,
        request: &Request<'a>,
        values: &'a [Cow<'_, str>],
    ) -> Result<Option<Cow<'a, [u8]>>, Invalid> {
        let (ts, name) = match &rule.from {
            Source::Header(name) => (request.header(name)?.map(Cow::Borrowed), name),
            Source::Query(name) => (request.query(name)?.map(into_bytes), name),
            Source::Sig(name) => {
                let found = values.iter().flat_map(|value| elements(value, name));
                (one(found, name)?.map(|text| Cow::Borrowed(text.as_bytes())), name)
            }
            Source::Body(_) | Source::Form(_) => return Ok(None),
        };
        ts.map(Some).ok_or_else(|| Invalid::Missing(name.clone()))
    }
}

/// The values of this name in `t=…,v1=…`.
fn elements<'a>(value: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    let elements = value.split(',').filter_map(|element| element.split_once('='));
    elements.filter(move |(key, _)| *key == name).map(|(_, value)| value)
}

fn into_bytes(text: Cow<'_, str>) -> Cow<'_, [u8]> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    }
}
