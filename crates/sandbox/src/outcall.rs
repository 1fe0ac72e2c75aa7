//! A call from the sandbox to an address on loopback, and the check that it is one. What leaves the
//! house goes through `egress`; this is the outside world itself.

use std::net::IpAddr;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, Uri, header};
use bytes::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::SandboxError;

/// The longest that an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// An answer's body is read this far.
pub(crate) const ANSWER_LIMIT: usize = 1 << 20;

pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Host and port to dial, and the `Host` header, of an `http://` target on loopback.
///
/// # Errors
/// [`SandboxError::Target`] for everything else.
pub(crate) fn authority(target: &str) -> Result<(Uri, String), SandboxError> {
    let refuse = || SandboxError::Target(target.to_owned());
    let uri: Uri = target.parse().map_err(|_| refuse())?;
    let host = uri.host().ok_or_else(refuse)?;
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let loopback = bare.parse::<IpAddr>().map_or(host == "localhost", |ip| ip.is_loopback());
    if uri.scheme_str() != Some("http") || !loopback {
        return Err(refuse());
    }
    let authority = format!("{host}:{}", uri.port_u16().unwrap_or(80));
    Ok((uri, authority))
}

/// One request on a connection of its own: the status and the body of the answer, or what went wrong as
/// words.
pub(crate) async fn call(
    method: Method,
    target: &str,
    headers: HeaderMap,
    body: Bytes,
) -> Result<(u16, Bytes), String> {
    let attempt = attempt(method, target, headers, body);
    let called = tokio::time::timeout(PATIENCE, attempt).await;
    called.map_err(Failure::from).and_then(|result| result).map_err(|failure| failure.to_string())
}

async fn attempt(
    method: Method,
    target: &str,
    headers: HeaderMap,
    body: Bytes,
) -> Result<(u16, Bytes), Failure> {
    let (uri, authority) = authority(target)?;
    let stream = TcpStream::connect(&authority).await?;
    stream.set_nodelay(true)?;
    let (mut open, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // Ends when `open` is dropped, or with the connection.
    tokio::spawn(connection);
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, &authority)
        .header(header::USER_AGENT, "Patchbay-Sandbox")
        .body(Body::from(body))?;
    request.headers_mut().extend(headers);
    let answer = open.send_request(request).await?;
    let status = answer.status().as_u16();
    Ok((status, axum::body::to_bytes(Body::new(answer.into_body()), ANSWER_LIMIT).await?))
}
