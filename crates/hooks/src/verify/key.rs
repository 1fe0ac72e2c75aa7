//! Secrets as keys: decoded and scheduled once, used for every push.

use aws_lc_rs::{digest, hmac, signature};
use base64::Engine;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use catalog::push::{Hash, How, KeyCoding, KeyForm};
use kernel::Secret;

/// Keys are accepted padded or not, and cut off anywhere: senders hand them out so, and their own
/// verifiers decode them so.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// One secret made ready.
pub(super) struct Key {
    /// Its text, for messages that hold it.
    pub(super) text: Secret<String>,
    /// Which one it was.
    pub(super) index: usize,
    computation: Computation,
}

enum Computation {
    Hmac(Box<hmac::Key>),
    Hash(&'static digest::Algorithm),
    Ed25519(signature::ParsedPublicKey),
}

impl Key {
    /// `None` if the secret is empty or cannot be such a key.
    pub(super) fn new(
        how: How,
        form: &KeyForm,
        index: usize,
        text: &Secret<String>,
    ) -> Option<Self> {
        let bytes = Secret::new(decode(form, text.expose())?);
        if bytes.expose().is_empty() {
            return None;
        }
        let computation = match how {
            How::Hmac(hash) => {
                Computation::Hmac(Box::new(hmac::Key::new(hmac_of(hash), bytes.expose())))
            }
            How::Hash(hash) => Computation::Hash(digest_of(hash)),
            How::Ed25519 => Computation::Ed25519(
                signature::ParsedPublicKey::new(&signature::ED25519, bytes.expose()).ok()?,
            ),
        };
        Some(Self { text: text.clone(), index, computation })
    }

    /// Whether one of `candidates` is the signature of what `feed` gives piece by piece.
    pub(super) fn accepts<E>(
        &self,
        candidates: &[Vec<u8>],
        feed: impl FnOnce(&mut dyn FnMut(&[u8])) -> Result<(), E>,
    ) -> Result<bool, E> {
        let same = |expected: &[u8]| {
            let equal = |given: &Vec<u8>| {
                aws_lc_rs::constant_time::verify_slices_are_equal(given, expected).is_ok()
            };
            candidates.iter().any(equal)
        };
        Ok(match &self.computation {
            Computation::Hmac(key) => {
                let mut context = hmac::Context::with_key(key);
                feed(&mut |piece| context.update(piece))?;
                same(context.sign().as_ref())
            }
            Computation::Hash(algorithm) => {
                let mut context = digest::Context::new(algorithm);
                feed(&mut |piece| context.update(piece))?;
                same(context.finish().as_ref())
            }
            Computation::Ed25519(key) => {
                let mut message = Vec::new();
                feed(&mut |piece| message.extend_from_slice(piece))?;
                candidates.iter().any(|given| key.verify_sig(&message, given).is_ok())
            }
        })
    }
}

fn decode(form: &KeyForm, text: &str) -> Option<Vec<u8>> {
    let text = text.strip_prefix(form.strip.as_str()).unwrap_or(text);
    match form.coding {
        KeyCoding::Utf8 => Some(text.as_bytes().to_vec()),
        KeyCoding::Base64 => LENIENT.decode(text).ok(),
        KeyCoding::Hex => hex::decode(text).ok(),
    }
}

fn hmac_of(hash: Hash) -> hmac::Algorithm {
    match hash {
        Hash::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        Hash::Sha256 => hmac::HMAC_SHA256,
        Hash::Sha512 => hmac::HMAC_SHA512,
    }
}

fn digest_of(hash: Hash) -> &'static digest::Algorithm {
    match hash {
        Hash::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
        Hash::Sha256 => &digest::SHA256,
        Hash::Sha512 => &digest::SHA512,
    }
}
