//! Filling in, place by place.

use std::cell::RefCell;
use std::time::Duration;

use jiff::tz::TimeZone;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

use super::parse::{Part, canonical, parse};
use super::{Context, TemplateError};
use crate::provider::{Auth, AuthKind, Place, Request};

/// Deeper bodies are refused.
const MAX_DEPTH: usize = 64;

/// What a path segment may hold as it is (RFC 3986, unreserved).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Fills in, and remembers what came from the credentials and the token.
pub(super) struct Filler<'a> {
    context: &'a Context<'a>,
    secrets: RefCell<Vec<String>>,
}

impl<'a> Filler<'a> {
    pub(super) fn new(context: &'a Context<'a>) -> Self {
        Self { context, secrets: RefCell::default() }
    }

    pub(super) fn into_secrets(self) -> Vec<String> {
        self.secrets.into_inner()
    }

    pub(super) fn address(
        &self,
        request: &Request,
        base: Option<&str>,
    ) -> Result<url::Url, TemplateError> {
        let (pointer, text) = match (&request.url, base) {
            (Some(url), _) => ("/url", self.url("/url", url)?),
            (None, Some(base)) => {
                let base = self.url("/base_url", base)?;
                let path = self.path("/path", request.path.as_deref().unwrap_or_default())?;
                ("/path", join(&base, &path))
            }
            (None, None) => return Err(unfit("/url", "there is neither a URL nor a base URL")),
        };
        let url = url::Url::parse(text.trim())
            .map_err(|error| unfit(pointer, &format!("the address cannot be read: {error}")))?;
        if matches!(url.scheme(), "http" | "https") {
            Ok(url)
        } else {
            Err(unfit(pointer, "the address begins with http:// or https://"))
        }
    }

    /// A value that is the whole URL is taken as it is; within one it is percent-encoded.
    fn url(&self, pointer: &str, template: &str) -> Result<String, TemplateError> {
        let parts = parse(pointer, template)?;
        if let Some(Part::Name(name)) = parts.first() {
            // A leading placeholder is a base such as `https://host/api`; what follows are segments.
            let base = self.scalar(pointer, name)?;
            return Ok(base + &self.segments(pointer, &parts[1..])?);
        }
        self.segments(pointer, &parts)
    }

    fn path(&self, pointer: &str, template: &str) -> Result<String, TemplateError> {
        let parts = parse(pointer, template)?;
        let (lead, whole) = match parts.as_slice() {
            [Part::Name(name)] => ("", *name),
            [Part::Text("/"), Part::Name(name)] => ("/", *name),
            parts => return self.segments(pointer, parts),
        };
        let value = self.scalar(pointer, whole)?;
        let segments: Vec<String> =
            value.split('/').map(|one| segment(pointer, one)).collect::<Result<_, _>>()?;
        Ok(lead.to_owned() + &segments.join("/"))
    }

    fn segments(&self, pointer: &str, parts: &[Part<'_>]) -> Result<String, TemplateError> {
        let one = |part: &Part<'_>| match part {
            Part::Text(text) => Ok((*text).to_owned()),
            Part::Name(name) => segment(pointer, &self.scalar(pointer, name)?),
        };
        parts.iter().map(one).collect()
    }

    /// The entries of headers, query or form. An absent optional value drops its entry, a list repeats it.
    pub(super) fn entries(
        &self,
        pointer: &str,
        map: &Map<String, Value>,
    ) -> Result<Vec<(String, String)>, TemplateError> {
        let mut entries = Vec::new();
        for (name, template) in map {
            let pointer = format!("{pointer}/{}", escape(name));
            let Some(value) = self.json(&pointer, template, 0)? else { continue };
            match value {
                Value::Object(spread) if name == "*" => {
                    for (name, value) in spread {
                        replace_entry(&mut entries, &pointer, &name, value)?;
                    }
                }
                _ if name == "*" => return Err(unfit(&pointer, "`*` takes an object")),
                value => replace_entry(&mut entries, &pointer, name, value)?,
            }
        }
        Ok(entries)
    }

