//! OAuth 1.0a (RFC 5849): request tokens, the page where people agree, access tokens that last, and calls
//! whose signatures are really checked. The consumer key and secret are an app's id and secret.

use std::collections::{BTreeMap, BTreeSet};

use aws_lc_rs::hmac;
use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::{Engine, prelude::BASE64_STANDARD};
use kernel::Timestamp;
use serde_json::json;
use url::{Url, form_urlencoded};

use super::ask::{Ask, Fields, decoded};
use super::book::{Dead, Held};
use super::refusal::{self, Refusal};
use super::{Platform, authorize, lock, page};

/// How far a timestamp may be off, in seconds. For so long nonces are remembered.
const DRIFT: i64 = 300;

/// The requests for access that are under way, and the nonces that were used.
#[derive(Debug, Default)]
pub(super) struct Signing {
    wishes: BTreeMap<String, Wish>,
    nonces: BTreeSet<(i64, String)>,
}

/// A request token.
#[derive(Clone, Debug)]
struct Wish {
    client: String,
    callback: Url,
    /// Who agreed, and what proves it.
    agreed: Option<(String, String)>,
}

/// Gives an app a request token.
pub(super) fn request_token(platform: &Platform, ask: &Ask) -> Response {
    let Some(signed) = verified(platform, ask, |_| Some(String::new())) else {
        return unauthenticated();
    };
    let callback = signed.get("oauth_callback").and_then(|text| Url::parse(text).ok());
    let (Some(client), Some(callback)) = (signed.get("oauth_consumer_key").cloned(), callback)
    else {
        return (StatusCode::BAD_REQUEST, "There is no oauth_callback.").into_response();
    };
    let token = platform.book().word("request", ask.now);
    let wish = Wish { client, callback, agreed: None };
    lock(&platform.signing).wishes.insert(token.clone(), wish);
    let secret = secret_of(platform, &token);
    let confirmed = ("oauth_callback_confirmed", "true");
    form(&[("oauth_token", &token), ("oauth_token_secret", &secret), confirmed])
}

/// The page where a person decides.
pub(super) fn serve(platform: &Platform, ask: &Ask) -> Response {
    let token = ask.field("oauth_token").unwrap_or_default();
    let Some(wish) = lock(&platform.signing).wishes.get(token).cloned() else {
        return page::refused(platform, "There is no such request token.");
    };
    let verdict = match ask.method.as_str() {
        "POST" => Some(authorize::decision(&ask.form)),
        _ => authorize::auto(&ask.query).or_else(|| lock(&platform.consent).clone()),
    };
    let Some(verdict) = verdict else {
        let hidden = [("oauth_token", token)];
        return page::consent(platform, &wish.client, &hidden, &[]).into_response();
    };
    let mut back = wish.callback;
    if verdict.allow {
        let account = verdict.account.unwrap_or_else(|| super::artist::HANDLES[0].to_owned());
        let verifier = platform.book().word("verifier", ask.now);
        back.query_pairs_mut()
            .append_pair("oauth_token", token)
            .append_pair("oauth_verifier", &verifier);
        if let Some(wish) = lock(&platform.signing).wishes.get_mut(token) {
            wish.agreed = Some((account, verifier));
        }
    } else {
        platform.book().counters.denied += 1;
        lock(&platform.signing).wishes.remove(token);
        back.query_pairs_mut().append_pair("denied", token);
    }
    (StatusCode::FOUND, [(header::LOCATION, back.to_string())]).into_response()
}

/// Turns a request token that a person agreed to into one that lasts. It works once.
pub(super) fn access_token(platform: &Platform, ask: &Ask) -> Response {
    let of_token = |token: &str| Some(secret_of(platform, token));
    let Some(signed) = verified(platform, ask, of_token) else { return unauthenticated() };
    let said = |name: &str| signed.get(name).map(String::as_str).unwrap_or_default();
    let wish = lock(&platform.signing).wishes.remove(said("oauth_token"));
    let agreed =
        wish.filter(|wish| wish.client == said("oauth_consumer_key")).and_then(|wish| wish.agreed);
    let Some((account, _)) = agreed.filter(|(_, verifier)| verifier == said("oauth_verifier"))
    else {
        return unauthenticated();
    };
    let token = platform.book().lasting(said("oauth_consumer_key"), &account, ask.now);
    let (secret, id) = (secret_of(platform, &token), platform.account(&account).id);
    let name = account.replace('-', "_");
    let pair = [("oauth_token", token.as_str()), ("oauth_token_secret", &secret)];
    form(&[pair[0], pair[1], ("user_id", &id), ("screen_name", &name)])
}

/// Takes back the token that the call is signed with.
pub(super) fn invalidate(platform: &Platform, ask: &Ask) -> Response {
    match held(platform, ask) {
        Ok(held) => {
            platform.book().revoke_token(&held.token);
            Json(json!({"access_token": held.token})).into_response()
        }
        Err(refused) => refusal::answer(platform.style.service, &refused),
    }
}

/// Whether a request is signed this way.
pub(super) fn is_signed(ask: &Ask) -> bool {
    ask.bearer("OAuth").is_some()
}

