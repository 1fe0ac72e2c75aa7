//! Filling in requests: `{{credentials.x}}`, `{{config.x}}` (also `{{options.x}}`), `{{input.x}}` for what an
//! action is given, `{{token.x}}` for what a provider granted, `{{connection.x}}` for what was captured then,
//! `{{now}}`, and `{{days_ago.7}}` for the
//! date a week ago in UTC; with dots into objects and arrays, and no logic.
//!
//! What the values are depends on the place. In a body, a string that is one placeholder becomes the value
//! itself, type included. In a path a value is one segment, unless it is the whole path. In headers and
//! query an absent value that the schema does not require drops the entry. Every string that came from the
//! credentials or the token is remembered, so that the request log can hide it.

mod fill;
mod parse;

use std::sync::LazyLock;

use kernel::{Code, Timestamp, codes};
use serde_json::{Map, Value};

use crate::provider::{Auth, Request};
use fill::{Filler, check_headers, unfit};

pub use parse::{check, referenced};

/// Why a template cannot be filled in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A placeholder that is not closed, or whose name cannot be read.
    #[error("{pointer}: the template {template:?} cannot be read: {reason}")]
    Syntax {
        /// Where it stands.
        pointer: String,
        /// The template.
        template: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A value that is not there.
    #[error("{pointer}: there is no value `{name}`")]
    Missing {
        /// Where the template stands.
        pointer: String,
        /// What it asks for.
        name: String,
    },
    /// A value that cannot stand where it should.
    #[error("{pointer}: {reason}")]
    Unfit {
        /// Where the template stands.
        pointer: String,
        /// Why not.
        reason: String,
    },
}

impl TemplateError {
    /// The stable code.
    pub fn code(&self) -> &'static Code {
        &codes::FEED_TEMPLATE
    }

    /// JSON Pointer to the template within the request.
    pub fn pointer(&self) -> &str {
        match self {
            Self::Syntax { pointer, .. }
            | Self::Missing { pointer, .. }
            | Self::Unfit { pointer, .. } => pointer,
        }
    }
}

/// The values that templates speak of.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The credential's fields.
    pub credentials: &'a Map<String, Value>,
    /// The configuration merged under the options.
    pub config: &'a Map<String, Value>,
    /// What an action is given. It was checked before: what is absent may be.
    pub input: &'a Map<String, Value>,
    /// What was granted: `access_token` and the like. Secret like credentials.
    pub token: &'a Map<String, Value>,
    /// What was captured when somebody connected.
    pub connection: &'a Map<String, Value>,
    /// What is known of a push subscription that is asked for.
    pub subscription: &'a Map<String, Value>,
    /// What `{{now}}` is.
    pub now: Timestamp,
    /// JSON Schema of the credentials: what it names without requiring may be absent.
    pub credentials_schema: Option<&'a Value>,
    /// JSON Schema of the configuration, likewise.
    pub config_schema: Option<&'a Value>,
}

/// No values.
static NOTHING: LazyLock<Map<String, Value>> = LazyLock::new(Map::new);

impl<'a> Context<'a> {
    /// With nothing granted, and without schemas: whatever is named must be there.
    pub fn new(
        credentials: &'a Map<String, Value>,
        config: &'a Map<String, Value>,
        now: Timestamp,
    ) -> Self {
        Self {
            credentials,
            config,
            input: &NOTHING,
            token: &NOTHING,
            connection: &NOTHING,
            subscription: &NOTHING,
            now,
            credentials_schema: None,
            config_schema: None,
        }
    }
}

/// A request with everything filled in.
#[derive(Clone, Debug, PartialEq)]
pub struct Rendered {
    /// The method, in capitals.
    pub method: String,
    /// The whole address, query included.
    pub url: url::Url,
    /// Headers in order; no name or value holds a line break.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Option<Body>,
    /// Every string that came from the credentials or the token and stands somewhere above.
    pub secrets: Vec<String>,
}

/// A body with everything filled in.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// JSON.
    Json(Value),
    /// Text as it is.
    Text(String),
    /// Names and values in order, to be sent as `application/x-www-form-urlencoded`.
    Form(Vec<(String, String)>),
}

impl Body {
    /// The content type that goes with it.
    pub const fn content_type(&self) -> &'static str {
        match self {
            Self::Json(_) => "application/json",
            Self::Text(_) => "text/plain; charset=utf-8",
            Self::Form(_) => "application/x-www-form-urlencoded",
        }
    }

    /// As it is sent.
    pub fn encoded(&self) -> String {
        match self {
            Self::Json(json) => json.to_string(),
            Self::Text(text) => text.clone(),
            Self::Form(form) => {
                url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish()
            }
        }
    }
}

/// Fills in a request, and authenticates it.
pub fn render(
    request: &Request,
    base_url: Option<&str>,
    auth: Option<&Auth>,
    context: &Context<'_>,
) -> Result<Rendered, TemplateError> {
    let fill = Filler::new(context);
    let mut url = fill.address(request, base_url)?;
    let mut headers = fill.entries("/headers", &request.headers)?;
    let mut query = fill.entries("/query", &request.query)?;
    if let Some(auth) = auth {
        fill.authenticate(auth, &mut headers, &mut query)?;
    }
    check_headers(&headers)?;
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
    let body = match &request.body {
        None | Some(Value::Null) => None,
        Some(Value::Object(map)) if map.len() == 1 && map.contains_key("$text") => {
            let text = map.get("$text").and_then(Value::as_str).unwrap_or_default();
            Some(Body::Text(fill.text("/body/$text", text)?))
        }
        Some(Value::Object(map)) if map.len() == 1 && map.contains_key("$form") => {
            let Some(Value::Object(form)) = map.get("$form") else {
                return Err(unfit("/body/$form", "a form is an object"));
            };
            Some(Body::Form(fill.entries("/body/$form", form)?))
        }
        Some(body) => fill.json("/body", body, 0)?.map(Body::Json),
    };
    let method = fill.text("/method", request.method.as_deref().unwrap_or("GET"))?;
    let method = method.to_ascii_uppercase();
    if method.is_empty() || !method.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Err(unfit("/method", "the method is made of letters"));
    }
    Ok(Rendered { method, url, headers, body, secrets: fill.into_secrets() })
}

/// Fills in one string on its own.
pub fn text(pointer: &str, template: &str, context: &Context<'_>) -> Result<String, TemplateError> {
    Filler::new(context).text(pointer, template)
}

#[cfg(test)]
mod tests;
