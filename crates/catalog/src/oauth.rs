//! What a provider file says of OAuth: `oauth.yaml` beside `provider.yaml`. The standard is RFC 6749 with
//! PKCE (RFC 7636); every way in which a provider differs is a field here, so that the broker knows no
//! provider by name.
//!
//! Strings named as templates are filled in like those of requests, with two roots more: `{{token.…}}`
//! is what the provider granted (secret), `{{connection.…}}` is what was captured when somebody
//! connected. Strings named as jq are programs.

mod answer;
mod signed;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

use crate::jq::Gather;
use crate::provider::Request;

pub use answer::{Granted, Refused};
pub use signed::{OAuth1, SignedSession};

/// How a provider grants access.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct OAuth {
    /// What can be asked for, the usual one first.
    pub grants: Vec<Grant>,
    /// Where a person agrees; a template.
    #[serde(default)]
    pub authorize_url: Option<String>,
    /// Where codes and refresh tokens are exchanged; a template.
    #[serde(default)]
    pub token_url: Option<String>,
    /// Where a device code is asked for (RFC 8628); a template.
    #[serde(default)]
    pub device_url: Option<String>,
    /// What `iss` in the callback must be, when it is there (RFC 9207); a template.
    #[serde(default)]
    pub issuer: Option<String>,
    /// How the app is known.
    #[serde(default)]
    pub client: Client,
    /// How the code is bound to who asked for it.
    #[serde(default)]
    pub pkce: Pkce,
    /// What access is asked for.
    #[serde(default)]
    pub scopes: Scopes,
    /// Further parameters of the authorize URL; templates.
    #[serde(default)]
    pub authorize_params: Map<String, Value>,
    /// Further parameters of the exchange of a code, a device code or client credentials; templates.
    #[serde(default)]
    pub token_params: Map<String, Value>,
    /// Where things stand in a token answer.
    #[serde(default)]
    pub answer: Answer,
    /// For how long an access token holds where the answer does not say, in seconds. Neither: until refused.
    #[serde(default)]
    pub lifetime_secs: Option<u64>,
    /// For how long a refresh token holds where the answer does not say, in seconds.
    #[serde(default)]
    pub refresh_lifetime_secs: Option<u64>,
    /// A call that turns the first token into one that lasts; `{{token.…}}` is the first.
    #[serde(default)]
    pub exchange: Option<Request>,
    /// How a token is renewed.
    #[serde(default)]
    pub refresh: Refresh,
    /// Not secret, kept with the connection as `{{connection.…}}`: name to jq over the token answer.
    #[serde(default)]
    pub capture: BTreeMap<String, String>,
    /// Calls with the new token that find what later requests need.
    #[serde(default)]
    pub discover: Vec<Discover>,
    /// Whose account it is.
    #[serde(default)]
    pub account: Option<Account>,
    /// jq over `{status, body}` of any answer: true when it refuses the access token because it has
    /// expired. Status 401 unless given.
    #[serde(default)]
    pub expired: Option<String>,
    /// jq over `{status, body}` of any answer: true when the person or the provider has taken the access
    /// back, so that no refresh helps.
    #[serde(default)]
    pub revoked: Option<String>,
    /// How access is given back.
    #[serde(default)]
    pub revoke: Option<Revoke>,
    /// A token that we sign ourselves.
    #[serde(default)]
    pub mint: Option<Mint>,
    /// OAuth 1.0a, for providers that still want it.
    #[serde(default)]
    pub oauth1: Option<OAuth1>,
    /// A session by signed calls, as Last.fm has it.
    #[serde(default)]
    pub session: Option<SignedSession>,
    /// The programs of `answer` and `capture` as one.
    #[serde(skip)]
    pub gather: Gather,
}

/// What can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Grant {
    /// A person agrees in the browser (RFC 6749, 4.1).
    AuthorizationCode,
    /// The app acts for itself (RFC 6749, 4.4).
    ClientCredentials,
    /// A person agrees on another device (RFC 8628).
    DeviceCode,
    /// A signed statement is exchanged for a token (RFC 7523).
    JwtBearer,
    /// OAuth 1.0a.
    #[serde(rename = "oauth1")]
    OAuth1,
    /// A session by signed calls.
    SignedSession,
    /// The token that we sign is the access token.
    Minted,
}

