//! Whether a push comes from whom it says, decided on the raw bytes before anything is parsed. It takes
//! the time as an argument, does no I/O, and compares secrets in constant time.
//!
//! A [`Verifier`] is made once of a spec and the secrets that are valid (two, while one is being
//! rotated), and then asked for every push; [`handshake::answer`] speaks for the endpoint when a
//! provider checks it.

mod equals;
pub mod handshake;
mod invalid;
mod key;
mod message;
mod request;
mod signed;
mod timestamp;
pub mod vectors;

pub use invalid::Invalid;
pub use request::{Request, read};

use catalog::push::SignatureSpec;
use kernel::{Secret, Timestamp};

/// What was found out about a push that is its sender's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// When the sender says it was sent, if the scheme has that.
    pub at: Option<Timestamp>,
    /// Which of the secrets it was, counted from 0.
    pub secret_index: usize,
}

/// A spec made ready: keys decoded and scheduled, templates split.
pub struct Verifier {
    alternatives: Vec<Alternative>,
}

enum Alternative {
    Signed(signed::Signed),
    Equals(equals::Equals),
}

impl Verifier {
    /// Makes a spec ready for these secrets. A secret that cannot be a key is as good as none.
    pub fn new(spec: &SignatureSpec, secrets: &[Secret<String>]) -> Self {
        let mut alternatives = Vec::new();
        add(&mut alternatives, spec, secrets);
        Self { alternatives }
    }

    /// Checks one push. Where a scheme has several forms, the reason given is that of the first.
    pub fn verify(&self, request: &Request<'_>, now: Timestamp) -> Result<Verified, Invalid> {
        let mut first = None;
        for alternative in &self.alternatives {
            let result = match alternative {
                Alternative::Signed(signed) => signed.verify(request, now),
                Alternative::Equals(equals) => equals.verify(request),
            };
            match result {
                Ok(verified) => return Ok(verified),
                Err(invalid) => _ = first.get_or_insert(invalid),
            }
        }
        Err(first.unwrap_or(Invalid::SecretMissing))
    }
}

fn add(to: &mut Vec<Alternative>, spec: &SignatureSpec, secrets: &[Secret<String>]) {
    match spec {
        SignatureSpec::Signed(spec) => {
            let forms = message::Message::forms(&spec.message);
            to.extend(
                forms.into_iter().map(|message| {
                    Alternative::Signed(signed::Signed::new(spec, message, secrets))
                }),
            );
        }
        SignatureSpec::Equals(spec) => {
            to.push(Alternative::Equals(equals::Equals::new(spec, secrets)));
        }
        SignatureSpec::Any(specs) => specs.iter().for_each(|spec| add(to, spec, secrets)),
    }
}

/// Checks one push from scratch; for a single check, such as a vector or a form in the dashboard.
pub fn verify(
    spec: &SignatureSpec,
    secrets: &[Secret<String>],
    request: &Request<'_>,
    now: Timestamp,
) -> Result<Verified, Invalid> {
    Verifier::new(spec, secrets).verify(request, now)
}
