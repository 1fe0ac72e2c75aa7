//! Addresses that are closed stay closed, by whatever way they are reached.

use crate::world::{Names, Reply, Server, World, config};
use egress::{Config, Egress};
use http::Method;
use kernel::codes;

#[tokio::test]
async fn closed_addresses_are_not_dialled() {
    let server = Server::replies(vec![Reply::ok("secret")]).await;
    let names = Names::default()
        .with("inside.example", &[&["127.0.0.2"]])
        .with("both.example", &[&["127.0.0.1", "10.0.0.5"]])
        .with("six.example", &[&["::1"]])
        .with("mapped.example", &[&["::ffff:127.0.0.2"]]);
    let world = World::with(config(), names);
    for url in [
        server.named("inside.example"),
        server.named("both.example"),
        server.named("six.example"),
        server.named("mapped.example"),
        format!("http://127.0.0.2:{}/", server.port),
        format!("http://[::1]:{}/", server.port),
        format!("http://0x7f.2:{}/", server.port),
        format!("http://2130706434:{}/", server.port),
        format!("http://[::ffff:127.0.0.2]:{}/", server.port),
    ] {
        let error = world.egress.send(world.get(&url)).await.unwrap_err();
        assert_eq!(error.code(), &codes::EGRESS_FORBIDDEN, "{url}: {error}");
        assert!(!error.retryable());
    }
    assert_eq!(server.requests().len(), 0);
}

#[tokio::test]
async fn the_refusal_of_a_name_says_what_it_resolves_to() {
    let names = Names::default().with("intranet.example", &[&["10.0.0.5"]]);
    let world = World::with(config(), names);
    let error = world.egress.send(world.get("http://intranet.example/")).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "intranet.example resolves to 10.0.0.5, which is a private address; \
         start with --allow-network 10.0.0.0/8 to allow it"
    );
}

#[tokio::test]
async fn without_a_setting_loopback_is_closed() {
    let server = Server::replies(vec![Reply::ok("x")]).await;
    let world = World::with(Config::default(), Names::default());
    assert!(world.egress.send(world.get(&server.url("/"))).await.is_err());
    assert_eq!(server.requests().len(), 0);
}

#[tokio::test]
async fn the_address_that_was_checked_is_the_address_that_is_dialled() {
    let server = Server::replies(vec![Reply::ok("public").closing()]).await;
    let rebinding = &[&["127.0.0.1"][..], &["127.0.0.2"]];
    let world = World::with(config(), Names::default().with("rebind.example", rebinding));
    let request = || world.get(&server.named("rebind.example"));
    let first = world.egress.send(request()).await.unwrap();
    assert_eq!(&first.body[..], b"public");
    assert_eq!(world.names.asked("rebind.example"), 1, "no second look between check and dial");
    let error = world.egress.send(request()).await.unwrap_err();
    assert_eq!(error.code(), &codes::EGRESS_FORBIDDEN, "{error}");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_redirect_to_a_closed_address_is_refused() {
    let inside = Server::replies(vec![Reply::ok("secret")]).await;
    let names = Names::default().with("inside.example", &[&["127.0.0.2"]]);
    let world = World::with(config(), names);
    for to in [
        format!("http://127.0.0.2:{}/", inside.port),
        inside.named("inside.example"),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        "//10.0.0.1/".to_owned(),
    ] {
        let server = Server::replies(vec![Reply::redirect(302, &to)]).await;
        let error = world.egress.send(world.get(&server.url("/"))).await.unwrap_err();
        assert_eq!(error.code(), &codes::EGRESS_FORBIDDEN, "{to}: {error}");
    }
    assert_eq!(inside.requests().len(), 0);
}

#[tokio::test]
async fn a_redirect_to_something_else_than_the_web_is_refused() {
    let world = World::new();
    for to in ["file:///etc/passwd", "ftp://a.example/", "http://u:p@127.0.0.1/", "http://a:0/"] {
        let server = Server::replies(vec![Reply::redirect(302, to)]).await;
        let error = world.egress.send(world.get(&server.url("/"))).await.unwrap_err();
        assert_eq!(error.code(), &codes::EGRESS_URL, "{to}: {error}");
    }
}

#[tokio::test]
async fn the_system_knows_localhost() {
    let server = Server::replies(vec![Reply::ok("here")]).await;
    let world = World::new();
    let log = std::sync::Arc::new(crate::world::Memory::default());
    let egress =
        Egress::new(config(), kernel::Clock::System, kernel::Entropy::System, log).unwrap();
    let url = server.named("localhost");
    let answer = egress.send(world.request(Method::GET, &url)).await.unwrap();
    assert_eq!(&answer.body[..], b"here");
}
