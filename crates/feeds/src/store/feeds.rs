//! Feeds and who reads them.

use accounts::gate::Sort;
use db::{DbError, Row, Tx, Workspace, args};
use kernel::{FeedId, IntegrationId, PageRequest, Timestamp, WidgetConfigId, WorkspaceId};
use std::collections::HashMap;

use super::{pattern, places};
use crate::feed::{Feed, OVERDUE, Status};

/// Whether a feed and its integration are both switched on.
macro_rules! is_on {
    () => {
        "(enabled AND (SELECT integrations.enabled FROM integrations \
           WHERE integrations.workspace_id = feeds.workspace_id AND integrations.id = integration_id))"
    };
}

const COLUMNS: &str = concat!(
    "id, integration_id, name, mode, enabled, discriminator, options, pull, push, version, digest, \
     bytes, validators, fetched_at, changed_at, refresh_at, failures, error_code, error_message, \
     created_at, updated_at, ",
    is_on!(),
    " AS is_on"
);

/// [`Feed::status`] in SQL; what was due before `$2` is overdue.
const STANDING: &str = concat!(
    "CASE WHEN NOT ",
    is_on!(),
    " THEN 'off' WHEN digest IS NULL AND failures = 0 THEN 'pending' WHEN digest IS NULL THEN 'failing' \
     WHEN failures > 0 OR refresh_at < $2 THEN 'stale' ELSE 'ok' END"
);

/// Which feeds are wanted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    pub(crate) integration: Option<IntegrationId>,
    pub(crate) search: String,
    pub(crate) state: Option<Status>,
    pub(crate) sort: Sort,
}

pub(crate) async fn get(
    tx: &mut Tx,
    workspace: WorkspaceId,
    id: FeedId,
) -> Result<Option<Feed>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM feeds WHERE workspace_id = $1 AND id = $2");
    tx.fetch_optional(&sql, args![workspace, id]).await?.as_ref().map(feed).transpose()
}

/// These of the feeds, in no order.
pub(crate) async fn among(
    tx: &mut Tx,
    workspace: WorkspaceId,
    ids: &[FeedId],
) -> Result<Vec<Feed>, DbError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let places = places(2, ids.len());
    let sql = format!("SELECT {COLUMNS} FROM feeds WHERE workspace_id = $1 AND id IN ({places})");
    let mut values = args![workspace];
    values.extend(ids.iter().flat_map(|id| args![*id]));
    tx.fetch_all(&sql, values).await?.iter().map(feed).collect()
}

pub(crate) async fn by_discriminator(
    tx: &mut Tx,
    workspace: WorkspaceId,
    integration: IntegrationId,
    discriminator: &str,
) -> Result<Option<Feed>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM feeds \
         WHERE workspace_id = $1 AND integration_id = $2 AND discriminator = $3"
    );
    let row = tx.fetch_optional(&sql, args![workspace, integration, discriminator]).await?;
    row.as_ref().map(feed).transpose()
}

pub(crate) async fn list(
    workspace: &Workspace,
    filter: &Filter,
    page: &PageRequest,
) -> Result<Vec<Feed>, DbError> {
    let (rest, order) = filter.sort.sql("name", "id", 6);
    let sql = format!(
        "SELECT {COLUMNS} FROM feeds WHERE workspace_id = $1 AND ($5 = '' OR {STANDING} = $5) \
           AND ($3 = '' OR integration_id = $3) AND ($4 = '' OR lower(name) LIKE $4 ESCAPE '\\') \
           AND {rest} ORDER BY {order} LIMIT $8"
    );
    let (last_name, last_id) = filter.sort.after(page);
    let values = args![
        workspace.id(),
        overdue(workspace),
        filter.integration.map(|id| id.to_string()).unwrap_or_default(),
        pattern(&filter.search),
        filter.state.map(Status::name).unwrap_or_default(),
        last_name,
        last_id,
        page.limit + 1
    ];
    workspace.read().await?.fetch_all(&sql, values).await?.iter().map(feed).collect()
}

/// What was due before this and has not come is overdue.
fn overdue(workspace: &Workspace) -> Timestamp {
    workspace.db().clock().now().minus(OVERDUE)
}

