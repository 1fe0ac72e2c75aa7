//! What the door counts.

use crate::world::{Names, Reply, Server, World, config, dead_port};
use egress::{BreakerPolicy, Config};
use futures::FutureExt;
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use tokio::sync::watch;

fn check(world: &World, lines: &[&str]) {
    let mut registry = Registry::default();
    world.egress.register(&mut registry);
    let mut text = String::new();
    encode(&mut text, &registry).unwrap();
    for line in lines {
        let line = format!("\npatchbay_egress_{line}\n");
        assert!(text.contains(&line), "{line}{text}");
    }
}

#[tokio::test]
async fn ends_and_tries_are_counted() {
    let busy = Reply::status(503, &[], "");
    let server = Server::replies(vec![Reply::raw(""), busy, Reply::ok("at last")]).await;
    let gone = Server::replies(vec![Reply::status(404, &[], "")]).await;
    let world = World::new();
    for url in [server.url("/"), gone.url("/"), "http://10.0.0.1/".to_owned()] {
        drop(world.egress.send(world.get(&url)).await);
    }
    check(
        &world,
        &[
            "requests_total{outcome=\"2xx\"} 1",
            "requests_total{outcome=\"4xx\"} 1",
            "requests_total{outcome=\"egress.address_forbidden\"} 1",
            "seconds_count 3",
            "retries_total 2",
            "coalesced_total 0",
            "circuits_opened_total 0",
        ],
    );
}

#[tokio::test]
async fn who_shares_an_answer_is_counted_apart() {
    let (open, opened) = watch::channel(false);
    let server = Server::when(opened, Reply::ok("shared")).await;
    let world = World::new();
    let url = server.url("/");
    let mut all = futures::future::join_all((0..5).map(|_| world.egress.send(world.get(&url))));
    assert!((&mut all).now_or_never().is_none());
    open.send_replace(true);
    all.await;
    check(&world, &["requests_total{outcome=\"2xx\"} 1", "coalesced_total 4"]);
}

#[tokio::test]
async fn a_circuit_that_opens_is_counted_once() {
    let breaker = BreakerPolicy { failures: 2, ..BreakerPolicy::default() };
    let world = World::with(Config { breaker, ..config() }, Names::default());
    let url = format!("http://127.0.0.1:{}/", dead_port().await);
    for _ in 0..3 {
        assert!(world.egress.send(world.get(&url)).await.is_err());
    }
    check(&world, &["circuits_opened_total 1"]);
}
