//! What the request log says, and what it does not.

use crate::world::{Names, Reply, Server, World, config, dead_port};
use bytes::Bytes;
use egress::RetryPolicy;
use http::{HeaderValue, Method};
use kernel::{FeedId, IntegrationId, Secret};

#[tokio::test]
async fn an_entry_says_what_left_and_what_came() {
    let server = Server::replies(vec![Reply::status(404, &[], "nothing")]).await;
    let world = World::new();
    let (now, entropy) = (kernel::Clock::System.now(), kernel::Entropy::System);
    let mut request = world.request(Method::POST, &server.url("/x?y=1"));
    request.body = Bytes::from_static(b"12345");
    request.integration = Some(IntegrationId::generate(now, &entropy));
    request.feed = Some(FeedId::generate(now, &entropy));
    let (integration, feed) = (request.integration, request.feed);
    world.egress.send(request).await.unwrap();
    let entry = world.log().pop().unwrap();
    assert_eq!(
        (entry.workspace, entry.integration, entry.feed),
        (world.workspace, integration, feed)
    );
    assert_eq!((entry.method.as_str(), entry.url), ("POST", server.url("/x?y=1")));
    assert_eq!(entry.host, format!("127.0.0.1:{}", server.port));
    assert_eq!((entry.status, entry.success, entry.error), (Some(404), false, None));
    assert_eq!((entry.request_bytes, entry.response_bytes, entry.attempt), (5, 7, 1));
}

#[tokio::test]
async fn an_answer_that_changed_nothing_is_marked() {
    let server = Server::replies(vec![
        Reply::status(200, &[("etag", "\"v1\"")], "x"),
        Reply::raw("HTTP/1.1 304 Not Modified\r\ncontent-encoding: gzip\r\n\r\n"),
    ])
    .await;
    let world = World::new();
    let first = world.egress.send(world.get(&server.url("/"))).await.unwrap();
    assert!(!first.not_modified());
    let mut request = world.get(&server.url("/"));
    request.validators = first.validators();
    assert!(world.egress.send(request).await.unwrap().not_modified());
    assert!(server.requests()[1].contains("if-none-match: \"v1\"\r\n"));
    let entry = world.log().pop().unwrap();
    assert!(entry.not_modified && entry.success);
}

#[tokio::test]
async fn secrets_are_in_no_entry_and_no_error() {
    const SECRET: &str = "s3cr3t/+value";
    let port = dead_port().await;
    let server = Server::replies(vec![Reply::ok("")]).await;
    let world = World::with(config(), Names::default());
    for url in [
        format!("http://127.0.0.1:{port}/?v=s3cr3t%2F%2Bvalue"),
        format!("http://127.0.0.1:{port}/hook/s3cr3t%2F+value/x"),
        format!("{}?q=s3cr3t/%2bvalue", server.url("/")),
        "http://s3cr3tvalue.example/".to_owned(),
    ] {
        let mut request = world.get(&url);
        request.retry = RetryPolicy::never();
        request.hidden =
            vec![Secret::from(SECRET.to_owned()), Secret::from("s3cr3tvalue".to_owned())];
        request.headers.insert("authorization", HeaderValue::from_static(SECRET));
        let error = world.egress.send(request).await.err();
        let written = format!("{error:?} {:?}", world.log());
        assert!(!written.contains("s3cr3t"), "{written}");
        assert!(written.contains("••••"), "{written}");
    }
}
