//! How a secret looks in an answer, and which field names say that they hold one.

/// What stands in an answer where a secret is stored. Sent back, it means "leave it as it is".
pub const MASK: &str = "••••";

/// Whether a field of this name is to be kept as a secret: `clientSecret`, `api_key`, `Password`,
/// `authToken` are; `tokenUrl`, `keyboard`, `author` are not.
pub fn looks_secret(field: &str) -> bool {
    let words = words(field);
    let has = |word: &str| words.iter().any(|known| known == word);
    // What describes a secret without being one: where to get it, what it is called, when it ends.
    const ABOUT: [&str; 14] = [
        "url", "uri", "endpoint", "type", "name", "header", "id", "expires", "expiry", "field",
        "location", "param", "count", "limit",
    ];
    if words.last().is_some_and(|last| ABOUT.contains(&last.as_str())) {
        return false;
    }
    let joined = words.concat();
    has("secret")
        || has("secrets")
        || has("password")
        || has("passwd")
        || has("passphrase")
        || has("token")
        || has("tokens")
        || has("credential")
        || has("credentials")
        || has("bearer")
        || joined.ends_with("apikey")
        || joined.ends_with("accesskey")
        || joined.ends_with("privatekey")
        || joined.ends_with("secretkey")
        || joined.ends_with("signingkey")
        || joined.ends_with("encryptionkey")
        || joined.ends_with("authorization")
}

/// The words of a name in `camelCase`, `snake_case`, `kebab-case` or `SCREAMING_CASE`, lower-cased.
fn words(field: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut lower_before = false;
    for letter in field.chars() {
        if !letter.is_alphanumeric() {
            words.push(String::new());
            lower_before = false;
            continue;
        }
        if words.is_empty() || (letter.is_uppercase() && lower_before) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.extend(letter.to_lowercase());
        }
        lower_before = letter.is_lowercase() || letter.is_numeric();
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_whether_they_hold_a_secret() {
        for name in [
            "clientSecret",
            "client_secret",
            "apiKey",
            "api_key",
            "APIKEY",
            "password",
            "token",
            "accessToken",
            "bot_token",
            "X-API-Key",
            "private-key",
            "webhook_verify_token",
            "Authorization",
            "DB_PASSWORD",
            "signingSecret",
            "apikey",
        ] {
            assert!(looks_secret(name), "{name}");
        }
        for name in [
            "clientId",
            "baseUrl",
            "tokenUrl",
            "token_endpoint",
            "scopes",
            "author",
            "keyboard",
            "provider",
            "monkey",
            "secretName",
            "token_type",
            "username",
            "key",
        ] {
            assert!(!looks_secret(name), "{name}");
        }
    }
}
