//! Signatures of Standard Webhooks: HMAC-SHA-256 with a shared secret (`whsec_…`, `v1`), or Ed25519 with a
//! public key that receivers check with (`whpk_…`, `v1a`). Source: Standard Webhooks 1.0.

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kernel::{Entropy, Secret, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How deliveries are signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Signing {
    #[default]
    Hmac,
    Ed25519,
}

/// The bytes of a key: the shared secret, or the seed of a key pair.
pub(crate) type Key = Secret<Vec<u8>>;

impl Signing {
    /// A new key.
    pub(crate) fn generate(self, entropy: &Entropy) -> Key {
        Secret::new(entropy.bytes::<32>().to_vec())
    }

    /// The shared secret as its receiver is told, once.
    pub(crate) fn secret(self, key: &Key) -> Option<String> {
        (self == Self::Hmac).then(|| format!("whsec_{}", STANDARD.encode(key.expose())))
    }

    /// The public key as anybody may know it.
    pub(crate) fn public_key(self, key: &Key) -> Option<String> {
        let pair = (self == Self::Ed25519).then(|| pair(key)).flatten()?;
        Some(format!("whpk_{}", STANDARD.encode(pair.public_key())))
    }

    /// `webhook-signature`: one signature a key, the newest first.
    pub(crate) fn sign<'a>(
        self,
        keys: impl Iterator<Item = &'a Key>,
        id: &str,
        at: Timestamp,
        body: &[u8],
    ) -> String {
        let message = [format!("{id}.{}.", at.secs()).as_bytes(), body].concat();
        let each = |key: &Key| match self {
            Self::Hmac => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, key.expose());
                Some(format!("v1,{}", STANDARD.encode(hmac::sign(&key, &message))))
            }
            Self::Ed25519 => Some(format!("v1a,{}", STANDARD.encode(pair(key)?.sign(&message)))),
        };
        keys.filter_map(each).collect::<Vec<_>>().join(" ")
    }
}

fn pair(seed: &Key) -> Option<Ed25519KeyPair> {
    Ed25519KeyPair::from_seed_unchecked(seed.expose()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};

    const AT: Timestamp = Timestamp::from_secs(1_614_265_330);
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";

    /// The example of the Standard Webhooks libraries.
    #[test]
    fn the_published_example_comes_out() {
        let key = Secret::new(STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap());
        let signed = Signing::Hmac.sign([&key].into_iter(), ID, AT, br#"{"test": 2432232314}"#);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn every_key_signs_while_they_overlap() {
        let entropy = Entropy::seeded(3);
        for (signing, version) in [(Signing::Hmac, "v1,"), (Signing::Ed25519, "v1a,")] {
            let keys = [signing.generate(&entropy), signing.generate(&entropy)];
            let both = signing.sign(keys.iter(), ID, AT, b"{}");
            let alone = |at: usize| signing.sign(keys[at..].iter().take(1), ID, AT, b"{}");
            assert_eq!(both, format!("{} {}", alone(0), alone(1)));
            assert!(alone(0).starts_with(version) && alone(0) != alone(1));
        }
    }

    #[test]
    fn the_public_key_checks_what_its_pair_signed() {
        let key = Signing::Ed25519.generate(&Entropy::seeded(4));
        assert_eq!(Signing::Ed25519.secret(&key), None);
        let public = Signing::Ed25519.public_key(&key).unwrap();
        let public = STANDARD.decode(public.strip_prefix("whpk_").unwrap()).unwrap();
        let signed = Signing::Ed25519.sign([&key].into_iter(), ID, AT, b"{}");
        let signature = STANDARD.decode(signed.strip_prefix("v1a,").unwrap()).unwrap();
        let message = format!("{ID}.{}.{{}}", AT.secs());
        UnparsedPublicKey::new(&ED25519, public).verify(message.as_bytes(), &signature).unwrap();
    }
}
