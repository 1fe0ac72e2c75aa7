//! Budgets that are spent, over the wire.

use crate::world::{Reply, Server, World, dead_port};
use egress::{Budget, EgressError, Observation, Request};
use kernel::{Timestamp, codes};
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use std::sync::Arc;
use std::time::Duration;

/// The world's clock stands there.
const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);
const DAY: Duration = Duration::from_secs(86_400);

fn priced(mut request: Request, units: u64, cost: u64) -> Request {
    let (key, provider) = ("tube/app".to_owned(), "tube".to_owned());
    let resets_at = NOW.plus(DAY);
    request.budgets = vec![Budget { key, provider, units, cost, resets_at }];
    request.lane = egress::Lane::Interactive;
    request
}

#[tokio::test]
async fn a_spent_budget_lets_nothing_out() {
    let server = Server::replies(vec![Reply::ok("1")]).await;
    let world = World::new();
    let request = priced(world.get(&server.url("/")), 10, 4);
    for _ in 0..2 {
        world.egress.send(request.clone()).await.unwrap();
    }
    let refused = world.egress.send(request.clone()).await.unwrap_err();
    assert_eq!(refused.code(), &codes::EGRESS_QUOTA_SPENT);
    let problem = refused.problem();
    assert_eq!(problem.code.status, 429);
    assert_eq!(problem.retry_after, Some(86_400));
    let probe = world.egress.probe(request).await;
    assert_eq!(probe.error.unwrap().code(), &codes::EGRESS_QUOTA_SPENT);
    assert_eq!(server.requests().len(), 2);
    let (mut registry, mut text) = (Registry::default(), String::new());
    world.egress.register(&mut registry);
    encode(&mut text, &registry).unwrap();
    assert!(text.contains("\npatchbay_quota_share_used{provider=\"tube\"} 0.8\n"), "{text}");
}

#[tokio::test]
async fn each_attempt_that_arrives_costs() {
    let busy = Reply::status(503, &[], "");
    let server = Server::replies(vec![busy, Reply::ok("at last")]).await;
    let world = World::new();
    world.egress.send(priced(world.get(&server.url("/")), 10, 1)).await.unwrap();
    assert_eq!(world.egress.budgets().used("tube/app", NOW), 2);
    let url = format!("http://127.0.0.1:{}/", dead_port().await);
    world.egress.send(priced(world.get(&url), 10, 1)).await.unwrap_err();
    assert_eq!(world.egress.budgets().used("tube/app", NOW), 2);
}

#[tokio::test]
async fn an_answer_that_says_spent_closes_the_budget() {
    let server = Server::replies(vec![Reply::status(403, &[], "quotaExceeded")]).await;
    let world = World::new();
    let mut request = priced(world.get(&server.url("/")), 10_000, 1);
    request.observer = Arc::new(|_, body| {
        let limited = body == Some(&b"quotaExceeded"[..]);
        let spent = limited.then(|| "tube/app".to_owned()).into_iter().collect();
        Observation { spent, limited, ..Observation::default() }
    });
    for _ in 0..2 {
        let refused = world.egress.send(request.clone()).await.unwrap_err();
        assert!(matches!(refused, EgressError::QuotaSpent { is_reserve: false, .. }), "{refused}");
    }
    assert_eq!(server.requests().len(), 1);
}
