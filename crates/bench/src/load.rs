//! The load generator: keep-alive connections that each send a prepared request, read the whole answer,
//! and send the next. It knows just enough HTTP/1.1 for that, so that what is measured is the server.

use anyhow::{Context as _, Result, bail};
use std::net::SocketAddr;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::process::Process;

/// A request as it goes over the wire.
#[derive(Clone)]
pub(crate) struct Request {
    bytes: Vec<u8>,
    /// Digits that are replaced by a number that no other request has.
    number: Option<Range<usize>>,
}

/// Stands for a number of as many digits, see [`Request::numbered`].
pub(crate) const NUMBER: &str = "0000000000000000";

impl Request {
    /// A request with these headers. `Host` is added, and `Content-Length` if there is a body.
    pub(crate) fn new(method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Self {
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: bench\r\n");
        headers.iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
        if !body.is_empty() {
            head.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        head.push_str("\r\n");
        let bytes = [head.as_bytes(), body].concat();
        Self { bytes, number: None }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The same, with a fresh number in place of [`NUMBER`] each time it is sent.
    pub(crate) fn numbered(self) -> Self {
        let at = self.bytes.windows(NUMBER.len()).position(|part| part == NUMBER.as_bytes());
        Self { number: at.map(|at| at..at + NUMBER.len()), ..self }
    }
}

/// What is sent, and for how long.
#[derive(Clone)]
pub(crate) struct Load {
    pub(crate) addr: SocketAddr,
    pub(crate) connections: usize,
    pub(crate) request: Request,
    /// The one status that counts as an answer.
    pub(crate) status: u16,
    /// What is sent before anything is measured.
    pub(crate) warm_up: Duration,
    pub(crate) time: Duration,
}

/// How it went.
pub(crate) struct Report {
    time: Duration,
    /// What the server used for each answer. A busy machine moves this less than the times.
    pub(crate) cpu_per_answer: Duration,
    /// In microseconds, sorted.
    latencies: Vec<u32>,
}

impl Report {
    pub(crate) fn per_second(&self) -> f64 {
        self.latencies.len() as f64 / self.time.as_secs_f64()
    }

    /// `part` in 0..1 of the answers came within this time.
    pub(crate) fn percentile(&self, part: f64) -> Duration {
        let at = (self.latencies.len() as f64 * part) as usize;
        let micros = self.latencies.get(at.min(self.latencies.len().saturating_sub(1)));
        Duration::from_micros(micros.copied().unwrap_or(u32::MAX).into())
    }
}

impl Load {
    /// Sends it to a server that is this process.
    ///
    /// # Errors
    /// When a connection breaks or an answer has another status.
    pub(crate) async fn run(self, server: &Process) -> Result<Report> {
        // No two runs share a number.
        static RUNS: AtomicU64 = AtomicU64::new(1);
        let numbers = Arc::new(AtomicU64::new(RUNS.fetch_add(1, Ordering::Relaxed) << 32));
        let cpu = server.cpu()?;
        let from = Instant::now() + self.warm_up;
        let time = self.time;
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..self.connections {
            tasks.spawn(self.clone().connection(numbers.clone(), from));
        }
        let (mut latencies, mut answers) = (Vec::new(), 0);
        while let Some(done) = tasks.join_next().await {
            let (mut measured, all) = done??;
            latencies.append(&mut measured);
            answers += all;
        }
        latencies.sort_unstable();
        let cpu_per_answer = (server.cpu()? - cpu) / answers.max(1);
        Ok(Report { time, cpu_per_answer, latencies })
    }

    /// The latencies that count, and how many answers there were in all.
    async fn connection(self, numbers: Arc<AtomicU64>, from: Instant) -> Result<(Vec<u32>, u32)> {
        let Self { addr, mut request, status, time, .. } = self;
        let mut stream = TcpStream::connect(addr).await.context("cannot connect")?;
        stream.set_nodelay(true)?;
        let until = from + time;
        let mut latencies = Vec::with_capacity(1 << 16);
        let mut buffer = vec![0; 1 << 16];
        let mut answers = 0;
        loop {
            if let Some(at) = request.number.clone() {
                let number = numbers.fetch_add(1, Ordering::Relaxed);
                request.bytes[at].copy_from_slice(format!("{number:016}").as_bytes());
            }
            let sent = Instant::now();
            stream.write_all(&request.bytes).await?;
            let answered = read_answer(&mut stream, &mut buffer).await?;
            let now = Instant::now();
            if answered.0 != status {
                let said = String::from_utf8_lossy(&buffer[..answered.1]);
                bail!("asked for {status}, answered with {said}");
            }
            answers += 1;
            if now >= until {
                return Ok((latencies, answers));
            }
            if sent >= from {
                let micros = now.duration_since(sent).as_micros();
                latencies.push(u32::try_from(micros).unwrap_or(u32::MAX));
            }
        }
    }
}

/// Reads one answer into the buffer: its status and its length.
pub(crate) async fn read_answer(
    stream: &mut TcpStream,
    buffer: &mut Vec<u8>,
) -> Result<(u16, usize)> {
    let mut filled = 0;
    let mut whole = None;
    loop {
        if filled == buffer.len() {
            buffer.resize(filled * 2, 0);
        }
        let read = stream.read(&mut buffer[filled..]).await?;
        if read == 0 {
            bail!("the connection was closed in the middle of an answer");
        }
        filled += read;
        if whole.is_none() {
            whole = head_of(&buffer[..filled])?;
        }
        if let Some((status, length)) = whole.filter(|(_, length)| filled >= *length) {
            return Ok((status, length));
        }
    }
}

/// The status and the length of the whole answer, once its head is there.
fn head_of(bytes: &[u8]) -> Result<Option<(u16, usize)>> {
    let Some(end) = bytes.windows(4).position(|part| part == b"\r\n\r\n") else { return Ok(None) };
    let head = std::str::from_utf8(&bytes[..end])?;
    let status: u16 = head.get(9..12).context("an answer without a status")?.parse()?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>())
    });
    let body = match (status, length) {
        (204 | 304, _) => 0,
        (_, Some(length)) => length?,
        (_, None) => bail!("an answer without a length:\n{head}"),
    };
    Ok(Some((status, end + 4 + body)))
}