/// How the app is known at the token endpoint.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Client {
    /// How it proves who it is.
    pub auth: ClientAuth,
    /// The same where the app asks for a token of its own; as `auth` unless given.
    pub app_auth: Option<ClientAuth>,
    /// How the parameters are sent.
    pub body: TokenBody,
    /// What the client id is called.
    pub id_name: String,
    /// What the client secret is called.
    pub secret_name: String,
    /// Headers of the token endpoint; templates.
    pub headers: Map<String, Value>,
}

impl Default for Client {
    fn default() -> Self {
        let (id_name, secret_name) = ("client_id".to_owned(), "client_secret".to_owned());
        let (auth, body) = (ClientAuth::default(), TokenBody::default());
        Self { auth, app_auth: None, body, id_name, secret_name, headers: Map::new() }
    }
}

impl Client {
    /// The app's id among these credentials.
    pub fn id<'a>(&self, credentials: &'a Map<String, Value>) -> Option<&'a str> {
        either(credentials, &self.id_name, "client_id")
    }

    /// The app's secret among these credentials; a public client has none.
    pub fn secret<'a>(&self, credentials: &'a Map<String, Value>) -> Option<&'a str> {
        either(credentials, &self.secret_name, "client_secret")
    }
}

fn either<'a>(map: &'a Map<String, Value>, name: &str, usual: &str) -> Option<&'a str> {
    let text = |name: &str| map.get(name).and_then(Value::as_str);
    text(name).or_else(|| text(usual))
}

/// How the app proves who it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuth {
    /// Id and secret are parameters.
    #[default]
    Post,
    /// HTTP Basic with id and secret.
    Basic,
    /// HTTP Basic with the secret as the user and no password.
    BasicSecret,
    /// The id is a parameter; there is no secret.
    None,
    /// A statement signed by `mint` (RFC 7523).
    ClientAssertion,
}

/// How parameters are sent to the token endpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TokenBody {
    /// As a form.
    #[default]
    Form,
    /// As JSON.
    Json,
}

/// How a code is bound to who asked for it (RFC 7636).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Pkce {
    /// By a hash.
    #[default]
    S256,
    /// By the verifier itself.
    Plain,
    /// The provider cannot.
    None,
}

/// What access is asked for.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Scopes {
    /// What is asked for unless the integration says otherwise.
    pub default: Vec<String>,
    /// The same for grants that take another list; an empty one asks for none.
    pub by_grant: BTreeMap<Grant, Vec<String>>,
    /// What stands between two.
    pub separator: String,
    /// What the parameter is called.
    pub name: String,
    /// A second list, such as Slack's `user_scope`.
    pub second: Option<SecondScopes>,
}

impl Default for Scopes {
    fn default() -> Self {
        let (separator, name) = (" ".to_owned(), "scope".to_owned());
        let by_grant = BTreeMap::new();
        Self { default: Vec::new(), by_grant, separator, name, second: None }
    }
}

impl Scopes {
    /// What is asked for with this grant unless the integration says otherwise.
    pub fn of(&self, grant: Grant) -> &[String] {
        self.by_grant.get(&grant).unwrap_or(&self.default)
    }
}

/// A second list of scopes. The integration's `config.<name>` replaces it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SecondScopes {
    /// What the parameter is called.
    pub name: String,
    /// What is asked for unless the integration says otherwise.
    #[serde(default)]
    pub default: Vec<String>,
}

