//! Widget configs: each place where a widget was put, with options of its own.

use accounts::audit;
use accounts::gate::{
    Answer, ApiJson, ApiPath, ApiQuery, Caller, Failure, Identity, List, may, not_found, page,
    present,
};
use axum::extract::State;
use connect::{Integration, Mode};
use db::{DbError, Tx, Workspace};
use http::StatusCode;
use kernel::{
    FeedId, IntegrationId, Problem, Timestamp, WidgetConfigId, WidgetId, WorkspaceId, codes,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::Duration;
use utoipa::{IntoParams, ToSchema};

use crate::feed::Status;
use crate::widget::WidgetConfig;
use crate::{Feeds, bind, store};

/// A placed widget.
#[derive(Serialize, ToSchema)]
pub(crate) struct WidgetConfigView {
    #[schema(value_type = String)]
    pub(crate) id: WidgetConfigId,
    #[schema(value_type = String)]
    widget_id: WidgetId,
    #[schema(example = "weather-widget")]
    widget_slug: String,
    #[schema(example = "Lobby")]
    name: String,
    #[schema(value_type = Object)]
    options: Map<String, Value>,
    feeds: Vec<BoundFeed>,
    /// Where its data is read.
    data_url: String,
    /// Where pushes to it go, if it takes any.
    webhook_urls: Vec<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// A feed that a placed widget reads.
#[derive(Serialize, ToSchema)]
pub(crate) struct BoundFeed {
    #[schema(value_type = String)]
    integration_id: IntegrationId,
    integration_name: String,
    #[schema(value_type = String)]
    feed_id: FeedId,
    status: Status,
    version: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, nullable = false, format = DateTime)]
    fetched_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    error_message: Option<String>,
}

/// A new place for a widget.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "widget_id": "weather-widget", "name": "Lobby", "options": { "city": "London" },
}))]
pub(crate) struct NewWidgetConfig {
    /// The widget's id or slug.
    widget_id: String,
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    #[serde(default)]
    #[schema(value_type = Object)]
    options: Map<String, Value>,
}

/// Changes to a placed widget; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WidgetConfigChange {
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    name: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Object>, nullable = false)]
    options: Option<Map<String, Value>>,
}

/// Which placed widgets are wanted.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WidgetConfigQuery {
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    cursor: Option<String>,
    /// Of this widget.
    #[param(value_type = Option<String>)]
    widget_id: Option<WidgetId>,
    /// Whose name contains this.
    search: Option<String>,
}

/// List placed widgets
#[utoipa::path(get, path = "/api/v1/widget-configs", tag = "Widgets", params(WidgetConfigQuery),
    responses((status = 200, body = List<WidgetConfigView>)),
    security(("api_key" = ["widgets:read"])))]
pub(crate) async fn list(
    State(feeds): State<Feeds>,
    caller: Caller<may::WidgetsRead>,
    ApiQuery(query): ApiQuery<WidgetConfigQuery>,
) -> Answer<ApiJson<List<WidgetConfigView>>> {
    let page = page(query.limit, query.cursor.as_deref())?;
    let search = query.search.unwrap_or_default();
    let found =
        store::widgets::list_configs(&caller.workspace, query.widget_id, &search, &page).await?;
    let list = List::of(found, &page, |config| config.id.to_string());
    let mut tx = caller.workspace.read().await?;
    let mut data = Vec::with_capacity(list.data.len());
    for config in list.data {
        data.push(feeds.config_view(&mut tx, caller.workspace.id(), config).await?);
    }
    Ok(ApiJson(List { data, next_cursor: list.next_cursor }))
}

/// Place a widget
///
/// Its integrations fetch for it at once; if they answer within a few seconds, the answer says so.
#[utoipa::path(post, path = "/api/v1/widget-configs", tag = "Widgets",
    request_body = NewWidgetConfig, responses((status = 201, body = WidgetConfigView)),
    security(("api_key" = ["widgets:write"])))]
pub(crate) async fn create(
    State(feeds): State<Feeds>,
    caller: Caller<may::WidgetsWrite>,
    ApiJson(wanted): ApiJson<NewWidgetConfig>,
) -> Answer<(StatusCode, ApiJson<WidgetConfigView>)> {
    let widget = feeds.widget(&caller.workspace, &wanted.widget_id).await?;
    let now = feeds.db().clock().now();
    let config = WidgetConfig {
        id: WidgetConfigId::generate(now, feeds.entropy()),
        widget: widget.id,
        widget_slug: widget.slug,
        name: wanted.name,
        options: wanted.options,
        created_at: now,
        updated_at: now,
    };
    let view = feeds.save_config(&caller.identity, config, true).await?;
    Ok((StatusCode::CREATED, ApiJson(view)))
}

