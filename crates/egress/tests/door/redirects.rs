//! Redirects over the wire; the rules themselves are tested where they are written.

use crate::world::{Reply, Server, World};
use bytes::Bytes;
use http::{HeaderValue, Method};
use kernel::{Secret, codes};

#[tokio::test]
async fn a_redirect_is_followed_and_each_hop_logged() {
    let server = Server::replies(vec![Reply::redirect(303, "/b?x=1#f"), Reply::ok("done")]).await;
    let world = World::new();
    let mut request = world.request(Method::POST, &server.url("/a"));
    request.body = Bytes::from_static(b"form");
    let answer = world.egress.send(request).await.unwrap();
    assert_eq!((&answer.body[..], answer.final_url.path()), (&b"done"[..], "/b"));
    let requests = server.requests();
    assert!(requests[0].starts_with("POST /a ") && requests[0].ends_with("form"));
    assert!(requests[1].starts_with("GET /b?x=1 ") && !requests[1].contains("form"));
    let log: Vec<_> = world.log().iter().map(|it| (it.status, it.attempt, it.success)).collect();
    assert_eq!(log, [(Some(303), 1, true), (Some(200), 1, true)]);
}

#[tokio::test]
async fn another_origin_sees_no_credentials() {
    let other = Server::replies(vec![Reply::ok("x")]).await;
    let server = Server::replies(vec![Reply::redirect(307, &other.url("/there"))]).await;
    let world = World::new();
    let mut request = world.get(&server.url("/"));
    for (name, value) in
        [("authorization", "Bearer tok-12345"), ("x-mine", "tok-12345"), ("accept", "a/b")]
    {
        request.headers.insert(name, HeaderValue::from_static(value));
    }
    request.hidden = vec![Secret::new("tok-12345".to_owned())];
    world.egress.send(request).await.unwrap();
    assert!(server.requests()[0].contains("tok-12345"));
    let seen = &other.requests()[0];
    assert!(!seen.contains("tok-12345") && seen.contains("accept: a/b"), "{seen}");
}

#[tokio::test]
async fn a_redirect_that_is_not_to_be_followed_is_an_answer() {
    let server = Server::replies(vec![Reply::redirect(307, "/b")]).await;
    let world = World::new();
    let request = egress::Request { follows: false, ..world.get(&server.url("/a")) };
    let answer = world.egress.send(request).await.unwrap();
    assert_eq!((answer.head.status.as_u16(), server.requests().len()), (307, 1));
}

#[tokio::test]
async fn circles_end() {
    let world = World::new();
    let circle =
        Server::replies(vec![Reply::redirect(302, "/b"), Reply::redirect(302, "/a")]).await;
    let error = world.egress.send(world.get(&circle.url("/a"))).await.unwrap_err();
    assert_eq!(error.code(), &codes::EGRESS_REDIRECTS);
    assert_eq!(circle.requests().len(), 2);
    let endless = (0..9).map(|hop| Reply::redirect(302, &format!("/{hop}"))).collect();
    let endless = Server::replies(endless).await;
    let error = world.egress.send(world.get(&endless.url("/a"))).await.unwrap_err();
    assert_eq!(error.code(), &codes::EGRESS_REDIRECTS);
    assert_eq!(endless.requests().len(), 6);
}
