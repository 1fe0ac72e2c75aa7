//! Two older ways in which calls are signed with a shared secret.

use serde::{Deserialize, Serialize};

use crate::provider::Request;

/// OAuth 1.0a (RFC 5849), signed with HMAC-SHA1. The consumer key and secret are the client's id and secret.
/// Its tokens hold until they are taken back, and every request with them is signed.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct OAuth1 {
    /// Where a request token is asked for.
    pub request_token_url: String,
    /// Where a person agrees.
    pub authorize_url: String,
    /// Where the access token is asked for.
    pub access_token_url: String,
    /// The signed call that gives access back, in place of `revoke`.
    #[serde(default)]
    pub revoke: Option<Request>,
}

/// A session by signed calls: the person agrees, the callback brings a token, and a signed call turns it
/// into a session key.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SignedSession {
    /// Where a person agrees; a template, to which the callback is added.
    pub authorize_url: String,
    /// What the callback address is called there.
    pub callback_name: String,
    /// What the callback calls the token.
    pub token_name: String,
    /// The call that answers the session; its parameters are signed. What the callback brought is
    /// `{{token.<token_name>}}`.
    pub request: Request,
    /// The parameter that holds the signature: MD5 in hex of the sorted names and values and the secret.
    pub signature_name: String,
    /// Parameters that are not signed.
    #[serde(default)]
    pub unsigned: Vec<String>,
    /// The shared secret; a template.
    pub secret: String,
}
