//! How a problem is answered: RFC 9457, `application/problem+json`.

use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, StatusCode};
use kernel::{FieldError, Problem, codes};
use serde::Serialize;

/// The error of a handler. Whatever can be told as a [`Problem`] becomes one with `?`.
#[derive(Debug)]
pub struct Failure(pub Problem);

/// What a handler returns.
pub type Answer<T> = Result<T, Failure>;

impl<E: Into<Problem>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

/// There is nothing by that name here; also what is said of things that belong to another workspace.
pub fn not_found(what: &str) -> Problem {
    Problem::new(&codes::NOT_FOUND, format!("There is no such {what} in this workspace."))
}

#[derive(Serialize)]
struct Body<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    code: &'a str,
    detail: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let Problem { code, detail, errors, retry_after } = self.0;
        let body = Body {
            r#type: format!("/docs/errors/{}", code.name),
            title: code.title,
            status: code.status,
            code: code.name,
            detail: &detail,
            errors: &errors,
        };
        let status = StatusCode::from_u16(code.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut headers = HeaderMap::with_capacity(3);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(secs) = retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(secs));
        }
        if status == StatusCode::UNAUTHORIZED && code.name.starts_with("auth.") {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"patchbay\""));
        }
        // Of plain texts and numbers: this does not fail.
        let body = serde_json::to_vec(&body).unwrap_or_default();
        (status, headers, body).into_response()
    }
}
