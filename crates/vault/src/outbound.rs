//! The signatures that we make ourselves when we call a provider. `patchbay webhooks verify` holds these
//! same functions to the providers' published examples.

use aws_lc_rs::{digest, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use md5::{Digest as _, Md5};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What OAuth 1.0a leaves unencoded. RFC 5849, 3.6.
const OAUTH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Text as OAuth 1.0a encodes it. RFC 5849, 3.6.
pub fn oauth1_encode(text: &str) -> String {
    utf8_percent_encode(text, OAUTH).to_string()
}

/// The `oauth_signature` of a request to `url`, which has no query: that is among the parameters. RFC 5849,
/// 3.4.2; `key` is `consumer_secret&token_secret`, each percent-encoded.
pub fn oauth1_hmac_sha1<'a>(
    key: &str,
    method: &str,
    url: &str,
    params: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> String {
    let encoded = |(name, value)| (oauth1_encode(name), oauth1_encode(value));
    let mut pairs: Vec<_> = params.into_iter().map(encoded).collect();
    pairs.sort();
    let pairs: Vec<_> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let (method, url) = (method.to_ascii_uppercase(), oauth1_encode(url));
    let base = format!("{method}&{url}&{}", oauth1_encode(&pairs.join("&")));
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key.as_bytes());
    STANDARD.encode(hmac::sign(&key, base.as_bytes()))
}

/// The `api_sig` of a Last.fm call: MD5 in hex of all names and values in the order of the names, and the
/// secret. <https://www.last.fm/api/authspec>
pub fn lastfm_api_sig<'a>(
    secret: &str,
    params: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> String {
    let mut params: Vec<_> = params.into_iter().collect();
    params.sort_unstable();
    let mut md5 = Md5::new();
    for (name, value) in params {
        md5.update(name);
        md5.update(value);
    }
    md5.update(secret);
    hex::encode(md5.finalize())
}

/// The `code_challenge` of a verifier. RFC 7636, 4.2.
pub fn pkce_s256(code_verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, code_verifier.as_bytes()))
}
