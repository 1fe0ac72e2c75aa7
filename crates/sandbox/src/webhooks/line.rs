//! The sender's HTTP client: one kept-alive connection to one loopback address.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request, Uri, header};
use bytes::Bytes;
use futures::{StreamExt, stream};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::event::Message;
use crate::outcall::{ANSWER_LIMIT, Failure, authority};
use crate::{Faults, SandboxError};

/// The longest that an answer is waited for, beyond the slowness that was asked for.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) struct Line {
    target: Uri,
    /// Host and port to dial, and the `Host` header.
    authority: String,
    open: Option<SendRequest<Body>>,
}

impl Line {
    pub(super) fn new(target: &str) -> Result<Self, SandboxError> {
        let (uri, authority) = authority(target)?;
        Ok(Self { target: uri, authority, open: None })
    }

    /// Posts the message and gives the status of the answer, or what went wrong as words.
    pub(super) async fn post(&mut self, message: &Message, faults: Faults) -> Result<u16, String> {
        let patience = PATIENCE + Duration::from_millis(faults.slow_ms);
        let posted = tokio::time::timeout(patience, self.attempt(message, faults)).await;
        let result = posted.map_err(Failure::from).and_then(|result| result);
        result.map_err(|failure| {
            self.open = None;
            failure.to_string()
        })
    }

    async fn attempt(&mut self, message: &Message, faults: Faults) -> Result<u16, Failure> {
        if let Some(mut open) = self.open.take()
            && open.ready().await.is_ok()
        {
            match self.exchange(&mut open, message, faults).await {
                // A connection that stood idle may have been closed just now: once more on a new one.
                Err(failure) if !faults.drop_connection => drop(failure),
                done => {
                    self.open = Some(open);
                    return done;
                }
            }
        }
        let stream = TcpStream::connect(&self.authority).await?;
        stream.set_nodelay(true)?;
        let (mut open, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // Ends when the line is dropped, or with the connection.
        tokio::spawn(connection);
        let status = self.exchange(&mut open, message, faults).await?;
        self.open = Some(open);
        Ok(status)
    }

    async fn exchange(
        &self,
        open: &mut SendRequest<Body>,
        message: &Message,
        faults: Faults,
    ) -> Result<u16, Failure> {
        let path = self.target.path_and_query().map_or("/", |path| path.as_str());
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header(header::HOST, &self.authority)
            .header(header::USER_AGENT, "Patchbay-Sandbox")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::CONTENT_LENGTH, message.body.len());
        for (name, value) in &message.headers {
            request = request.header(*name, value);
        }
        let answer = open.send_request(request.body(body(message, faults))?).await?;
        let status = answer.status().as_u16();
        axum::body::to_bytes(Body::new(answer.into_body()), ANSWER_LIMIT).await?;
        Ok(status)
    }
}

/// The body with its faults: late in coming, or broken off in the middle.
fn body(message: &Message, faults: Faults) -> Body {
    let bytes = Bytes::copy_from_slice(&message.body);
    if faults.slow_ms == 0 && !faults.drop_connection {
        return Body::from(bytes);
    }
    let half = bytes.slice(..bytes.len() / 2);
    let pause = stream::once(async move {
        tokio::time::sleep(Duration::from_millis(faults.slow_ms)).await;
    });
    if faults.drop_connection {
        let broken = stream::iter([Ok(half), Err("broken off on purpose")]);
        return Body::from_stream(pause.flat_map(move |()| broken.clone()));
    }
    Body::from_stream(pause.map(move |()| Ok::<_, Infallible>(bytes.clone())))
}
