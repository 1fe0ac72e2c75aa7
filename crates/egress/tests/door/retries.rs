//! Trying again, leaving alone, and slowing down, over the wire.

use crate::world::{Names, Reply, Server, World, config, dead_port};
use egress::{BreakerPolicy, Config, EgressError, Observation, RateLimit, RetryPolicy};
use http::{HeaderValue, Method};
use kernel::{Clock, Entropy, WorkspaceId, codes};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

fn per_connection() -> RateLimit {
    let (requests, window) = (NonZeroU32::new(1000), Duration::from_secs(1));
    RateLimit {
        key: "connection-1".into(),
        provider: "some".into(),
        requests,
        window,
        learns: true,
    }
}

#[tokio::test]
async fn what_may_pass_is_tried_again() {
    let busy = Reply::status(503, &[], "");
    let server = Server::replies(vec![Reply::raw(""), busy, Reply::ok("at last")]).await;
    let world = World::new();
    let answer = world.egress.send(world.get(&server.url("/"))).await.unwrap();
    assert_eq!((&answer.body[..], answer.attempt), (&b"at last"[..], 3));
    let log: Vec<_> = world.log().iter().map(|it| (it.attempt, it.status)).collect();
    assert_eq!(log, [(1, None), (2, Some(503)), (3, Some(200))]);
}

#[tokio::test]
async fn the_last_answer_stands_when_the_tries_are_used_up() {
    let server = Server::replies(vec![Reply::status(502, &[], "sorry")]).await;
    let world = World::new();
    let answer = world.egress.send(world.get(&server.url("/"))).await.unwrap();
    assert_eq!((answer.head.status.as_u16(), answer.attempt), (502, 3));
    let refused = Server::replies(vec![Reply::status(404, &[], "")]).await;
    world.egress.send(world.get(&refused.url("/"))).await.unwrap();
    assert_eq!(refused.requests().len(), 1);
}

#[tokio::test]
async fn what_may_have_arrived_is_not_posted_twice() {
    let world = World::new();
    let broken = vec![Reply::raw(""), Reply::ok("")];
    let server = Server::replies(broken.clone()).await;
    let error = world.egress.send(world.request(Method::POST, &server.url("/"))).await;
    assert_eq!(error.unwrap_err().code(), &codes::EGRESS_BROKEN);
    assert_eq!(server.requests().len(), 1);

    let server = Server::replies(broken.clone()).await;
    let mut request = world.request(Method::POST, &server.url("/"));
    request.headers.insert("idempotency-key", HeaderValue::from_static("1"));
    world.egress.send(request).await.unwrap();

    let server = Server::replies(broken).await;
    let mut request = world.request(Method::POST, &server.url("/"));
    request.retry.repeat_unsafe = true;
    world.egress.send(request).await.unwrap();
}

#[tokio::test]
async fn what_never_arrived_is_posted_again() {
    let world = World::new();
    let url = format!("http://127.0.0.1:{}/", dead_port().await);
    let error = world.egress.send(world.request(Method::POST, &url)).await.unwrap_err();
    assert_eq!(error.code(), &codes::EGRESS_CONNECT);
    assert_eq!(world.log().len(), 3);
}

#[tokio::test]
async fn a_short_retry_after_is_waited_for() {
    let wait = Reply::status(429, &[("retry-after", "0.01")], "");
    let server = Server::replies(vec![wait, Reply::ok("now")]).await;
    let world = World::new();
    let mut request = world.get(&server.url("/"));
    request.rate_limits = vec![per_connection()];
    assert_eq!(world.egress.send(request).await.unwrap().attempt, 2);
}

