//! Bodies in JSON, read strictly: what cannot be used is refused by name, never dropped in silence.

use axum::RequestExt as _;
use axum::body::Bytes;
use axum::extract::{FromRequest, OptionalFromRequest, Request};
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, StatusCode};
use kernel::{Problem, codes};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::Failure;

/// A JSON body, in either direction. A request may also spell its top-level names in camelCase where
/// the type says snake_case. Give request types `#[serde(deny_unknown_fields)]`.
#[derive(Clone, Copy, Debug)]
pub struct ApiJson<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for ApiJson<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, _: &S) -> Result<Self, Failure> {
        if !says_json(request.headers()) {
            let detail = "Send the body with \"Content-Type: application/json\".";
            return Err(Problem::new(&codes::UNSUPPORTED_MEDIA, detail).into());
        }
        let bytes = read_body(request).await?;
        Ok(Self(decode(&bytes)?))
    }
}

impl<T: DeserializeOwned, S: Send + Sync> OptionalFromRequest<S> for ApiJson<T> {
    type Rejection = Failure;

    /// No `Content-Type` means no body.
    async fn from_request(request: Request, state: &S) -> Result<Option<Self>, Failure> {
        if !request.headers().contains_key(CONTENT_TYPE) {
            return Ok(None);
        }
        <Self as FromRequest<S>>::from_request(request, state).await.map(Some)
    }
}

impl<T: Serialize> IntoResponse for ApiJson<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(bytes) => {
                let json = HeaderValue::from_static("application/json");
                ([(CONTENT_TYPE, json)], bytes).into_response()
            }
            Err(error) => {
                tracing::error!(%error, "an answer cannot be written as JSON");
                Failure(Problem::new(&codes::INTERNAL, "This was our fault and is in the log."))
                    .into_response()
            }
        }
    }
}

/// For optional fields of requests that may be left out but not be `null`:
/// `#[serde(default, deserialize_with = "gate::present")]`. With `#[schema(nullable = false)]` beside it
/// the document says the same.
///
/// # Errors
/// When the value is not a `T`.
pub fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    value: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(value).map(Some)
}

fn says_json(headers: &HeaderMap) -> bool {
    let Some(Ok(media)) = headers.get(CONTENT_TYPE).map(HeaderValue::to_str) else { return false };
    let media = media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    media == "application/json" || (media.starts_with("application/") && media.ends_with("+json"))
}

/// The whole body, within the limit that the server set for it.
pub(crate) async fn read_body(request: Request) -> Result<Bytes, Problem> {
    request.extract().await.map_err(|rejection: axum::extract::rejection::BytesRejection| {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            Problem::new(&codes::TOO_LARGE, "Send less in one request.")
        } else {
            Problem::new(&codes::BAD_JSON, "The body broke off before its end.")
        }
    })
}

fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let value: Value = serde_json::from_slice(bytes).map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        Problem::new(&codes::BAD_JSON, format!("It stops making sense at {place}."))
    })?;
    if let Some(pointer) = find_nul(&value) {
        return Err(invalid(pointer, "the character U+0000 is not allowed".into()));
    }
    // What is read is an object everywhere; a list would be taken for its fields in their order.
    if value.is_array() {
        return Err(invalid(String::new(), "expected an object".into()));
    }
    parse(value)
}

/// Reads a request that came as JSON within another, as strictly as a body.
///
/// # Errors
/// `request.invalid`, naming the field.
pub fn parse<T: DeserializeOwned>(value: Value) -> Result<T, Problem> {
    match read(&value) {
        Ok(body) => Ok(body),
        Err(problem) => match in_snake_case(value) {
            Some(renamed) => read(&renamed),
            None => Err(problem),
        },
    }
}

fn read<T: DeserializeOwned>(value: &Value) -> Result<T, Problem> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let (at, message) = (pointer(error.path()), error.into_inner().to_string());
        match missing(&message) {
            Some(name) => invalid(format!("{at}/{}", escape(name)), "it is required".into()),
            None => invalid(at, explain(&message)),
        }
    })
}

/// The name of a field that is not there; the path ends before it.
fn missing(message: &str) -> Option<&str> {
    message.strip_prefix("missing field `")?.split('`').next()
}

fn invalid(pointer: String, message: String) -> Problem {
    let place = if pointer.is_empty() { "the body" } else { pointer.as_str() };
    Problem::new(&codes::INVALID, format!("{place}: {message}")).field(pointer, message)
}

