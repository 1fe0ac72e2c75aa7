//! A room with a database, a worker, a runner of actions that is a fake, and a clock that is moved by hand.

use accounts::gate::{Actor, Identity};
use axum::Router;
use axum::body::{Body, to_bytes};
use db::testing::{START, TestDb, databases_at, sqlite};
use db::{Worker, Workspace, args};
use egress::Egress;
use flows::{ConnectorCall, ConnectorOutcome, Flows, Runner};
use futures::future::BoxFuture;
use http::Request;
use kernel::{Clock, Problem, Scope, UserId, codes};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::{CancellationToken, DropGuard};
use tower::ServiceExt as _;

/// Nothing that the tests wait for takes this long.
const DEADLINE: Duration = Duration::from_secs(30);

pub(crate) struct World {
    pub(crate) clock: Clock,
    pub(crate) workspace: Workspace,
    pub(crate) fake: Arc<Fake>,
    api: Router,
    flows: Flows,
    workers: Vec<DropGuard>,
    pub(crate) test: TestDb,
}

/// A runner of actions: `hang` does not answer until it is let go, `fail` fails, anything else answers.
#[derive(Default)]
pub(crate) struct Fake {
    pub(crate) calls: Mutex<Vec<ConnectorCall>>,
    pub(crate) called: Notify,
    pub(crate) go_on: Notify,
}

impl Runner for Fake {
    fn run<'a>(
        &'a self,
        _: &'a Workspace,
        call: ConnectorCall,
    ) -> BoxFuture<'a, Result<ConnectorOutcome, Problem>> {
        Box::pin(async move {
            self.calls.lock().unwrap().push(call.clone());
            self.called.notify_one();
            match call.action.as_str() {
                "hang" => self.go_on.notified().await,
                "fail" => {
                    return Err(Problem::new(&codes::FEED_UPSTREAM_ERROR, "channel_not_found"));
                }
                _ => {}
            }
            Ok(ConnectorOutcome { output: json!({ "sent": call.input }) })
        })
    }
}

struct Nothing;

impl egress::Log for Nothing {
    fn record(&self, _: egress::RequestLogEntry) {}
}

/// One world of each database.
pub(crate) async fn worlds() -> Vec<World> {
    let mut worlds = Vec::new();
    // A clock each: they are moved apart.
    let (clock, other) = (Clock::manual(START), Clock::manual(START));
    let mut tests = vec![(sqlite(clock.clone()).await, clock)];
    let postgres = databases_at(other.clone()).await.into_iter().find(|it| it.db.is_postgres());
    tests.extend(postgres.map(|test| (test, other)));
    for (test, clock) in tests {
        let workspace = test.workspace("acme").await;
        let entropy = test.db.entropy().clone();
        let config = egress::Config::default();
        let egress = Egress::new(config, clock.clone(), entropy, Arc::new(Nothing)).unwrap();
        let fake = Arc::new(Fake::default());
        let flows = Flows::new(test.db.clone(), egress, fake.clone());
        let (api, _) = flows::routes(flows.clone()).split_for_parts();
        let mut world = World { clock, workspace, fake, api, flows, workers: Vec::new(), test };
        world.work();
        worlds.push(world);
    }
    worlds
}

impl World {
    /// Lets one more worker run jobs.
    pub(crate) fn work(&mut self) {
        let worker = self.flows.work(Worker::new(self.test.db.clone()));
        let stop = CancellationToken::new();
        tokio::spawn(worker.run(stop.clone()));
        self.workers.push(stop.drop_guard());
    }

