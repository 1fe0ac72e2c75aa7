//! The signatures that we make ourselves when we call a provider: the vectors hold them to the
//! providers' published examples.

use aws_lc_rs::{digest, hmac};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use md5::{Digest, Md5};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::collections::BTreeMap;

/// What OAuth 1.0a leaves unencoded. RFC 5849, 3.6.
const OAUTH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The `oauth_signature` of a request. RFC 5849, 3.4.2; `key` is `consumer_secret&token_secret`, each
/// percent-encoded.
pub(super) fn oauth1_hmac_sha1(
    key: &str,
    method: &str,
    url: &str,
    params: &BTreeMap<String, String>,
) -> String {
    let encode = |text: &str| utf8_percent_encode(text, OAUTH).to_string();
    let mut pairs: Vec<_> =
        params.iter().map(|(name, value)| (encode(name), encode(value))).collect();
    pairs.sort();
    let pairs: Vec<_> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let method = method.to_ascii_uppercase();
    let base = format!("{method}&{}&{}", encode(url), encode(&pairs.join("&")));
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key.as_bytes());
    STANDARD.encode(hmac::sign(&key, base.as_bytes()))
}

/// The `api_sig` of a Last.fm call. <https://www.last.fm/api/authspec>
pub(super) fn lastfm_api_sig(secret: &str, params: &BTreeMap<String, String>) -> String {
    let mut md5 = Md5::new();
    for (name, value) in params.iter().filter(|(name, _)| *name != "format" && *name != "callback")
    {
        md5.update(name);
        md5.update(value);
    }
    md5.update(secret);
    hex::encode(md5.finalize())
}

/// The `code_challenge` of a verifier. RFC 7636, 4.2.
pub(super) fn pkce_s256(code_verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, code_verifier.as_bytes()))
}

/// The `Authorization` of a Zendesk API token.
pub(super) fn zendesk_basic_token(email: &str, token: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{email}/token:{token}")))
}
