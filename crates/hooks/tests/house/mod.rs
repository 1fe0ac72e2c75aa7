//! A house with this room in it, on a database of either kind. Only the feeds are made up.

#![allow(dead_code, unreachable_pub, reason = "each test file uses a part of it")]

use accounts::gate::{Actor, Identity};
use aws_lc_rs::hmac;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use catalog::Catalog;
use connect::{Connect, IntegrationDraft, IntegrationPatch, Mode};
use db::testing::{START, TestDb, databases_at};
use db::{Change, DbError, EventFilter, Inbound, InboundFilter, Workspace, args};
use egress::Egress;
use futures::future::BoxFuture;
use hooks::{Address, Destination, Destinations, Hooks, HooksConfig, JobTemplate};
use http::{HeaderMap, Request, StatusCode};
use kernel::{
    Clock, FeedId, IntegrationId, JobKind, Lane, PageRequest, Problem, Scope, WidgetConfigId,
    WorkspaceId,
};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tower::ServiceExt as _;

pub const PUBLIC_URL: &str = "https://patchbay.test";
pub const APPLY: JobKind = JobKind { name: "feed.apply", lane: Lane::Fast };

/// Nothing leaves this house.
struct Nothing;

impl egress::Log for Nothing {
    fn record(&self, _: egress::RequestLogEntry) {}
}

/// What stands behind the addresses.
#[derive(Default)]
pub struct Feeds(Mutex<HashMap<(IntegrationId, Address), Destination>>);

impl Destinations for Feeds {
    fn find(
        &self,
        integration: IntegrationId,
        address: Address,
    ) -> BoxFuture<'_, Result<Option<Destination>, DbError>> {
        let found = self.0.lock().unwrap().get(&(integration, address)).cloned();
        Box::pin(async move { Ok(found) })
    }

    fn addresses(
        &self,
        _: WorkspaceId,
        integration: IntegrationId,
    ) -> BoxFuture<'_, Result<Vec<Address>, DbError>> {
        let known = self.0.lock().unwrap();
        let ours = known.keys().filter(|(id, _)| *id == integration).map(|(_, address)| *address);
        let ours: Vec<_> = ours.collect();
        Box::pin(async move { Ok(ours) })
    }
}

pub struct House {
    pub test: TestDb,
    pub clock: Clock,
    pub workspace: Workspace,
    pub hooks: Hooks,
    pub connect: Connect,
    feeds: Arc<Feeds>,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{self:?}"))
    }

    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }
}

/// One house on each kind of database.
pub async fn houses() -> Vec<House> {
    houses_with(|config| config).await
}

pub async fn houses_with(change: impl Fn(HooksConfig) -> HooksConfig) -> Vec<House> {
    let clock = Clock::manual(START);
    let mut houses = Vec::new();
    for test in databases_at(clock.clone()).await {
        let workspace = test.workspace("acme").await;
        let catalog = Arc::new(Catalog::embedded().unwrap());
        let (config, entropy) = (egress::Config::default(), test.db.entropy().clone());
        let egress = Egress::new(config, clock.clone(), entropy, Arc::new(Nothing)).unwrap();
        let connect = Connect::new(test.db.clone(), catalog, egress, PUBLIC_URL);
        let feeds = Arc::new(Feeds::default());
        let config = change(HooksConfig::new(PUBLIC_URL));
        let hooks = Hooks::new(test.db.clone(), connect.clone(), feeds.clone(), config);
        houses.push(House { test, clock: clock.clone(), workspace, hooks, connect, feeds });
    }
    houses
}

impl House {
    /// An integration that takes pushes, with these credentials.
    pub async fn integration(&self, provider: &str, credentials: Value) -> IntegrationId {
        self.integration_in(&self.workspace, provider, credentials).await
    }

    pub async fn integration_in(
        &self,
        workspace: &Workspace,
        provider: &str,
        credentials: Value,
    ) -> IntegrationId {
        let draft = IntegrationDraft {
            name: provider.to_owned(),
            provider: provider.to_owned(),
            mode: Some(Mode::Push),
            enabled: true,
            ..IntegrationDraft::default()
        };
        let identity = identity(workspace, &[]);
        let made = self.connect.create_integration(&identity, draft).await.unwrap();
        let id = made.integration.id;
        if credentials != json!({}) {
            self.rotate(workspace, id, credentials).await;
        }
        id
    }

    /// Puts a credential in the place of any other.
    pub async fn rotate(&self, workspace: &Workspace, id: IntegrationId, fields: Value) {
        let identity = identity(workspace, &[]);
        let fields = fields.as_object().cloned().unwrap();
        self.connect.put_credential(&identity, id, None, fields, None).await.unwrap();
    }

