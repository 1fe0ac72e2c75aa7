//! Bearer tokens: API keys `sk_…`, player tokens `pl_…`, session tokens. 256 bits of randomness, shown
//! once, kept as SHA-256 (a slow hash protects nothing that is random already).

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kernel::{Entropy, Secret};

/// The SHA-256 of a token: what is stored, and what a lookup is made by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TokenHash(pub [u8; 32]);

impl TokenHash {
    /// Of the token as it was sent.
    pub fn of(token: &str) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
        Self(bytes)
    }

    /// In hex, as it is stored.
    pub fn to_hex(self) -> String {
        hex::encode(self.0)
    }

    /// From the stored form.
    pub fn from_hex(text: &str) -> Option<Self> {
        hex::decode(text).ok()?.try_into().ok().map(Self)
    }
}

/// A new token with this prefix, for instance `sk_`.
pub fn new_token(prefix: &str, entropy: &Entropy) -> Secret<String> {
    Secret::new(format!("{prefix}{}", URL_SAFE_NO_PAD.encode(entropy.bytes::<32>())))
}

/// Enough of a token to recognise it, not enough to use it: the first four characters after the prefix
/// and the last four.
pub fn preview(token: &Secret<String>) -> String {
    let text = token.expose();
    let prefix = text.find('_').map_or(0, |at| at + 1);
    let head = text.get(..prefix + 4).unwrap_or_default();
    let tail = text.get(text.len().saturating_sub(4)..).unwrap_or_default();
    format!("{head}…{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_long_random_and_recognisable() {
        let token = new_token("sk_", &Entropy::System);
        assert_eq!(token.expose().len(), 3 + 43);
        let shown = preview(&token);
        assert!(shown.starts_with("sk_") && shown.chars().count() == 3 + 4 + 1 + 4, "{shown}");
        let hash = TokenHash::of(token.expose());
        assert_eq!(TokenHash::from_hex(&hash.to_hex()), Some(hash));
    }
}
