//! Requests to the provider's own endpoints: the token endpoint with the app's proof of who it is, and
//! the calls that the catalog describes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use catalog::decode::{Options, decode};
use catalog::oauth::{ClientAuth, TokenBody};
use catalog::template::{self, Body};
use catalog::{AuthKind, Format, Request};
use db::Workspace;
use http::{Method, header};
use kernel::{Problem, Secret};
use serde_json::{Value, json};

use super::mint;
use super::signed::signer;
use super::terms::{Terms, Values};
use crate::prepare::{headers, outgoing};
use crate::quota::Purse;
use crate::refresh::plan::PATIENCE;
use crate::{Connect, home, masking};

/// Tokens are short; an answer larger than this is none.
const MAX_ANSWER: u64 = 256 << 10;

/// An answer, read as JSON where it is JSON.
pub(crate) struct Heard {
    pub(crate) status: u16,
    /// What is not JSON is its text; a form is an object.
    pub(crate) body: Value,
}

impl Connect {
    /// Posts parameters to an endpoint that wants to know which app asks.
    pub(crate) async fn post(
        &self,
        workspace: &Workspace,
        terms: &Terms,
        url: url::Url,
        mut params: Vec<(String, String)>,
    ) -> Result<Heard, Problem> {
        let mut hidden = terms.secrets();
        // Codes, verifiers, tokens and statements: all but what names the grant.
        hidden.extend(params.iter().filter(|(name, _)| is_secret(name)).map(|(_, it)| it.clone()));
        let mut rendered = self.prove(terms, &mut params, &mut hidden)?;
        rendered.extend(terms.params(&terms.oauth.client.headers, &Values::default())?);
        let body = match terms.oauth.client.body {
            TokenBody::Form => Body::Form(params),
            TokenBody::Json => {
                let fields = params.into_iter().map(|(name, value)| (name, json!(value)));
                Body::Json(Value::Object(fields.collect()))
            }
        };
        let mut request = egress::Request::new(workspace.id(), Method::POST, url);
        request.headers = headers(&rendered, Some(body.content_type()))?;
        request.body = body.encoded().into();
        self.listen(terms, request, hidden).await
    }

    /// Sends a call that the catalog describes. With `with_token`, the access token goes along as the
    /// provider wants it, unless the call says itself how.
    pub(crate) async fn call(
        &self,
        workspace: &Workspace,
        terms: &Terms,
        wanted: &Request,
        values: &Values,
        with_token: bool,
    ) -> Result<Heard, Problem> {
        let provider = &terms.integration.provider_def;
        let auth = provider.auth.iter().find(|auth| auth.kind == AuthKind::OAuth2);
        let context = terms.context(values);
        let base = home::base_url(&terms.integration, wanted);
        let auth = auth.filter(|_| with_token && !says_who(wanted));
        let sign = auth.and_then(|_| {
            signer(provider.oauth.as_ref(), &terms.client, &values.token, &self.0.db)
        });
        let auth = auth.filter(|_| sign.is_none());
        let rendered =
            template::render(wanted, base.as_deref(), auth, &context).map_err(|error| {
                Problem::new(error.code(), error.to_string())
                    .field(error.pointer(), error.to_string())
            })?;
        let mut request = outgoing(workspace, &rendered)?;
        request.sign = sign;
        // A call of the API counts as one; what is asked of the token endpoint does not.
        if with_token {
            let clock = self.0.db.clock();
            Purse::of(&terms.integration, &terms.client, values.id).pay(&mut request, clock);
        }
        let mut hidden = terms.secrets();
        hidden.extend(rendered.secrets);
        self.listen(terms, request, hidden).await
    }

    async fn listen(
        &self,
        terms: &Terms,
        mut request: egress::Request,
        mut hidden: Vec<String>,
    ) -> Result<Heard, Problem> {
        hidden.retain(|text| !text.is_empty());
        hidden.sort_unstable();
        hidden.dedup();
        request.hidden = hidden.into_iter().map(Secret::new).collect();
        request.integration = Some(terms.integration.id);
        request.retry = egress::RetryPolicy::never();
        request.coalesce = false;
        request.lane = egress::Lane::Interactive;
        request.limits =
            Some(egress::Limits { first_byte: PATIENCE, whole: PATIENCE, max_body: MAX_ANSWER });
        let answer = self.0.egress.send(request).await.map_err(|error| error.problem())?;
        let kind = answer.head.headers.get(header::CONTENT_TYPE);
        let kind = kind.and_then(|value| value.to_str().ok()).unwrap_or_default();
        Ok(Heard { status: answer.head.status.as_u16(), body: read(kind, &answer.body) })
    }

