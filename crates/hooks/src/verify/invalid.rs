//! Why a push was refused. Nothing in it comes from a secret.

use kernel::{Code, codes};

/// A reason.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// No secret that can be a key is configured.
    #[error("no usable secret is configured")]
    SecretMissing,
    /// The place for the signature is empty.
    #[error("{0} is missing")]
    Missing(String),
    /// Something stands there twice, in different words, so that nobody can say which was meant.
    #[error("{0} is there more than once")]
    Ambiguous(String),
    /// No signature can be read there.
    #[error("the signature cannot be read")]
    Unreadable,
    /// It is another one.
    #[error("the signature does not match")]
    Mismatch,
    /// The body is not what was signed for, or cannot be read where the scheme looks into it.
    #[error("the body {0}")]
    Body(&'static str),
    /// The timestamp is no time.
    #[error("the timestamp cannot be read")]
    TimestampUnreadable,
    /// It was sent too long ago.
    #[error("the timestamp is too old by {0} s")]
    TooOld(u64),
    /// It is to be sent in the future.
    #[error("the timestamp is in the future by {0} s")]
    InFuture(u64),
}

impl Invalid {
    /// The code it is answered with.
    pub fn code(&self) -> &'static Code {
        match self {
            Self::SecretMissing => &codes::WEBHOOK_NOT_CONFIGURED,
            Self::Missing(_) => &codes::SIGNATURE_MISSING,
            Self::Ambiguous(_) | Self::Unreadable | Self::Mismatch | Self::Body(_) => {
                &codes::SIGNATURE_INVALID
            }
            Self::TimestampUnreadable | Self::TooOld(_) | Self::InFuture(_) => {
                &codes::TIMESTAMP_OUTSIDE
            }
        }
    }
}
