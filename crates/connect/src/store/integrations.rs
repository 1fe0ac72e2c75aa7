//! Integrations, and how their last exchange went.

use accounts::gate::Sort;
use catalog::Catalog;
use db::{DbError, Row, Tx, Value, args};
use kernel::{IntegrationId, PageRequest, Timestamp, WidgetId, WorkspaceId};
use serde_json::{Value as Json, json};

use crate::store::pattern;
use crate::{Integration, Mode, PullConfig, PushConfig, body, service};

const COLUMNS: &str = "i.workspace_id, i.id, i.widget_id, i.name, i.description, i.provider, i.type, \
     i.mode, i.enabled, i.credential_scope, i.config, i.config_schema, i.credential_schema, i.pull, \
     i.push, i.quota, i.last_sync_at, i.last_error_code, i.last_error, i.last_error_at, i.created_at, \
     i.updated_at, (SELECT count(*) FROM feeds f \
       WHERE f.workspace_id = i.workspace_id AND f.integration_id = i.id) AS feeds_count";

/// Which integrations are wanted; what is empty means any.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// A part of the name or of the provider.
    pub search: String,
    /// A provider.
    pub provider: String,
    /// One of these providers.
    pub providers: Option<Vec<String>>,
    /// `ok`, `failing`, `off` or `new`.
    pub status: String,
    /// Which way data comes.
    pub mode: Option<Mode>,
    /// In use or not.
    pub enabled: Option<bool>,
    /// A widget's.
    pub widget_id: Option<WidgetId>,
    /// What comes first.
    pub sort: Sort,
}

/// An integration and how its last exchange went.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The integration.
    pub integration: Integration,
    /// When it last brought something.
    pub last_sync_at: Option<Timestamp>,
    /// What went wrong since: code, message, time.
    pub last_error: Option<(String, String, Timestamp)>,
    /// How many feeds it has.
    pub feeds_count: i64,
}

impl Listed {
    /// `off`, `failing`, `ok`, or `new` before the first exchange.
    pub fn status(&self) -> &'static str {
        match (self.integration.enabled, &self.last_error, self.last_sync_at) {
            (false, _, _) => "off",
            (_, Some(_), _) => "failing",
            (_, None, Some(_)) => "ok",
            (_, None, None) => "new",
        }
    }
}

pub(crate) async fn get(
    tx: &mut Tx,
    catalog: &Catalog,
    workspace: WorkspaceId,
    id: IntegrationId,
) -> Result<Option<Listed>, DbError> {
    let sql =
        format!("SELECT {COLUMNS} FROM integrations i WHERE i.workspace_id = $1 AND i.id = $2");
    let row = tx.fetch_optional(&sql, args![workspace, id]).await?;
    row.map(|row| listed(catalog, &row)).transpose()
}

/// The integration of that id and whose it is; for addresses that name no workspace.
pub(crate) async fn anywhere(
    tx: &mut Tx,
    catalog: &Catalog,
    id: IntegrationId,
) -> Result<Option<(WorkspaceId, Listed)>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM integrations i WHERE i.id = $1");
    let row = tx.fetch_optional(&sql, args![id]).await?;
    row.map(|row| Ok((row.parse("workspace_id")?, listed(catalog, &row)?))).transpose()
}

pub(crate) async fn of_widget(
    tx: &mut Tx,
    catalog: &Catalog,
    workspace: WorkspaceId,
    widget: WidgetId,
) -> Result<Vec<Listed>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM integrations i WHERE i.workspace_id = $1 AND i.widget_id = $2 \
         ORDER BY i.id"
    );
    let rows = tx.fetch_all(&sql, args![workspace, widget]).await?;
    rows.iter().map(|row| listed(catalog, row)).collect()
}

pub(crate) async fn list(
    tx: &mut Tx,
    catalog: &Catalog,
    workspace: WorkspaceId,
    filter: &Filter,
    page: &PageRequest,
) -> Result<Vec<Listed>, DbError> {
    let status = match filter.status.as_str() {
        "ok" => "AND i.enabled AND i.last_error_at IS NULL AND i.last_sync_at IS NOT NULL",
        "failing" => "AND i.enabled AND i.last_error_at IS NOT NULL",
        "new" => "AND i.enabled AND i.last_error_at IS NULL AND i.last_sync_at IS NULL",
        "off" => "AND NOT i.enabled",
        _ => "",
    };
    let enabled = match filter.enabled {
        Some(true) => "AND i.enabled",
        Some(false) => "AND NOT i.enabled",
        None => "",
    };
    let among = match filter.providers {
        Some(_) => tx.dialect(
            "AND i.provider IN (SELECT value FROM json_each($9))",
            "AND i.provider IN (SELECT json_array_elements_text($9::json))",
        ),
        None => "AND $9 = '[]'",
    };
    let (rest, order) = filter.sort.sql("i.name", "i.id", 6);
    let (name, id) = filter.sort.after(page);
    let sql = format!(
        "SELECT {COLUMNS} FROM integrations i WHERE i.workspace_id = $1 \
           AND ($2 = '' OR lower(i.name) LIKE $2 ESCAPE '\\' OR lower(i.provider) LIKE $2 ESCAPE '\\') \
           AND ($3 = '' OR i.provider = $3) AND ($4 = '' OR i.mode = $4) \
           AND ($5 = '' OR i.widget_id = $5) {status} {enabled} {among} AND {rest} \
         ORDER BY {order} LIMIT $8"
    );
    let values = args![
        workspace,
        pattern(&filter.search),
        &filter.provider,
        filter.mode.map(|mode| mode.to_string()).unwrap_or_default(),
        filter.widget_id.map(|id| id.to_string()).unwrap_or_default(),
        name,
        id,
        page.limit + 1,
        &json!(filter.providers.as_deref().unwrap_or_default())
    ];
    tx.fetch_all(&sql, values).await?.iter().map(|row| listed(catalog, row)).collect()
}

