//! Tokens that we sign ourselves (RFC 7519): Apple Music's developer token, statements for service
//! accounts and for apps that prove themselves by a key.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use catalog::oauth::MintAlg;
use catalog::template;
use jsonwebtoken::{EncodingKey, Header};
use kernel::{Entropy, Problem, Secret, codes};
use serde_json::{Map, Value, json};

use super::terms::{Terms, Values};

/// Signs the token that the catalog describes.
///
/// # Errors
/// `credential.invalid` when the key cannot be read.
pub(crate) fn sign(terms: &Terms, entropy: &Entropy) -> Result<Secret<String>, Problem> {
    let Some(mint) = &terms.oauth.mint else {
        let detail = "The provider does not take tokens that are signed here.";
        return Err(Problem::new(&codes::OAUTH_UNSUPPORTED, detail));
    };
    let mut header = terms.object(&mint.header)?;
    header.insert("alg".to_owned(), json!(mint.alg));
    header.insert("typ".to_owned(), json!("JWT"));
    let header: Header = serde_json::from_value(Value::Object(header))
        .map_err(|error| unusable(&format!("its header cannot be built: {error}")))?;

    let mut claims = terms.object(&mint.claims)?;
    let now = terms.now().secs();
    let lifetime = i64::try_from(mint.lifetime_secs).unwrap_or(i64::MAX);
    claims.insert("iat".to_owned(), json!(now));
    claims.insert("exp".to_owned(), json!(now.saturating_add(lifetime)));
    // A statement is used once.
    if claims.contains_key("aud") && !claims.contains_key("jti") {
        claims.insert("jti".to_owned(), json!(URL_SAFE_NO_PAD.encode(entropy.bytes::<16>())));
    }

    let values = Values::default();
    let pem = template::text("/mint/key", &mint.key, &terms.context(&values))
        .map_err(|error| unusable(&error.to_string()))?;
    let key = match mint.alg {
        MintAlg::ES256 => EncodingKey::from_ec_pem(pem.as_bytes()),
        MintAlg::RS256 | MintAlg::PS256 => EncodingKey::from_rsa_pem(pem.as_bytes()),
    };
    // What the library says of a key may quote it.
    let key = key.map_err(|_| unusable("it is no PEM of the right kind"))?;
    let signed = jsonwebtoken::encode(&header, &Claims(claims), &key);
    signed.map(Secret::new).map_err(|_| unusable("it does not sign"))
}

#[derive(serde::Serialize)]
#[serde(transparent)]
struct Claims(Map<String, Value>);

fn unusable(what: &str) -> Problem {
    let detail = format!("The private key cannot be used: {what}. Paste it as PEM.");
    Problem::new(&codes::CREDENTIAL_INVALID, detail)
}
