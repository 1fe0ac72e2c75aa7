//! Widgets: kinds of display, named by a slug.

use accounts::audit;
use accounts::gate::{
    Answer, ApiJson, ApiPath, ApiQuery, Caller, Failure, List, Sort, may, not_found, present,
};
use axum::extract::State;
use http::StatusCode;
use kernel::{Problem, Timestamp, WidgetId, codes};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use crate::widget::Widget;
use crate::{Feeds, store};

/// A widget.
#[derive(Serialize, ToSchema)]
pub(crate) struct WidgetView {
    #[schema(value_type = String)]
    id: WidgetId,
    #[schema(example = "weather-widget")]
    slug: String,
    #[schema(example = "Weather")]
    name: String,
    description: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl From<Widget> for WidgetView {
    fn from(widget: Widget) -> Self {
        let Widget { id, slug, name, description, created_at, updated_at } = widget;
        Self { id, slug, name, description, created_at, updated_at }
    }
}

/// A new widget.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "slug": "weather-widget", "name": "Weather" }))]
pub(crate) struct NewWidget {
    #[schema(pattern = "^[a-z0-9][a-z0-9-]{0,62}$")]
    slug: String,
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    #[serde(default)]
    description: String,
}

/// Changes to a widget; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WidgetChange {
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false, pattern = "^[a-z0-9][a-z0-9-]{0,62}$")]
    slug: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    name: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    description: Option<String>,
}

/// Which widgets are wanted.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WidgetQuery {
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    cursor: Option<String>,
    /// Whose name or slug contains this.
    search: Option<String>,
    #[serde(default)]
    #[param(inline, default = "-created_at")]
    sort: Sort,
}

/// List widgets
///
/// Newest first unless said, a page at a time.
#[utoipa::path(get, path = "/api/v1/widgets", tag = "Widgets", params(WidgetQuery),
    responses((status = 200, body = List<WidgetView>)), security(("api_key" = ["widgets:read"])))]
pub(crate) async fn list(
    caller: Caller<may::WidgetsRead>,
    ApiQuery(query): ApiQuery<WidgetQuery>,
) -> Answer<ApiJson<List<WidgetView>>> {
    let sort = query.sort;
    let page = sort.page(query.limit, query.cursor.as_deref())?;
    let search = query.search.unwrap_or_default();
    let found = store::widgets::list(&caller.workspace, &search, sort, &page).await?;
    let views = found.into_iter().map(WidgetView::from).collect();
    Ok(ApiJson(List::of(views, &page, |view: &WidgetView| sort.key(&view.name, view.id))))
}

/// Make a widget
#[utoipa::path(post, path = "/api/v1/widgets", tag = "Widgets", request_body = NewWidget,
    responses((status = 201, body = WidgetView)), security(("api_key" = ["widgets:write"])))]
pub(crate) async fn create(
    State(feeds): State<Feeds>,
    caller: Caller<may::WidgetsWrite>,
    ApiJson(wanted): ApiJson<NewWidget>,
) -> Answer<(StatusCode, ApiJson<WidgetView>)> {
    let mut tx = caller.workspace.write().await?;
    let now = tx.now();
    let widget = Widget {
        id: WidgetId::generate(now, feeds.entropy()),
        slug: wanted.slug,
        name: wanted.name,
        description: wanted.description,
        created_at: now,
        updated_at: now,
    };
    check(&widget)?;
    let inserted = store::widgets::insert(&mut tx, caller.workspace.id(), &widget).await;
    inserted.map_err(|error| taken(error, &widget.slug))?;
    audit::record(&mut tx, &caller, "widget.created", widget.id, json!({ "slug": widget.slug }))
        .await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, ApiJson(widget.into())))
}

/// Get a widget
///
/// By id or by slug.
#[utoipa::path(get, path = "/api/v1/widgets/{id}", tag = "Widgets",
    params(("id" = String, Path, description = "The widget's id or slug")),
    responses((status = 200, body = WidgetView)), security(("api_key" = ["widgets:read"])))]
pub(crate) async fn get(
    State(feeds): State<Feeds>,
    caller: Caller<may::WidgetsRead>,
    ApiPath(id): ApiPath<String>,
) -> Answer<ApiJson<WidgetView>> {
    Ok(ApiJson(feeds.widget(&caller.workspace, &id).await?.into()))
}