/// Get a placed widget
#[utoipa::path(get, path = "/api/v1/widget-configs/{id}", tag = "Widgets",
    params(("id" = String, Path, description = "The widget config's id")),
    responses((status = 200, body = WidgetConfigView)), security(("api_key" = ["widgets:read"])))]
pub(crate) async fn get(
    State(feeds): State<Feeds>,
    caller: Caller<may::WidgetsRead>,
    ApiPath(id): ApiPath<WidgetConfigId>,
) -> Answer<ApiJson<WidgetConfigView>> {
    let config = feeds.widget_config(&caller.workspace, id).await?;
    let mut tx = caller.workspace.read().await?;
    Ok(ApiJson(feeds.config_view(&mut tx, caller.workspace.id(), config).await?))
}

/// Change a placed widget
#[utoipa::path(patch, path = "/api/v1/widget-configs/{id}", tag = "Widgets",
    request_body = WidgetConfigChange,
    params(("id" = String, Path, description = "The widget config's id")),
    responses((status = 200, body = WidgetConfigView)), security(("api_key" = ["widgets:write"])))]
pub(crate) async fn change(
    State(feeds): State<Feeds>,
    caller: Caller<may::WidgetsWrite>,
    ApiPath(id): ApiPath<WidgetConfigId>,
    ApiJson(wanted): ApiJson<WidgetConfigChange>,
) -> Answer<ApiJson<WidgetConfigView>> {
    let known = feeds.widget_config(&caller.workspace, id).await?;
    let config = WidgetConfig {
        name: wanted.name.unwrap_or(known.name),
        options: wanted.options.unwrap_or(known.options),
        updated_at: feeds.db().clock().now(),
        ..known
    };
    Ok(ApiJson(feeds.save_config(&caller.identity, config, false).await?))
}

/// Delete a placed widget
#[utoipa::path(delete, path = "/api/v1/widget-configs/{id}", tag = "Widgets",
    params(("id" = String, Path, description = "The widget config's id")),
    responses((status = 204, description = "It is gone")), security(("api_key" = ["widgets:write"])))]
pub(crate) async fn delete(
    State(feeds): State<Feeds>,
    caller: Caller<may::WidgetsWrite>,
    ApiPath(id): ApiPath<WidgetConfigId>,
) -> Answer<StatusCode> {
    feeds.widget_config(&caller.workspace, id).await?;
    let mut tx = caller.workspace.write().await?;
    feeds.remove_config(&mut tx, caller.workspace.id(), id).await?;
    audit::record(&mut tx, &caller, "widget_config.deleted", id, json!({})).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Refresh a placed widget
///
/// Pulls every feed that it reads as soon as a worker is free.
#[utoipa::path(post, path = "/api/v1/widget-configs/{id}/refresh", tag = "Widgets",
    params(("id" = String, Path, description = "The widget config's id")),
    responses((status = 202, body = WidgetConfigView)), security(("api_key" = ["feeds:write"])))]
pub(crate) async fn refresh(
    State(feeds): State<Feeds>,
    caller: Caller<may::FeedsWrite>,
    ApiPath(id): ApiPath<WidgetConfigId>,
) -> Answer<(StatusCode, ApiJson<WidgetConfigView>)> {
    feeds.refresh_config(&caller.identity, id).await?;
    let config = feeds.widget_config(&caller.workspace, id).await?;
    let mut tx = caller.workspace.read().await?;
    let view = feeds.config_view(&mut tx, caller.workspace.id(), config).await?;
    Ok((StatusCode::ACCEPTED, ApiJson(view)))
}

/// How long a new place waits for its first data before it answers without.
const FIRST_DATA: Duration = Duration::from_secs(3);

impl Feeds {
    /// A placed widget.
    ///
    /// # Errors
    /// 404 when the workspace has none of that id.
    pub async fn widget_config(
        &self,
        workspace: &Workspace,
        id: WidgetConfigId,
    ) -> Result<WidgetConfig, Failure> {
        let mut tx = workspace.read().await?;
        let found = store::widgets::get_config(&mut tx, workspace.id(), id).await?;
        found.ok_or_else(|| not_found("widget config").into())
    }

    /// Pulls every feed that a placed widget reads.
    ///
    /// # Errors
    /// 404 for an unknown place; a problem when nothing it reads is pulled.
    pub async fn refresh_config(
        &self,
        identity: &Identity,
        id: WidgetConfigId,
    ) -> Result<(), Failure> {
        self.widget_config(&identity.workspace, id).await?;
        let mut tx = identity.workspace.read().await?;
        let bindings = store::widgets::bindings(&mut tx, identity.workspace.id(), id).await?;
        drop(tx);
        for (_, feed) in bindings {
            self.refresh(identity, feed).await?;
        }
        Ok(())
    }