    pub(crate) async fn call(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let mut request = Request::builder().method(method).uri(path);
        let body = if body.is_null() {
            Body::empty()
        } else {
            request = request.header("content-type", "application/json");
            Body::from(body.to_string())
        };
        let mut request = request.body(body).unwrap();
        let who = Identity {
            workspace: self.workspace.clone(),
            actor: Actor::User(UserId::generate(self.clock.now(), self.test.db.entropy())),
            scopes: [Scope::AdminFull].into_iter().collect(),
            role: None,
            instance_owner: false,
            remote_addr: None,
        };
        request.extensions_mut().insert(Ok::<_, Problem>(Arc::new(who)));
        let (head, body) = self.api.clone().oneshot(request).await.unwrap().into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        (head.status.as_u16(), serde_json::from_slice(&bytes).unwrap_or_default())
    }

    #[track_caller]
    pub(crate) fn expect(status: u16, answer: (u16, Value)) -> Value {
        assert_eq!(answer.0, status, "{}", answer.1);
        answer.1
    }

    pub(crate) async fn workflow(&self, definition: Value) -> String {
        let made = self.call("POST", "/api/v1/workflows", definition).await;
        Self::expect(201, made)["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn begin(&self, id: &str, input: Value) -> String {
        let path = format!("/api/v1/workflows/{id}/execute");
        let begun = self.call("POST", &path, json!({ "input": input })).await;
        Self::expect(202, begun)["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn run(&self, id: &str) -> Value {
        Self::expect(200, self.call("GET", &format!("/api/v1/executions/{id}"), Value::Null).await)
    }

    pub(crate) async fn run_when(&self, id: &str, status: &str) -> Value {
        self.eventually(status, async || {
            Some(self.run(id).await).filter(|run| run["status"] == status)
        })
        .await
    }

    /// The ended runs of a workflow, as soon as there are so many.
    pub(crate) async fn runs_of(&self, workflow: &str, many: usize) -> Vec<Value> {
        let path = format!("/api/v1/executions?workflow_id={workflow}&status=succeeded");
        self.eventually("its runs", async || {
            let (_, found) = self.call("GET", &path, Value::Null).await;
            let runs = found["data"].as_array().unwrap().clone();
            (runs.len() >= many).then_some(runs)
        })
        .await
    }

    /// Asks again whenever something was announced.
    pub(crate) async fn eventually<T>(
        &self,
        what: &str,
        mut ask: impl AsyncFnMut() -> Option<T>,
    ) -> T {
        let mut signals = self.test.db.signals();
        let until = tokio::time::Instant::now() + DEADLINE;
        loop {
            if let Some(found) = ask().await {
                return found;
            }
            let heard = tokio::time::timeout_at(until, signals.recv()).await;
            assert!(heard.is_ok(), "never so: {what}");
        }
    }

    /// Moves the clock, and lets the workers see that it was moved.
    pub(crate) async fn later(&self, by: Duration) {
        self.clock.advance(by);
        self.emit("clock.moved", "clock", json!({})).await;
        let mut tx = self.workspace.write().await.unwrap();
        let now = tx.now();
        let sql = "UPDATE jobs SET run_at = run_at WHERE workspace_id = $1 AND run_at <= $2 \
                   RETURNING kind, key, payload, lease_until";
        for row in tx.fetch_all(sql, args![self.workspace.id(), now]).await.unwrap() {
            if row.opt_int("lease_until").unwrap().is_some() {
                continue;
            }
            let kind = match row.text("kind").unwrap().as_str() {
                "workflow.tick" => ("workflow.tick", kernel::Lane::Fast),
                _ => ("workflow.run", kernel::Lane::Remote),
            };
            let job = kernel::NewJob {
                kind: kernel::JobKind { name: kind.0, lane: kind.1 },
                key: row.text("key").unwrap(),
                run_at: now,
                payload: row.json("payload").unwrap(),
            };
            tx.enqueue(self.workspace.id(), job).await.unwrap();
        }
        tx.commit().await.unwrap();
    }

    pub(crate) async fn emit(&self, kind: &str, subject: &str, data: Value) {
        let mut tx = self.workspace.write().await.unwrap();
        tx.emit(self.workspace.id(), kind, subject, data).await.unwrap();
        tx.commit().await.unwrap();
    }
}
