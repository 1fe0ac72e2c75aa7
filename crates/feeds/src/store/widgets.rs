//! Widgets, their configs, and which feeds each config reads.

use accounts::gate::Sort;
use db::{DbError, Row, Tx, Workspace, args};
use kernel::{FeedId, IntegrationId, PageRequest, WidgetConfigId, WidgetId, WorkspaceId};

use super::{pattern, places};
use crate::widget::{Widget, WidgetConfig};

pub(crate) async fn list(
    workspace: &Workspace,
    search: &str,
    sort: Sort,
    page: &PageRequest,
) -> Result<Vec<Widget>, DbError> {
    let (rest, order) = sort.sql("name", "id", 3);
    let sql = format!(
        "SELECT id, slug, name, description, created_at, updated_at FROM widgets \
         WHERE workspace_id = $1 AND ($2 = '' OR lower(name) LIKE $2 ESCAPE '\\' OR slug LIKE $2 ESCAPE '\\') \
           AND {rest} ORDER BY {order} LIMIT $5"
    );
    let (last_name, last_id) = sort.after(page);
    let values = args![workspace.id(), pattern(search), last_name, last_id, page.limit + 1];
    workspace.read().await?.fetch_all(&sql, values).await?.iter().map(widget).collect()
}

/// By id or by slug.
pub(crate) async fn get(
    tx: &mut Tx,
    workspace: WorkspaceId,
    id_or_slug: &str,
) -> Result<Option<Widget>, DbError> {
    let sql = "SELECT id, slug, name, description, created_at, updated_at FROM widgets \
               WHERE workspace_id = $1 AND (id = $2 OR slug = $2)";
    tx.fetch_optional(sql, args![workspace, id_or_slug]).await?.as_ref().map(widget).transpose()
}

pub(crate) async fn insert(
    tx: &mut Tx,
    workspace: WorkspaceId,
    new: &Widget,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO widgets (workspace_id, id, slug, name, description, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $6)",
        args![workspace, new.id, &new.slug, &new.name, &new.description, new.created_at],
    )
    .await
    .map(drop)
}

pub(crate) async fn update(
    tx: &mut Tx,
    workspace: WorkspaceId,
    known: &Widget,
) -> Result<(), DbError> {
    tx.execute(
        "UPDATE widgets SET slug = $3, name = $4, description = $5, updated_at = $6 \
         WHERE workspace_id = $1 AND id = $2",
        args![workspace, known.id, &known.slug, &known.name, &known.description, known.updated_at],
    )
    .await
    .map(drop)
}

pub(crate) async fn delete(
    tx: &mut Tx,
    workspace: WorkspaceId,
    id: WidgetId,
) -> Result<(), DbError> {
    let sql = "DELETE FROM widgets WHERE workspace_id = $1 AND id = $2";
    tx.execute(sql, args![workspace, id]).await.map(drop)
}