pub(crate) async fn insert(
    tx: &mut Tx,
    workspace: WorkspaceId,
    it: &Integration,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO integrations (workspace_id, id, widget_id, name, description, provider, type, \
           mode, enabled, credential_scope, config, config_schema, credential_schema, pull, push, \
           quota, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $17, $16, $16)",
        values(workspace, it),
    )
    .await
    .map(drop)
}

pub(crate) async fn update(
    tx: &mut Tx,
    workspace: WorkspaceId,
    it: &Integration,
) -> Result<(), DbError> {
    tx.execute(
        "UPDATE integrations SET widget_id = $3, name = $4, description = $5, provider = $6, \
           type = $7, mode = $8, enabled = $9, credential_scope = $10, config = $11, \
           config_schema = $12, credential_schema = $13, pull = $14, push = $15, updated_at = $16, \
           quota = $17 \
         WHERE workspace_id = $1 AND id = $2",
        values(workspace, it),
    )
    .await
    .map(drop)
}

fn values(workspace: WorkspaceId, it: &Integration) -> Vec<Value> {
    args![
        workspace,
        it.id,
        it.widget_id,
        &it.name,
        &it.description,
        &it.provider,
        &it.kind,
        it.mode.to_string(),
        it.enabled,
        it.credential_scope.to_string(),
        &Json::Object(it.config.clone()),
        it.config_schema.as_ref().map(Json::to_string),
        it.credential_schema.as_ref().map(Json::to_string),
        &Json::Object(it.pull.to_map()),
        &Json::Object(it.push.to_map()),
        it.updated_at,
        (!it.quota.is_empty()).then(|| serde_json::json!(it.quota).to_string())
    ]
}

pub(crate) async fn delete(
    tx: &mut Tx,
    workspace: WorkspaceId,
    id: IntegrationId,
) -> Result<bool, DbError> {
    let sql = "DELETE FROM integrations WHERE workspace_id = $1 AND id = $2";
    Ok(tx.execute(sql, args![workspace, id]).await? > 0)
}

/// Notes how an exchange went.
pub(crate) async fn note_sync(
    tx: &mut Tx,
    workspace: WorkspaceId,
    id: IntegrationId,
    error: Option<(&str, &str)>,
) -> Result<(), DbError> {
    let now = tx.now();
    match error {
        None => {
            tx.execute(
                "UPDATE integrations SET last_sync_at = $3, last_error_code = NULL, \
                   last_error = NULL, last_error_at = NULL WHERE workspace_id = $1 AND id = $2",
                args![workspace, id, now],
            )
            .await
        }
        Some((code, message)) => {
            tx.execute(
                "UPDATE integrations SET last_error_code = $4, last_error = $5, last_error_at = $3 \
                 WHERE workspace_id = $1 AND id = $2",
                args![workspace, id, now, code, message],
            )
            .await
        }
    }
    .map(drop)
}

fn listed(catalog: &Catalog, row: &Row) -> Result<Listed, DbError> {
    let (provider, mode) = (row.text("provider")?, row.parse("mode")?);
    let config = row.json("config")?;
    let integration = Integration {
        id: row.parse("id")?,
        name: row.text("name")?,
        description: row.text("description")?,
        provider_def: service::resolve(catalog, &provider, mode, &config),
        provider,
        kind: row.text("type")?,
        enabled: row.flag("enabled")?,
        mode,
        credential_scope: row.parse("credential_scope")?,
        widget_id: row.opt_parse("widget_id")?,
        config,
        pull: settings(row, "pull", PullConfig::from_map)?,
        push: settings(row, "push", PushConfig::from_map)?,
        quota: row.opt_json("quota")?.unwrap_or_default(),
        config_schema: row.opt_json("config_schema")?,
        credential_schema: row.opt_json("credential_schema")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    };
    let last_error = match (row.opt_text("last_error_code")?, row.opt_time("last_error_at")?) {
        (Some(code), Some(at)) => Some((code, row.opt_text("last_error")?.unwrap_or_default(), at)),
        _ => None,
    };
    Ok(Listed {
        integration,
        last_sync_at: row.opt_time("last_sync_at")?,
        last_error,
        feeds_count: row.int("feeds_count")?,
    })
}

fn settings<T>(
    row: &Row,
    column: &str,
    read: impl Fn(body::JsonMap) -> Result<T, kernel::Problem>,
) -> Result<T, DbError> {
    read(row.json(column)?)
        .map_err(|problem| DbError::Row { column: column.to_owned(), what: problem.detail })
}
