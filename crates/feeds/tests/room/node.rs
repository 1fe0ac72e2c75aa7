//! One process of the house, how it is asked, and what it answers.

use accounts::gate::{Actor, Identity};
use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use connect::Connect;
use db::{Db, Workspace};
use egress::Egress;
use feeds::{Feeds, FeedsConfig};
use http::{HeaderMap, Request};
use kernel::{Problem, Scope, UserId};
use serde_json::{Map, Value};
use std::sync::Arc;
use tower::ServiceExt as _;

/// One process of the house.
#[derive(Clone)]
pub(crate) struct Node {
    pub(crate) connect: Connect,
    pub(crate) feeds: Feeds,
    pub(crate) api: Router,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Bytes,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|_| panic!("{self:?}"))
    }

    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        if self.bytes.is_empty() { Value::Null } else { self.json() }
    }

    #[track_caller]
    pub(crate) fn refused(self, status: u16, code: &str) -> Value {
        let body = self.json();
        assert_eq!((self.status, body["code"].as_str()), (status, Some(code)), "{body}");
        assert_eq!(self.headers["content-type"], "application/problem+json");
        body
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

struct Nothing;

impl egress::Log for Nothing {
    fn record(&self, _: egress::RequestLogEntry) {}
}

impl Node {
    pub(crate) fn new(db: &Db) -> Self {
        let allow_networks = vec!["127.0.0.0/8".parse().unwrap()];
        let config = egress::Config { allow_networks, ..egress::Config::default() };
        let (clock, entropy) = (db.clock().clone(), db.entropy().clone());
        let egress = Egress::new(config, clock, entropy, Arc::new(Nothing)).unwrap();
        let catalog = Arc::new(catalog::Catalog::embedded().unwrap());
        let public_url = "https://bay.example".to_owned();
        let connect = Connect::new(db.clone(), catalog, egress.clone(), &public_url);
        let config = FeedsConfig { memory_bytes: 8 << 20, public_url };
        let feeds = Feeds::new(db.clone(), connect.clone(), config);
        let api = feeds::routes(feeds.clone()).merge(feeds::readers(feeds.clone()));
        let (api, _) = api.split_for_parts();
        Self { connect, feeds, api }
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Reply {
        let (head, body) = self.api.clone().oneshot(request).await.unwrap().into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        Reply { status: head.status.as_u16(), headers: head.headers, bytes }
    }
}

/// Somebody who may do everything in a workspace.
pub(crate) fn owner(workspace: &Workspace) -> Identity {
    with_scopes(workspace, &[Scope::AdminFull])
}

pub(crate) fn with_scopes(workspace: &Workspace, scopes: &[Scope]) -> Identity {
    let (clock, entropy) = (workspace.db().clock(), workspace.db().entropy());
    Identity {
        workspace: workspace.clone(),
        actor: Actor::User(UserId::generate(clock.now(), entropy)),
        scopes: scopes.iter().copied().collect(),
        role: None,
        instance_owner: false,
        remote_addr: None,
    }
}

/// A request as somebody; nobody when that is `None`.
pub(crate) fn request(
    who: Option<Identity>,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &Value,
) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = if body.is_null() {
        Body::empty()
    } else {
        request = request.header("content-type", "application/json");
        Body::from(body.to_string())
    };
    let mut request = request.body(body).unwrap();
    if let Some(who) = who {
        request.extensions_mut().insert(Ok::<_, Problem>(Arc::new(who)));
    }
    request
}

pub(crate) fn map(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap()
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}
