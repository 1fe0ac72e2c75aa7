//! A room with a database, a door to loopback and a provider that answers as it is told.

use accounts::Role;
use accounts::gate::{Actor, Identity};
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use connect::{Connect, Integration, IntegrationDraft, RequestLogs};
use db::testing::{START, TestDb, databases_at};
use db::{Workspace, args};
use egress::{Config, Egress};
use http::StatusCode;
use kernel::{Clock, Scope, UserId, WidgetConfigId, WidgetId};
use serde_json::{Map, Value, json};
use std::sync::Arc;

pub(crate) struct World {
    pub(crate) test: TestDb,
    pub(crate) workspace: Workspace,
    pub(crate) owner: Identity,
    pub(crate) connect: Connect,
}

/// One world of each database.
pub(crate) async fn worlds() -> Vec<World> {
    let mut all = Vec::new();
    for test in databases_at(Clock::manual(START)).await {
        let workspace = test.workspace("acme").await;
        let allow_networks = vec!["127.0.0.0/8".parse().unwrap()];
        let config = Config { allow_networks, ..Config::default() };
        let (clock, entropy) = (test.db.clock().clone(), test.db.entropy().clone());
        let log = Arc::new(RequestLogs::start(test.db.clone()));
        let egress = Egress::new(config, clock, entropy, log).unwrap();
        let catalog = Arc::new(catalog::Catalog::embedded().unwrap());
        let connect = Connect::new(test.db.clone(), catalog, egress, "https://bay.example/");
        let owner = identity(&workspace, true);
        all.push(World { test, workspace, owner, connect });
    }
    all
}

pub(crate) fn identity(workspace: &Workspace, instance_owner: bool) -> Identity {
    let now = workspace.db().clock().now();
    Identity {
        workspace: workspace.clone(),
        actor: Actor::User(UserId::generate(now, workspace.db().entropy())),
        scopes: [Scope::AdminFull].into_iter().collect(),
        role: Some(Role::Owner),
        instance_owner,
        remote_addr: None,
    }
}

impl World {
    /// An integration of the provider; `more` are its config and credentials.
    pub(crate) async fn integration(
        &self,
        provider: &str,
        config: Value,
        credentials: Value,
    ) -> Integration {
        let draft = IntegrationDraft {
            name: provider.to_owned(),
            provider: provider.to_owned(),
            enabled: true,
            config: map(config),
            credentials: (!credentials.is_null()).then(|| map(credentials)),
            ..IntegrationDraft::default()
        };
        self.connect.create_integration(&self.owner, draft).await.unwrap().integration
    }

    /// A widget with a config.
    pub(crate) async fn widget(&self, slug: &str) -> (WidgetId, WidgetConfigId) {
        let (now, entropy) = (self.test.db.clock().now(), self.test.db.entropy());
        let (widget, config) =
            (WidgetId::generate(now, entropy), WidgetConfigId::generate(now, entropy));
        let mut tx = self.workspace.write().await.unwrap();
        tx.execute(
            "INSERT INTO widgets (workspace_id, id, slug, name, description, created_at, updated_at) \
             VALUES ($1, $2, $3, $3, '', 0, 0)",
            args![self.workspace.id(), widget, slug],
        )
        .await
        .unwrap();
        tx.execute(
            "INSERT INTO widget_configs (workspace_id, id, widget_id, name, options, created_at, \
               updated_at) VALUES ($1, $2, $3, 'here', '{}', 0, 0)",
            args![self.workspace.id(), config, widget],
        )
        .await
        .unwrap();
        tx.commit().await.unwrap();
        (widget, config)
    }

    /// The actions in the audit log about a subject, oldest first.
    pub(crate) async fn audited(&self, subject: impl ToString) -> Vec<String> {
        let mut tx = self.workspace.read().await.unwrap();
        let rows = tx
            .fetch_all(
                "SELECT action FROM audit_entries WHERE workspace_id = $1 AND subject = $2 ORDER BY id",
                args![self.workspace.id(), subject.to_string()],
            )
            .await
            .unwrap();
        let mut actions: Vec<_> = rows.iter().map(|row| row.text("action").unwrap()).collect();
        actions.sort();
        actions
    }

    /// Every text that the database holds in the columns of this room.
    pub(crate) async fn texts(&self) -> String {
        let mut tx = self.test.db.system(false).await.unwrap();
        let mut all = String::new();
        for (table, columns) in [
            ("integrations", vec!["name", "config", "pull", "push"]),
            ("credentials", vec!["name", "fields", "metadata"]),
            ("audit_entries", vec!["action", "detail"]),
            ("events", vec!["kind", "data"]),
            ("request_logs", vec!["url", "host"]),
        ] {
            let sql = format!("SELECT {} FROM {table}", columns.join(", "));
            for row in tx.fetch_all(&sql, Vec::new()).await.unwrap() {
                columns.iter().for_each(|column| all += &row.text(column).unwrap());
            }
        }
        all
    }
}

pub(crate) fn map(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap()
}

/// A provider on loopback. It echoes what it was asked, and wants the key `good` where `/private` is
/// asked for.
pub(crate) struct Provider {
    pub(crate) base: String,
}

pub(crate) async fn provider() -> Provider {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let app = Router::new().fallback(|request: Request| async move { answer(&request) });
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    Provider { base }
}

fn answer(request: &Request) -> Response {
    let headers: Vec<_> = ["authorization", "x-api-key", "x-own"]
        .iter()
        .filter_map(|name| Some(format!("{name}={}", request.headers().get(*name)?.to_str().ok()?)))
        .collect();
    let path = request.uri().path();
    if path.starts_with("/private") && !headers.iter().any(|it| it.contains("good")) {
        return (StatusCode::UNAUTHORIZED, Json(json!({"message": "who are you?"})))
            .into_response();
    }
    if path.starts_with("/html") {
        return ([("content-type", "application/json")], "<html>").into_response();
    }
    let echo = headers.join(" ");
    Json(json!({"cod": 200, "path": request.uri().to_string(), "echo": echo})).into_response()
}
