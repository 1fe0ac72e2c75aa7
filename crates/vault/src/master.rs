//! The key at the top. It wraps data keys and nothing else.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use kernel::{Entropy, Secret};
use zeroize::Zeroize;

use crate::VaultError;

/// The instance's master key with an id that can be told apart without knowing the key.
#[derive(Clone, Debug)]
pub struct MasterKey {
    id: String,
    key: Secret<[u8; 32]>,
}

impl MasterKey {
    /// 32 bytes in base64 or hex are taken as they are; any other text of 32 characters or more is
    /// hashed into a key.
    ///
    /// # Errors
    /// [`VaultError::BadMasterKey`] when the text is too short to be a key.
    pub fn from_text(text: &str) -> Result<Self, VaultError> {
        let text = text.trim();
        if let Some(bytes) = decode(text) {
            return Ok(Self::from_bytes(bytes));
        }
        if text.chars().count() < 32 {
            return Err(VaultError::BadMasterKey);
        }
        Ok(Self::from_bytes(sha256(&[b"patchbay master key 1\0", text.as_bytes()])))
    }

    /// A new random key.
    pub fn generate(entropy: &Entropy) -> Self {
        Self::from_bytes(entropy.bytes())
    }

    fn from_bytes(bytes: [u8; 32]) -> Self {
        let id = hex::encode(&sha256(&[b"patchbay master key id 1\0", &bytes])[..8]);
        Self { id, key: Secret::new(bytes) }
    }

    /// Sixteen hex digits that name the key without giving it away.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The key in base64, for the file it is kept in.
    pub fn to_text(&self) -> Secret<String> {
        Secret::new(STANDARD.encode(self.key.expose()))
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        self.key.expose()
    }
}

fn decode(text: &str) -> Option<[u8; 32]> {
    let engines = [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD];
    let from_hex = hex::decode(text).ok();
    let decoded = from_hex
        .into_iter()
        .chain(engines.iter().filter_map(|engine| engine.decode(text).ok()))
        .find(|bytes| bytes.len() == 32);
    let mut bytes = decoded?;
    let key = bytes.as_slice().try_into().ok();
    bytes.zeroize();
    key
}

fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let whole = digest(&SHA256, &parts.concat());
    let mut bytes = [0; 32];
    bytes.copy_from_slice(whole.as_ref());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_in_each_of_its_forms() {
        let key = MasterKey::generate(&Entropy::seeded(3));
        let again = MasterKey::from_text(key.to_text().expose()).unwrap();
        assert_eq!(key.id(), again.id());
        assert!(MasterKey::from_text(&"ab".repeat(32)).is_ok());
        assert!(MasterKey::from_text("a passphrase of more than thirty-two characters").is_ok());
        assert_eq!(MasterKey::from_text("short").unwrap_err(), VaultError::BadMasterKey);
    }
}