    pub(super) fn authenticate(
        &self,
        auth: &Auth,
        headers: &mut Vec<(String, String)>,
        query: &mut Vec<(String, String)>,
    ) -> Result<(), TemplateError> {
        let part = |name: &str, template: &Option<String>| {
            self.text(&format!("/auth/{name}"), template.as_deref().unwrap_or_default())
        };
        let authorization = |value| ("Authorization".to_owned(), value);
        match auth.kind {
            AuthKind::None => {}
            AuthKind::Bearer => {
                headers.push(authorization(format!("Bearer {}", part("value", &auth.value)?)));
            }
            AuthKind::Basic => {
                let user = part("username", &auth.username)?;
                if user.contains(':') {
                    return Err(unfit("/auth/username", "a user name has no colon (RFC 7617)"));
                }
                let pair = format!("{user}:{}", part("password", &auth.password)?);
                let encoded = base64(pair.as_bytes());
                self.secrets.borrow_mut().push(encoded.clone());
                headers.push(authorization(format!("Basic {encoded}")));
            }
            AuthKind::ApiKey => {
                let entry = (part("name", &auth.name)?, part("value", &auth.value)?);
                match auth.place {
                    Some(Place::Query) => query.push(entry),
                    _ => headers.push(entry),
                }
            }
            AuthKind::OAuth2 => {
                let name = auth.name.as_deref().unwrap_or("Authorization");
                let value = auth.value.as_deref().unwrap_or("Bearer {{token.access_token}}");
                let entry = (self.text("/auth/name", name)?, self.text("/auth/value", value)?);
                match auth.place {
                    Some(Place::Query) => query.push(entry),
                    _ => headers.push(entry),
                }
            }
        }
        Ok(())
    }

    pub(super) fn text(&self, pointer: &str, template: &str) -> Result<String, TemplateError> {
        let mut text = String::new();
        for part in parse(pointer, template)? {
            match part {
                Part::Text(part) => text.push_str(part),
                Part::Name(name) => text.push_str(&self.scalar(pointer, name)?),
            }
        }
        Ok(text)
    }

    /// A JSON value with its strings filled in; `None` where it hangs on an absent optional value.
    pub(super) fn json(
        &self,
        pointer: &str,
        value: &Value,
        depth: usize,
    ) -> Result<Option<Value>, TemplateError> {
        if depth > MAX_DEPTH {
            return Err(unfit(pointer, "the body is nested too deeply"));
        }
        Ok(Some(match value {
            Value::String(template) => {
                let parts = parse(pointer, template)?;
                for part in &parts {
                    if let Part::Name(name) = part
                        && self.value(pointer, name)?.is_none()
                    {
                        return Ok(None);
                    }
                }
                match parts.as_slice() {
                    [Part::Name(name)] => return self.value(pointer, name),
                    _ => Value::String(self.text(pointer, template)?),
                }
            }
            Value::Array(items) => {
                let mut filled = Vec::with_capacity(items.len());
                for (at, item) in items.iter().enumerate() {
                    filled.extend(self.json(&format!("{pointer}/{at}"), item, depth + 1)?);
                }
                Value::Array(filled)
            }
            Value::Object(map) => {
                let mut filled = Map::new();
                for (key, item) in map {
                    let pointer = format!("{pointer}/{}", escape(key));
                    if let Some(item) = self.json(&pointer, item, depth + 1)? {
                        filled.insert(key.clone(), item);
                    }
                }
                Value::Object(filled)
            }
            other => other.clone(),
        }))
    }

    /// A value as text, which must be there and be neither an object nor a list.
    fn scalar(&self, pointer: &str, name: &str) -> Result<String, TemplateError> {
        let missing =
            || TemplateError::Missing { pointer: pointer.to_owned(), name: canonical(name) };
        let value = self.value(pointer, name)?.ok_or_else(missing)?;
        plain(pointer, value)
    }

    /// A value; `None` when it is absent and may be.
    fn value(&self, pointer: &str, name: &str) -> Result<Option<Value>, TemplateError> {
        let (root, path) = name.split_once('.').unwrap_or((name, ""));
        let (values, schema) = match root {
            "now" => return Ok(Some(Value::String(self.context.now.to_string()))),
            "days_ago" => return Ok(Some(Value::String(self.days_ago(pointer, path)?))),
            "credentials" => (self.context.credentials, self.context.credentials_schema),
            "input" => (self.context.input, None),
            "token" => (self.context.token, None),
            "connection" => (self.context.connection, None),
            "subscription" => (self.context.subscription, None),
            _ => (self.context.config, self.context.config_schema),
        };
        let mut words = path.split('.');
        let first = words.next().unwrap_or_default();
        let found = words.try_fold(values.get(first), |value, word| {
            Some(match value? {
                Value::Array(items) => items.get(word.parse::<usize>().ok()?),
                value => value.get(word),
            })
        });
        match found.flatten() {
            None | Some(Value::Null) if root == "input" || optional(schema, first) => Ok(None),
            None | Some(Value::Null) => {
                Err(TemplateError::Missing { pointer: pointer.to_owned(), name: canonical(name) })
            }
            Some(value) => {
                if matches!(root, "credentials" | "token") || name == "subscription.secret" {
                    taint(value, &mut self.secrets.borrow_mut());
                }
                Ok(Some(value.clone()))
            }
        }
    }

