//! The one HTTP client of the house, and one exchange over it: a request out, the head of the answer
//! in. It never follows a redirect, never uses a proxy and never retries what may have arrived.

use crate::classify::classify;
use crate::error::{EgressError, Phase};
use crate::redact::authority;
use crate::resolve::Checked;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tower::{Layer, Service};

/// Connections kept open to one host.
const IDLE_PER_HOST: usize = 32;
/// Bytes of headers in an HTTP/2 answer; HTTP/1 has a limit of its own.
const MOST_HEADERS: u32 = 256 * 1024;

pub(crate) struct Wire {
    client: reqwest::Client,
    connect: Duration,
}

impl Wire {
    #[expect(clippy::disallowed_methods, reason = "this is the door")]
    pub(crate) fn new(
        resolver: Checked,
        tls: rustls::ClientConfig,
        user_agent: &str,
        connect: Duration,
    ) -> reqwest::Result<Self> {
        let client = reqwest::Client::builder()
            .user_agent(user_agent)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .tls_backend_preconfigured(tls)
            .dns_resolver(resolver)
            .connect_timeout(connect)
            .connector_layer(Watching)
            .pool_max_idle_per_host(IDLE_PER_HOST)
            .http2_max_header_list_size(MOST_HEADERS)
            .build()?;
        Ok(Self { client, connect })
    }

    /// Sends and waits for the head. The clock of the first byte runs when there is a connection.
    pub(crate) async fn exchange(
        &self,
        request: reqwest::Request,
        first_byte: Duration,
    ) -> Result<reqwest::Response, EgressError> {
        let url = request.url().clone();
        let (stage, seen) = watch::channel(Stage::Waiting);
        let sending = STAGE.scope(stage, self.client.execute(request));
        tokio::select! {
            biased;
            answer = sending => answer.map_err(|error| classify(&error, &url, self.connect)),
            () = too_late(seen, self.connect, first_byte) => Err(EgressError::Timeout {
                host: authority(&url),
                phase: Phase::FirstByte,
                after: first_byte,
            }),
        }
    }
}

/// Returns when the first byte is overdue. While a connection is being made, the connector's own
/// limit runs; it goes past it only if the request found another connection meanwhile.
async fn too_late(mut seen: watch::Receiver<Stage>, connect: Duration, first_byte: Duration) {
    loop {
        let stage = *seen.borrow_and_update();
        let patience = match stage {
            Stage::Connecting => connect.saturating_add(first_byte),
            Stage::Waiting => first_byte,
        };
        match timeout(patience, seen.changed()).await {
            Ok(Ok(())) => {}
            // The exchange is over, or went on over another connection.
            Ok(Err(_)) => return sleep(first_byte).await,
            Err(_) => return,
        }
    }
}

#[derive(Clone, Copy)]
enum Stage {
    Waiting,
    Connecting,
}

tokio::task_local! {
    /// How the connector tells the request that waits for it where it is. The connector is polled
    /// by that request; a connection that goes on in the background has nobody to tell.
    static STAGE: watch::Sender<Stage>;
}

fn tell(stage: Stage) {
    let _ = STAGE.try_with(|waiting| waiting.send_replace(stage));
}

/// Reports when a connection is begun and when it stands.
#[derive(Clone)]
struct Watching;

impl<S> Layer<S> for Watching {
    type Service = Watched<S>;
    fn layer(&self, inner: S) -> Watched<S> {
        Watched(inner)
    }
}

#[derive(Clone)]
struct Watched<S>(S);

impl<S, T> Service<T> for Watched<S>
where
    S: Service<T>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, target: T) -> Self::Future {
        let connecting = self.0.call(target);
        Box::pin(async move {
            tell(Stage::Connecting);
            let connected = connecting.await;
            tell(Stage::Waiting);
            connected
        })
    }
}
