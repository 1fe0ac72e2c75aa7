//! A request that says what happened on the way, for "does it work?". The first three steps are taken
//! by hand on a connection of their own, so that each can be seen and timed.

use crate::attempt::Attempt;
use crate::classify::{io_detail, tls_detail, undialed};
use crate::door::{Door, Egress};
use crate::error::{EgressError, Phase};
use crate::redact::{Redactor, authority};
use crate::request::{Lane, Request};
use crate::response::Response;
use crate::target;
use rustls::pki_types::ServerName;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;
use url::{Host, Url};

/// What a probe found.
#[derive(Clone, Debug)]
pub struct Probe {
    /// The steps in order; what follows a failed one was not tried.
    pub steps: Vec<Step>,
    /// The answer, if one came.
    pub response: Option<Response>,
    /// What went wrong, if no answer came.
    pub error: Option<EgressError>,
    /// All of it together.
    pub duration: Duration,
}

/// One step of a probe.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// `dns`, `connect`, `tls` (https only), `request` or `status`.
    pub name: &'static str,
    /// Whether it went well.
    pub ok: bool,
    /// What was found, as half a sentence.
    pub detail: String,
    /// How long it took.
    pub duration: Duration,
}

impl Egress {
    /// Sends the request once, whatever the circuit says, and reports each step.
    pub async fn probe(&self, request: Request) -> Probe {
        let started = Instant::now();
        let secrets = Redactor::new(&request.hidden);
        let mut probing = Probing { door: self.door(), secrets: &secrets, steps: Vec::new() };
        let outcome = probing.run(&request).await;
        let (response, error) = match outcome {
            Ok(response) => (Some(response), None),
            Err(error) => (None, Some(error)),
        };
        Probe { steps: probing.steps, response, error, duration: started.elapsed() }
    }
}

struct Probing<'a> {
    door: &'a Door,
    secrets: &'a Redactor,
    steps: Vec<Step>,
}

impl Probing<'_> {
    async fn run(&mut self, request: &Request) -> Result<Response, EgressError> {
        let (door, url) = (self.door, &request.url);
        let addresses = self.step("dns", resolve(door, url), |found| list(found)).await?;
        let socket = self
            .step("connect", connect(door, url, &addresses), |socket| match socket.peer_addr() {
                Ok(peer) => format!("connected to {peer}"),
                Err(_) => "connected".to_owned(),
            })
            .await?;
        if url.scheme() == "https" {
            self.step("tls", handshake(door, url, socket), Clone::clone).await?;
        }
        let limits = door.limits(request);
        let attempt =
            Attempt { door, request, secrets: self.secrets, limits, number: 1, insists: true };
        let sending = async {
            let now = door.clock.now();
            let mut reserved = door.budgets.reserve(&request.budgets, Lane::Interactive, now)?;
            door.gates.pass(&request.rate_limits, Lane::Interactive, request.max_wait).await?;
            reserved.sent();
            let answer = attempt.run().await;
            if answer.as_ref().err().is_some_and(|error| !error.may_have_arrived()) {
                reserved.never_arrived();
            }
            answer
        };
        let answer = self.step("request", sending, |answer| {
            format!("{} bytes in {} ms", answer.body.len(), answer.duration.as_millis())
        });
        let answer = answer.await?;
        let seen = door.observe(request, &answer);
        let status = answer.head.status;
        self.steps.push(Step {
            name: "status",
            ok: status.is_success() || status.is_redirection(),
            detail: status.to_string(),
            duration: answer.first_byte,
        });
        door.spent(request, &seen).map_or(Ok(answer), Err)
    }

    async fn step<T>(
        &mut self,
        name: &'static str,
        doing: impl Future<Output = Result<T, EgressError>>,
        describe: impl FnOnce(&T) -> String,
    ) -> Result<T, EgressError> {
        let started = Instant::now();
        let done = doing.await.map_err(|error| error.hide(self.secrets));
        let (ok, detail) = match &done {
            Ok(value) => (true, describe(value)),
            Err(error) => (false, error.to_string()),
        };
        let detail = self.secrets.text(&detail);
        self.steps.push(Step { name, ok, detail, duration: started.elapsed() });
        done
    }
}

async fn resolve(door: &Door, url: &Url) -> Result<Vec<IpAddr>, EgressError> {
    target::check(url, &door.guard)?;
    let name = match url.host() {
        Some(Host::Ipv4(address)) => return Ok(vec![address.into()]),
        Some(Host::Ipv6(address)) => return Ok(vec![address.into()]),
        Some(Host::Domain(name)) => name,
        None => "",
    };
    let found = within(door, url, door.checked.addresses(name)).await?;
    found.map_err(|why| undialed(&why, url))
}

async fn connect(door: &Door, url: &Url, open: &[IpAddr]) -> Result<TcpStream, EgressError> {
    let port = url.port_or_known_default().unwrap_or_default();
    let targets: Vec<_> = open.iter().map(|address| SocketAddr::new(*address, port)).collect();
    let connected = within(door, url, TcpStream::connect(&targets[..])).await?;
    connected
        .map_err(|error| EgressError::Connect { host: authority(url), detail: io_detail(&error) })
}

async fn handshake(door: &Door, url: &Url, socket: TcpStream) -> Result<String, EgressError> {
    let failed = |detail: String| EgressError::Tls { host: authority(url), detail };
    let name = match url.host() {
        Some(Host::Ipv4(address)) => ServerName::from(IpAddr::from(address)),
        Some(Host::Ipv6(address)) => ServerName::from(IpAddr::from(address)),
        Some(Host::Domain(name)) => ServerName::try_from(name.to_owned())
            .map_err(|error| failed(format!("its name cannot be in a certificate: {error}")))?,
        None => return Err(failed("it has no name".to_owned())),
    };
    let shaking = TlsConnector::from(door.tls.clone()).connect(name, socket);
    let stream = within(door, url, shaking).await?.map_err(|error| {
        let tls = error.get_ref().and_then(|inside| inside.downcast_ref());
        failed(tls.map_or_else(|| io_detail(&error), tls_detail))
    })?;
    let (_, session) = stream.get_ref();
    let version = session.protocol_version().and_then(|version| version.as_str());
    Ok(format!("{}, certificate accepted", version.unwrap_or("TLS").replace("v1_", " 1.")))
}

async fn within<T>(
    door: &Door,
    url: &Url,
    doing: impl Future<Output = T>,
) -> Result<T, EgressError> {
    let after = door.config.connect_timeout;
    timeout(after, doing).await.map_err(|_| EgressError::Timeout {
        host: authority(url),
        phase: Phase::Connect,
        after,
    })
}

fn list(addresses: &[IpAddr]) -> String {
    addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
