//! A fresh instance on each database, and a way to talk to it.

use accounts::{Accounts, AccountsConfig};
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use db::testing::{START, TestDb, databases_at};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use kernel::{Clock, Secret};
use serde_json::{Value, json};
use std::net::SocketAddr;
use tower::ServiceExt as _;

pub(crate) const PASSWORD: &str = "correct horse battery";

pub(crate) struct World {
    pub(crate) db: TestDb,
    pub(crate) clock: Clock,
    pub(crate) accounts: Accounts,
    pub(crate) router: Router,
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Reply {
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        self.body
    }

    #[track_caller]
    pub(crate) fn expect_problem(self, status: u16, code: &str) -> Value {
        assert_eq!(
            (self.status.as_u16(), self.body["code"].as_str()),
            (status, Some(code)),
            "{self:?}"
        );
        assert_eq!(self.headers["content-type"], "application/problem+json");
        self.body
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// Who asks: headers that go with each request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Who(Vec<(&'static str, String)>);

impl Who {
    pub(crate) fn key(key: &Value) -> Self {
        Self::default().with("authorization", &format!("Bearer {}", key.as_str().unwrap()))
    }

    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.0.push((name, value.to_owned()));
        self
    }
}

impl World {
    pub(crate) async fn all() -> Vec<Self> {
        Self::all_with(AccountsConfig::default()).await
    }

    pub(crate) async fn all_with(config: AccountsConfig) -> Vec<Self> {
        let mut worlds = Vec::new();
        let clock = Clock::manual(START);
        for db in databases_at(clock.clone()).await {
            let accounts = Accounts::new(db.db.clone(), config.clone()).await.unwrap();
            let (router, _) = accounts.routes().split_for_parts();
            let router = accounts.guard(router);
            worlds.push(Self { db, clock: clock.clone(), accounts, router });
        }
        worlds
    }

    /// The first owner's key with `admin:full`.
    pub(crate) async fn init(&self) -> (Who, String) {
        let password = Secret::new(PASSWORD.to_owned());
        let owner = self.accounts.init_owner("ada@example.com", &password, "Acme").await.unwrap();
        let key = json!(owner.api_key.expose());
        (Who::key(&key), owner.workspace_id.to_string())
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Reply {
        Self::send_to(&self.router, request).await
    }

    async fn send_to(router: &Router, mut request: Request<Body>) -> Reply {
        let peer: SocketAddr = "192.0.2.7:4711".parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(peer));
        let (parts, body) = router.clone().oneshot(request).await.unwrap().into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Reply { status: parts.status, headers: parts.headers, body }
    }

    pub(crate) async fn call(&self, who: &Who, method: Method, path: &str, body: Value) -> Reply {
        let mut request = Request::builder().method(method).uri(path).header("host", "patchbay");
        for (name, value) in &who.0 {
            request = request.header(*name, value);
        }
        let body = if body.is_null() {
            Body::empty()
        } else {
            request = request.header("content-type", "application/json");
            Body::from(body.to_string())
        };
        self.send(request.body(body).unwrap()).await
    }

    pub(crate) async fn get(&self, who: &Who, path: &str) -> Reply {
        self.call(who, Method::GET, path, Value::Null).await
    }

    /// Asks another node.
    pub(crate) async fn get_from(&self, node: &Router, who: &Who, path: &str) -> Reply {
        let mut request = Request::get(path);
        for (name, value) in &who.0 {
            request = request.header(*name, value);
        }
        Self::send_to(node, request.body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn post(&self, who: &Who, path: &str, body: Value) -> Reply {
        self.call(who, Method::POST, path, body).await
    }

    pub(crate) async fn patch(&self, who: &Who, path: &str, body: Value) -> Reply {
        self.call(who, Method::PATCH, path, body).await
    }

    pub(crate) async fn delete(&self, who: &Who, path: &str) -> Reply {
        self.call(who, Method::DELETE, path, Value::Null).await
    }

    /// Signs in with the password of the tests.
    pub(crate) async fn sign_in(&self, email: &str, password: &str) -> Who {
        let body = json!({ "email": email, "password": password });
        let reply = self.post(&Who::default(), "/api/v1/session", body).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        let cookie = reply.header("set-cookie").split(';').next().unwrap().to_owned();
        let csrf = reply.body["csrf_token"].as_str().unwrap();
        Who::default().with("cookie", &cookie).with("x-patchbay-csrf", csrf)
    }

    /// Adds a member and signs them in.
    pub(crate) async fn member(&self, admin: &Who, email: &str, role: &str) -> (Who, Value) {
        let body = json!({ "email": email, "role": role });
        let member = self.post(admin, "/api/v1/members", body).await.expect(201);
        let who = self.sign_in(email, member["initial_password"].as_str().unwrap()).await;
        (who, member)
    }

    /// Makes a key with these scopes.
    pub(crate) async fn make_key(&self, admin: &Who, body: Value) -> (Who, String) {
        let key = self.post(admin, "/api/v1/api-keys", body).await.expect(201);
        (Who::key(&key["key"]), key["id"].as_str().unwrap().to_owned())
    }
}

impl Who {
    /// One of its headers.
    pub(crate) fn header(&self, name: &str) -> String {
        self.0.iter().find(|(known, _)| *known == name).unwrap().1.clone()
    }
}
