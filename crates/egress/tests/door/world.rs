//! A small outside world: servers on loopback that answer as they are told, names that resolve as
//! they are told, and a request log that can be read.

use egress::{Config, DnsFailure, Egress, Log, Request, RequestLogEntry, Resolve, RetryPolicy};
use futures::future::BoxFuture;
use http::Method;
use kernel::{Clock, Entropy, Timestamp, WorkspaceId};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

/// What a server does with a request.
#[derive(Clone)]
pub(crate) struct Reply {
    bytes: Vec<u8>,
    after: After,
}

#[derive(Clone, Copy, PartialEq)]
enum After {
    Listen,
    Close,
    Hold,
}

impl Reply {
    /// A whole answer.
    pub(crate) fn status(status: u16, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref();
        let mut bytes = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n", body.len());
        headers.iter().for_each(|(name, value)| bytes += &format!("{name}: {value}\r\n"));
        let bytes = [bytes.as_bytes(), b"\r\n", body].concat();
        Self { bytes, after: After::Listen }
    }

    pub(crate) fn ok(body: impl AsRef<[u8]>) -> Self {
        Self::status(200, &[], body)
    }

    pub(crate) fn redirect(status: u16, to: &str) -> Self {
        Self::status(status, &[("location", to)], "")
    }

    /// These bytes, and then the connection ends.
    pub(crate) fn raw(bytes: impl AsRef<[u8]>) -> Self {
        Self { bytes: bytes.as_ref().to_vec(), after: After::Close }
    }

    /// These bytes, and then nothing more.
    pub(crate) fn hold(bytes: impl AsRef<[u8]>) -> Self {
        Self { bytes: bytes.as_ref().to_vec(), after: After::Hold }
    }

    /// The same answer, and then the connection ends.
    pub(crate) fn closing(mut self) -> Self {
        self.after = After::Close;
        self
    }
}

/// A server on a port of its own. It keeps what it was asked.
pub(crate) struct Server {
    pub(crate) port: u16,
    requests: Arc<Mutex<Vec<String>>>,
    /// How many requests have arrived.
    pub(crate) arrived: watch::Receiver<usize>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    /// Answers the requests in this order, and every further one like the last.
    pub(crate) async fn replies(replies: Vec<Reply>) -> Self {
        Self::start(None, move |number| {
            let reply = replies[number.min(replies.len() - 1)].clone();
            Box::pin(async move { reply })
        })
        .await
    }

    /// Answers each request when `open` says so.
    pub(crate) async fn when(open: watch::Receiver<bool>, reply: Reply) -> Self {
        Self::start(None, move |_| {
            let (mut open, reply) = (open.clone(), reply.clone());
            Box::pin(async move {
                open.wait_for(|open| *open).await.unwrap();
                reply
            })
        })
        .await
    }

    pub(crate) async fn start(
        tls: Option<TlsAcceptor>,
        answer: impl Fn(usize) -> BoxFuture<'static, Reply> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (count, arrived) = watch::channel(0);
        let (answer, count, kept) = (Arc::new(answer), Arc::new(count), requests.clone());
        let task = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((socket, _)) = listener.accept().await {
                let (answer, count, kept) = (answer.clone(), count.clone(), kept.clone());
                let tls = tls.clone();
                connections.spawn(async move {
                    match tls {
                        None => serve(socket, &*answer, &count, &kept).await,
                        Some(tls) => {
                            if let Ok(socket) = tls.accept(socket).await {
                                serve(socket, &*answer, &count, &kept).await;
                            }
                        }
                    }
                });
            }
        });
        Self { port, requests, arrived, task }
    }

    /// The requests so far, as text.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    /// An address on it, by IP.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// An address on it, by name.
    pub(crate) fn named(&self, host: &str) -> String {
        format!("http://{host}:{}/", self.port)
    }
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    mut socket: S,
    answer: &(impl Fn(usize) -> BoxFuture<'static, Reply> + Send + Sync),
    count: &watch::Sender<usize>,
    kept: &Mutex<Vec<String>>,
) {
    while let Some(request) = read_request(&mut socket).await {
        let number = {
            let mut kept = kept.lock().unwrap();
            kept.push(request);
            kept.len()
        };
        count.send_replace(number);
        let reply = answer(number - 1).await;
        if socket.write_all(&reply.bytes).await.is_err() || reply.after == After::Close {
            let _ = socket.shutdown().await;
            return;
        }
        if reply.after == After::Hold {
            return std::future::pending().await;
        }
    }
}

