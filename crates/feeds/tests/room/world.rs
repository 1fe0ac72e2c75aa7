//! A room with a database, a worker, a door to loopback and a clock that stands still.

use crate::node::{Node, Reply, map, owner, request};
use crate::origin::Origin;
use connect::{IntegrationDraft, IntegrationPatch, Mode};
use db::testing::{START, TestDb, databases_at};
use db::{Change, EventFilter, Inbox, NewInbound, Worker, Workspace, args};
use kernel::{Clock, FeedId, InboundId, IntegrationId, NewJob, PageRequest, Timestamp};
use serde_json::{Map, Value, json};
use std::time::Duration;
use tokio_util::sync::{CancellationToken, DropGuard};

/// Nothing that the tests wait for takes this long.
const DEADLINE: Duration = Duration::from_secs(20);

pub(crate) struct World {
    pub(crate) node: Node,
    pub(crate) clock: Clock,
    pub(crate) workspace: Workspace,
    pub(crate) origin: Origin,
    inbox: Inbox,
    workers: Vec<DropGuard>,
    pub(crate) test: TestDb,
}

/// One world of each database.
pub(crate) async fn worlds() -> Vec<World> {
    let mut worlds = idle_worlds().await;
    worlds.iter_mut().for_each(World::work);
    worlds
}

/// The same without workers yet.
pub(crate) async fn idle_worlds() -> Vec<World> {
    let clock = Clock::manual(START);
    let mut worlds = Vec::new();
    for test in databases_at(clock.clone()).await {
        let workspace = test.workspace("acme").await;
        let node = Node::new(&test.db);
        let inbox = Inbox::start(test.db.clone());
        let (origin, clock, workers) = (Origin::start().await, clock.clone(), Vec::new());
        worlds.push(World { node, clock, workspace, origin, inbox, workers, test });
    }
    worlds
}

impl World {
    /// Lets the node run jobs from now on.
    pub(crate) fn work(&mut self) {
        let worker = self.node.feeds.work(Worker::new(self.test.db.clone()));
        self.runs(worker);
    }

    /// Lets a worker run jobs while the world lasts.
    pub(crate) fn runs(&mut self, worker: Worker) {
        let stop = CancellationToken::new();
        tokio::spawn(worker.run(stop.clone()));
        self.workers.push(stop.drop_guard());
    }

