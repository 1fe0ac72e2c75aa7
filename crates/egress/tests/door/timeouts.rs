//! Each time limit by itself. The other side never goes on, so that no test depends on speed.

use crate::world::{Names, Reply, Server, World, config, dead_port};
use egress::{Config, EgressError, Limits, Phase, RateLimit, Request, RetryPolicy};
use kernel::codes;
use std::num::NonZeroU32;
use std::time::Duration;

const SHORT: Duration = Duration::from_millis(40);
const LONG: Duration = Duration::from_secs(600);

async fn check(world: &World, mut request: Request, phase: Phase) {
    request.retry = RetryPolicy::never();
    let error = world.egress.send(request).await.unwrap_err();
    assert!(matches!(&error, EgressError::Timeout { phase: it, .. } if *it == phase), "{error}");
    assert!(error.retryable());
    let entry = world.log().pop().unwrap();
    assert_eq!(entry.error_code, Some("egress.timeout"));
    assert_eq!(entry.error, Some(error.to_string()));
}

#[tokio::test]
async fn connecting_has_a_limit() {
    let config = Config { connect_timeout: SHORT, ..config() };
    let world = World::with(config, Names::default().with("silent.example", &[&[]]));
    let mut request = world.get("http://silent.example/");
    request.limits = Some(Limits { first_byte: LONG, whole: LONG, max_body: 1 });
    check(&world, request, Phase::Connect).await;
}

#[tokio::test]
async fn the_first_byte_has_a_limit() {
    let server = Server::replies(vec![Reply::hold("")]).await;
    let world = World::new();
    let mut request = world.get(&server.url("/"));
    request.limits = Some(Limits { first_byte: SHORT, whole: LONG, max_body: 1 });
    check(&world, request, Phase::FirstByte).await;
}

#[tokio::test]
async fn half_a_head_is_no_first_byte() {
    let server = Server::replies(vec![Reply::hold("HTTP/1.1 200 OK\r\ncontent-le")]).await;
    let world = World::new();
    let mut request = world.get(&server.url("/"));
    request.limits = Some(Limits { first_byte: SHORT, whole: LONG, max_body: 1 });
    check(&world, request, Phase::FirstByte).await;
}

#[tokio::test]
async fn the_whole_has_a_limit() {
    let server =
        Server::replies(vec![Reply::hold("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf")])
            .await;
    let world = World::new();
    let mut request = world.get(&server.url("/"));
    request.limits = Some(Limits { first_byte: LONG, whole: SHORT * 5, max_body: 1000 });
    check(&world, request, Phase::Whole).await;
}

#[tokio::test]
async fn limits_without_end_are_no_trap() {
    let server = Server::replies(vec![Reply::ok("x")]).await;
    let world = World::new();
    let mut request = world.get(&server.url("/"));
    request.limits =
        Some(Limits { first_byte: Duration::MAX, whole: Duration::MAX, max_body: u64::MAX });
    request.max_wait = Duration::MAX;
    let (requests, window) = (NonZeroU32::new(1), Duration::MAX);
    request.rate_limits = vec![RateLimit {
        key: "slow".into(),
        provider: "some".into(),
        requests,
        window,
        learns: true,
    }];
    world.egress.send(request.clone()).await.unwrap();
    request.max_wait = Duration::ZERO;
    let error = world.egress.send(request).await.unwrap_err();
    assert_eq!(error.code(), &codes::EGRESS_RATE_LIMITED);
}

#[tokio::test]
async fn what_does_not_connect_says_why() {
    let world = World::new();
    let mut request = world.get(&format!("http://127.0.0.1:{}/", dead_port().await));
    request.retry = RetryPolicy::never();
    let error = world.egress.send(request).await.unwrap_err();
    assert_eq!(error.code(), &codes::EGRESS_CONNECT);
    assert!(error.to_string().contains("refused"), "{error}");
    let error = world.egress.send(world.get("http://nowhere.example/")).await.unwrap_err();
    assert_eq!(error.code(), &codes::EGRESS_DNS);
    assert_eq!(error.to_string(), "the name nowhere.example cannot be resolved: no such name");
}
