//! Webhooks.

use accounts::gate::Sort;
use db::{Change, DbError, Row, Tx, args};
use kernel::{PageRequest, Timestamp, WebhookId, WorkspaceId};
use serde_json::json;
use std::time::Duration;

use crate::outgoing::jobs::dispatch;
use crate::outgoing::message::Format;
use crate::outgoing::sign::Signing;
use crate::outgoing::webhook::{Cause, NOUN, Rate, Settings, Status, Webhook};

const COLUMNS: &str = "id, name, url, events, filter, filter_error, format, signing, public_key, \
     overlap_until, headers, sealed, ordered, concurrency, rate_requests, rate_window_secs, timeout_ms, \
     status, status_since, cause_code, cause, failing_since, succeeded_at, created_at, updated_at";

pub(crate) async fn get(
    tx: &mut Tx,
    workspace: WorkspaceId,
    id: WebhookId,
) -> Result<Option<Webhook>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM webhooks WHERE workspace_id = $1 AND id = $2");
    tx.fetch_optional(&sql, args![workspace, id]).await?.as_ref().map(read).transpose()
}

/// The same, and nobody else changes it until this transaction ends.
pub(crate) async fn lock(
    tx: &mut Tx,
    workspace: WorkspaceId,
    id: WebhookId,
) -> Result<Option<Webhook>, DbError> {
    let lock = tx.dialect("", " FOR UPDATE");
    let sql = format!("SELECT {COLUMNS} FROM webhooks WHERE workspace_id = $1 AND id = $2{lock}");
    tx.fetch_optional(&sql, args![workspace, id]).await?.as_ref().map(read).transpose()
}

/// Which webhooks are wanted.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    /// A part of the name or the address.
    pub(crate) search: String,
    pub(crate) status: Option<Status>,
    pub(crate) sort: Sort,
}

pub(crate) async fn list(
    tx: &mut Tx,
    workspace: WorkspaceId,
    filter: &Filter,
    page: &PageRequest,
) -> Result<Vec<Webhook>, DbError> {
    let (rest, order) = filter.sort.sql("name", "id", 4);
    let (name, id) = filter.sort.after(page);
    let sql = format!(
        "SELECT {COLUMNS} FROM webhooks WHERE workspace_id = $1 \
           AND ($2 = '' OR lower(name) LIKE $2 ESCAPE '\\' OR lower(url) LIKE $2 ESCAPE '\\') \
           AND ($3 = '' OR status = $3) AND {rest} ORDER BY {order} LIMIT $6"
    );
    let status = filter.status.map(Status::name).unwrap_or_default();
    let values = args![workspace, like(&filter.search), status, name, id, page.limit + 1];
    tx.fetch_all(&sql, values).await?.iter().map(read).collect()
}

fn like(search: &str) -> String {
    if search.is_empty() {
        return String::new();
    }
    let escaped = search.to_lowercase().replace('\\', "\\\\").replace('%', "\\%");
    format!("%{}%", escaped.replace('_', "\\_"))
}

/// Those that are told of events, or would be but for a pause.
pub(crate) async fn listening(
    tx: &mut Tx,
    workspace: WorkspaceId,
) -> Result<Vec<Webhook>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM webhooks WHERE workspace_id = $1 AND status <> 'disabled' ORDER BY id"
    );
    tx.fetch_all(&sql, args![workspace]).await?.iter().map(read).collect()
}

/// Writes a new one, or what a person changed about one. Follow with [`follow`].
pub(crate) async fn put(tx: &mut Tx, workspace: WorkspaceId, it: &Webhook) -> Result<(), DbError> {
    let settings = &it.settings;
    tx.execute(
        "INSERT INTO webhooks (workspace_id, id, name, url, events, filter, filter_error, format, \
           signing, public_key, overlap_until, headers, sealed, ordered, concurrency, rate_requests, \
           rate_window_secs, timeout_ms, status, status_since, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, \
           $20, $21, $21) \
         ON CONFLICT (workspace_id, id) DO UPDATE SET name = excluded.name, url = excluded.url, \
           events = excluded.events, filter = excluded.filter, filter_error = excluded.filter_error, \
           format = excluded.format, signing = excluded.signing, public_key = excluded.public_key, \
           overlap_until = excluded.overlap_until, headers = excluded.headers, \
           sealed = excluded.sealed, ordered = excluded.ordered, \
           concurrency = excluded.concurrency, rate_requests = excluded.rate_requests, \
           rate_window_secs = excluded.rate_window_secs, timeout_ms = excluded.timeout_ms, \
           updated_at = excluded.updated_at",
        args![
            workspace,
            it.id,
            &settings.name,
            &settings.url,
            &json!(settings.events),
            settings.filter.clone(),
            it.filter_error.clone(),
            word(&settings.format),
            word(&settings.signing),
            it.public_key.clone(),
            it.overlap_until,
            &json!(settings.headers),
            it.sealed.clone(),
            settings.ordered,
            settings.concurrency,
            settings.rate.map(|rate| i64::from(rate.requests)),
            settings.rate.map(|rate| i64::from(rate.window_secs)),
            settings.timeout.as_millis() as u64,
            it.status.name(),
            it.status_since,
            it.updated_at
        ],
    )
    .await?;
    tx.changed(Change::noun(NOUN, workspace, it.id));
    Ok(())
}