    /// The headers that prove which app asks; what proves it among the parameters is added to them.
    fn prove(
        &self,
        terms: &Terms,
        params: &mut Vec<(String, String)>,
        hidden: &mut Vec<String>,
    ) -> Result<Vec<(String, String)>, Problem> {
        let client = &terms.oauth.client;
        let asks_for_itself = params.iter().any(|(_, value)| value == "client_credentials");
        let mut set = |name: &str, value: &str| params.push((name.to_owned(), value.to_owned()));
        let by_itself = client.app_auth.filter(|_| asks_for_itself);
        let auth = by_itself.unwrap_or(client.auth);
        match auth {
            ClientAuth::Post => {
                set(&client.id_name, terms.client_id()?);
                if !terms.client_secret().is_empty() {
                    set(&client.secret_name, terms.client_secret());
                }
            }
            ClientAuth::None => set(&client.id_name, terms.client_id()?),
            ClientAuth::Basic | ClientAuth::BasicSecret => {
                let pair = match auth {
                    ClientAuth::Basic => basic(terms.client_id()?, terms.client_secret()),
                    _ => basic(terms.client_secret(), ""),
                };
                hidden.push(pair.clone());
                return Ok(vec![("Authorization".to_owned(), format!("Basic {pair}"))]);
            }
            ClientAuth::ClientAssertion => {
                let statement = mint::sign(terms, self.0.db.entropy())?;
                set(&client.id_name, terms.client_id()?);
                set(
                    "client_assertion_type",
                    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                );
                set("client_assertion", statement.expose());
                hidden.push(statement.expose().clone());
            }
        }
        Ok(Vec::new())
    }
}

/// Credentials for HTTP Basic; both are encoded as in a form first (RFC 6749, 2.3.1).
pub(crate) fn basic(user: &str, password: &str) -> String {
    let encode =
        |text: &str| -> String { url::form_urlencoded::byte_serialize(text.as_bytes()).collect() };
    STANDARD.encode(format!("{}:{}", encode(user), encode(password)))
}

/// Whether a call says itself how the token, or another proof, goes along.
fn says_who(wanted: &Request) -> bool {
    let proves = |name: &String| name.eq_ignore_ascii_case("authorization");
    let mut texts = Vec::new();
    let values = wanted.query.values().chain(wanted.headers.values()).chain(&wanted.body);
    values.for_each(|value| masking::collect_texts(value, &mut texts));
    let named = texts.iter().flat_map(|text| template::referenced(text));
    wanted.headers.keys().any(proves) || named.into_iter().any(|name| name.starts_with("token."))
}

/// Whether a parameter of the token endpoint is one that a log must not hold.
fn is_secret(name: &str) -> bool {
    !matches!(
        name,
        "grant_type"
            | "redirect_uri"
            | "scope"
            | "client_id"
            | "audience"
            | "resource"
            | "expires_in"
    )
}

/// Some providers answer a form, and some say JSON and mean text, or text and mean JSON.
fn read(kind: &str, body: &[u8]) -> Value {
    let looks_like_form = |text: &str| text.contains('=') && !text.contains(['<', ' ', '\n']);
    let is_form = kind.starts_with("application/x-www-form-urlencoded")
        || (kind.starts_with("text/plain") && std::str::from_utf8(body).is_ok_and(looks_like_form));
    let other = if is_form { Format::Form } else { Format::Text };
    let decoded = |format| decode(body, Some(kind), format, &Options::default());
    decoded(Format::Json).or_else(|_| decoded(other)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_json_or_a_form_or_text() {
        assert_eq!(read("text/html", b"{\"a\":1}"), json!({"a": 1}));
        let form = read("application/x-www-form-urlencoded", b"access_token=a%20b&scope=x");
        assert_eq!(form, json!({"access_token": "a b", "scope": "x"}));
        assert_eq!(read("text/html", b"<html>a=b</html>"), json!("<html>a=b</html>"));
    }
}
