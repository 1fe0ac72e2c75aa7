//! What the demo's workspace holds: one integration of each kind, the widgets that show them, a player,
//! and senders of webhooks.

use accounts::gate::{Actor, Identity};
use anyhow::{Context as _, Result, bail};
use axum::Router;
use axum::body::Body;
use http::{Method, Request, header};
use kernel::{IntegrationId, Problem, Scope, Secret, WorkspaceId};
use sandbox::{Sandbox, Scheme, Service};
use serde_json::{Value, json};
use server::House;
use std::sync::Arc;
use std::time::Duration;
use tower::ServiceExt as _;

use super::artists;

/// How much of an answer is read.
const MOST: usize = 1 << 20;
/// How often each sender tells something.
const EVERY: Duration = Duration::from_secs(5);

/// Fills a workspace that has no integrations yet, then subscribes the senders.
pub(crate) async fn fill(
    house: &House,
    sandbox: &Sandbox,
    router: Router,
    workspace: WorkspaceId,
) -> Result<()> {
    let inside = Inside::new(house, router, workspace);
    let known = inside.get("/api/v1/integrations?limit=200").await?;
    let known = known["data"].as_array().cloned().unwrap_or_default();
    if known.is_empty() {
        sources(&inside, sandbox).await?;
        artists::fill(&inside, house, sandbox).await?;
        tracing::info!(%workspace, "filled the workspace with the demo");
    }
    subscribe(&inside, sandbox).await
}

async fn sources(inside: &Inside, sandbox: &Sandbox) -> Result<()> {
    let url = |service| sandbox.url(service).map(str::to_owned).context("a service has no address");
    let keys = sandbox.credentials();
    let weather = inside.widget("weather", "Weather").await?;
    let printed = json!({
        "name": "City weather", "provider": "openweather", "description": "Weather of two cities", "integration_type": "pull",
        "pull_endpoint": format!("{}/data/2.5/weather", url(Service::Weather)?),
        "pull_interval_seconds": 10,
    });
    let id = inside.widget_integration("weather", printed).await?;
    inside.credentials(&id, json!({ "api_key": keys.weather_key.expose() })).await?;
    let mut shown = vec![
        inside.place(&weather, "London", json!({ "city": "London", "units": "metric" })).await?,
        inside.place(&weather, "Tokyo", json!({ "city": "Tokyo", "units": "metric" })).await?,
    ];

    let news = inside.widget("news", "News").await?;
    let printed = json!({
        "name": "Newsroom", "provider": "rss", "description": "The newsroom's feed", "integration_type": "pull",
        "credential_scope": "widget", "credential_schema": {}, "pull_interval_seconds": 15,
    });
    inside.widget_integration("news", printed).await?;
    let feed_url = format!("{}/feed.xml", url(Service::Rss)?);
    shown.push(
        inside.place(&news, "Headlines", json!({ "feed_url": feed_url, "max_items": 8 })).await?,
    );

    let stocks = json!({
        "name": "Stock exchange", "provider": "graphql",
        "config": {
            "endpoint": format!("{}/graphql", url(Service::Graphql)?),
            "query": "{ portfolio { owner currency value change updatedAt \
                        positions { quantity value stock { symbol price change } } } }",
        },
        "credentials": { "token": keys.graphql_token.expose() },
    });
    let stocks = inside.post("/api/v1/integrations", stocks).await?;
    let portfolio = json!({
        "name": "Portfolio", "integration_id": stocks["id"],
        "pull": { "interval_secs": 5, "transform": ".portfolio // .data.portfolio" },
    });
    inside.post("/api/v1/feeds", portfolio).await?;

    let builds = inside.widget("builds", "Builds").await?;
    let printed = json!({
        "name": "Harbour builds", "provider": "github", "description": "Workflow runs, pushed", "integration_type": "push",
        "push_config": { "scheme": "github-sha256", "apply": "append", "keep_last": 20,
            "transform": "{number: .workflow_run.run_number, name: .workflow_run.name, \
                status: .workflow_run.conclusion, at: .workflow_run.updated_at}" },
    });
    let id = inside.widget_integration("builds", printed).await?;
    let secret = keys.github_webhook_secret.expose();
    inside.credentials(&id, json!({ "webhook_secret": secret })).await?;
    shown.push(inside.place(&builds, "Build wall", json!({})).await?);

    let orders = json!({
        "name": "Shop", "provider": "standard-webhooks",
        "config": {},
        "credentials": { "signing_secret": keys.standard_webhook_secret.expose() },
        "push": { "apply": "append", "keep_last": 50 },
    });
    let orders = inside.post("/api/v1/integrations", orders).await?;
    let feed = json!({ "name": "Orders", "integration_id": orders["id"], "mode": "push" });
    inside.post("/api/v1/feeds", feed).await?;

    let chat = json!({
        "name": "Team chat", "provider": "slack",
        "config": { "api_base": url(Service::Slack)? },
        "credentials": { "bot_token": keys.slack_token.expose() },
    });
    inside.post("/api/v1/integrations", chat).await?;

    let player = json!({ "name": "Screen in the lobby", "widget_config_ids": shown });
    inside.post("/api/v1/players", player).await?;
    Ok(())
}

