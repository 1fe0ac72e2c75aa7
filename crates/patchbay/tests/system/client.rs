//! A small HTTP client. It knows nothing of the house but how keys are sent.

use bytes::Bytes;
use http::{HeaderMap, Method, Request, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// How long any one answer may take before the test has failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// Everything that was answered, where a test wants to look through it.
pub(crate) type Record = Arc<Mutex<Vec<(String, Vec<u8>)>>>;

/// Who asks, and where.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) address: SocketAddr,
    headers: Vec<(String, String)>,
    record: Option<Record>,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; null when it is not.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The code of a problem.
    pub(crate) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    /// The JSON of an answer that must have this status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        self.json()
    }
}

impl Client {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self { address, headers: Vec::new(), record: None }
    }

    pub(crate) fn headers(&self) -> &[(String, String)] {
        &self.headers
    }

    pub(crate) fn with(&self, name: &str, value: &str) -> Self {
        let mut client = self.clone();
        client.headers.push((name.to_owned(), value.to_owned()));
        client
    }

    pub(crate) fn key(&self, key: &str) -> Self {
        self.nobody().with("authorization", &format!("Bearer {key}"))
    }

    pub(crate) fn at(&self, address: SocketAddr) -> Self {
        Self { address, ..self.clone() }
    }

    pub(crate) fn nobody(&self) -> Self {
        Self { headers: Vec::new(), ..self.clone() }
    }

    pub(crate) fn recording(&self, record: Record) -> Self {
        Self { record: Some(record), ..self.clone() }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], "").await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.json("POST", path, body).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.json("PUT", path, body).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.json("PATCH", path, body).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, &[], "").await
    }

    pub(crate) async fn json(&self, method: &str, path: &str, body: Value) -> Answer {
        self.send(method, path, &[("content-type", "application/json")], body.to_string()).await
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Answer {
        let mut line = Line::open(self).await.expect("the server takes connections");
        line.send(method, path, headers, body).await.expect("an answer")
    }

    /// What is answered to a POST that says how long its body is, and has sent none of it.
    pub(crate) async fn announce(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        length: usize,
    ) -> String {
        let mut stream = TcpStream::connect(self.address).await.expect("a connection");
        let mut head = format!("POST {path} HTTP/1.1\r\nhost: {}\r\n", self.address);
        head += &format!("content-length: {length}\r\n");
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        stream.write_all(format!("{head}\r\n").as_bytes()).await.expect("the head is sent");
        let mut answer = Vec::new();
        let read = stream.read_to_end(&mut answer);
        tokio::time::timeout(PATIENCE, read).await.expect("an answer").expect("an answer");
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// An answer that does not end by itself, read as it comes.
    pub(crate) async fn open(&self, path: &str) -> Stream {
        let mut line = Line::open(self).await.expect("the server takes connections");
        let request = line.request("GET", path, &[], Bytes::new());
        let response = line.sender.send_request(request).await.expect("an answer");
        let status = response.status().as_u16();
        let what = format!("GET {path}");
        Stream { status, body: response.into_body(), text: String::new(), what, line }
    }
}

/// One connection, for many requests in a row.
pub(crate) struct Line {
    client: Client,
    sender: SendRequest<Full<Bytes>>,
}

impl Line {
    pub(crate) async fn open(client: &Client) -> Result<Self, String> {
        let stream = TcpStream::connect(client.address).await.map_err(|error| error.to_string())?;
        stream.set_nodelay(true).map_err(|error| error.to_string())?;
        let (sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
        // Its end is seen by whoever waits for an answer.
        tokio::spawn(connection);
        Ok(Self { client: client.clone(), sender })
    }

    fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> Request<Full<Bytes>> {
        let mut request = Request::builder()
            .method(method.parse::<Method>().unwrap())
            .uri(path)
            .header(header::HOST, self.client.address.to_string());
        for (name, value) in &self.client.headers {
            request = request.header(name, value);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(Full::new(body)).unwrap()
    }

    pub(crate) async fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Result<Answer, String> {
        let request = self.request(method, path, headers, body.into());
        let exchange = async {
            self.sender.ready().await.map_err(|error| error.to_string())?;
            let sent = self.sender.send_request(request).await;
            let (parts, body) = sent.map_err(|error| error.to_string())?.into_parts();
            let body = body.collect().await.map_err(|error| error.to_string())?.to_bytes();
            Ok(Answer {
                status: parts.status.as_u16(),
                headers: parts.headers,
                body: body.to_vec(),
            })
        };
        let answer: Result<Answer, String> = tokio::time::timeout(PATIENCE, exchange)
            .await
            .unwrap_or_else(|_| Err(format!("{method} {path} was not answered in time")));
        if let (Ok(answer), Some(record)) = (&answer, &self.client.record) {
            let headers = format!("{:?}", answer.headers);
            let whole = [headers.as_bytes(), &answer.body].concat();
            record.lock().unwrap().push((format!("{method} {path}"), whole));
        }
        answer
    }
}

/// Server-Sent Events.
pub(crate) struct Stream {
    pub(crate) status: u16,
    body: Incoming,
    text: String,
    what: String,
    line: Line,
}

impl Stream {
    /// The next event: its name and data. `None` at the end.
    pub(crate) async fn next(&mut self) -> Option<(String, Value)> {
        let found = tokio::time::timeout(PATIENCE, self.read()).await;
        found.unwrap_or_else(|_| panic!("{}: no event came in time", self.what))
    }

    /// The next event that fits.
    pub(crate) async fn until(&mut self, fits: impl Fn(&str, &Value) -> bool) -> Value {
        loop {
            let (name, data) = self.next().await.expect("the stream goes on");
            if fits(&name, &data) {
                return data;
            }
        }
    }

    async fn read(&mut self) -> Option<(String, Value)> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let field = |wanted: &str| {
                    let lines = event.lines().filter_map(|line| line.split_once(':'));
                    let values = lines.filter(|(name, _)| *name == wanted);
                    values.map(|(_, value)| value.trim_start()).collect::<Vec<_>>().join("\n")
                };
                let (name, data) = (field("event"), field("data"));
                self.text = rest.to_owned();
                if !data.is_empty() {
                    return Some((name, serde_json::from_str(&data).unwrap_or(Value::Null)));
                }
                continue;
            }
            let frame = self.body.frame().await?.ok()?;
            if let Some(data) = frame.data_ref() {
                self.text.push_str(&String::from_utf8_lossy(data));
                if let Some(record) = &self.line.client.record {
                    record.lock().unwrap().push((self.what.clone(), data.to_vec()));
                }
            }
        }
    }
}
