//! Passwords as argon2id, with the parameters that OWASP names for servers (19 MiB, 2 passes, 1 lane).

use argon2::password_hash::phc::PasswordHash as Phc;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use kernel::{Entropy, Secret};

use crate::VaultError;

/// A password hash in PHC string form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordHash(pub String);

fn argon2id() -> Result<Argon2<'static>, VaultError> {
    let params = Params::new(19 * 1024, 2, 1, None).map_err(|_| VaultError::Password)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Hashes a password with a fresh salt. Takes tens of milliseconds: call it where blocking is allowed.
///
/// # Errors
/// When the parameters are refused, which they are not.
pub fn hash_password(
    password: &Secret<String>,
    entropy: &Entropy,
) -> Result<PasswordHash, VaultError> {
    let salt: [u8; 16] = entropy.bytes();
    let hash = argon2id()?
        .hash_password_with_salt(password.expose().as_bytes(), &salt)
        .map_err(|_| VaultError::Password)?;
    Ok(PasswordHash(hash.to_string()))
}

/// Whether the password is the one that was hashed. As slow as hashing.
pub fn check_password(password: &Secret<String>, hash: &PasswordHash) -> bool {
    let (Ok(argon2), Ok(known)) = (argon2id(), Phc::new(&hash.0)) else { return false };
    argon2.verify_password(password.expose().as_bytes(), &known).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_password_passes() {
        let hash = hash_password(&Secret::new("correct horse".into()), &Entropy::System).unwrap();
        assert!(hash.0.starts_with("$argon2id$"));
        assert!(check_password(&Secret::new("correct horse".into()), &hash));
        assert!(!check_password(&Secret::new("correct hors".into()), &hash));
        assert!(!check_password(&Secret::new("x".into()), &PasswordHash("junk".into())));
    }
}
