//! What a provider file says, as types. `catalog/provider.schema.json` describes the same for editors
//! and for the linter.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::action::Action;
use crate::metrics::Metrics;
use crate::oauth::OAuth;
use crate::push::Push;
use crate::ratelimit::RateLimitSpec;
use crate::template;

/// How to speak with one outside service.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// Version of the file format; 1.
    pub schema: u32,
    /// The folder's name, in lower case.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// One sentence.
    pub summary: String,
    /// What it is about, for the filter of the catalog.
    #[serde(default)]
    pub categories: Vec<String>,
    /// Where its makers describe it.
    #[serde(default)]
    pub docs: Option<String>,
    /// The icon's file name, beside the provider file.
    #[serde(default = "icon_name")]
    pub icon: String,
    /// Whether it is asked, or tells, or both; neither where it has actions alone.
    pub modes: Vec<Mode>,
    /// The ways to prove who asks. None listed is the same as `none`.
    #[serde(default)]
    pub auth: Vec<Auth>,
    /// JSON Schema of the credentials.
    #[serde(default = "anything_empty")]
    pub credentials: Value,
    /// JSON Schema of the configuration.
    #[serde(default = "anything_empty")]
    pub config: Value,
    /// What the paths of requests hang on; a template.
    #[serde(default)]
    pub base_url: Option<String>,
    /// The request of a pull, unless the feed says otherwise.
    #[serde(default)]
    pub request: Option<Request>,
    /// How to read an answer.
    #[serde(default)]
    pub format: Format,
    /// jq from the answer to the document.
    #[serde(default)]
    pub transform: Option<String>,
    /// How often to pull unless told otherwise, in seconds.
    #[serde(default)]
    pub interval_secs: Option<u64>,
    /// jq that says whether a 2xx answer is a success in truth.
    #[serde(default)]
    pub success: Option<String>,
    /// jq to the message for people in an answer that is an error.
    #[serde(default)]
    pub error_message: Option<String>,
    /// The limit to keep to, and how answers report theirs.
    #[serde(default)]
    pub rate_limit: Option<RateLimitSpec>,
    /// A cheap request that shows whether the credentials work.
    #[serde(default)]
    pub test: Option<Request>,
    /// How it tells: signatures, handshakes, event ids.
    #[serde(default)]
    pub push: Option<Push>,
    /// How it grants access to people's accounts.
    #[serde(default)]
    pub oauth: Option<OAuth>,
    /// The numbers of an account, in the common vocabulary.
    #[serde(default)]
    pub metrics: Option<Metrics>,
    /// What it can do, by name.
    #[serde(skip)]
    pub actions: BTreeMap<String, Arc<Action>>,
    /// The recorded answers beside the file.
    #[serde(skip)]
    pub samples: Vec<Sample>,
    /// The icon itself, as SVG.
    #[serde(skip)]
    pub icon_svg: String,
}

/// Which way data comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// It is asked.
    Pull,
    /// It tells.
    Push,
}

/// How an answer is to be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// By its content type, then by its first byte.
    #[default]
    Auto,
    /// JSON.
    Json,
    /// RSS, Atom, RDF or JSON Feed.
    Feed,
    /// XML, as JSON with `@attribute` and `#text`.
    Xml,
    /// CSV with a header row, as an array of objects.
    Csv,
    /// `application/x-www-form-urlencoded`, as an object.
    Form,
    /// Text, as one string.
    Text,
}

/// One way to prove who asks.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Auth {
    /// What sort it is.
    pub kind: AuthKind,
    /// What the credential's `auth` field calls it; the kind's name unless given.
    #[serde(default)]
    pub id: Option<String>,
    /// Where an API key or a token goes; a token into a header unless given.
    #[serde(default, rename = "in")]
    pub place: Option<Place>,
    /// The header or parameter of an API key, or of a token, where it is `Authorization` unless given; a
    /// template.
    #[serde(default)]
    pub name: Option<String>,
    /// The token or key; a template. `Bearer {{token.access_token}}` where access was granted by OAuth,
    /// unless given. Of the kind `none`, the field that makes further proof needless when it is filled in,
    /// such as an address that is secret.
    #[serde(default)]
    pub value: Option<String>,
    /// The user of basic auth; a template.
    #[serde(default)]
    pub username: Option<String>,
    /// The password of basic auth; a template.
    #[serde(default)]
    pub password: Option<String>,
}

/// The sorts of authentication.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthKind {
    /// Nothing is proven.
    None,
    /// `Authorization: Bearer …`.
    Bearer,
    /// `Authorization: Basic …`.
    Basic,
    /// A key in a header or in the query.
    ApiKey,
    /// A token that was granted: `Authorization: Bearer …` unless the fields say otherwise.
    #[serde(rename = "oauth2")]
    OAuth2,
}

/// Where an API key goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// In a header.
    Header,
    /// In the query.
    Query,
}

/// A request, as templates. See [`crate::template`] for how each part is filled in.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The method; GET unless given. A template.
    #[serde(default)]
    pub method: Option<String>,
    /// Under the base URL.
    #[serde(default)]
    pub path: Option<String>,
    /// Or the whole address.
    #[serde(default)]
    pub url: Option<String>,
    /// Parameters. The key `*` takes an object whose members are spread.
    #[serde(default)]
    pub query: Map<String, Value>,
    /// Headers. The key `*` takes an object whose members are spread.
    #[serde(default)]
    pub headers: Map<String, Value>,
    /// JSON with templates in its strings, `{"$text": "…"}` for text as it is, or `{"$form": {…}}` for
    /// `application/x-www-form-urlencoded`, whose entries are like those of the query.
    #[serde(default)]
    pub body: Option<Value>,
}