/// Where things stand in a token answer; each is jq over its body.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Answer {
    /// The access token.
    pub access_token: String,
    /// The refresh token.
    pub refresh_token: String,
    /// For how many seconds the access token holds.
    pub expires_in: String,
    /// For how many seconds the refresh token holds.
    pub refresh_expires_in: String,
    /// What was granted: text, or a list.
    pub scope: String,
    /// Further secrets, kept as `{{token.<name>}}`.
    pub secrets: BTreeMap<String, String>,
    /// True when a 2xx answer is a success in truth.
    pub success: Option<String>,
    /// The error's code, `invalid_grant` and the like.
    pub error: String,
    /// What the provider says of it.
    pub error_description: String,
    /// Further codes that mean what `invalid_grant` means.
    pub invalid_grant: Vec<String>,
}

impl Default for Answer {
    fn default() -> Self {
        Self {
            access_token: ".access_token".to_owned(),
            refresh_token: ".refresh_token".to_owned(),
            expires_in: ".expires_in".to_owned(),
            refresh_expires_in: ".refresh_expires_in // .refresh_token_expires_in".to_owned(),
            scope: ".scope".to_owned(),
            secrets: BTreeMap::new(),
            success: None,
            error: ".error".to_owned(),
            error_description: ".error_description // .error_message // .message".to_owned(),
            invalid_grant: Vec::new(),
        }
    }
}

/// How a token is renewed.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Refresh {
    /// What becomes of the old token.
    pub model: RefreshModel,
    /// The call, where it is not the standard one at the token endpoint; templates over `token`,
    /// `credentials`, `config`, `connection`.
    pub request: Option<Request>,
    /// Further parameters of the standard call; templates.
    pub params: Map<String, Value>,
    /// How old a token must be before it may be renewed, in seconds.
    pub min_age_secs: Option<u64>,
    /// How long before the end it is renewed, in seconds. A tenth of the lifetime, five minutes at most,
    /// unless given.
    pub margin_secs: Option<u64>,
    /// How long before the end people are warned where nothing renews it, in seconds.
    pub warn_secs: Option<u64>,
}

/// What becomes of the old token when a new one is granted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RefreshModel {
    /// The refresh token stays.
    #[default]
    Stable,
    /// Each refresh token works once.
    Rotating,
    /// The access token renews itself while it is alive.
    Extending,
    /// A new token is asked for with the app's own credentials, or signed anew.
    ClientCredentials,
    /// Nothing renews it: a person must agree again.
    None,
}

/// A call with the new token. Its programs see the integration's configuration as `$config`. It comes before
/// `account`, which may name what it found.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Discover {
    /// What is asked.
    pub request: Request,
    /// Not secret, `{{connection.<name>}}`: jq over the answer.
    #[serde(default)]
    pub capture: BTreeMap<String, String>,
    /// Secret, `{{token.<name>}}`: jq over the answer.
    #[serde(default)]
    pub secrets: BTreeMap<String, String>,
}

/// Whose account it is.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// What is asked; none when the token answer says it.
    #[serde(default)]
    pub request: Option<Request>,
    /// jq to the id; of the answer, or of the token answer.
    pub id: String,
    /// jq to what people call it.
    #[serde(default)]
    pub name: Option<String>,
    /// jq to an object with what else is worth showing; nothing secret.
    #[serde(default)]
    pub more: Option<String>,
}

/// How access is given back.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Revoke {
    /// The call; templates over `token`, `credentials`, `config`, `connection`. A form body is `$form`.
    pub request: Request,
    /// Whether the app proves who it is as at the token endpoint.
    #[serde(default)]
    pub client_auth: bool,
}

/// A token that we sign.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Mint {
    /// The algorithm.
    pub alg: MintAlg,
    /// The private key in PEM; a template.
    pub key: String,
    /// Further header fields; templates.
    #[serde(default)]
    pub header: Map<String, Value>,
    /// The claims; templates. `iat`, `exp` and, in statements, `jti` are added.
    pub claims: Map<String, Value>,
    /// For how long it holds, in seconds.
    pub lifetime_secs: u64,
}

/// The algorithms that tokens are signed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub enum MintAlg {
    /// ECDSA with P-256 and SHA-256.
    ES256,
    /// RSA with PKCS #1 1.5 and SHA-256.
    RS256,
    /// RSA with PSS and SHA-256.
    PS256,
}
