//! Feeds as the API shows them.

use accounts::gate::{Answer, ApiJson, ApiPath, ApiQuery, Caller, List, Sort, may, not_found};
use axum::extract::State;
use connect::Mode;
use kernel::{ConnectionId, FeedId, IntegrationId, Timestamp, WidgetConfigId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use crate::Feeds;
use crate::feed::{Feed, Status};
use crate::store;

/// A feed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FeedView {
    #[schema(value_type = String, example = "feed_01kce5v0g0f7nb4x1q2m3n4p5r")]
    pub(crate) id: FeedId,
    #[schema(example = "Weather in London")]
    name: String,
    #[schema(value_type = String)]
    integration_id: IntegrationId,
    /// The connection whose tokens it asks with, where the integration has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, nullable = false)]
    connection_id: Option<ConnectionId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "openweather")]
    provider: Option<String>,
    mode: Mode,
    enabled: bool,
    /// What templates see as `{{config.…}}`.
    #[schema(value_type = Object)]
    options: Map<String, Value>,
    /// Settings of its own for pulling, over the integration's.
    #[schema(value_type = Object)]
    pull: Map<String, Value>,
    /// Settings of its own for pushes, over the integration's.
    #[schema(value_type = Object)]
    push: Map<String, Value>,
    /// Where to send pushes, if it takes any.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    webhook_url: Option<String>,
    /// Counts up each time the document's content changes; 0 before the first.
    version: u64,
    status: Status,
    stale: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, nullable = false, format = DateTime)]
    fetched_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, nullable = false, format = DateTime)]
    changed_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, nullable = false, format = DateTime)]
    refresh_at: Option<Timestamp>,
    /// How long ago the document was last seen to be so.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    age_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    error_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    error_message: Option<String>,
    /// Attempts that failed in a row.
    failures: u32,
    /// The size of the document as JSON.
    bytes: u64,
    /// The widget configs that read it.
    #[schema(value_type = Vec<String>)]
    readers: Vec<WidgetConfigId>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl Feeds {
    pub(crate) async fn view(
        &self,
        workspace: &db::Workspace,
        feed: Feed,
        readers: Vec<WidgetConfigId>,
    ) -> Result<FeedView, db::DbError> {
        let now = self.db().clock().now();
        let status = feed.status(now);
        let integration = self.connect().integration(workspace, feed.integration).await?;
        let asks = integration.as_ref().filter(|_| feed.mode != Mode::Push);
        let connection_id = match asks {
            Some(integration) => self.connect().connection_used(workspace, integration).await?,
            None => None,
        };
        Ok(FeedView {
            connection_id,
            webhook_url: (feed.mode != Mode::Pull).then(|| self.webhook_url(&feed)),
            provider: integration.map(|integration| integration.provider.clone()),
            id: feed.id,
            name: feed.name,
            integration_id: feed.integration,
            mode: feed.mode,
            enabled: feed.enabled,
            options: feed.options,
            pull: feed.pull.unwrap_or_default(),
            push: feed.push.unwrap_or_default(),
            version: feed.version,
            status,
            stale: matches!(status, Status::Stale | Status::Failing),
            fetched_at: feed.fetched_at,
            changed_at: feed.changed_at,
            refresh_at: feed.refresh_at.filter(|_| feed.enabled),
            age_ms: feed.fetched_at.map(|at| now.since(at).as_millis() as u64),
            error_code: feed.error_code,
            error_message: feed.error_message,
            failures: feed.failures,
            bytes: feed.bytes,
            readers,
            created_at: feed.created_at,
            updated_at: feed.updated_at,
        })
    }

    /// Where pushes for a feed go: to its widget's address, or to its own.
    pub(crate) fn webhook_url(&self, feed: &Feed) -> String {
        let (base, integration) = (self.public_url(), feed.integration);
        match feed.discriminator.parse::<WidgetConfigId>() {
            Ok(config) => format!("{base}/api/webhooks/widgets/{integration}/{config}"),
            Err(_) => format!("{base}/api/webhooks/{integration}/{}", feed.id),
        }
    }
}

/// Which feeds are wanted.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct FeedQuery {
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    cursor: Option<String>,
    /// Whose name contains this.
    search: Option<String>,
    /// Of this integration.
    #[param(value_type = Option<String>)]
    integration_id: Option<IntegrationId>,
    /// In this state.
    status: Option<Status>,
    #[serde(default)]
    #[param(inline, default = "-created_at")]
    sort: Sort,
}

/// List feeds
///
/// Newest first unless said, a page at a time.
#[utoipa::path(get, path = "/api/v1/feeds", tag = "Feeds", params(FeedQuery),
    responses((status = 200, body = List<FeedView>)), security(("api_key" = ["feeds:read"])))]
pub(crate) async fn list(
    State(feeds): State<Feeds>,
    caller: Caller<may::FeedsRead>,
    ApiQuery(query): ApiQuery<FeedQuery>,
) -> Answer<ApiJson<List<FeedView>>> {
    let sort = query.sort;
    let page = sort.page(query.limit, query.cursor.as_deref())?;
    let filter = store::feeds::Filter {
        integration: query.integration_id,
        search: query.search.unwrap_or_default(),
        state: query.status,
        sort,
    };
    let found = store::feeds::list(&caller.workspace, &filter, &page).await?;
    let list = List::of(found, &page, |feed| sort.key(&feed.name, feed.id));
    let mut tx = caller.workspace.read().await?;
    let mut readers = store::feeds::readers(&mut tx, caller.workspace.id(), &list.data).await?;
    drop(tx);
    let mut data = Vec::with_capacity(list.data.len());
    for feed in list.data {
        let readers = readers.remove(&feed.id).unwrap_or_default();
        data.push(feeds.view(&caller.workspace, feed, readers).await?);
    }
    Ok(ApiJson(List { data, next_cursor: list.next_cursor }))
}

/// Get a feed
#[utoipa::path(get, path = "/api/v1/feeds/{id}", tag = "Feeds",
    params(("id" = String, Path, description = "The feed's id")),
    responses((status = 200, body = FeedView)), security(("api_key" = ["feeds:read"])))]
pub(crate) async fn get(
    State(feeds): State<Feeds>,
    caller: Caller<may::FeedsRead>,
    ApiPath(id): ApiPath<FeedId>,
) -> Answer<ApiJson<FeedView>> {
    Ok(ApiJson(feeds.find_view(&caller.workspace, id).await?))
}

impl Feeds {
    pub(crate) async fn find_view(
        &self,
        workspace: &db::Workspace,
        id: FeedId,
    ) -> Answer<FeedView> {
        let mut tx = workspace.read().await?;
        let feed = store::feeds::get(&mut tx, workspace.id(), id).await?;
        let feed = feed.ok_or_else(|| not_found("feed"))?;
        let one = std::slice::from_ref(&feed);
        let mut readers = store::feeds::readers(&mut tx, workspace.id(), one).await?;
        drop(tx);
        let readers = readers.remove(&id).unwrap_or_default();
        Ok(self.view(workspace, feed, readers).await?)
    }
}