pub(crate) async fn of_integration(
    tx: &mut Tx,
    workspace: WorkspaceId,
    integration: IntegrationId,
) -> Result<Vec<Feed>, DbError> {
    let sql =
        format!("SELECT {COLUMNS} FROM feeds WHERE workspace_id = $1 AND integration_id = $2");
    tx.fetch_all(&sql, args![workspace, integration]).await?.iter().map(feed).collect()
}

/// False when the integration has a feed with that discriminator already.
pub(crate) async fn insert(
    tx: &mut Tx,
    workspace: WorkspaceId,
    feed: &Feed,
) -> Result<bool, DbError> {
    let inserted = tx.execute(
        "INSERT INTO feeds (workspace_id, id, integration_id, name, mode, enabled, discriminator, \
           options, pull, push, version, bytes, failures, refresh_at, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, 0, 0, $11, $12, $12) \
         ON CONFLICT (workspace_id, integration_id, discriminator) DO NOTHING",
        args![
            workspace,
            feed.id,
            feed.integration,
            &feed.name,
            feed.mode.to_string(),
            feed.enabled,
            &feed.discriminator,
            json(&feed.options),
            feed.pull.as_ref().map(json),
            feed.push.as_ref().map(json),
            feed.refresh_at,
            feed.created_at
        ],
    )
    .await?;
    Ok(inserted > 0)
}

/// The next pulls of an integration's feeds ask for the whole document.
pub(crate) async fn forget_validators(
    tx: &mut Tx,
    workspace: WorkspaceId,
    integration: IntegrationId,
) -> Result<(), DbError> {
    let sql = "UPDATE feeds SET validators = NULL WHERE workspace_id = $1 AND integration_id = $2";
    tx.execute(sql, args![workspace, integration]).await.map(drop)
}

/// Writes the settings; what pulls and pushes have found stays.
pub(crate) async fn update(
    tx: &mut Tx,
    workspace: WorkspaceId,
    feed: &Feed,
) -> Result<(), DbError> {
    tx.execute(
        "UPDATE feeds SET name = $3, mode = $4, enabled = $5, discriminator = $6, options = $7, \
           pull = $8, push = $9, refresh_at = $10, updated_at = $11, validators = NULL \
         WHERE workspace_id = $1 AND id = $2",
        args![
            workspace,
            feed.id,
            &feed.name,
            feed.mode.to_string(),
            feed.enabled,
            &feed.discriminator,
            json(&feed.options),
            feed.pull.as_ref().map(json),
            feed.push.as_ref().map(json),
            feed.refresh_at,
            feed.updated_at
        ],
    )
    .await
    .map(drop)
}

/// Lets the next version be the one after this.
pub(crate) async fn set_version(
    tx: &mut Tx,
    workspace: WorkspaceId,
    id: FeedId,
    version: u64,
) -> Result<(), DbError> {
    let sql = "UPDATE feeds SET version = $3 WHERE workspace_id = $1 AND id = $2";
    tx.execute(sql, args![workspace, id, version]).await.map(drop)
}

pub(crate) async fn delete(
    tx: &mut Tx,
    workspace: WorkspaceId,
    id: FeedId,
) -> Result<bool, DbError> {
    let sql = "DELETE FROM feeds WHERE workspace_id = $1 AND id = $2";
    Ok(tx.execute(sql, args![workspace, id]).await? > 0)
}

/// Deletes a feed that was made for widgets, if none reads it.
pub(crate) async fn delete_orphan(
    tx: &mut Tx,
    workspace: WorkspaceId,
    id: FeedId,
) -> Result<bool, DbError> {
    let sql = "DELETE FROM feeds WHERE workspace_id = $1 AND id = $2 \
                 AND discriminator NOT LIKE 'own:%' \
                 AND NOT EXISTS (SELECT 1 FROM widget_feeds WHERE widget_feeds.workspace_id = $1 \
                   AND widget_feeds.feed_id = $2)";
    Ok(tx.execute(sql, args![workspace, id]).await? > 0)
}

/// Waits for the others that bind or remove feeds of the workspace, until the transaction ends: a feed
/// that one has found for a widget is not to be swept by another before the widget reads it. Taken before
/// anything else is locked. SQLite has one writer at a time anyway.
pub(crate) async fn take_turn(tx: &mut Tx, workspace: WorkspaceId) -> Result<(), DbError> {
    let lock = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";
    if let Some(sql) = tx.dialect(None, Some(lock)) {
        tx.execute(sql, args![format!("the feeds of {workspace}")]).await?;
    }
    Ok(())
}