/// A recorded answer, and what becomes of it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    /// What was asked.
    #[serde(default)]
    pub request: Option<Value>,
    /// The answer: JSON, or a string for other formats.
    pub response: Value,
    /// The content type, where the format is not JSON.
    #[serde(default)]
    pub content_type: Option<String>,
    /// The configuration the transform is given as `$config`.
    #[serde(default)]
    pub config: Option<Value>,
    /// The document after the transform.
    pub expect: Value,
    /// The file it came from.
    #[serde(skip)]
    pub file: String,
}

impl Provider {
    /// Whether it can be asked.
    pub fn pulls(&self) -> bool {
        self.modes.contains(&Mode::Pull)
    }

    /// Whether it tells.
    pub fn pushes(&self) -> bool {
        self.modes.contains(&Mode::Push)
    }

    /// The way of authentication that these credentials choose: the one their `auth` field names, else
    /// the only one, else the first whose fields are all there. A granted token is used where nothing else
    /// is filled in, and it needs a client id, or that nothing goes without proof.
    pub fn auth_for(&self, credentials: &Map<String, Value>) -> Option<&Auth> {
        if let Some(name) = credentials.get("auth").and_then(Value::as_str) {
            return self.auth.iter().find(|auth| auth.id() == name);
        }
        if let [only] = self.auth.as_slice() {
            return Some(only);
        }
        let has =
            |name: &str| credentials.get(name).is_some_and(|value| !value.is_null() && value != "");
        let filled = |auth: &&Auth| {
            let mut fields = auth.templates().flat_map(template::referenced).peekable();
            auth.kind != AuthKind::OAuth2
                && fields.peek().is_some()
                && fields.all(|field| field.strip_prefix("credentials.").is_none_or(has))
        };
        let of = |kind| self.auth.iter().find(move |auth| auth.kind == kind);
        let granted = || of(AuthKind::OAuth2);
        self.auth
            .iter()
            .find(filled)
            .or_else(|| granted().filter(|_| has("client_id")))
            .or_else(|| of(AuthKind::None).filter(|auth| auth.value.is_none()))
            .or_else(granted)
    }
}

impl Auth {
    /// What the credential's `auth` field calls it.
    pub fn id(&self) -> &str {
        self.id.as_deref().unwrap_or(match self.kind {
            AuthKind::None => "none",
            AuthKind::Bearer => "bearer",
            AuthKind::Basic => "basic",
            AuthKind::ApiKey => "api_key",
            AuthKind::OAuth2 => "oauth2",
        })
    }

    /// Every template in it.
    pub fn templates(&self) -> impl Iterator<Item = &str> {
        [&self.name, &self.value, &self.username, &self.password]
            .into_iter()
            .filter_map(Option::as_deref)
    }
}

fn icon_name() -> String {
    "icon.svg".to_owned()
}

/// The schema of what has no fields.
fn anything_empty() -> Value {
    serde_json::json!({"type": "object", "properties": {}, "additionalProperties": false})
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    #[test]
    fn the_fields_that_are_filled_in_choose_the_authentication() {
        let catalog = crate::Catalog::embedded().unwrap();
        let chosen = |provider: &str, credentials: Value| {
            let provider = catalog.get(provider).unwrap();
            provider.auth_for(credentials.as_object().unwrap()).map(|auth| auth.id().to_owned())
        };
        let is = |name: &str| Some(name.to_owned());
        assert_eq!(chosen("rest", json!({})), is("none"));
        assert_eq!(chosen("rest", json!({"token": "t"})), is("bearer"));
        assert_eq!(chosen("rest", json!({"username": "u", "password": "p"})), is("basic"));
        assert_eq!(chosen("rest", json!({"api_key": "k", "api_key_header": "X"})), is("api_key"));
        assert_eq!(
            chosen("rest", json!({"api_key": "k", "api_key_param": "p"})),
            is("api_key_query")
        );
        assert_eq!(chosen("rest", json!({"auth": "none", "token": "t"})), is("none"));
        assert_eq!(chosen("rest", json!({"auth": "nonsense"})), None);
        assert_eq!(chosen("openweather", json!({})), is("api_key"));
        assert_eq!(chosen("rss", json!({})), None);
        // A granted token, unless another way is filled in.
        let client = json!({"client_id": "c", "client_secret": "s"});
        assert_eq!(chosen("x", client), is("oauth2"));
        assert_eq!(chosen("x", json!({"client_id": "c", "bearer_token": "t"})), is("bearer"));
        let named = json!({"auth": "oauth2", "client_id": "c", "bearer_token": "t"});
        assert_eq!(chosen("x", named), is("oauth2"));
        assert_eq!(chosen("youtube", json!({"api_key": "k"})), is("api_key"));
        assert_eq!(chosen("youtube", json!({})), is("oauth2"));
        assert_eq!(chosen("github", json!({})), is("none"));
        // An address that is secret needs no more proof; without it, that is no way in.
        let hook = json!({"webhook_url": "https://discord.com/api/webhooks/1/t"});
        assert_eq!(chosen("discord", hook), is("webhook"));
        assert_eq!(chosen("discord", json!({})), is("oauth2"));
        assert_eq!(chosen("discord", json!({"bot_token": "b", "webhook_url": "w"})), is("bot"));
    }
}
