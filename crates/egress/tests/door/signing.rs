//! Proofs that work once are made for each attempt and for each hop, and for one origin.

use crate::world::{Reply, Server, World};
use http::HeaderValue;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

#[tokio::test]
async fn each_attempt_and_each_hop_is_signed_anew_and_another_origin_never() {
    let other = Server::replies(vec![Reply::ok("x")]).await;
    let there = other.url("/there");
    let replies =
        [Reply::status(503, &[], ""), Reply::redirect(302, "/b"), Reply::redirect(302, &there)];
    let server = Server::replies(replies.to_vec()).await;
    let world = World::new();
    let mut request = world.get(&server.url("/a"));
    let made = AtomicU32::new(0);
    request.sign = Some(Arc::new(move |_, url, _, _| {
        let proof = format!("{} {}", made.fetch_add(1, Ordering::Relaxed), url.path());
        HeaderValue::try_from(proof).ok()
    }));
    world.egress.send(request).await.unwrap();
    let proof = |request: &String| {
        let line = request.lines().find_map(|line| line.strip_prefix("authorization: "));
        line.map(str::to_owned)
    };
    let proofs: Vec<_> = server.requests().iter().filter_map(proof).collect();
    assert_eq!(proofs, ["0 /a", "1 /a", "2 /b"]);
    assert_eq!(other.requests().iter().find_map(proof), None);
}
