//! API keys at rest: everything but the key.

use db::{DbError, Row, Tx, args};
use kernel::{ApiKeyId, PageRequest, Scope, ScopeSet, Timestamp, UserId, WorkspaceId};
use vault::TokenHash;

use crate::gate::Sort;
use crate::keys::rate;
use crate::limit::Rate;

/// A key as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) id: ApiKeyId,
    pub(crate) name: String,
    pub(crate) preview: String,
    pub(crate) scopes: ScopeSet,
    pub(crate) rate: Option<Rate>,
    pub(crate) enabled: bool,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) last_used_at: Option<Timestamp>,
    pub(crate) usage_count: u64,
    pub(crate) created_by: String,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

fn read(row: &Row) -> Result<Stored, DbError> {
    Ok(Stored {
        id: row.parse("id")?,
        name: row.text("name")?,
        preview: row.text("preview")?,
        scopes: row.json::<Vec<Scope>>("scopes")?.into_iter().collect(),
        rate: rate(row)?,
        enabled: row.flag("enabled")?,
        expires_at: row.opt_time("expires_at")?,
        last_used_at: row.opt_time("last_used_at")?,
        usage_count: u64::try_from(row.int("usage_count")?).unwrap_or_default(),
        created_by: row.text("created_by")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}

const SELECT: &str = "SELECT id, name, preview, scopes, rate_requests, rate_window_ms, enabled, \
    expires_at, last_used_at, usage_count, created_by, created_at, updated_at \
    FROM api_keys WHERE workspace_id = $1";

pub(crate) async fn insert(
    tx: &mut Tx,
    workspace: WorkspaceId,
    key: &Stored,
    hash: TokenHash,
) -> Result<(), DbError> {
    let (requests, window) = columns(key.rate);
    tx.execute(
        "INSERT INTO api_keys (workspace_id, id, name, token_hash, preview, scopes, \
         rate_requests, rate_window_ms, enabled, expires_at, created_by, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12)",
        args![
            workspace,
            key.id,
            &key.name,
            hash.to_hex(),
            &key.preview,
            &names(key.scopes),
            requests,
            window,
            key.enabled,
            key.expires_at,
            &key.created_by,
            key.created_at
        ],
    )
    .await
    .map(drop)
}

/// Writes what can be changed.
pub(crate) async fn update(
    tx: &mut Tx,
    workspace: WorkspaceId,
    key: &Stored,
) -> Result<(), DbError> {
    let (requests, window) = columns(key.rate);
    tx.execute(
        "UPDATE api_keys SET name = $3, scopes = $4, rate_requests = $5, rate_window_ms = $6, \
         enabled = $7, expires_at = $8, updated_at = $9 WHERE workspace_id = $1 AND id = $2",
        args![
            workspace,
            key.id,
            &key.name,
            &names(key.scopes),
            requests,
            window,
            key.enabled,
            key.expires_at,
            key.updated_at
        ],
    )
    .await
    .map(drop)
}

fn columns(rate: Option<Rate>) -> (Option<i64>, Option<i64>) {
    let window = |rate: Rate| i64::try_from(rate.window.as_millis()).unwrap_or(i64::MAX);
    (rate.map(|rate| i64::from(rate.requests)), rate.map(window))
}

fn names(scopes: ScopeSet) -> serde_json::Value {
    scopes.iter().map(Scope::name).collect()
}

/// In this order, `limit + 1` of them.
pub(crate) async fn list(
    tx: &mut Tx,
    workspace: WorkspaceId,
    search: &str,
    sort: Sort,
    page: &PageRequest,
) -> Result<Vec<Stored>, DbError> {
    let (rest, order) = sort.sql("name", "id", 4);
    let sql = format!(
        "{SELECT} AND ($2 = '' OR LOWER(name) LIKE $3) AND {rest} ORDER BY {order} LIMIT $6"
    );
    let ((name, id), like) = (sort.after(page), super::like(search));
    let values = args![workspace, search, like, name, id, page.limit + 1];
    let rows = tx.fetch_all(&sql, values).await?;
    rows.iter().map(read).collect()
}

pub(crate) async fn find(
    tx: &mut Tx,
    workspace: WorkspaceId,
    id: ApiKeyId,
) -> Result<Option<Stored>, DbError> {
    let sql = format!("{SELECT} AND id = $2");
    tx.fetch_optional(&sql, args![workspace, id]).await?.as_ref().map(read).transpose()
}

/// The person that a key goes back to.
pub(crate) async fn made_by(
    tx: &mut Tx,
    workspace: WorkspaceId,
    id: ApiKeyId,
) -> Result<Option<UserId>, DbError> {
    let sql = "SELECT created_by FROM api_keys WHERE workspace_id = $1 AND id = $2";
    let row = tx.fetch_optional(sql, args![workspace, id]).await?;
    row.map(|row| row.parse("created_by")).transpose()
}

/// Removes it with its usage.
pub(crate) async fn delete(
    tx: &mut Tx,
    workspace: WorkspaceId,
    id: ApiKeyId,
) -> Result<(), DbError> {
    let sql = "DELETE FROM api_key_usage WHERE workspace_id = $1 AND api_key_id = $2";
    tx.execute(sql, args![workspace, id]).await?;
    let sql = "DELETE FROM api_keys WHERE workspace_id = $1 AND id = $2";
    tx.execute(sql, args![workspace, id]).await.map(drop)
}
