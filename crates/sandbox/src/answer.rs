//! Answers that a client can ask for conditionally (RFC 9110, section 13), and dates in their format.

use aws_lc_rs::digest;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use jiff::fmt::rfc2822;
use kernel::Timestamp;

/// The body with its `ETag`, or 304 when the client has it already. `If-None-Match` wins over
/// `If-Modified-Since`, which counts only where a time of change is known.
pub(crate) fn conditional(
    asked: &HeaderMap,
    media_type: &'static str,
    changed: Option<Timestamp>,
    body: String,
) -> Response {
    let hash = digest::digest(&digest::SHA256, body.as_bytes());
    let tag = format!("\"{}\"", hex::encode(&hash.as_ref()[..8]));
    let mut headers = vec![(header::ETAG, tag.clone())];
    headers.extend(changed.map(|at| (header::LAST_MODIFIED, http_date(at))));
    if has(asked, &tag, changed) {
        return (StatusCode::NOT_MODIFIED, AppendHeaders(headers)).into_response();
    }
    // An array replaces the content type that axum gives to text; appended, it would stand second.
    ([(header::CONTENT_TYPE, media_type)], AppendHeaders(headers), body).into_response()
}

/// A time as HTTP and RSS write it: `Sun, 06 Nov 1994 08:49:37 GMT`.
pub(crate) fn http_date(at: Timestamp) -> String {
    at.to_jiff()
        .and_then(|at| rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&at).ok())
        .unwrap_or_default()
}

fn has(asked: &HeaderMap, tag: &str, changed: Option<Timestamp>) -> bool {
    let text = |name: HeaderName| asked.get(name).and_then(|value| value.to_str().ok());
    if let Some(tags) = text(header::IF_NONE_MATCH) {
        let known = |known: &str| known == "*" || known.trim_start_matches("W/") == tag;
        return tags.split(',').map(str::trim).any(known);
    }
    let since = text(header::IF_MODIFIED_SINCE)
        .and_then(|date| rfc2822::DateTimeParser::new().parse_timestamp(date).ok())
        .map(Timestamp::from);
    since.zip(changed).is_some_and(|(since, changed)| changed.secs() <= since.secs())
}
