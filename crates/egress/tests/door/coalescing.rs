//! Identical reads in flight become one.

use crate::world::{Reply, Server, World};
use futures::FutureExt;
use http::{HeaderValue, Method};
use kernel::{Clock, Entropy, WorkspaceId};
use std::sync::Arc;
use tokio::sync::watch;

#[tokio::test]
async fn identical_reads_share_one_request() {
    let (open, opened) = watch::channel(false);
    let server = Server::when(opened, Reply::ok("shared")).await;
    let world = World::new();
    let url = server.url("/");
    let mut all = futures::future::join_all((0..50).map(|_| world.egress.send(world.get(&url))));
    assert!((&mut all).now_or_never().is_none());
    open.send_replace(true);
    let all: Vec<_> = all.await.into_iter().map(Result::unwrap).collect();
    assert!(all.iter().all(|answer| Arc::ptr_eq(answer, &all[0])));
    assert_eq!((server.requests().len(), world.log().len()), (1, 1));
    // What is over is not an answer to a later question.
    world.egress.send(world.get(&url)).await.unwrap();
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn what_differs_is_not_shared() {
    let (open, opened) = watch::channel(false);
    let server = Server::when(opened, Reply::ok("")).await;
    let world = World::new();
    let plain = || world.get(&server.url("/"));
    let mut other_header = plain();
    other_header.headers.insert("authorization", HeaderValue::from_static("Bearer other"));
    let mut other_workspace = plain();
    other_workspace.workspace = WorkspaceId::generate(Clock::System.now(), &Entropy::System);
    let mut other_version = plain();
    other_version.validators.etag = Some("\"1\"".into());
    let mut on_its_own = plain();
    on_its_own.coalesce = false;
    let requests = vec![
        plain(),
        other_header,
        other_workspace,
        other_version,
        on_its_own,
        world.get(&server.url("/?x")),
        world.request(Method::POST, &server.url("/")),
        world.request(Method::POST, &server.url("/")),
    ];
    let count = requests.len();
    let all = futures::future::join_all(requests.into_iter().map(|it| world.egress.send(it)));
    let mut arrived = server.arrived.clone();
    let (_, all) = tokio::join!(
        async {
            arrived.wait_for(|arrived| *arrived == count).await.unwrap();
            open.send_replace(true);
        },
        all
    );
    assert!(all.iter().all(Result::is_ok));
    assert_eq!(server.requests().len(), count);
}

#[tokio::test]
async fn a_leader_that_goes_away_strands_nobody() {
    let (open, opened) = watch::channel(false);
    let server = Server::when(opened, Reply::ok("still")).await;
    let world = World::new();
    let (egress, request) = (world.egress.clone(), world.get(&server.url("/")));
    let leader = tokio::spawn(async move { egress.send(request).await });
    let mut arrived = server.arrived.clone();
    arrived.wait_for(|arrived| *arrived == 1).await.unwrap();
    let mut follower = Box::pin(world.egress.send(world.get(&server.url("/"))));
    assert!((&mut follower).now_or_never().is_none());
    leader.abort();
    assert!(leader.await.unwrap_err().is_cancelled());
    open.send_replace(true);
    assert_eq!(&follower.await.unwrap().body[..], b"still");
    assert_eq!((server.requests().len(), world.log().len()), (1, 1));
}

#[tokio::test]
async fn when_everybody_goes_away_the_request_is_taken_back() {
    let (_open, opened) = watch::channel(false);
    let server = Server::when(opened, Reply::ok("")).await;
    let world = World::new();
    let mut arrived = server.arrived.clone();
    tokio::select! {
        _ = world.egress.send(world.get(&server.url("/"))) => panic!("nobody answers"),
        came = arrived.wait_for(|arrived| *arrived == 1) => assert!(came.is_ok()),
    }
    let log = world.log();
    assert_eq!(log.len(), 1);
    assert_eq!(log[0].error.as_deref(), Some("it was given up before the answer was complete"));
}
