//! Two older ways to the same end: OAuth 1.0a (RFC 5849, HMAC-SHA1) and sessions by signed calls, as
//! Last.fm has them.

use catalog::Request;
use catalog::oauth::{Answer, OAuth, OAuth1, SignedSession};
use db::{Db, Workspace};
use http::{HeaderValue, Method, header};
use kernel::{Entropy, Problem, Secret, Timestamp, codes};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use vault::outbound::{lastfm_api_sig, oauth1_encode as encode, oauth1_hmac_sha1};

use super::authorize::Start;
use super::call::Heard;
use super::callback::Brought;
use super::state::Hidden;
use super::terms::{Terms, Values};
use super::token::Won;
use crate::Connect;

impl Connect {
    /// Where a person is sent.
    pub(crate) async fn signed_url(
        &self,
        workspace: &Workspace,
        terms: &Terms,
        start: Start<'_>,
    ) -> Result<url::Url, Problem> {
        let mut hidden = Hidden {
            redirect_uri: self.redirect_uri(),
            any_account: start.draft.any_account,
            ..Hidden::default()
        };
        let values = Values::default();
        let pending = self.pending(workspace, terms, start, Vec::new());
        let name = pending.sign(workspace)?;
        let callback = format!("{}?state={name}", hidden.redirect_uri);
        let url = match (&terms.oauth.session, &terms.oauth.oauth1) {
            (Some(session), _) => {
                let mut url = terms.url("authorize_url", Some(&session.authorize_url), &values)?;
                url.query_pairs_mut().append_pair(&session.callback_name, &callback);
                url
            }
            (None, Some(oauth1)) => {
                let at =
                    terms.url("request_token_url", Some(&oauth1.request_token_url), &values)?;
                let extra = [("oauth_callback", callback.as_str())];
                let heard = self.signed_post(workspace, terms, at, "", &extra).await?;
                // Nothing but the client was shown yet.
                if heard.status == 401 {
                    return Err(refused(terms));
                }
                let (token, secret) = token_pair(terms, &heard)?;
                hidden.token_secret = Some(secret);
                let mut url = terms.url("authorize_url", Some(&oauth1.authorize_url), &values)?;
                url.query_pairs_mut().append_pair("oauth_token", &token);
                url
            }
            (None, None) => return Err(unsupported()),
        };
        self.remember(workspace, &pending, &hidden).await?;
        Ok(url)
    }

    /// Turns what the browser brought into what lasts.
    pub(crate) async fn signed_exchange(
        &self,
        workspace: &Workspace,
        terms: &Terms,
        brought: &Brought,
        hidden: &Hidden,
    ) -> Result<Won, Problem> {
        match (&terms.oauth.session, &terms.oauth.oauth1) {
            (Some(session), _) => self.session(workspace, terms, session, brought).await,
            (None, Some(oauth1)) => {
                self.access_token(workspace, terms, oauth1, brought, hidden).await
            }
            (None, None) => Err(unsupported()),
        }
    }

    async fn session(
        &self,
        workspace: &Workspace,
        terms: &Terms,
        session: &SignedSession,
        brought: &Brought,
    ) -> Result<Won, Problem> {
        let token =
            brought.token.as_deref().filter(|token| !token.is_empty()).ok_or_else(nothing)?;
        let token = [("token".to_owned(), json!(token))].into_iter().collect();
        let values = Values { token, ..Values::default() };
        let mut params = terms.params(&session.request.query, &values)?;
        let secret = catalog::template::text("/secret", &session.secret, &terms.context(&values))
            .map_err(|error| Problem::new(error.code(), error.to_string()))?;
        let signed = params.iter().filter(|(name, _)| !session.unsigned.contains(name));
        let signed = signed.map(|(name, value)| (name.as_str(), value.as_str()));
        let signature = lastfm_api_sig(&secret, signed);
        params.push((session.signature_name.clone(), signature));
        let query = params.into_iter().map(|(name, value)| (name, json!(value))).collect();
        let request = Request { query, ..session.request.clone() };
        let heard = self.call(workspace, terms, &request, &values, false).await?;
        let name = terms.integration.service();
        match Answer::read(&terms.oauth, heard.status, &heard.body) {
            Ok(granted) => Ok(Won { granted, answer: heard.body }),
            Err(refused) => {
                let detail = format!("{name} granted no session ({}).", refused.error);
                Err(Problem::new(&codes::OAUTH_EXCHANGE, detail))
            }
        }
    }

