//! Single requests to the API, for setting the stage.

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use std::net::SocketAddr;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::load::{self, Request};

/// Calls the API of a house in the name of a key.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) addr: SocketAddr,
    pub(crate) key: String,
}

/// An answer as it came over the wire.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Client {
    /// Makes something and gives its JSON.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        let bearer = format!("Bearer {}", self.key);
        let headers = [("authorization", &*bearer), ("content-type", "application/json")];
        let answer = self.send("POST", path, &headers, body.to_string().as_bytes()).await?;
        let said = String::from_utf8_lossy(&answer.body);
        if answer.status >= 300 {
            bail!("POST {path} answered {}: {said}", answer.status);
        }
        serde_json::from_str(&said).with_context(|| format!("POST {path} answered {said}"))
    }

    /// Sends a request over a connection of its own.
    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Answer> {
        self.send_request(Request::new(method, path, headers, body)).await
    }

    /// The same with a prepared request.
    pub(crate) async fn send_request(&self, request: Request) -> Result<Answer> {
        let mut stream = TcpStream::connect(self.addr).await?;
        stream.write_all(request.bytes()).await?;
        let mut buffer = vec![0; 1 << 16];
        let (status, length) = load::read_answer(&mut stream, &mut buffer).await?;
        buffer.truncate(length);
        let end = buffer.windows(4).position(|part| part == b"\r\n\r\n").unwrap_or_default();
        let body = buffer.split_off(end + 4);
        Ok(Answer { status, head: String::from_utf8(buffer)?, body })
    }
}

/// The text at a key of an answer.
pub(crate) fn text(answer: &Value, key: &str) -> Result<String> {
    let text = answer[key].as_str().with_context(|| format!("there is no {key} in {answer}"))?;
    Ok(text.to_owned())
}
