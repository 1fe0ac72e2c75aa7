//! Widget configs as the API shows them: each place where a widget was put, with options of its own.

use accounts::audit;
use accounts::gate::{
    Answer, ApiJson, ApiPath, ApiQuery, Caller, List, Sort, may, not_found, present,
};
use axum::extract::State;
use connect::Mode;
use db::{DbError, Workspace};
use http::StatusCode;
use kernel::{FeedId, IntegrationId, Timestamp, WidgetConfigId, WidgetId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::{HashMap, HashSet};
use utoipa::{IntoParams, ToSchema};

use crate::feed::{Feed, Status};
use crate::widget::WidgetConfig;
use crate::{Feeds, store};

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
    #[serde(default)]
    #[param(inline, default = "-created_at")]
    sort: Sort,
}

/// List placed widgets
///
/// Newest first unless said, a page at a time.
#[utoipa::path(get, path = "/api/v1/widget-configs", tag = "Widgets", params(WidgetConfigQuery),
    responses((status = 200, body = List<WidgetConfigView>)),
    security(("api_key" = ["widgets:read"])))]
pub(crate) async fn list(
    State(feeds): State<Feeds>,
    caller: Caller<may::WidgetsRead>,
    ApiQuery(query): ApiQuery<WidgetConfigQuery>,
) -> Answer<ApiJson<List<WidgetConfigView>>> {
    let (sort, workspace) = (query.sort, &caller.workspace);
    let page = sort.page(query.limit, query.cursor.as_deref())?;
    let search = query.search.unwrap_or_default();
    let found =
        store::widgets::list_configs(workspace, query.widget_id, &search, sort, &page).await?;
    let list = List::of(found, &page, |config| sort.key(&config.name, config.id));
    let data = feeds.config_views(workspace, list.data).await?;
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
    feeds.save_config(&caller.identity, &config, true).await?;
    let view = feeds.show_config(&caller.workspace, config).await?;
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
    Ok(ApiJson(feeds.show_config(&caller.workspace, config).await?))
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
    feeds.save_config(&caller.identity, &config, false).await?;
    Ok(ApiJson(feeds.show_config(&caller.workspace, config).await?))
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
    store::feeds::take_turn(&mut tx, caller.workspace.id()).await?;
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
    let view = feeds.show_config(&caller.workspace, config).await?;
    Ok((StatusCode::ACCEPTED, ApiJson(view)))
}

impl Feeds {
    /// What the API shows of placed widgets, with two queries for all of them.
    async fn config_views(
        &self,
        workspace: &Workspace,
        configs: Vec<WidgetConfig>,
    ) -> Result<Vec<WidgetConfigView>, DbError> {
        let mut tx = workspace.read().await?;
        let bindings = store::widgets::bindings_of(&mut tx, workspace.id(), &configs).await?;
        let read: HashSet<FeedId> = bindings.iter().map(|(_, _, feed)| *feed).collect();
        let read: Vec<FeedId> = read.into_iter().collect();
        let feeds = store::feeds::among(&mut tx, workspace.id(), &read).await?;
        drop(tx);
        let feeds: HashMap<FeedId, Feed> = feeds.into_iter().map(|feed| (feed.id, feed)).collect();
        let mut bound: HashMap<WidgetConfigId, Vec<&Feed>> = HashMap::new();
        for (config, _, feed) in bindings {
            bound.entry(config).or_default().extend(feeds.get(&feed));
        }
        let mut views = Vec::with_capacity(configs.len());
        for config in configs {
            let bound = bound.remove(&config.id).unwrap_or_default();
            views.push(self.config_view(workspace, config, &bound).await?);
        }
        Ok(views)
    }

    async fn config_view(
        &self,
        workspace: &Workspace,
        config: WidgetConfig,
        bound: &[&Feed],
    ) -> Result<WidgetConfigView, DbError> {
        let now = self.db().clock().now();
        let takes_pushes = |feed: &&&Feed| feed.mode != Mode::Pull;
        let webhook_urls = bound.iter().filter(takes_pushes).map(|feed| self.webhook_url(feed));
        let webhook_urls = webhook_urls.collect();
        let mut feeds = Vec::with_capacity(bound.len());
        for feed in bound {
            let integration = self.connect().integration(workspace, feed.integration).await?;
            feeds.push(BoundFeed {
                integration_id: feed.integration,
                integration_name: integration.map(|found| found.name.clone()).unwrap_or_default(),
                feed_id: feed.id,
                status: feed.status(now),
                version: feed.version,
                fetched_at: feed.fetched_at,
                error_message: feed.error_message.clone(),
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

    async fn show_config(
        &self,
        workspace: &Workspace,
        config: WidgetConfig,
    ) -> Answer<WidgetConfigView> {
        let mut views = self.config_views(workspace, vec![config]).await?;
        views.pop().ok_or_else(|| not_found("widget config").into())
    }
}