    async fn access_token(
        &self,
        workspace: &Workspace,
        terms: &Terms,
        oauth1: &OAuth1,
        brought: &Brought,
        hidden: &Hidden,
    ) -> Result<Won, Problem> {
        let pair = brought.oauth_token.as_deref().zip(brought.oauth_verifier.as_deref());
        let (token, verifier) = pair.ok_or_else(nothing)?;
        let at =
            terms.url("access_token_url", Some(&oauth1.access_token_url), &Values::default())?;
        let extra = [("oauth_token", token), ("oauth_verifier", verifier)];
        let secret = hidden.token_secret.as_deref().unwrap_or_default();
        let heard = self.signed_post(workspace, terms, at, secret, &extra).await?;
        let (token, secret) = token_pair(terms, &heard)?;
        let mut won = Won::bare(Secret::new(token));
        won.granted.secrets.insert("token_secret".to_owned(), json!(secret));
        Ok(Won { answer: heard.body, ..won })
    }

    async fn signed_post(
        &self,
        workspace: &Workspace,
        terms: &Terms,
        at: url::Url,
        token_secret: &str,
        extra: &[(&str, &str)],
    ) -> Result<Heard, Problem> {
        let signer =
            Signer { key: terms.client_id()?, secret: terms.client_secret(), token_secret };
        let (now, entropy) = (terms.now(), self.0.db.entropy());
        let header = signer.header(&Method::POST, &at, b"", extra, now, entropy);
        let request = Request {
            method: Some("POST".to_owned()),
            url: Some(at.to_string()),
            headers: [("Authorization".to_owned(), json!(header))].into_iter().collect(),
            ..Request::default()
        };
        self.call(workspace, terms, &request, &Values::default(), false).await
    }
}

/// What signs the requests with these tokens, where OAuth 1.0a granted them.
pub(crate) fn signer(
    oauth: Option<&OAuth>,
    client: &Map<String, Value>,
    token: &Map<String, Value>,
    db: &Db,
) -> Option<egress::Signer> {
    let oauth = oauth.filter(|oauth| oauth.oauth1.is_some())?;
    let text = |name: &str| token.get(name).and_then(Value::as_str).map(str::to_owned);
    let (token, token_secret) = text("access_token").zip(text("token_secret"))?;
    let key = oauth.client.id(client)?.to_owned();
    let secret = oauth.client.secret(client).unwrap_or_default().to_owned();
    let (clock, entropy) = (db.clock().clone(), db.entropy().clone());
    Some(Arc::new(move |method, url, headers, body| {
        let signer = Signer { key: &key, secret: &secret, token_secret: &token_secret };
        let kind = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
        // RFC 5849, 3.4.1.3.1: of bodies only forms are signed.
        let form = if kind.starts_with(FORM) { body } else { b"" };
        let extra = [("oauth_token", token.as_str())];
        let value = signer.header(method, url, form, &extra, clock.now(), &entropy);
        HeaderValue::try_from(value).ok()
    }))
}

const FORM: &[u8] = b"application/x-www-form-urlencoded";

/// Signs requests with HMAC-SHA1 (RFC 5849, 3.4).
pub(crate) struct Signer<'a> {
    pub(crate) key: &'a str,
    pub(crate) secret: &'a str,
    pub(crate) token_secret: &'a str,
}