    pub(crate) async fn call(&self, method: &str, path: &str, body: Value) -> Reply {
        let who = Some(owner(&self.workspace));
        self.node.send(request(who, method, path, &[], &body)).await
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.call("GET", path, Value::Null).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        self.call("POST", path, body).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Reply {
        self.call("PATCH", path, body).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        self.call("DELETE", path, Value::Null).await
    }

    /// A request that only its own headers and query speak for.
    pub(crate) async fn read(&self, path: &str, headers: &[(&str, &str)]) -> Reply {
        self.node.send(request(None, "GET", path, headers, &Value::Null)).await
    }

    /// A REST integration with the origin behind it.
    pub(crate) async fn rest(&self, pull: Value) -> IntegrationId {
        let pull = connect::PullConfig::from_map(map(pull)).unwrap();
        self.integration(IntegrationDraft { pull, ..self.draft("rest") }).await
    }

    /// One that takes pushes without a signature.
    pub(crate) async fn webhook(&self, push: Value) -> IntegrationId {
        let mut push = map(push);
        push.insert("unsigned".to_owned(), json!(true));
        let push = connect::PushConfig::from_map(push).unwrap();
        let mode = Some(Mode::Push);
        self.integration(IntegrationDraft { push, mode, ..self.draft("webhook") }).await
    }

    pub(crate) fn draft(&self, provider: &str) -> IntegrationDraft {
        let config = match provider {
            "rest" => map(json!({ "base_url": self.origin.base })),
            _ => Map::new(),
        };
        let (name, provider) = (provider.to_owned(), provider.to_owned());
        IntegrationDraft { name, provider, enabled: true, config, ..IntegrationDraft::default() }
    }

    pub(crate) async fn integration(&self, draft: IntegrationDraft) -> IntegrationId {
        let owner = owner(&self.workspace);
        let made = self.node.connect.create_integration(&owner, draft).await.unwrap();
        made.integration.id
    }

    pub(crate) async fn change_integration(&self, id: IntegrationId, patch: IntegrationPatch) {
        let owner = owner(&self.workspace);
        self.node.connect.update_integration(&owner, id, patch).await.unwrap();
    }

    /// A feed of an integration; `more` is what its body says besides.
    pub(crate) async fn feed(&self, integration: IntegrationId, more: Value) -> FeedId {
        let mut body = map(more);
        body.insert("integration_id".to_owned(), json!(integration));
        body.entry("name").or_insert(json!("A feed"));
        let made = self.post("/api/v1/feeds", Value::Object(body)).await.expect(201);
        made["id"].as_str().unwrap().parse().unwrap()
    }

    pub(crate) async fn view(&self, feed: FeedId) -> Value {
        self.get(&format!("/api/v1/feeds/{feed}")).await.expect(200)
    }

    pub(crate) async fn data(&self, feed: FeedId) -> Value {
        self.get(&format!("/api/v1/feeds/{feed}/data")).await.expect(200)
    }

    /// Waits until readers get this document.
    pub(crate) async fn data_is(&self, feed: FeedId, wanted: Value) -> Value {
        let mut last = Value::Null;
        let met = self.until(async || {
            last = self.data(feed).await;
            last["data"] == wanted
        });
        let met = met.await;
        assert!(met, "{wanted} wanted: {last}");
        last
    }

    /// Waits until a path is not there any more.
    pub(crate) async fn is_gone(&self, path: &str) {
        let gone = self.until(async || self.get(path).await.status == 404).await;
        assert!(gone, "{path} is there still");
    }

    /// Waits until the feed is as wished, and shows it.
    pub(crate) async fn feed_when(&self, feed: FeedId, wish: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        let met = self.until(async || {
            last = self.view(feed).await;
            wish(&last)
        });
        let met = met.await;
        assert!(met, "{last}");
        last
    }

    pub(crate) async fn version(&self, feed: FeedId, version: u64) -> Value {
        self.feed_when(feed, |view| view["version"] == version).await
    }

    /// Waits for as many failures in a row.
    pub(crate) async fn failures(&self, feed: FeedId, failures: u64) -> Value {
        self.feed_when(feed, |view| view["failures"] == failures).await
    }

    /// Whether it becomes so before the deadline. Looks again at each signal, and now and then without:
    /// what is merely removed announces nothing.
    pub(crate) async fn until(&self, mut is_so: impl AsyncFnMut() -> bool) -> bool {
        let mut signals = self.test.db.signals();
        let met = async {
            while !is_so().await {
                drop(tokio::time::timeout(Duration::from_millis(100), signals.recv()).await);
            }
        };
        tokio::time::timeout(DEADLINE, met).await.is_ok()
    }

    /// Lets time pass and wakes whoever waits for it.
    pub(crate) async fn advance(&self, by: Duration) {
        self.clock.advance(by);
        let mut tx = self.workspace.write().await.unwrap();
        tx.changed(Change::noun("time", self.workspace.id(), "passed"));
        tx.commit().await.unwrap();
    }

    /// Lets time pass until the feed is due, then waits until it was pulled.
    pub(crate) async fn pulled_again(&self, feed: FeedId) -> Value {
        let before = self.view(feed).await;
        let due = Timestamp::parse(before["refresh_at"].as_str().unwrap()).unwrap();
        self.advance(due.since(self.clock.now()) + Duration::from_millis(1)).await;
        self.feed_when(feed, |view| view["refresh_at"] != before["refresh_at"]).await
    }

    /// Lets time pass until a pull has brought this version.
    pub(crate) async fn pulled_to(&self, feed: FeedId, version: u64) -> Value {
        for _ in 0..5 {
            let view = self.pulled_again(feed).await;
            if view["version"] == version {
                return view;
            }
        }
        panic!("{feed} does not come to version {version}")
    }

    /// Asks for a pull now, and waits for it.
    pub(crate) async fn refreshed(&self, feed: FeedId) -> Value {
        let before = self.view(feed).await;
        self.advance(Duration::from_millis(1)).await;
        self.post(&format!("/api/v1/feeds/{feed}/refresh"), Value::Null).await.expect(202);
        self.feed_when(feed, |view| view["refresh_at"] != before["refresh_at"]).await
    }

    /// A push that was verified and stored.
    pub(crate) async fn push(
        &self,
        integration: IntegrationId,
        feed: FeedId,
        content_type: &str,
        body: impl Into<Vec<u8>>,
    ) -> InboundId {
        let push = self.inbound(integration, feed, content_type, body.into(), Duration::ZERO);
        let id = push.id;
        self.inbox.accept(push).await.unwrap();
        id
    }

    /// The same with a job that is not due for long: it waits for a push that is.
    pub(crate) async fn push_quietly(&self, integration: IntegrationId, feed: FeedId, body: &str) {
        let json = "application/json";
        let push = self.inbound(
            integration,
            feed,
            json,
            body.as_bytes().to_vec(),
            Duration::from_secs(3600),
        );
        self.inbox.accept(push).await.unwrap();
    }

    fn inbound(
        &self,
        integration: IntegrationId,
        feed: FeedId,
        content_type: &str,
        body: Vec<u8>,
        due_in: Duration,
    ) -> NewInbound {
        // Ids are in the order of their time.
        self.clock.advance(Duration::from_millis(1));
        let now = self.clock.now();
        let job = Some(NewJob {
            kind: feeds::APPLY,
            key: feed.to_string(),
            run_at: now.plus(due_in),
            payload: json!({}),
        });
        NewInbound {
            workspace: self.workspace.id(),
            id: InboundId::generate(now, self.test.db.entropy()),
            integration,
            feed: Some(feed),
            provider: "webhook".to_owned(),
            event_id: None,
            event_type: None,
            received_at: now,
            verified_by: "unsigned".to_owned(),
            content_type: content_type.to_owned(),
            body,
            headers: json!({}),
            remote_addr: None,
            job,
        }
    }

    /// The state of a push, and what is wrong with it.
    pub(crate) async fn push_state(&self, id: InboundId) -> (&'static str, String) {
        let push = self.workspace.inbound_event(id).await.unwrap().unwrap();
        (push.state.name(), push.error.unwrap_or_default())
    }

    pub(crate) async fn settled(&self, id: InboundId) -> (&'static str, String) {
        let settled = self.until(async || self.push_state(id).await.0 != "pending").await;
        assert!(settled, "the push waits for ever");
        self.push_state(id).await
    }

    /// A widget and its id.
    pub(crate) async fn widget(&self, slug: &str) -> kernel::WidgetId {
        let body = json!({ "slug": slug, "name": slug });
        let made = self.post("/api/v1/widgets", body).await.expect(201);
        made["id"].as_str().unwrap().parse().unwrap()
    }

    /// A placed widget as the answer to its making shows it.
    pub(crate) async fn place(&self, widget: &str, options: Value) -> Value {
        let body = json!({ "widget_id": widget, "name": "Lobby", "options": options });
        self.post("/api/v1/widget-configs", body).await.expect(201)
    }

    /// A player's token.
    pub(crate) async fn player(&self, configs: &[&str]) -> (String, String) {
        let body = json!({ "name": "Screen", "widget_config_ids": configs });
        let made = self.post("/api/v1/players", body).await.expect(201);
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        (text("id"), text("token"))
    }

    pub(crate) async fn events(&self, kind: &str) -> Vec<kernel::Event> {
        let filter = EventFilter { kind: kind.into(), subject: String::new() };
        self.workspace.events(&filter, &PageRequest::default()).await.unwrap()
    }

    /// The number in the column `n`.
    pub(crate) async fn count(&self, sql: &str) -> i64 {
        let mut tx = self.workspace.read().await.unwrap();
        let row = tx.fetch_optional(sql, args![]).await.unwrap();
        row.unwrap().int("n").unwrap()
    }
}
