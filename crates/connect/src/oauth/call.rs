//! Requests to the provider's own endpoints: the token endpoint with the app's proof of who it is, and
//! the calls that the catalog describes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use catalog::oauth::{ClientAuth, TokenBody};
use catalog::template;
use catalog::{AuthKind, Request};
use db::Workspace;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use kernel::{Problem, Secret, codes};
use serde_json::{Value, json};

use super::mint;
use super::terms::{Terms, Values};
use crate::prepared::observer;
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
        let mut request = egress::Request::new(workspace.id(), Method::POST, url);
        let mut hidden = terms.secrets();
        // Codes, verifiers, tokens and statements: all but what names the grant.
        hidden.extend(params.iter().filter(|(name, _)| is_secret(name)).map(|(_, it)| it.clone()));
        self.prove(terms, &mut request, &mut params, &mut hidden)?;
        for (name, value) in terms.params(&terms.oauth.client.headers, &Values::default())? {
            insert(&mut request.headers, &name, &value)?;
        }
        request.body = match terms.oauth.client.body {
            TokenBody::Form => {
                insert(&mut request.headers, "content-type", "application/x-www-form-urlencoded")?;
                let mut form = url::form_urlencoded::Serializer::new(String::new());
                form.extend_pairs(&params);
                form.finish().into()
            }
            TokenBody::Json => {
                insert(&mut request.headers, "content-type", "application/json")?;
                let fields = params.into_iter().map(|(name, value)| (name, json!(value)));
                Value::Object(fields.collect()).to_string().into()
            }
        };
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
        let rendered =
            template::render(wanted, base.as_deref(), auth, &context).map_err(|error| {
                Problem::new(error.code(), error.to_string())
                    .field(error.pointer(), error.to_string())
            })?;
        let method = Method::from_bytes(rendered.method.as_bytes())
            .map_err(|_| Problem::new(&codes::FEED_TEMPLATE, "The method cannot be read."))?;
        let mut request = egress::Request::new(workspace.id(), method, rendered.url);
        for (name, value) in &rendered.headers {
            insert(&mut request.headers, name, value)?;
        }
        if let Some(body) = rendered.body {
            if !request.headers.contains_key(header::CONTENT_TYPE) {
                insert(&mut request.headers, "content-type", body.content_type())?;
            }
            request.body = body.encoded().into();
        }
        // A call of the API counts as one; what is asked of the token endpoint does not.
        if with_token {
            let clock = self.0.db.clock();
            let purse = Purse::of(&terms.integration, &terms.client, values.id);
            request.rate_limits.push(purse.limit());
            request.budgets.extend(purse.budget(request.url.path(), clock.now()));
            request.observer = observer(provider.clone(), clock.clone());
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
        if !request.headers.contains_key(header::ACCEPT) {
            insert(&mut request.headers, "accept", "application/json")?;
        }
        let answer = self.0.egress.send(request).await.map_err(|error| error.problem())?;
        let kind = answer.head.headers.get(header::CONTENT_TYPE);
        let kind = kind.and_then(|value| value.to_str().ok()).unwrap_or_default();
        Ok(Heard { status: answer.head.status.as_u16(), body: read(kind, &answer.body) })
    }

    /// Adds what proves which app asks.
    fn prove(
        &self,
        terms: &Terms,
        request: &mut egress::Request,
        params: &mut Vec<(String, String)>,
        hidden: &mut Vec<String>,
    ) -> Result<(), Problem> {
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
                insert(&mut request.headers, "authorization", &format!("Basic {pair}"))?;
                hidden.push(pair);
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
        Ok(())
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

fn insert(headers: &mut HeaderMap, name: &str, value: &str) -> Result<(), Problem> {
    let unfit = || {
        let detail = format!("The header {name:?} cannot be sent with this value.");
        Problem::new(&codes::FEED_TEMPLATE, detail)
    };
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| unfit())?;
    headers.insert(name, HeaderValue::from_str(value).map_err(|_| unfit())?);
    Ok(())
}

/// Some providers answer a form, and some say JSON and mean text.
fn read(kind: &str, body: &[u8]) -> Value {
    if let Ok(json) = serde_json::from_slice(body) {
        return json;
    }
    let text = String::from_utf8_lossy(body).into_owned();
    let is_form = kind.starts_with("application/x-www-form-urlencoded")
        || (kind.starts_with("text/plain")
            && text.contains('=')
            && !text.contains(['<', ' ', '\n']));
    if !is_form {
        return Value::String(text);
    }
    let pairs = url::form_urlencoded::parse(text.as_bytes());
    Value::Object(pairs.map(|(name, value)| (name.into_owned(), json!(value))).collect())
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