/// Moves it to another state; false when it was in that one. What it failed with is forgotten when it is
/// told again. Follow with [`follow`].
pub(crate) async fn set_status(
    tx: &mut Tx,
    workspace: WorkspaceId,
    id: WebhookId,
    status: Status,
    cause: Option<&Cause>,
) -> Result<bool, DbError> {
    let now = tx.now();
    let touched = tx
        .execute(
            "UPDATE webhooks SET status = $3, status_since = $4, cause_code = $5, cause = $6, \
               failing_since = CASE WHEN $3 = 'active' THEN NULL ELSE failing_since END, \
               updated_at = $4 \
             WHERE workspace_id = $1 AND id = $2 AND status <> $3",
            args![
                workspace,
                id,
                status.name(),
                now,
                cause.map(|it| it.code.clone()),
                cause.map(|it| it.message.clone())
            ],
        )
        .await?;
    tx.changed(Change::noun(NOUN, workspace, id));
    Ok(touched > 0)
}

pub(crate) async fn delete(
    tx: &mut Tx,
    workspace: WorkspaceId,
    id: WebhookId,
) -> Result<bool, DbError> {
    let sql = "DELETE FROM webhooks WHERE workspace_id = $1 AND id = $2";
    let touched = tx.execute(sql, args![workspace, id]).await?;
    tx.changed(Change::noun(NOUN, workspace, id));
    Ok(touched > 0)
}

/// From this commit on, dispatching follows what the webhooks of a workspace want, taken together.
pub(crate) async fn follow(tx: &mut Tx, workspace: WorkspaceId) -> Result<(), DbError> {
    // Two changes at the same time must not each miss what the other one wants.
    let lock = tx.dialect(None, Some("SELECT pg_advisory_xact_lock(hashtextextended($1, 4))"));
    if let Some(lock) = lock {
        tx.execute(lock, args![workspace]).await?;
    }
    let sql = "SELECT events FROM webhooks WHERE workspace_id = $1 AND status <> 'disabled'";
    let mut patterns = Vec::new();
    for row in tx.fetch_all(sql, args![workspace]).await? {
        patterns.extend(row.json::<Vec<String>>("events")?);
    }
    patterns.sort_unstable();
    patterns.dedup();
    tx.follow(workspace, dispatch::KIND, patterns).await
}

/// Notes that a delivery came through, or that one failed.
pub(crate) async fn note(
    tx: &mut Tx,
    workspace: WorkspaceId,
    id: WebhookId,
    at: Timestamp,
    well: bool,
) -> Result<(), DbError> {
    let sql = if well {
        "UPDATE webhooks SET succeeded_at = $3, failing_since = NULL \
         WHERE workspace_id = $1 AND id = $2"
    } else {
        "UPDATE webhooks SET failing_since = $3 \
         WHERE workspace_id = $1 AND id = $2 AND failing_since IS NULL"
    };
    tx.execute(sql, args![workspace, id, at]).await.map(drop)
}

/// Notes what a filter failed with.
pub(crate) async fn note_filter_error(
    tx: &mut Tx,
    workspace: WorkspaceId,
    id: WebhookId,
    error: &str,
) -> Result<(), DbError> {
    let sql = "UPDATE webhooks SET filter_error = $3 WHERE workspace_id = $1 AND id = $2";
    tx.execute(sql, args![workspace, id, error]).await.map(drop)
}

/// Active ones for which something waits and nothing is about to send it.
pub(crate) async fn stranded(
    tx: &mut Tx,
    job: &str,
) -> Result<Vec<(WorkspaceId, WebhookId)>, DbError> {
    let rows = tx
        .fetch_all(
            "SELECT w.workspace_id, w.id FROM webhooks w WHERE w.status = 'active' \
               AND EXISTS (SELECT 1 FROM deliveries d WHERE d.workspace_id = w.workspace_id \
                 AND d.webhook_id = w.id AND d.status IN ('pending', 'retrying')) \
               AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.workspace_id = w.workspace_id \
                 AND j.kind = $1 AND j.key = w.id)",
            args![job],
        )
        .await?;
    rows.iter().map(|row| Ok((row.parse("workspace_id")?, row.parse("id")?))).collect()
}

/// The word that stands for a value.
fn word(value: &impl serde::Serialize) -> String {
    json!(value).as_str().unwrap_or_default().to_owned()
}

fn of_word<T: serde::de::DeserializeOwned>(row: &Row, column: &str) -> Result<T, DbError> {
    let text = row.text(column)?;
    serde_json::from_value(json!(text))
        .map_err(|error| DbError::Row { column: column.to_owned(), what: error.to_string() })
}

fn read(row: &Row) -> Result<Webhook, DbError> {
    let number = |column: &str| -> Result<u32, DbError> {
        Ok(u32::try_from(row.int(column)?).unwrap_or(u32::MAX))
    };
    let rate = match row.opt_int("rate_requests")? {
        Some(_) => Some(Rate {
            requests: number("rate_requests")?,
            window_secs: number("rate_window_secs")?,
        }),
        None => None,
    };
    let cause = match (row.opt_text("cause_code")?, row.opt_text("cause")?) {
        (Some(code), Some(message)) => Some(Cause { code, message }),
        _ => None,
    };
    Ok(Webhook {
        id: row.parse("id")?,
        settings: Settings {
            name: row.text("name")?,
            url: row.text("url")?,
            events: row.json("events")?,
            filter: row.opt_text("filter")?,
            format: of_word::<Format>(row, "format")?,
            signing: of_word::<Signing>(row, "signing")?,
            headers: row.json("headers")?,
            ordered: row.flag("ordered")?,
            concurrency: number("concurrency")?,
            rate,
            timeout: Duration::from_millis(u64::from(number("timeout_ms")?)),
        },
        public_key: row.opt_text("public_key")?,
        overlap_until: row.opt_time("overlap_until")?,
        filter_error: row.opt_text("filter_error")?,
        sealed: row.blob("sealed")?,
        status: row.parse("status")?,
        status_since: row.time("status_since")?,
        cause,
        failing_since: row.opt_time("failing_since")?,
        succeeded_at: row.opt_time("succeeded_at")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}
