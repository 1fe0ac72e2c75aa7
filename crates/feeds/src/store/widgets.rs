//! Widgets, their configs, and which feeds each config reads.

use db::{DbError, Row, Tx, Workspace, args};
use kernel::{FeedId, IntegrationId, PageRequest, WidgetConfigId, WidgetId, WorkspaceId};

use super::pattern;
use crate::widget::{Widget, WidgetConfig};

pub(crate) async fn list(
    workspace: &Workspace,
    search: &str,
    page: &PageRequest,
) -> Result<Vec<Widget>, DbError> {
    let search = pattern(search);
    let rows = workspace
        .read()
        .await?
        .fetch_all(
            "SELECT id, slug, name, description, created_at, updated_at FROM widgets \
             WHERE workspace_id = $1 AND ($2 = '' OR lower(name) LIKE $2 ESCAPE '\\' OR slug LIKE $2 ESCAPE '\\') \
               AND ($3 = '' OR id < $3) ORDER BY id DESC LIMIT $4",
            args![workspace.id(), search, page.after.clone().unwrap_or_default(), page.limit + 1],
        )
        .await?;
    rows.iter().map(widget).collect()
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
    page: &PageRequest,
) -> Result<Vec<WidgetConfig>, DbError> {
    let search = pattern(search);
    let sql = format!(
        "SELECT {CONFIG_COLUMNS} {CONFIG_FROM} WHERE widget_configs.workspace_id = $1 \
           AND ($2 = '' OR widget_id = $2) AND ($3 = '' OR lower(widget_configs.name) LIKE $3 ESCAPE '\\') \
           AND ($4 = '' OR widget_configs.id < $4) ORDER BY widget_configs.id DESC LIMIT $5"
    );
    let values = args![
        workspace.id(),
        widget.map(|id| id.to_string()).unwrap_or_default(),
        search,
        page.after.clone().unwrap_or_default(),
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

/// The workspace of a config, for readers that name the config alone.
pub(crate) async fn workspace_of(
    db: &db::Db,
    config: WidgetConfigId,
) -> Result<Option<WorkspaceId>, DbError> {
    let sql = "SELECT workspace_id FROM widget_configs WHERE id = $1";
    let row = db.system(false).await?.fetch_optional(sql, args![config]).await?;
    row.map(|row| row.parse("workspace_id")).transpose()
}

/// The feeds made for widgets that no widget reads any more.
pub(crate) async fn orphans(tx: &mut Tx, workspace: WorkspaceId) -> Result<Vec<FeedId>, DbError> {
    let sql = "SELECT id FROM feeds WHERE workspace_id = $1 AND discriminator NOT LIKE 'own:%' \
               AND NOT EXISTS (SELECT 1 FROM widget_feeds WHERE widget_feeds.workspace_id = $1 \
                 AND widget_feeds.feed_id = feeds.id) LIMIT 1000";
    tx.fetch_all(sql, args![workspace]).await?.iter().map(|row| row.parse("id")).collect()
}