    async fn save_config(
        &self,
        identity: &Identity,
        config: WidgetConfig,
        is_new: bool,
    ) -> Answer<WidgetConfigView> {
        let workspace = identity.workspace.id();
        let integrations = self.connect().of_widget(&identity.workspace, config.widget).await?;
        self.check_config(&config, &integrations)?;
        let mut tx = identity.workspace.write().await?;
        let action = if is_new {
            store::widgets::insert_config(&mut tx, workspace, &config).await?;
            "widget_config.created"
        } else {
            store::widgets::update_config(&mut tx, workspace, &config).await?;
            "widget_config.updated"
        };
        self.bind_config(&mut tx, workspace, &config, &integrations).await?;
        audit::record(&mut tx, identity, action, config.id, json!({ "name": config.name })).await?;
        tx.commit().await?;
        self.wait_for_data(&identity.workspace, config.id).await?;
        let mut tx = identity.workspace.read().await?;
        self.config_view(&mut tx, workspace, config).await.map_err(Failure::from)
    }

    /// Waits until everything the place reads has been tried once, but not for long.
    async fn wait_for_data(
        &self,
        workspace: &Workspace,
        id: WidgetConfigId,
    ) -> Result<(), DbError> {
        let mut signals = self.db().signals();
        let tried = async {
            loop {
                let mut tx = workspace.read().await?;
                let bindings = store::widgets::bindings(&mut tx, workspace.id(), id).await?;
                let mut waiting = false;
                for (_, feed) in bindings {
                    let feed = store::feeds::get(&mut tx, workspace.id(), feed).await?;
                    waiting |= feed.is_some_and(|feed| {
                        feed.is_on
                            && feed.mode != Mode::Push
                            && feed.digest.is_none()
                            && feed.failures == 0
                    });
                }
                drop(tx);
                if !waiting || signals.recv().await.is_err() {
                    return Ok(());
                }
            }
        };
        tokio::time::timeout(FIRST_DATA, tried).await.unwrap_or(Ok(()))
    }

    pub(crate) async fn remove_config(
        &self,
        tx: &mut Tx,
        workspace: WorkspaceId,
        id: WidgetConfigId,
    ) -> Result<(), DbError> {
        store::widgets::delete_config(tx, workspace, id).await?;
        tx.changed(db::Change::noun(bind::BINDING, workspace, id));
        // Players that could read it no longer can.
        tx.changed(db::Change::noun(crate::player::NOUN, workspace, "*"));
        self.sweep(tx, workspace).await
    }

    async fn config_view(
        &self,
        tx: &mut Tx,
        workspace: WorkspaceId,
        config: WidgetConfig,
    ) -> Result<WidgetConfigView, DbError> {
        let now = tx.now();
        let mut feeds = Vec::new();
        let mut webhook_urls = Vec::new();
        for (integration_id, feed_id) in store::widgets::bindings(tx, workspace, config.id).await? {
            let Some(feed) = store::feeds::get(tx, workspace, feed_id).await? else { continue };
            if feed.mode != Mode::Pull {
                webhook_urls.push(self.webhook_url(&feed));
            }
            let handle = self.db().workspace(workspace);
            let integration = self.connect().integration(&handle, integration_id).await?;
            feeds.push(BoundFeed {
                integration_id,
                integration_name: integration.map(|found| found.name.clone()).unwrap_or_default(),
                feed_id,
                status: feed.status(now),
                version: feed.version,
                fetched_at: feed.fetched_at,
                error_message: feed.error_message,
            });
        }
        Ok(WidgetConfigView {
            data_url: format!("{}/api/widgets-config/{}/data", self.public_url(), config.id),
            id: config.id,
            widget_id: config.widget,
            widget_slug: config.widget_slug,
            name: config.name,
            options: config.options,
            feeds,
            webhook_urls,
            created_at: config.created_at,
            updated_at: config.updated_at,
        })
    }

    fn check_config(
        &self,
        config: &WidgetConfig,
        integrations: &[Arc<Integration>],
    ) -> Result<(), Problem> {
        if config.name.trim().is_empty() || config.name.chars().count() > 200 {
            let problem = Problem::new(&codes::INVALID, "The place needs a name.");
            return Err(problem.field("/name", "must have 1 to 200 characters"));
        }
        for integration in integrations {
            let errors = self.connect().check_options(integration, &config.options);
            if !errors.is_empty() {
                let detail = format!("The options do not fit {}.", integration.name);
                let problem = Problem::new(&codes::CONFIG_INVALID, detail);
                return Err(errors
                    .into_iter()
                    .fold(problem, |problem, error| problem.field(error.pointer, error.message)));
            }
        }
        Ok(())
    }
}