/// `invalid type: string "…", expected a number` without the value, which may be a secret.
fn explain(message: &str) -> String {
    let is_mismatch = message.starts_with("invalid ");
    match message.split_once(", expected ") {
        Some((_, expected)) if is_mismatch => format!("expected {expected}"),
        _ => message.to_owned(),
    }
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter().fold(String::new(), |pointer, segment| match segment {
        Segment::Seq { index } => format!("{pointer}/{index}"),
        Segment::Map { key } | Segment::Enum { variant: key } => {
            format!("{pointer}/{}", escape(key))
        }
        Segment::Unknown => pointer,
    })
}

/// RFC 6901, section 3.
fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// Where a text holds U+0000, which PostgreSQL does not store.
fn find_nul(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => text.contains('\0').then(String::new),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .find_map(|(at, item)| Some(format!("/{at}{}", find_nul(item)?))),
        Value::Object(fields) => fields.iter().find_map(|(key, value)| {
            if key.contains('\0') {
                return Some(String::new());
            }
            Some(format!("/{}{}", escape(key), find_nul(value)?))
        }),
        _ => None,
    }
}

/// The same object with its top-level names in snake_case; `None` when they are already.
fn in_snake_case(value: Value) -> Option<Value> {
    let Value::Object(fields) = value else { return None };
    if !fields.keys().any(|key| key.contains(|letter: char| letter.is_ascii_uppercase())) {
        return None;
    }
    let rename = |key: String| {
        key.chars().fold(String::with_capacity(key.len() + 2), |mut name, letter| {
            if letter.is_ascii_uppercase() && !name.is_empty() {
                name.push('_');
            }
            name.push(letter.to_ascii_lowercase());
            name
        })
    };
    Some(Value::Object(
        fields.into_iter().map(|(key, value)| (rename(key), value)).collect::<Map<_, _>>(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Body {
        widget_id: String,
        #[serde(default)]
        items: Vec<u8>,
        inner: Option<Inner>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Inner {
        city: String,
    }

    fn check(body: &str) -> Result<Body, (u16, Vec<String>)> {
        decode(body.as_bytes()).map_err(|problem| {
            let errors = problem.errors.iter();
            (
                problem.code.status,
                errors.map(|it| format!("{} {}", it.pointer, it.message)).collect(),
            )
        })
    }

    #[test]
    fn camel_case_is_read_as_snake_case() {
        let body = Body { widget_id: "wgt".into(), items: vec![], inner: None };
        assert_eq!(check(r#"{"widget_id":"wgt"}"#).as_ref(), Ok(&body));
        assert_eq!(check(r#"{"widgetId":"wgt"}"#), Ok(body));
        assert_eq!(decode::<Value>(br#"{"aB":1}"#).unwrap(), serde_json::json!({ "aB": 1 }));
    }

    #[test]
    fn what_is_wrong_is_named_and_never_quoted() {
        for (body, status, errors) in [
            ("{", 400, vec![]),
            ("\u{feff}{}", 400, vec![]),
            (r#"{"widget_id":"a"} x"#, 400, vec![]),
            (r#"{"widget_id":7}"#, 422, vec!["/widget_id expected a string"]),
            (r#"{"widget_id":"a","items":[1,"hunter2"]}"#, 422, vec!["/items/1 expected u8"]),
            (r#"{}"#, 422, vec!["/widget_id it is required"]),
            (r#"["a", [], null]"#, 422, vec![" expected an object"]),
            (r#"{"widget_id":"a","items":[],"inner":{}}"#, 422, vec!["/inner/city it is required"]),
            (
                r#"{"widget_id":"a\u0000"}"#,
                422,
                vec!["/widget_id the character U+0000 is not allowed"],
            ),
        ] {
            let errors = errors.into_iter().map(str::to_owned).collect();
            assert_eq!(check(body), Err((status, errors)), "{body}");
        }
        let (status, errors) = check(r#"{"widget_id":"a","nme":1}"#).unwrap_err();
        assert!(status == 422 && errors[0].starts_with("/nme unknown field"), "{errors:?}");
        assert_eq!(check(&"[".repeat(100_000)).unwrap_err().0, 400);
        assert_eq!(decode::<Value>(b"{\"a\":\"\xff\"}").unwrap_err().code.status, 400);
    }
}