/// Change a widget
#[utoipa::path(patch, path = "/api/v1/widgets/{id}", tag = "Widgets", request_body = WidgetChange,
    params(("id" = String, Path, description = "The widget's id or slug")),
    responses((status = 200, body = WidgetView)), security(("api_key" = ["widgets:write"])))]
pub(crate) async fn change(
    State(feeds): State<Feeds>,
    caller: Caller<may::WidgetsWrite>,
    ApiPath(id): ApiPath<String>,
    ApiJson(wanted): ApiJson<WidgetChange>,
) -> Answer<ApiJson<WidgetView>> {
    let known = feeds.widget(&caller.workspace, &id).await?;
    let mut tx = caller.workspace.write().await?;
    let widget = Widget {
        slug: wanted.slug.unwrap_or(known.slug),
        name: wanted.name.unwrap_or(known.name),
        description: wanted.description.unwrap_or(known.description),
        updated_at: tx.now(),
        ..known
    };
    check(&widget)?;
    let updated = store::widgets::update(&mut tx, caller.workspace.id(), &widget).await;
    updated.map_err(|error| taken(error, &widget.slug))?;
    audit::record(&mut tx, &caller, "widget.updated", widget.id, json!({ "slug": widget.slug }))
        .await?;
    tx.commit().await?;
    Ok(ApiJson(widget.into()))
}

/// Delete a widget
///
/// With its configs, its integrations and the feeds that nothing else reads.
#[utoipa::path(delete, path = "/api/v1/widgets/{id}", tag = "Widgets",
    params(("id" = String, Path, description = "The widget's id or slug")),
    responses((status = 204, description = "It is gone")), security(("api_key" = ["widgets:write"])))]
pub(crate) async fn delete(
    State(feeds): State<Feeds>,
    caller: Caller<may::WidgetsWrite>,
    ApiPath(id): ApiPath<String>,
) -> Answer<StatusCode> {
    let workspace = caller.workspace.id();
    let widget = feeds.widget(&caller.workspace, &id).await?;
    for integration in feeds.connect().of_widget(&caller.workspace, widget.id).await? {
        feeds.connect().delete_integration(&caller, integration.id).await?;
    }
    let mut tx = caller.workspace.write().await?;
    store::feeds::take_turn(&mut tx, workspace).await?;
    for config in store::widgets::configs_of(&mut tx, workspace, widget.id).await? {
        feeds.remove_config(&mut tx, workspace, config.id).await?;
    }
    store::widgets::delete(&mut tx, workspace, widget.id).await?;
    let data = json!({ "slug": widget.slug });
    audit::record(&mut tx, &caller, "widget.deleted", widget.id, data).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

impl Feeds {
    /// A widget by id or slug.
    ///
    /// # Errors
    /// 404 when the workspace has none of that name.
    pub async fn widget(
        &self,
        workspace: &db::Workspace,
        id_or_slug: &str,
    ) -> Result<Widget, Failure> {
        let mut tx = workspace.read().await?;
        let found = store::widgets::get(&mut tx, workspace.id(), id_or_slug).await?;
        found.ok_or_else(|| not_found("widget").into())
    }
}

fn check(widget: &Widget) -> Result<(), Problem> {
    let invalid = |pointer: &str, message: &str| {
        Err(Problem::new(&codes::INVALID, "The widget cannot be so.").field(pointer, message))
    };
    let is_slug = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let slug = widget.slug.as_bytes();
    if slug.is_empty()
        || slug.len() > 63
        || slug[0] == b'-'
        || !slug.iter().all(|byte| is_slug(*byte))
    {
        return invalid("/slug", "must be 1 to 63 of a-z, 0-9 and -, not beginning with -");
    }
    if widget.name.trim().is_empty() || widget.name.chars().count() > 200 {
        return invalid("/name", "must have 1 to 200 characters");
    }
    if widget.description.chars().count() > 2000 {
        return invalid("/description", "must have at most 2000 characters");
    }
    Ok(())
}

fn taken(error: db::DbError, slug: &str) -> Problem {
    match error {
        db::DbError::Conflict => {
            let detail = format!("There is a widget named {slug} already; choose another slug.");
            Problem::new(&codes::CONFLICT, detail).field("/slug", "is taken")
        }
        other => other.into(),
    }
}
