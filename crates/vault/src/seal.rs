//! AES-256-GCM in the form that is stored: `1 | data key version (4) | nonce (12) | cipher text and tag`.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use kernel::{Entropy, WorkspaceId};
use std::fmt;

use crate::VaultError;

const FORMAT: u8 = 1;
const HEADER: usize = 1 + 4;
const NONCE: usize = 12;

/// The row that a cipher text belongs to. It is authenticated with the text.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// Whose row.
    pub workspace: WorkspaceId,
    /// Which noun, for instance `credential`.
    pub noun: &'static str,
    /// The row's id.
    pub id: &'a dyn fmt::Display,
}

impl Place<'_> {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        format!("{}|{}|{}", self.workspace, self.noun, self.id).into_bytes()
    }
}

/// One symmetric key, ready for use.
pub(crate) struct Key(LessSafeKey);

impl Key {
    pub(crate) fn new(bytes: &[u8; 32]) -> Result<Self, VaultError> {
        let key = UnboundKey::new(&AES_256_GCM, bytes).map_err(|_| VaultError::DoesNotOpen)?;
        Ok(Self(LessSafeKey::new(key)))
    }

    pub(crate) fn seal(
        &self,
        version: u32,
        place: &[u8],
        plain: &[u8],
        entropy: &Entropy,
    ) -> Result<Vec<u8>, VaultError> {
        let nonce: [u8; NONCE] = entropy.bytes();
        let mut out = Vec::with_capacity(HEADER + NONCE + plain.len() + 16);
        out.push(FORMAT);
        out.extend_from_slice(&version.to_be_bytes());
        out.extend_from_slice(&nonce);
        let mut text = plain.to_vec();
        self.0
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(place),
                &mut text,
            )
            .map_err(|_| VaultError::DoesNotOpen)?;
        out.append(&mut text);
        Ok(out)
    }

    pub(crate) fn open(&self, place: &[u8], sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
        let body = sealed.get(HEADER..).ok_or(VaultError::DoesNotOpen)?;
        let (nonce, text) = body.split_at_checked(NONCE).ok_or(VaultError::DoesNotOpen)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| VaultError::DoesNotOpen)?;
        let mut text = text.to_vec();
        let length = self
            .0
            .open_in_place(nonce, Aad::from(place), &mut text)
            .map_err(|_| VaultError::DoesNotOpen)?
            .len();
        text.truncate(length);
        Ok(text)
    }
}

/// The version of the data key that sealed this.
pub(crate) fn version_of(sealed: &[u8]) -> Result<u32, VaultError> {
    match sealed {
        [FORMAT, a, b, c, d, ..] => Ok(u32::from_be_bytes([*a, *b, *c, *d])),
        _ => Err(VaultError::DoesNotOpen),
    }
}