/// Whose token a signed call bears.
pub(super) fn held(platform: &Platform, ask: &Ask) -> Result<Held, Refusal> {
    let signed = verified(platform, ask, |token| Some(secret_of(platform, token)));
    let signed = signed.ok_or(Refusal::BadToken(Dead::Unknown))?;
    let said = |name: &str| signed.get(name).map(String::as_str).unwrap_or_default();
    let held = platform.book().held(said("oauth_token"), ask.now).map_err(Refusal::BadToken)?;
    match held.client == said("oauth_consumer_key") {
        true => Ok(held),
        false => Err(Refusal::BadToken(Dead::Unknown)),
    }
}

/// The `oauth_` parameters of a request that is signed as it should be, now and for the first time.
fn verified(
    platform: &Platform,
    ask: &Ask,
    token_secret: impl Fn(&str) -> Option<String>,
) -> Option<Fields> {
    let mut signed = said(ask)?;
    let given = BASE64_STANDARD.decode(signed.remove("oauth_signature")?).ok()?;
    let client = signed.get("oauth_consumer_key")?;
    let secret = platform.book().clients.get(client)?.secret.clone();
    let token = signed.get("oauth_token").map(String::as_str).unwrap_or_default();
    let key = format!("{}&{}", encode(&secret), encode(&token_secret(token)?));
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key.as_bytes());
    let at = format!("{}{}", platform.url, ask.path);
    let base = base_string(&ask.method, &at, &sent(ask, &signed));
    hmac::verify(&key, base.as_bytes(), &given).ok()?;
    let time = signed.get("oauth_timestamp")?.parse().ok()?;
    let is_new = lock(&platform.signing).note(time, signed.get("oauth_nonce")?, ask.now);
    let is_known = signed.get("oauth_signature_method").is_some_and(|name| name == "HMAC-SHA1");
    (is_new && is_known).then_some(signed)
}

impl Signing {
    /// Whether the time is now and the nonce is new (RFC 5849, 3.3).
    fn note(&mut self, time: i64, nonce: &str, now: Timestamp) -> bool {
        let now = now.secs();
        self.nonces.retain(|(time, _)| now - time <= DRIFT);
        (now - time).abs() <= DRIFT && self.nonces.insert((time, nonce.to_owned()))
    }
}

/// The parameters in `Authorization`.
fn said(ask: &Ask) -> Option<Fields> {
    let pairs = ask.bearer("OAuth")?.split(',').filter_map(|pair| pair.trim().split_once('='));
    Some(pairs.map(|(name, value)| (decoded(name), decoded(value.trim_matches('"')))).collect())
}

/// Everything that is signed (RFC 5849, 3.4.1.3.1).
fn sent(ask: &Ask, signed: &Fields) -> Vec<(String, String)> {
    let owned = |text: &str| form_urlencoded::parse(text.as_bytes()).into_owned().collect();
    let (mut sent, body): (Vec<_>, Vec<_>) = (owned(&ask.raw_query), owned(&ask.raw_form));
    sent.extend(body);
    sent.extend(signed.clone().into_iter().filter(|(name, _)| name != "realm"));
    sent
}

/// RFC 5849, 3.4.1.
fn base_string(method: &str, url: &str, sent: &[(String, String)]) -> String {
    let mut pairs: Vec<_> = sent.iter().map(|(name, it)| (encode(name), encode(it))).collect();
    pairs.sort();
    let pairs: Vec<_> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!("{method}&{}&{}", encode(url), encode(&pairs.join("&")))
}

/// RFC 5849, 3.6: the encoding of forms but for a few letters.
fn encode(text: &str) -> String {
    let form: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
    form.replace('+', "%20").replace('*', "%2A").replace("%7E", "~")
}

/// The secret of a token follows from it, and nobody else can tell how.
fn secret_of(platform: &Platform, token: &str) -> String {
    platform.seed.hex(&format!("{} secret of {token}", platform.style.service))
}

fn form(pairs: &[(&str, &str)]) -> Response {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    ([(header::CONTENT_TYPE, "application/x-www-form-urlencoded")], body).into_response()
}

fn unauthenticated() -> Response {
    let errors = json!([{"code": 32, "message": "Could not authenticate you."}]);
    (StatusCode::UNAUTHORIZED, Json(json!({"errors": errors}))).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_string_is_that_of_the_standard() {
        // RFC 5849, 3.4.1.1.
        let pairs = |text: &str| form_urlencoded::parse(text.as_bytes()).into_owned().collect();
        let mut sent: Vec<(String, String)> = pairs("b5=%3D%253D&a3=a&c%40=&a2=r%20b&c2&a3=2+q");
        sent.extend(pairs(
            "oauth_consumer_key=9djdj82h48djs9d2&oauth_token=kkk9d7dh3k39sjv7&\
             oauth_signature_method=HMAC-SHA1&oauth_timestamp=137131201&oauth_nonce=7d8f3e4a",
        ));
        assert_eq!(
            base_string("POST", "http://example.com/request", &sent),
            "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D\
             %25253D%26c%2540%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3\
             e4a%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk\
             9d7dh3k39sjv7"
        );
    }

    #[test]
    fn a_nonce_works_once_and_a_time_is_now() {
        let (mut signing, now) = (Signing::default(), Timestamp::from_secs(10_000));
        assert!(signing.note(10_000, "a", now) && !signing.note(10_000, "a", now));
        assert!(signing.note(9_900, "a", now) && !signing.note(9_000, "b", now));
    }
}