/// The widget configs that read each of these feeds, up to 200 of each.
pub(crate) async fn readers(
    tx: &mut Tx,
    workspace: WorkspaceId,
    feeds: &[Feed],
) -> Result<HashMap<FeedId, Vec<WidgetConfigId>>, DbError> {
    let mut readers: HashMap<FeedId, Vec<WidgetConfigId>> = HashMap::new();
    if feeds.is_empty() {
        return Ok(readers);
    }
    let sql = format!(
        "SELECT feed_id, widget_config_id FROM (SELECT feed_id, widget_config_id, \
           row_number() OVER (PARTITION BY feed_id ORDER BY widget_config_id) AS place \
         FROM widget_feeds WHERE workspace_id = $1 AND feed_id IN ({})) AS numbered \
         WHERE place <= 200 ORDER BY feed_id, place",
        places(2, feeds.len())
    );
    let mut values = args![workspace];
    values.extend(feeds.iter().flat_map(|feed| args![feed.id]));
    for row in tx.fetch_all(&sql, values).await? {
        readers.entry(row.parse("feed_id")?).or_default().push(row.parse("widget_config_id")?);
    }
    Ok(readers)
}

/// How many feeds of a workspace stand how, by integration. One pass over an index of the workspace.
pub(crate) struct Tally {
    pub(crate) integration: IntegrationId,
    pub(crate) ok: i64,
    pub(crate) stale: i64,
    pub(crate) failing: i64,
    pub(crate) pending: i64,
    pub(crate) off: i64,
    pub(crate) oldest: Option<Timestamp>,
}

pub(crate) async fn tally(workspace: &Workspace) -> Result<Vec<Tally>, DbError> {
    let rows = workspace
        .read()
        .await?
        .fetch_all(
            &format!(
                "SELECT integration_id, count(CASE WHEN standing = 'ok' THEN 1 END) AS ok, \
                   count(CASE WHEN standing = 'stale' THEN 1 END) AS stale, \
                   count(CASE WHEN standing = 'failing' THEN 1 END) AS failing, \
                   count(CASE WHEN standing = 'pending' THEN 1 END) AS pending, \
                   count(CASE WHEN standing = 'off' THEN 1 END) AS off, \
                   min(CASE WHEN standing <> 'off' THEN fetched_at END) AS oldest \
                 FROM (SELECT integration_id, fetched_at, {STANDING} AS standing FROM feeds \
                   WHERE workspace_id = $1) AS counted GROUP BY integration_id"
            ),
            args![workspace.id(), overdue(workspace)],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Tally {
                integration: row.parse("integration_id")?,
                ok: row.int("ok")?,
                stale: row.int("stale")?,
                failing: row.int("failing")?,
                pending: row.int("pending")?,
                off: row.int("off")?,
                oldest: row.opt_time("oldest")?,
            })
        })
        .collect()
}

fn json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "{}".to_owned())
}

fn feed(row: &Row) -> Result<Feed, DbError> {
    let number =
        |column: &str| Ok::<_, DbError>(u64::try_from(row.int(column)?).unwrap_or_default());
    Ok(Feed {
        id: row.parse("id")?,
        integration: row.parse("integration_id")?,
        name: row.text("name")?,
        mode: row.parse("mode")?,
        enabled: row.flag("enabled")?,
        is_on: row.flag("is_on")?,
        discriminator: row.text("discriminator")?,
        options: row.json("options")?,
        pull: row.opt_json("pull")?,
        push: row.opt_json("push")?,
        version: number("version")?,
        digest: row.opt_text("digest")?,
        bytes: number("bytes")?,
        validators: row.opt_json("validators")?.unwrap_or_default(),
        fetched_at: row.opt_time("fetched_at")?,
        changed_at: row.opt_time("changed_at")?,
        refresh_at: row.opt_time("refresh_at")?,
        failures: u32::try_from(row.int("failures")?).unwrap_or(u32::MAX),
        error_code: row.opt_text("error_code")?,
        error_message: row.opt_text("error_message")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}
