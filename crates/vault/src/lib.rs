//! Keys and what they protect. A master key wraps one data key per workspace; a data key seals rows with
//! AES-256-GCM under the row's identity, so that a cipher text moved to another row does not open.
//! Passwords are argon2id, tokens are kept as SHA-256. This is the only place where a secret is opened;
//! it does no I/O, and where keys come from and are kept is the caller's business.

mod keyring;
mod master;
pub mod outbound;
mod password;
mod seal;
mod token;

pub use keyring::{Keyring, WrappedKey};
pub use master::MasterKey;
pub use password::{PasswordHash, check_password, hash_password};
pub use seal::Place;
pub use token::{TokenHash, new_token, preview};

/// Why a vault operation failed. Says nothing about what was inside.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// The key text is neither 32 bytes in base64 or hex nor a passphrase of 32 characters.
    #[error(
        "a master key is 32 random bytes in base64 or hex, or at least 32 characters of any text; \
         make one with: openssl rand -base64 32"
    )]
    BadMasterKey,
    /// The data keys were wrapped by another master key.
    #[error(
        "the master key does not open this database: start with the key it was created with \
         (key id {expected}, given {given})"
    )]
    WrongMasterKey {
        /// The id of the key that wrapped.
        expected: String,
        /// The id of the key at hand.
        given: String,
    },
    /// The workspace has no data key of that version.
    #[error("no data key of version {version} for {workspace}")]
    NoKey {
        /// Whose key is missing.
        workspace: kernel::WorkspaceId,
        /// Its version; 0 when there is none at all.
        version: u32,
    },
    /// The cipher text was altered, cut, or belongs to another row.
    #[error("a stored secret does not open: it was altered or moved from another row")]
    DoesNotOpen,
    /// The password hash could not be made or read.
    #[error("a password hash cannot be used")]
    Password,
}

impl VaultError {
    /// The stable code a caller sees.
    pub fn code(&self) -> &'static kernel::Code {
        match self {
            Self::BadMasterKey => &kernel::codes::MASTER_KEY_BAD,
            Self::WrongMasterKey { .. } => &kernel::codes::MASTER_KEY_WRONG,
            Self::NoKey { .. } | Self::DoesNotOpen | Self::Password => &kernel::codes::INTERNAL,
        }
    }
}