/// The senders are part of the world, which forgets them when it ends: they are told anew each time.
async fn subscribe(inside: &Inside, sandbox: &Sandbox) -> Result<()> {
    let keys = sandbox.credentials();
    let feeds = inside.get("/api/v1/feeds?limit=200").await?;
    for feed in feeds["data"].as_array().into_iter().flatten() {
        let Some(url) = feed["webhook_url"].as_str() else { continue };
        let (secret, scheme): (&Secret<String>, _) = match feed["provider"].as_str() {
            Some("github") => (&keys.github_webhook_secret, Scheme::Github),
            Some("standard-webhooks") => (&keys.standard_webhook_secret, Scheme::Standard),
            _ => continue,
        };
        if let Err(error) = sandbox.webhooks().subscribe(url, secret, scheme, EVERY) {
            tracing::warn!(%error, url, "the demo's sender cannot be told about this address");
        }
    }
    Ok(())
}

/// The API, called from inside the house.
pub(super) struct Inside {
    router: Router,
    identity: Arc<Identity>,
    workspace: WorkspaceId,
}

impl Inside {
    fn new(house: &House, router: Router, workspace: WorkspaceId) -> Self {
        let identity = Identity {
            workspace: house.db.workspace(workspace),
            actor: Actor::House,
            scopes: [Scope::AdminFull].into_iter().collect(),
            role: None,
            instance_owner: false,
            remote_addr: None,
        };
        Self { router, identity: Arc::new(identity), workspace }
    }

    async fn get(&self, path: &str) -> Result<Value> {
        self.call(Method::GET, path, None).await
    }

    pub(super) async fn post(&self, path: &str, body: Value) -> Result<Value> {
        self.call(Method::POST, path, Some(body)).await
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value> {
        let mut request = Request::builder()
            .method(&method)
            .uri(path)
            .header(header::CONTENT_TYPE, "application/json")
            .body(body.map_or_else(Body::empty, |body| Body::from(body.to_string())))?;
        let known: Result<Arc<Identity>, Problem> = Ok(self.identity.clone());
        request.extensions_mut().insert(known);
        let response = self.router.clone().oneshot(request).await?;
        let status = response.status();
        let bytes = axum::body::to_bytes(response.into_body(), MOST).await?;
        if !status.is_success() {
            bail!("{method} {path} answered {status}: {}", String::from_utf8_lossy(&bytes));
        }
        Ok(serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    /// A widget; its id.
    async fn widget(&self, slug: &str, name: &str) -> Result<String> {
        let made = self.post("/api/v1/widgets", json!({ "slug": slug, "name": name })).await?;
        Ok(made["id"].as_str().unwrap_or_default().to_owned())
    }

    /// An integration of a widget; its id.
    async fn widget_integration(&self, widget: &str, printed: Value) -> Result<String> {
        let path = format!("/api/organizations/{}/widgets/{widget}/integrations", self.workspace);
        let made = self.post(&path, printed).await?;
        let id = made["id"].as_str().unwrap_or_default().to_owned();
        id.parse::<IntegrationId>().context("an integration without an id")?;
        Ok(id)
    }

    async fn credentials(&self, integration: &str, credentials: Value) -> Result<()> {
        let path = format!(
            "/api/organizations/{}/widget-integrations/{integration}/credentials",
            self.workspace
        );
        self.post(&path, json!({ "credentials": credentials })).await.map(drop)
    }

    /// A placed widget; its id.
    async fn place(&self, widget: &str, name: &str, options: Value) -> Result<Value> {
        let body = json!({ "widget_id": widget, "name": name, "options": options });
        Ok(self.post("/api/v1/widget-configs", body).await?["id"].clone())
    }
}