#[tokio::test]
async fn a_long_retry_after_is_handed_on_and_remembered() {
    let server = Server::replies(vec![Reply::status(429, &[("retry-after", "3600")], "")]).await;
    let world = World::new();
    let mut request = world.get(&server.url("/"));
    request.rate_limits = vec![per_connection()];
    let error = world.egress.send(request.clone()).await.unwrap_err();
    let hour = Duration::from_secs(3600);
    assert_eq!(error, EgressError::RateLimited { by_provider: true, retry_after: Some(hour) });
    assert_eq!(error.problem().retry_after, Some(3600));
    // The next one is not even sent, nor is it kept waiting for an hour.
    let error = world.egress.send(request.clone()).await.unwrap_err();
    assert!(matches!(error, EgressError::RateLimited { by_provider: false, .. }), "{error}");
    assert_eq!((server.requests().len(), world.log().len()), (1, 1));
    // Another connection is not concerned.
    request.rate_limits[0].key = "connection-2".into();
    let _ = world.egress.send(request).await;
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn an_observer_says_what_an_answer_means() {
    let server = Server::replies(vec![Reply::ok(r#"{"error":"slow down"}"#)]).await;
    let world = World::new();
    let mut request = world.get(&server.url("/"));
    request.rate_limits = vec![per_connection()];
    request.retry = RetryPolicy::never();
    request.observer = Arc::new(|_, body| Observation {
        limited: body.is_some_and(|body| body.ends_with(b"slow down\"}")),
        reset_at: Some(kernel::Timestamp::from_secs(1_700_000_060)),
        ..Observation::default()
    });
    let error = world.egress.send(request).await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(60)));
}

#[tokio::test]
async fn an_answer_may_say_whether_to_ask_again() {
    for (status, should_retry, asked) in
        [(409, Some(true), 2), (503, Some(false), 1), (503, None, 2), (409, None, 1)]
    {
        let refused = Reply::status(status, &[], "");
        let server = Server::replies(vec![refused, Reply::ok("done")]).await;
        let world = World::new();
        let mut request = world.get(&server.url("/"));
        request.observer =
            Arc::new(move |_, _| Observation { should_retry, ..Observation::default() });
        let _ = world.egress.send(request).await;
        assert_eq!(server.requests().len(), asked, "{status} {should_retry:?}");
    }
}

#[tokio::test]
async fn a_dead_host_is_left_alone() {
    let server = Server::replies(vec![Reply::raw("")]).await;
    let breaker = BreakerPolicy { failures: 3, ..BreakerPolicy::default() };
    let world = World::with(Config { breaker, ..config() }, Names::default());
    world.egress.send(world.get(&server.url("/"))).await.unwrap_err();
    let error = world.egress.send(world.get(&server.url("/other"))).await.unwrap_err();
    assert_eq!(error.code(), &codes::EGRESS_CIRCUIT);
    assert!(error.to_string().contains("closed before it was complete"), "{error}");
    assert_eq!(server.requests().len(), 3);
    // Another host is not concerned, and whoever asks on purpose gets through.
    let alive = Server::replies(vec![Reply::ok("")]).await;
    world.egress.send(world.get(&alive.url("/"))).await.unwrap();
    world.egress.probe(world.get(&server.url("/"))).await;
    assert_eq!(server.requests().len(), 4);
}

#[tokio::test]
async fn a_host_that_is_back_is_used_again() {
    let down = Reply::status(503, &[], "");
    let server = Server::replies(vec![down.clone(), down, Reply::ok("back")]).await;
    let breaker =
        BreakerPolicy { failures: 2, open_for: Duration::ZERO, ..BreakerPolicy::default() };
    let world = World::with(Config { breaker, ..config() }, Names::default());
    let mut request = world.get(&server.url("/"));
    request.retry = RetryPolicy::never();
    for status in [503, 503, 200, 200] {
        let answer = world.egress.send(request.clone()).await.unwrap();
        assert_eq!(answer.head.status.as_u16(), status);
    }
}

#[tokio::test]
async fn what_one_workspace_provokes_cuts_off_no_other() {
    let down = Reply::status(503, &[], "");
    let server = Server::replies(vec![down.clone(), down, Reply::ok("")]).await;
    let breaker = BreakerPolicy { failures: 2, ..BreakerPolicy::default() };
    let world = World::with(Config { breaker, ..config() }, Names::default());
    let error = world.egress.send(world.get(&server.url("/"))).await.unwrap_err();
    assert_eq!(error.code(), &codes::EGRESS_CIRCUIT);
    let mut other = world.get(&server.url("/"));
    other.workspace = WorkspaceId::generate(Clock::System.now(), &Entropy::System);
    world.egress.send(other).await.unwrap();
}
