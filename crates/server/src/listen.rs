//! Taking connections, and letting go of them in good order.

use accounts::gate::Stopping;
use axum::Router;
use axum::extract::ConnectInfo;
use axum::extract::Request;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

/// How long a client may take to send the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(15);
/// After an error such as "too many open files", how long until the next try.
const PAUSE: Duration = Duration::from_millis(100);

/// How the serving ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closing {
    /// Every connection had its answer.
    Clean,
    /// Some were still open when the time was up.
    Cut,
}

/// Serves until `stop`, then takes no more connections and gives those that are open `patience` to end.
/// Streams are told of it by [`Stopping`].
pub async fn serve(
    listener: TcpListener,
    router: Router,
    stop: CancellationToken,
    patience: Duration,
) -> Closing {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    builder.http2().timer(TokioTimer::new()).max_concurrent_streams(256);
    let open = GracefulShutdown::new();
    let stopping = Stopping(Arc::new(stop.clone()));
    loop {
        let (stream, remote) = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "cannot take a connection");
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            },
        };
        // Small answers go out at once. A socket that refuses is still a socket.
        drop(stream.set_nodelay(true));
        let stopping = stopping.clone();
        let service = TowerToHyperService::new(router.clone().map_request(
            move |request: http::Request<hyper::body::Incoming>| {
                let mut request: Request = request.map(axum::body::Body::new);
                request.extensions_mut().insert(ConnectInfo(remote));
                request.extensions_mut().insert(stopping.clone());
                request
            },
        ));
        let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
        let connection = open.watch(connection.into_owned());
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::trace!(%error, "a connection ended in an error");
            }
        });
    }
    drop(listener);
    match tokio::time::timeout(patience, open.shutdown()).await {
        Ok(()) => Closing::Clean,
        Err(_) => Closing::Cut,
    }
}