impl Signer<'_> {
    /// The value of `Authorization`. `form` is the body where it is a form; `extra` are further `oauth_`
    /// parameters.
    pub(crate) fn header(
        &self,
        method: &Method,
        url: &url::Url,
        form: &[u8],
        extra: &[(&str, &str)],
        now: Timestamp,
        entropy: &Entropy,
    ) -> String {
        let (nonce, time) = (hex::encode(entropy.bytes::<16>()), now.secs().to_string());
        let mut oauth = vec![
            ("oauth_consumer_key", self.key),
            ("oauth_nonce", nonce.as_str()),
            ("oauth_signature_method", "HMAC-SHA1"),
            ("oauth_timestamp", time.as_str()),
            ("oauth_version", "1.0"),
        ];
        oauth.extend_from_slice(extra);
        let signature = self.signature(method, url, form, &oauth);
        oauth.push(("oauth_signature", &signature));
        let pairs = oauth.iter().map(|(name, value)| format!("{name}=\"{}\"", encode(value)));
        format!("OAuth {}", pairs.collect::<Vec<_>>().join(", "))
    }

    fn signature(
        &self,
        method: &Method,
        url: &url::Url,
        form: &[u8],
        oauth: &[(&str, &str)],
    ) -> String {
        let sent: Vec<_> = url.query_pairs().chain(url::form_urlencoded::parse(form)).collect();
        let sent = sent.iter().map(|(name, value)| (name.as_ref(), value.as_ref()));
        let mut base = url.clone();
        base.set_query(None);
        base.set_fragment(None);
        let key = format!("{}&{}", encode(self.secret), encode(self.token_secret));
        let params = sent.chain(oauth.iter().copied());
        oauth1_hmac_sha1(&key, method.as_str(), base.as_str(), params)
    }
}

fn token_pair(terms: &Terms, heard: &Heard) -> Result<(String, String), Problem> {
    let text = |name: &str| heard.body.get(name).and_then(Value::as_str).map(str::to_owned);
    let pair = text("oauth_token").zip(text("oauth_token_secret"));
    pair.filter(|_| (200..300).contains(&heard.status)).ok_or_else(|| {
        let name = terms.integration.service();
        let detail = format!("{name} answered {} with no token in it.", heard.status);
        Problem::new(&codes::OAUTH_EXCHANGE, detail)
    })
}

fn refused(terms: &Terms) -> Problem {
    let detail = format!(
        "{} refuses the OAuth client; check its id and secret, here the consumer key and its secret.",
        terms.integration.service()
    );
    Problem::new(&codes::OAUTH_CLIENT_REFUSED, detail)
}

fn nothing() -> Problem {
    let detail = "The provider sent the browser back without a token; begin again.";
    Problem::new(&codes::OAUTH_STATE, detail)
}

fn unsupported() -> Problem {
    Problem::new(&codes::OAUTH_UNSUPPORTED, "The catalog does not say how this provider signs.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_signed_as_twitter_documents_it() {
        // developer.x.com, "Creating a signature".
        let signer = Signer {
            key: "xvz1evFS4wEEPTGEFPHBog",
            secret: "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw",
            token_secret: "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
        };
        let url = "https://api.twitter.com/1.1/statuses/update.json?include_entities=true&status=\
                   Hello%20Ladies%20%2B%20Gentlemen%2C%20a%20signed%20OAuth%20request%21";
        let oauth = [
            ("oauth_consumer_key", "xvz1evFS4wEEPTGEFPHBog"),
            ("oauth_nonce", "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg"),
            ("oauth_signature_method", "HMAC-SHA1"),
            ("oauth_timestamp", "1318622958"),
            ("oauth_token", "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb"),
            ("oauth_version", "1.0"),
        ];
        let signature = signer.signature(&Method::POST, &url.parse().unwrap(), b"", &oauth);
        assert_eq!(signature, "hCtSmYh+iHYCEqBWrE7C7hYmtUk=");

        // It is the same where a part of it is sent as a form.
        let (url, form) = url.split_once("&").unwrap();
        let signature =
            signer.signature(&Method::POST, &url.parse().unwrap(), form.as_bytes(), &oauth);
        assert_eq!(signature, "hCtSmYh+iHYCEqBWrE7C7hYmtUk=");
    }
}
