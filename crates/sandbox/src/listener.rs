//! The front door of each HTTP service: accepts connections and, before a request reaches the service,
//! carries out its faults. It drives `hyper` itself because a connection that ends without an answer is
//! something a router cannot say.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use kernel::Clock;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::fault::FaultDesk;
use crate::{Faults, Service, platforms};

/// What a rate-limited client is told to wait, in seconds.
const RETRY_AFTER_SECS: &str = "5";

/// Not JSON, not XML, not UTF-8.
const GARBAGE: &[u8] = b"{\"unfinished\": [1, 2, <rss\x00\xff\xfe";

#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) service: Service,
    pub(crate) router: Router,
    pub(crate) clock: Clock,
    pub(crate) desk: Arc<FaultDesk>,
    pub(crate) stop: CancellationToken,
    pub(crate) tasks: TaskTracker,
}

impl Door {
    /// Accepts until told to stop; open connections end with it.
    pub(crate) async fn serve(self, listener: TcpListener) {
        loop {
            let accepted = tokio::select! {
                () = self.stop.cancelled() => return,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, _)) => {
                    self.tasks.spawn(self.clone().connection(stream));
                }
                // Out of file descriptors, most likely: some are free again in a moment.
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    }

    async fn connection(self, stream: TcpStream) {
        // Failing means only that small answers are sent a little later.
        let _ = stream.set_nodelay(true);
        let inner = TowerToHyperService::new(self.router.clone());
        let answer = service_fn(|request: hyper::Request<Incoming>| {
            let inner = inner.clone();
            let door = &self;
            async move {
                let faults = door.faults(&request);
                if let Some(response) = door.befall(faults).await? {
                    return Ok(response);
                }
                let mut request: Request = request.map(Body::new);
                // Some faults only the service itself can carry out.
                request.extensions_mut().insert(faults);
                let answer = inner.call(request).await;
                let answer = answer.map_err(|never: Infallible| match never {})?;
                if answer.extensions().get::<Lost>().is_some() { Err(Dropped) } else { Ok(answer) }
            }
        });
        let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), answer);
        // An error here is a client that went away or a connection dropped on purpose.
        tokio::select! {
            () = self.stop.cancelled() => {}
            _ = connection => {}
        }
    }

    /// The faults of this request. None befall the control of the sandbox.
    fn faults(&self, request: &hyper::Request<Incoming>) -> Faults {
        if request.uri().path().starts_with(platforms::CONTROL) {
            return Faults::default();
        }
        self.desk.draw(self.service)
    }

    /// What the faults make of a request: nothing, an answer in place of the service's, or no answer.
    async fn befall(&self, faults: Faults) -> Result<Option<Response>, Dropped> {
        if faults.slow_ms > 0 {
            tokio::time::sleep(Duration::from_millis(faults.slow_ms)).await;
        }
        if faults.drop_connection {
            return Err(Dropped);
        }
        if faults.rate_limited && self.service.is_platform() {
            return Ok(Some(platforms::storm(self.service, self.clock.now())));
        }
        if faults.server_error && self.service.is_platform() {
            return Ok(Some(platforms::down(self.service)));
        }
        if faults.rate_limited {
            let mut response = self.error(StatusCode::TOO_MANY_REQUESTS, "Too many requests.");
            let wait = header::HeaderValue::from_static(RETRY_AFTER_SECS);
            response.headers_mut().insert(header::RETRY_AFTER, wait);
            return Ok(Some(response));
        }
        if faults.server_error {
            let status = StatusCode::SERVICE_UNAVAILABLE;
            return Ok(Some(self.error(status, "The service is down for the moment.")));
        }
        Ok(faults.garbage.then(|| {
            ([(header::CONTENT_TYPE, self.service.media_type())], GARBAGE).into_response()
        }))
    }

    fn error(&self, status: StatusCode, message: &str) -> Response {
        (status, axum::Json(self.service.error_body(status.as_u16(), message))).into_response()
    }
}

/// Marks an answer that was made and is never to arrive.
#[derive(Clone)]
pub(crate) struct Lost;

/// Makes `hyper` close the connection without an answer.
#[derive(Debug, thiserror::Error)]
#[error("dropped on purpose")]
struct Dropped;
