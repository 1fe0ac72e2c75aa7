//! What readers are compared with: a route of plain axum that answers fixed bytes and does nothing else.

use anyhow::Result;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::response::Response;
use axum::routing::get;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};

use crate::client::Answer;
use crate::house::free_address;
use crate::process::Process;

/// Starts one that answers as `answer` did.
pub(crate) async fn start(path: &str, answer: &Answer) -> Result<(SocketAddr, Process)> {
    let addr = free_address()?;
    // hyper writes these itself, for us as for anybody.
    let own = ["date", "content-length"];
    let lines = answer.head.lines().skip(1).filter_map(|line| line.split_once(':'));
    let headers: Vec<_> = lines
        .filter(|(name, _)| !own.contains(name))
        .map(|(name, value)| json!([name, value.trim()]))
        .collect();
    let told = json!({
        "addr": addr, "path": path, "status": answer.status, "headers": headers,
        "body": String::from_utf8_lossy(&answer.body),
    });
    let mut child =
        Command::new(std::env::current_exe()?).arg("bare").stdin(Stdio::piped()).spawn()?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(told.to_string().as_bytes())?;
    }
    let process = Process(child);
    while TcpStream::connect(addr).await.is_err() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    Ok((addr, process))
}

/// The other side of it: `bench bare`.
pub(crate) async fn serve() -> Result<()> {
    let mut told = String::new();
    std::io::stdin().read_to_string(&mut told)?;
    let told: Value = serde_json::from_str(&told)?;
    let text = |key: &str| told[key].as_str().unwrap_or_default().to_owned();
    let mut headers = HeaderMap::new();
    for pair in told["headers"].as_array().into_iter().flatten() {
        let name: HeaderName = pair[0].as_str().unwrap_or_default().parse()?;
        let value: HeaderValue = pair[1].as_str().unwrap_or_default().parse()?;
        headers.insert(name, value);
    }
    let status = StatusCode::from_u16(told["status"].as_u64().unwrap_or_default().try_into()?)?;
    let body = Bytes::from(text("body"));
    let answer = move || async move {
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        response
    };
    let listener = TcpListener::bind(text("addr")).await?;
    Ok(axum::serve(listener, Router::new().route(&text("path"), get(answer))).await?)
}
