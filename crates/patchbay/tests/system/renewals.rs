//! Renewals that are cut off by a crash, and renewals that two nodes want at once.

use sandbox::{Faults, Service};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use crate::running::Plan;
use crate::world::{World, path_of, text};

/// How many ask at once.
const CALLERS: usize = 200;

#[derive(Clone, Copy, PartialEq)]
enum Manner {
    Passes,
    /// The provider does not hear the question.
    KeepsTheQuestion,
    /// The provider answers, and nobody hears it.
    KeepsTheAnswer,
}

/// Stands between the house and the token endpoint.
struct Middleman {
    address: SocketAddr,
    manner: Arc<Mutex<Manner>>,
    /// What is under way, so that no connection outlives its manner.
    open: Arc<Mutex<Vec<tokio::task::AbortHandle>>>,
    /// A permit for each exchange that is held.
    held: Arc<Semaphore>,
}

impl Middleman {
    async fn before(target: SocketAddr) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (manner, held) = (Arc::new(Mutex::new(Manner::Passes)), Arc::new(Semaphore::new(0)));
        let open = Arc::new(Mutex::new(Vec::new()));
        let (now, told, kept) = (manner.clone(), held.clone(), open.clone());
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let manner = *now.lock().unwrap();
                let carrying = tokio::spawn(carry(near, target, manner, told.clone()));
                kept.lock().unwrap().push(carrying.abort_handle());
            }
        });
        Self { address, manner, open, held }
    }

    fn set(&self, manner: Manner) {
        *self.manner.lock().unwrap() = manner;
        self.open.lock().unwrap().drain(..).for_each(|carrying| carrying.abort());
    }
}

async fn carry(mut near: TcpStream, target: SocketAddr, manner: Manner, held: Arc<Semaphore>) {
    let mut some = [0; 1];
    if manner == Manner::KeepsTheQuestion {
        near.read_exact(&mut some).await.unwrap();
        held.add_permits(1);
        return std::future::pending().await;
    }
    let mut far = TcpStream::connect(target).await.unwrap();
    if manner == Manner::Passes {
        // How it ends is for the two ends to say.
        copy_bidirectional(&mut near, &mut far).await.ok();
        return;
    }
    let (mut question, mut forth) = near.into_split();
    let (mut answer, mut on) = far.into_split();
    let asking = tokio::spawn(async move { tokio::io::copy(&mut question, &mut on).await });
    answer.read_exact(&mut some).await.unwrap();
    held.add_permits(1);
    asking.await.ok();
    tokio::io::copy(&mut answer, &mut tokio::io::sink()).await.ok();
    tokio::io::AsyncWriteExt::shutdown(&mut forth).await.ok();
}

/// A connected account, and the plug pulled in the middle of its renewal; the house after it.
async fn crashed(manner: Manner, grace_secs: u64) -> (World, String) {
    let world = World::of(Plan::new()).await;
    let platform = world.sandbox.platform(Service::Oauth).unwrap();
    let mut rules = platform.rules();
    rules.reuse_grace_secs = grace_secs;
    platform.set_rules(rules);
    let url = world.url(Service::Oauth).to_owned();
    let middleman = Middleman::before(url.trim_start_matches("http://").parse().unwrap()).await;
    let metadata = world.owner.at(url.trim_start_matches("http://").parse().unwrap()).nobody();
    let metadata = metadata.get("/.well-known/oauth-authorization-server").await.expect(200);
    let token_path = path_of(&text(&metadata["token_endpoint"]));
    let token_url = format!("http://{}{token_path}", middleman.address);
    let integration = world.oauth(json!({ "token_url": token_url })).await;
    let id = text(&world.connected(&integration, "aurel").await["id"]);

    middleman.set(manner);
    let owner = world.owner.clone();
    let path = format!("/api/v1/connections/{id}/refresh");
    let asking = tokio::spawn(async move {
        let mut line = crate::client::Line::open(&owner).await.unwrap();
        // The house dies before it can answer.
        line.send("POST", &path, &[], String::new()).await.is_err()
    });
    middleman.held.acquire().await.unwrap().forget();
    let World { plan, server, owner, sandbox, workspace } = world;
    server.kill().await;
    assert!(asking.await.unwrap(), "nobody was answered");
    middleman.set(Manner::Passes);
    let server = plan.serve().await;
    (World { owner: owner.at(server.client.address), plan, server, sandbox, workspace }, id)
}

async fn asks(world: &World, id: &str) -> Value {
    let body = json!({ "connection_id": id, "endpoint": "/me", "no_cache": true });
    world.owner.post("/api/v1/fetch", body).await.json()
}

async fn renews(world: &World, id: &str) -> (u16, String) {
    let path = format!("/api/v1/connections/{id}/refresh");
    let answer = world.owner.post(&path, json!({})).await;
    let code = if answer.status == 200 { String::new() } else { answer.code() };
    (answer.status, code)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_before_the_provider_heard_costs_nothing() {
    let (world, id) = crashed(Manner::KeepsTheQuestion, 0).await;
    assert_eq!(asks(&world, &id).await["status"], 200);
    assert_eq!(renews(&world, &id).await.0, 200);
    assert_eq!(world.connection(&id).await["status"], "active");
    let counters = world.sandbox.platform(Service::Oauth).unwrap().counters();
    assert_eq!((counters.refreshes, counters.reuses), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_asked_for_again_where_the_provider_allows_it() {
    let (world, id) = crashed(Manner::KeepsTheAnswer, 60).await;
    assert_eq!(renews(&world, &id).await.0, 200);
    assert_eq!(asks(&world, &id).await["status"], 200);
    assert_eq!(world.connection(&id).await["status"], "active");
    let counters = world.sandbox.platform(Service::Oauth).unwrap().counters();
    assert_eq!((counters.refreshes, counters.reuses), (2, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn where_it_does_not_the_connection_says_why() {
    let (world, id) = crashed(Manner::KeepsTheAnswer, 0).await;
    // The access token that is stored is tried before anybody gives up; here the provider ended it, too.
    assert_eq!(renews(&world, &id).await, (422, "connection.refresh_failed".to_owned()));
    let it = world.connection(&id).await;
    assert_eq!((&it["status"], &it["cause"]["code"]), (&json!("degraded"), &json!("refresh_lost")));
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_on_two_nodes_share_one_renewal() {
    let Some(plan) = Plan::on_postgres().await else { return };
    let world = World::of(plan).await;
    let there = world.plan.another_node().serve().await;
    let integration = world.oauth(json!({})).await;
    let platform = world.sandbox.platform(Service::Oauth).unwrap().clone();
    let id = text(&world.connected(&integration, "aurel").await["id"]);
    world.faults(Service::Oauth, Faults { token_slow_ms: 4_000, ..Faults::default() });
    let path = format!("/api/v1/connections/{id}/refresh");
    let nodes = [world.owner.clone(), world.owner.at(there.client.address)];
    let all = (0..CALLERS).map(|n| nodes[n % 2].post(&path, json!({})));
    for answer in futures::future::join_all(all).await {
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    let counters = platform.counters();
    assert_eq!((counters.refreshes, counters.reuses), (1, 0));
    world.faults(Service::Oauth, Faults::default());
    for node in &nodes {
        let body = json!({ "connection_id": id, "endpoint": "/me", "no_cache": true });
        assert_eq!(node.post("/api/v1/fetch", body).await.expect(200)["status"], 200);
    }
}