    /// A date so many days back, in UTC.
    fn days_ago(&self, pointer: &str, days: &str) -> Result<String, TemplateError> {
        let back =
            days.parse::<u32>().ok().map(|days| Duration::from_secs(u64::from(days) * 86_400));
        let at = back.and_then(|back| self.context.now.minus(back).to_jiff());
        let date = at.map(|at| at.to_zoned(TimeZone::UTC).date().to_string());
        date.ok_or_else(|| unfit(pointer, "`days_ago.` is followed by a number of days"))
    }
}

/// Whether the schema knows the field and does not require it.
fn optional(schema: Option<&Value>, field: &str) -> bool {
    let Some(schema) = schema else { return false };
    let known = schema.get("properties").is_some_and(|fields| fields.get(field).is_some());
    let required = schema.get("required").and_then(Value::as_array);
    known && !required.is_some_and(|required| required.iter().any(|name| name == field))
}

fn taint(value: &Value, secrets: &mut Vec<String>) {
    match value {
        Value::String(text) if !text.is_empty() && !secrets.contains(text) => {
            secrets.push(text.clone());
        }
        Value::Array(items) => items.iter().for_each(|item| taint(item, secrets)),
        Value::Object(map) => map.values().for_each(|item| taint(item, secrets)),
        _ => {}
    }
}

/// What comes later takes the place of what was spread before.
fn replace_entry(
    entries: &mut Vec<(String, String)>,
    pointer: &str,
    name: &str,
    value: Value,
) -> Result<(), TemplateError> {
    entries.retain(|(known, _)| known != name);
    push_entry(entries, pointer, name, value)
}

fn push_entry(
    entries: &mut Vec<(String, String)>,
    pointer: &str,
    name: &str,
    value: Value,
) -> Result<(), TemplateError> {
    let values = match value {
        Value::Array(values) => values,
        Value::Null => return Ok(()),
        value => vec![value],
    };
    for value in values {
        entries.push((name.to_owned(), plain(pointer, value)?));
    }
    Ok(())
}

fn plain(pointer: &str, value: Value) -> Result<String, TemplateError> {
    match value {
        Value::String(text) => Ok(text),
        Value::Number(_) | Value::Bool(_) => Ok(value.to_string()),
        _ => Err(unfit(pointer, "a text, a number or a boolean can stand here, nothing nested")),
    }
}

fn segment(pointer: &str, value: &str) -> Result<String, TemplateError> {
    if matches!(value, "." | "..") {
        return Err(unfit(pointer, "`.` and `..` cannot be part of a path"));
    }
    Ok(utf8_percent_encode(value, SEGMENT).to_string())
}

fn join(base: &str, path: &str) -> String {
    if path.is_empty() {
        return base.to_owned();
    }
    format!("{}/{}", base.trim_end_matches('/'), path.trim_start_matches('/'))
}

/// A name is a token and a value has no control characters (RFC 9110), so that nothing can be smuggled.
pub(super) fn check_headers(headers: &[(String, String)]) -> Result<(), TemplateError> {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    for (name, value) in headers {
        let pointer = format!("/headers/{}", escape(name));
        if name.is_empty() || !name.bytes().all(token) {
            return Err(unfit(&pointer, "this is not the name of a header"));
        }
        if value.chars().any(|letter| letter.is_control() && letter != '\t') {
            return Err(unfit(&pointer, "a header has no line breaks or control characters"));
        }
    }
    Ok(())
}

pub(super) fn unfit(pointer: &str, reason: &str) -> TemplateError {
    TemplateError::Unfit { pointer: pointer.to_owned(), reason: reason.to_owned() }
}

fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

fn base64(bytes: &[u8]) -> String {
    use base64::{Engine, engine::general_purpose::STANDARD};
    STANDARD.encode(bytes)
}
