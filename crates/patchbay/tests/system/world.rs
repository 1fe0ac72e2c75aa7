//! A house that is set up, with the sandbox as the world outside.

use kernel::{Clock, Entropy};
use sandbox::{Faults, Sandbox, SandboxConfig, Service};
use serde_json::{Value, json};

use crate::client::{Answer, Client};
use crate::running::{PASSWORD, Plan, Running, eventually};

pub(crate) struct World {
    pub(crate) plan: Plan,
    pub(crate) server: Running,
    pub(crate) sandbox: Sandbox,
    /// The owner's key, which may do everything.
    pub(crate) owner: Client,
    pub(crate) workspace: String,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::of(Plan::new()).await
    }

    /// One on SQLite, and one on PostgreSQL where there is a server.
    pub(crate) async fn all() -> Vec<Self> {
        let mut worlds = Vec::new();
        for plan in Plan::all().await {
            worlds.push(Self::of(plan).await);
        }
        worlds
    }

    pub(crate) async fn of(plan: Plan) -> Self {
        let made = plan.init(PASSWORD).await;
        Self::started(plan, &made).await
    }

    /// After `patchbay init` has printed this.
    pub(crate) async fn started(plan: Plan, made: &Value) -> Self {
        let server = plan.serve().await;
        let sandbox = SandboxConfig::fresh(Clock::System, &Entropy::System);
        let sandbox = Sandbox::start(sandbox).await.unwrap();
        let owner = server.client.key(made["api_key"].as_str().unwrap());
        Self { plan, server, sandbox, owner, workspace: text(&made["workspace_id"]) }
    }

    pub(crate) fn url(&self, service: Service) -> &str {
        self.sandbox.url(service).unwrap()
    }

    pub(crate) fn faults(&self, service: Service, faults: Faults) {
        self.sandbox.set_faults(service.name(), faults).unwrap();
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Value {
        created(self.owner.post(path, body).await)
    }

    /// The path of the widget system's own routes.
    pub(crate) fn organization(&self, rest: &str) -> String {
        format!("/api/organizations/{}/{rest}", self.workspace)
    }

    /// An integration with the playground.
    pub(crate) async fn rest(&self) -> String {
        let config = json!({ "base_url": self.url(Service::Rest) });
        let body = json!({ "name": "Playground", "provider": "rest", "config": config });
        text(&self.post("/api/v1/integrations", body).await["id"])
    }

    /// An integration that takes pushes signed with `secret`.
    pub(crate) async fn webhook(&self, secret: &str, push: Value) -> String {
        let body = json!({
            "name": "Sender", "provider": "webhook", "config": {},
            "credentials": { "secret": secret }, "push": push,
        });
        text(&self.post("/api/v1/integrations", body).await["id"])
    }

    /// A feed; its id and, if it takes pushes, its path for them.
    pub(crate) async fn feed(&self, integration: &str, more: Value) -> (String, String) {
        let mut body = json!({ "name": "Feed", "integration_id": integration });
        for (name, value) in more.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        let feed = self.post("/api/v1/feeds", body).await;
        (text(&feed["id"]), path_of(feed["webhook_url"].as_str().unwrap_or_default()))
    }

    pub(crate) async fn data(&self, feed: &str) -> Value {
        self.owner.get(&format!("/api/v1/feeds/{feed}/data")).await.expect(200)
    }

    /// The feed's data, as soon as they are so.
    pub(crate) async fn data_when(
        &self,
        feed: &str,
        what: &str,
        fits: impl Fn(&Value) -> bool,
    ) -> Value {
        eventually(what, async || Some(self.data(feed).await).filter(|data| fits(data))).await
    }

    /// A key with exactly these scopes.
    pub(crate) async fn key(&self, scopes: &[&str]) -> Client {
        let body = json!({ "name": "some", "scopes": scopes });
        let made = self.post("/api/v1/api-keys", body).await;
        self.server.client.key(made["key"].as_str().unwrap())
    }
}

/// Sends JSON with the signature of the generic webhook.
pub(crate) async fn push(client: &Client, path: &str, secret: &str, body: &Value) -> Answer {
    let body = body.to_string();
    let signature = sign(secret, &body);
    let headers =
        [("content-type", "application/json"), ("x-webhook-signature", signature.as_str())];
    client.nobody().send("POST", path, &headers, body).await
}

/// HMAC-SHA-256 in hex.
pub(crate) fn sign(secret: &str, body: &str) -> String {
    use aws_lc_rs::hmac;
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    hex::encode(hmac::sign(&key, body.as_bytes()))
}

#[track_caller]
pub(crate) fn created(answer: Answer) -> Value {
    assert!((200..300).contains(&answer.status), "{} {}", answer.status, answer.text());
    answer.json()
}

#[track_caller]
pub(crate) fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// What follows host and port in an address.
pub(crate) fn path_of(url: &str) -> String {
    let after = url.split_once("://").map_or(url, |(_, rest)| rest);
    after.find('/').map_or_else(String::new, |at| after[at..].to_owned())
}
