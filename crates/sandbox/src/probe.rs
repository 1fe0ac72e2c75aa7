//! The client of the tests: a sandbox on a clock that stands still, and one request at a time to it.

use axum::body::Body;
use axum::http::HeaderMap;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use kernel::{Clock, Secret, Timestamp};
use tokio::net::TcpStream;

use crate::{Faults, Sandbox, SandboxConfig, Service};

pub(crate) struct Probe {
    pub(crate) clock: Clock,
    pub(crate) sandbox: Sandbox,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

impl Probe {
    pub(crate) async fn start() -> Self {
        let clock = Clock::manual(Timestamp::from_secs(1_795_219_200));
        let config = SandboxConfig::new(clock.clone(), Secret::new([7; 32]));
        Self { clock, sandbox: Sandbox::start(config).await.unwrap() }
    }

    pub(crate) fn faults(&self, service: Service, faults: Faults) {
        self.sandbox.set_faults(service.name(), faults).unwrap();
    }

    pub(crate) async fn get(
        &self,
        service: Service,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Answer {
        self.send("GET", service, path, headers, "").await.unwrap()
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        service: Service,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<Answer, hyper::Error> {
        let url = self.sandbox.url(service).unwrap();
        let host = url.strip_prefix("http://").unwrap();
        let stream = TcpStream::connect(host).await.unwrap();
        let (mut line, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        let mut request =
            axum::http::Request::builder().method(method).uri(path).header("host", host);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = line.send_request(request.body(Body::from(body.to_owned())).unwrap()).await?;
        let (head, body) = answer.into_parts();
        let body = axum::body::to_bytes(Body::new(body), usize::MAX).await.unwrap();
        Ok(Answer { status: head.status.as_u16(), headers: head.headers, body: body.to_vec() })
    }
}