    pub async fn set_enabled(&self, integration: IntegrationId, enabled: bool) {
        let patch = IntegrationPatch { enabled: Some(enabled), ..IntegrationPatch::default() };
        let identity = identity(&self.workspace, &[]);
        self.connect.update_integration(&identity, integration, patch).await.unwrap();
    }

    /// A feed behind the integration, with these settings; gives the path to push to.
    pub async fn feed(&self, integration: IntegrationId, push: Value) -> (FeedId, String) {
        let feed = FeedId::generate(START, self.test.db.entropy());
        self.place(integration, Address::Feed(feed), feed, push).await;
        (feed, format!("/api/webhooks/{integration}/{feed}"))
    }

    /// A placed widget on that feed.
    pub async fn widget_config(&self, integration: IntegrationId, feed: FeedId) -> String {
        let id = WidgetConfigId::generate(START, self.test.db.entropy());
        self.place(integration, Address::WidgetConfig(id), feed, json!({})).await;
        format!("/api/webhooks/widgets/{integration}/{id}")
    }

    /// Says what stands at an address from now on.
    pub async fn place(
        &self,
        integration: IntegrationId,
        address: Address,
        feed: FeedId,
        push: Value,
    ) {
        let workspace = self.workspace.id();
        let destination = Destination {
            workspace,
            feed: Some(feed),
            widget_config: None,
            push: push.as_object().cloned().unwrap_or_else(Map::new),
            job: Some(JobTemplate { kind: APPLY, key: feed.to_string(), payload: json!({}) }),
        };
        self.feeds.0.lock().unwrap().insert((integration, address), destination);
        let mut tx = self.workspace.write().await.unwrap();
        tx.changed(Change::noun("feed", workspace, feed));
        tx.commit().await.unwrap();
    }

    pub async fn remove(&self, integration: IntegrationId, feed: FeedId) {
        self.feeds.0.lock().unwrap().remove(&(integration, Address::Feed(feed)));
        let mut tx = self.workspace.write().await.unwrap();
        tx.changed(Change::noun("feed", self.workspace.id(), feed));
        tx.commit().await.unwrap();
    }

    /// Sends a request to the receivers.
    pub async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Vec<u8>>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(Body::from(body.into())).unwrap();
        let peer = SocketAddr::from(([10, 0, 0, 1], 4711));
        request.extensions_mut().insert(ConnectInfo(peer));
        answer(hooks::receivers(self.hooks.clone()).into(), request).await
    }

    pub async fn post(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Vec<u8>>,
    ) -> Answer {
        self.send("POST", path, headers, body).await
    }

    /// Posts JSON with the generic webhook's signature.
    pub async fn post_signed(&self, path: &str, secret: &str, body: &str) -> Answer {
        let signature = hmac_hex(secret, body);
        let headers =
            [("x-webhook-signature", signature.as_str()), ("content-type", "application/json")];
        self.post(path, &headers, body).await
    }

    /// Asks the API as somebody of `workspace` who may do these things.
    pub async fn api(
        &self,
        workspace: &Workspace,
        scopes: &[Scope],
        method: &str,
        path: &str,
    ) -> Answer {
        let identity = identity(workspace, scopes);
        let mut request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        request.extensions_mut().insert(Ok::<_, Problem>(Arc::new(identity)));
        answer(hooks::routes(self.hooks.clone()).into(), request).await
    }

    /// What is in the inbox, newest first.
    pub async fn inbox(&self) -> Vec<Inbound> {
        self.workspace.inbound(&InboundFilter::default(), &PageRequest::default()).await.unwrap()
    }

    pub async fn events(&self, kind: &str) -> Vec<kernel::Event> {
        let filter = EventFilter { kind: kind.into(), subject: String::new() };
        self.workspace.events(&filter, &PageRequest::default()).await.unwrap()
    }

    pub async fn count(&self, sql: &str) -> i64 {
        let mut tx = self.workspace.read().await.unwrap();
        tx.fetch_optional(sql, args![]).await.unwrap().unwrap().int("n").unwrap()
    }
}

fn identity(workspace: &Workspace, scopes: &[Scope]) -> Identity {
    Identity {
        workspace: workspace.clone(),
        actor: Actor::House,
        scopes: scopes.iter().copied().collect(),
        role: None,
        instance_owner: false,
        remote_addr: None,
    }
}

async fn answer(router: Router, request: Request<Body>) -> Answer {
    let response = router.oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let body = String::from_utf8(body.to_vec()).unwrap();
    Answer { status: parts.status, headers: parts.headers, body }
}

pub fn hmac_hex(secret: &str, message: impl AsRef<[u8]>) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    hex::encode(hmac::sign(&key, message.as_ref()))
}