async fn read_request<S: AsyncRead + Unpin>(socket: &mut S) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
        if let Some(head) = text.find("\r\n\r\n") {
            let length = text
                .split("content-length: ")
                .nth(1)
                .map_or(0, |rest| rest.split("\r\n").next().unwrap().parse::<usize>().unwrap());
            if bytes.len() >= head + 4 + length {
                return Some(String::from_utf8_lossy(&bytes).into_owned());
            }
        }
        if socket.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}

/// Names that resolve by script: one list after the other, the last one for good.
#[derive(Default)]
pub(crate) struct Names {
    script: HashMap<String, Vec<Vec<IpAddr>>>,
    asked: Mutex<HashMap<String, usize>>,
}

impl Names {
    pub(crate) fn with(mut self, host: &str, answers: &[&[&str]]) -> Self {
        let parse = |list: &&[&str]| list.iter().map(|text| text.parse().unwrap()).collect();
        self.script.insert(host.to_owned(), answers.iter().map(parse).collect());
        self
    }

    /// How often a name was asked for.
    pub(crate) fn asked(&self, host: &str) -> usize {
        self.asked.lock().unwrap().get(host).copied().unwrap_or_default()
    }
}

impl Resolve for Names {
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, Result<Vec<IpAddr>, DnsFailure>> {
        let mut asked = self.asked.lock().unwrap();
        let before = asked.entry(host.to_owned()).or_default();
        let answer = self.script.get(host).map(|all| all[(*before).min(all.len() - 1)].clone());
        *before += 1;
        Box::pin(async move {
            match answer {
                // A name without addresses never gets an answer.
                Some(none) if none.is_empty() => std::future::pending().await,
                Some(addresses) => Ok(addresses),
                None => Err(DnsFailure { detail: "no such name".into(), temporary: false }),
            }
        })
    }
}

/// A request log in memory.
#[derive(Default)]
pub(crate) struct Memory(Mutex<Vec<RequestLogEntry>>);

impl Log for Memory {
    fn record(&self, entry: RequestLogEntry) {
        self.0.lock().unwrap().push(entry);
    }
}

/// A door with everything around it.
pub(crate) struct World {
    pub(crate) egress: Egress,
    pub(crate) names: Arc<Names>,
    log: Arc<Memory>,
    pub(crate) workspace: WorkspaceId,
}

impl World {
    /// Only 127.0.0.1 is open.
    pub(crate) fn new() -> Self {
        Self::with(config(), Names::default())
    }

    pub(crate) fn with(config: Config, names: Names) -> Self {
        let (names, log) = (Arc::new(names), Arc::new(Memory::default()));
        let clock = Clock::manual(Timestamp::from_secs(1_700_000_000));
        let entropy = Entropy::seeded(1);
        let workspace = WorkspaceId::generate(clock.now(), &entropy);
        let egress =
            Egress::with_resolver(config, clock, entropy, log.clone(), names.clone()).unwrap();
        Self { egress, names, log, workspace }
    }

    pub(crate) fn get(&self, url: &str) -> Request {
        self.request(Method::GET, url)
    }

    /// A request that is tried again without much waiting.
    pub(crate) fn request(&self, method: Method, url: &str) -> Request {
        let mut request = Request::new(self.workspace, method, url.parse().unwrap());
        request.retry = RetryPolicy { base: Duration::from_millis(1), ..RetryPolicy::default() };
        request
    }

    /// What was logged.
    pub(crate) fn log(&self) -> Vec<RequestLogEntry> {
        self.log.0.lock().unwrap().clone()
    }
}

pub(crate) fn config() -> Config {
    Config { allow_networks: vec!["127.0.0.1/32".parse().unwrap()], ..Config::default() }
}

/// A port on which nothing listens.
pub(crate) async fn dead_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).await.unwrap().local_addr().unwrap().port()
}
