//! Certificates: which are trusted, and what is said about those that are not.

use crate::world::{Names, Reply, Server, World, config};
use egress::{Config, Egress, RetryPolicy};
use kernel::{Clock, Entropy, codes};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

const AUTHORITY: &[u8] = include_bytes!("../certs/ca.pem");
const GOOD: [&[u8]; 2] =
    [include_bytes!("../certs/server.pem"), include_bytes!("../certs/server.key")];
const EXPIRED: [&[u8]; 2] =
    [include_bytes!("../certs/expired.pem"), include_bytes!("../certs/expired.key")];

pub(crate) async fn secure([certificate, key]: [&[u8]; 2]) -> Server {
    let certificate = CertificateDer::from_pem_slice(certificate).unwrap();
    let key = PrivateKeyDer::from_pem_slice(key).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    Server::start(Some(TlsAcceptor::from(Arc::new(config))), |_| {
        Box::pin(async { Reply::ok("trusted") })
    })
    .await
}

pub(crate) async fn good() -> Server {
    secure(GOOD).await
}

/// A server that takes anything for bad HTTP, as web servers do on their port without TLS.
async fn plain() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut hello = [0; 1024];
            let _ = socket.read(&mut hello).await;
            let _ = socket.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    port
}

/// A world that trusts the tests' authority.
pub(crate) fn world() -> World {
    let names = Names::default()
        .with("good.example", &[&["127.0.0.1"]])
        .with("localhost", &[&["127.0.0.1"]])
        .with("other.example", &[&["127.0.0.1"]]);
    World::with(Config { extra_roots: AUTHORITY.to_vec(), ..config() }, names)
}

#[tokio::test]
async fn a_private_authority_can_be_trusted() {
    let server = good().await;
    let world = world();
    let url = format!("https://good.example:{}/", server.port);
    assert_eq!(&world.egress.send(world.get(&url)).await.unwrap().body[..], b"trusted");
}

#[tokio::test]
async fn what_is_wrong_with_a_certificate_is_said() {
    let (good, expired) = (good().await, secure(EXPIRED).await);
    let (trusting, wary) = (world(), World::with(config(), Names::default()));
    for (world, host, port, says) in [
        (&trusting, "other.example", good.port, "for another host name"),
        (&trusting, "localhost", expired.port, "has expired"),
        (&wary, "127.0.0.1", good.port, "an authority that this machine does not know"),
        (&trusting, "localhost", plain().await, "does not speak TLS"),
    ] {
        let mut request = world.get(&format!("https://{host}:{port}/"));
        request.retry = RetryPolicy::never();
        let error = world.egress.send(request.clone()).await.unwrap_err();
        assert_eq!(error.code(), &codes::EGRESS_TLS, "{error}");
        assert!(error.to_string().contains(says), "{error}");
        assert!(!error.retryable());
        let probe = world.egress.probe(request).await;
        assert_eq!(probe.error.as_ref(), Some(&error), "the probe says the same");
        let last = probe.steps.last().unwrap();
        assert_eq!((last.name, last.ok), ("tls", false));
    }
}

#[tokio::test]
async fn roots_that_cannot_be_read_are_refused() {
    for roots in ["no certificate", "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n"] {
        let config = Config { extra_roots: roots.into(), ..config() };
        let log = Arc::new(crate::world::Memory::default());
        assert!(Egress::new(config, Clock::System, Entropy::System, log).is_err(), "{roots}");
    }
}