fn widget(row: &Row) -> Result<Widget, DbError> {
    Ok(Widget {
        id: row.parse("id")?,
        slug: row.text("slug")?,
        name: row.text("name")?,
        description: row.text("description")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}

const CONFIG_COLUMNS: &str = "widget_configs.id, widget_id, widgets.slug, widget_configs.name, options, \
     widget_configs.created_at, widget_configs.updated_at";
const CONFIG_FROM: &str = "FROM widget_configs JOIN widgets \
     ON widgets.workspace_id = widget_configs.workspace_id AND widgets.id = widget_id";

pub(crate) async fn list_configs(
    workspace: &Workspace,
    widget: Option<WidgetId>,
    search: &str,
    sort: Sort,
    page: &PageRequest,
) -> Result<Vec<WidgetConfig>, DbError> {
    let (rest, order) = sort.sql("widget_configs.name", "widget_configs.id", 4);
    let sql = format!(
        "SELECT {CONFIG_COLUMNS} {CONFIG_FROM} WHERE widget_configs.workspace_id = $1 \
           AND ($2 = '' OR widget_id = $2) AND ($3 = '' OR lower(widget_configs.name) LIKE $3 ESCAPE '\\') \
           AND {rest} ORDER BY {order} LIMIT $6"
    );
    let (last_name, last_id) = sort.after(page);
    let values = args![
        workspace.id(),
        widget.map(|id| id.to_string()).unwrap_or_default(),
        pattern(search),
        last_name,
        last_id,
        page.limit + 1
    ];
    workspace.read().await?.fetch_all(&sql, values).await?.iter().map(config).collect()
}

pub(crate) async fn configs_of(
    tx: &mut Tx,
    workspace: WorkspaceId,
    widget: WidgetId,
) -> Result<Vec<WidgetConfig>, DbError> {
    let sql = format!(
        "SELECT {CONFIG_COLUMNS} {CONFIG_FROM} \
         WHERE widget_configs.workspace_id = $1 AND widget_id = $2"
    );
    tx.fetch_all(&sql, args![workspace, widget]).await?.iter().map(config).collect()
}

pub(crate) async fn get_config(
    tx: &mut Tx,
    workspace: WorkspaceId,
    id: WidgetConfigId,
) -> Result<Option<WidgetConfig>, DbError> {
    let sql = format!(
        "SELECT {CONFIG_COLUMNS} {CONFIG_FROM} \
         WHERE widget_configs.workspace_id = $1 AND widget_configs.id = $2"
    );
    tx.fetch_optional(&sql, args![workspace, id]).await?.as_ref().map(config).transpose()
}

pub(crate) async fn insert_config(
    tx: &mut Tx,
    workspace: WorkspaceId,
    new: &WidgetConfig,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO widget_configs \
           (workspace_id, id, widget_id, name, options, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $6)",
        args![workspace, new.id, new.widget, &new.name, options(new), new.created_at],
    )
    .await
    .map(drop)
}

pub(crate) async fn update_config(
    tx: &mut Tx,
    workspace: WorkspaceId,
    known: &WidgetConfig,
) -> Result<(), DbError> {
    tx.execute(
        "UPDATE widget_configs SET name = $3, options = $4, updated_at = $5 \
         WHERE workspace_id = $1 AND id = $2",
        args![workspace, known.id, &known.name, options(known), known.updated_at],
    )
    .await
    .map(drop)
}

pub(crate) async fn delete_config(
    tx: &mut Tx,
    workspace: WorkspaceId,
    id: WidgetConfigId,
) -> Result<(), DbError> {
    let sql = "DELETE FROM widget_configs WHERE workspace_id = $1 AND id = $2";
    tx.execute(sql, args![workspace, id]).await.map(drop)
}

fn options(config: &WidgetConfig) -> String {
    serde_json::to_string(&config.options).unwrap_or_else(|_| "{}".to_owned())
}

fn config(row: &Row) -> Result<WidgetConfig, DbError> {
    Ok(WidgetConfig {
        id: row.parse("id")?,
        widget: row.parse("widget_id")?,
        widget_slug: row.text("slug")?,
        name: row.text("name")?,
        options: row.json("options")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}

/// A config reads this feed for this integration, and no other.
pub(crate) async fn bind(
    tx: &mut Tx,
    workspace: WorkspaceId,
    config: WidgetConfigId,
    integration: IntegrationId,
    feed: FeedId,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO widget_feeds (workspace_id, widget_config_id, integration_id, feed_id) \
         VALUES ($1, $2, $3, $4) ON CONFLICT (workspace_id, widget_config_id, integration_id) \
         DO UPDATE SET feed_id = excluded.feed_id",
        args![workspace, config, integration, feed],
    )
    .await
    .map(drop)
}

/// Takes an integration away from the configs of widgets that are not its own, or no longer; says which
/// they are, and what each has read through it.
pub(crate) async fn unbind_elsewhere(
    tx: &mut Tx,
    workspace: WorkspaceId,
    integration: &connect::Integration,
) -> Result<Vec<(WidgetConfigId, FeedId)>, DbError> {
    let sql = "DELETE FROM widget_feeds WHERE workspace_id = $1 AND integration_id = $2 \
                 AND widget_config_id IN (SELECT id FROM widget_configs \
                   WHERE widget_configs.workspace_id = $1 AND widget_id <> $3) \
               RETURNING widget_config_id, feed_id";
    let widget = integration.widget_id.map(|id| id.to_string()).unwrap_or_default();
    let rows = tx.fetch_all(sql, args![workspace, integration.id, widget]).await?;
    rows.iter().map(|row| Ok((row.parse("widget_config_id")?, row.parse("feed_id")?))).collect()
}

/// The integrations that a config reads through, and the feed of each, oldest integration first.
pub(crate) async fn bindings(
    tx: &mut Tx,
    workspace: WorkspaceId,
    config: WidgetConfigId,
) -> Result<Vec<(IntegrationId, FeedId)>, DbError> {
    let sql = "SELECT integration_id, feed_id FROM widget_feeds \
               WHERE workspace_id = $1 AND widget_config_id = $2 ORDER BY integration_id";
    let rows = tx.fetch_all(sql, args![workspace, config]).await?;
    rows.iter().map(|row| Ok((row.parse("integration_id")?, row.parse("feed_id")?))).collect()
}

/// The same of several configs: the config, the integration and the feed of each.
pub(crate) async fn bindings_of(
    tx: &mut Tx,
    workspace: WorkspaceId,
    configs: &[WidgetConfig],
) -> Result<Vec<(WidgetConfigId, IntegrationId, FeedId)>, DbError> {
    if configs.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT widget_config_id, integration_id, feed_id FROM widget_feeds \
         WHERE workspace_id = $1 AND widget_config_id IN ({}) ORDER BY integration_id",
        places(2, configs.len())
    );
    let mut values = args![workspace];
    values.extend(configs.iter().flat_map(|config| args![config.id]));
    let rows = tx.fetch_all(&sql, values).await?;
    let binding = |row: &Row| {
        Ok((row.parse("widget_config_id")?, row.parse("integration_id")?, row.parse("feed_id")?))
    };
    rows.iter().map(binding).collect()
}

/// The workspace of a config, for readers that name the config alone.
pub(crate) async fn workspace_of(
    db: &db::Db,
    config: WidgetConfigId,
) -> Result<Option<WorkspaceId>, DbError> {
    let sql = "SELECT workspace_id FROM widget_configs WHERE id = $1";
    let row = db.system(false).await?.fetch_optional(sql, args![config]).await?;
    row.map(|row| row.parse("workspace_id")).transpose()
}
