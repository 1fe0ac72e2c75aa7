//! Connect links: a page on which somebody connects an account. The token in the address is kept as its
//! hash.

use db::{Db, DbError, Row, Tx, args};
use kernel::{ConnectLinkId, IntegrationId, Timestamp, WorkspaceId};
use vault::TokenHash;

/// A page on which somebody connects an account.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) id: ConnectLinkId,
    pub(crate) workspace: WorkspaceId,
    pub(crate) integration: IntegrationId,
    pub(crate) subject: String,
    pub(crate) return_url: Option<String>,
    pub(crate) started_by: String,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) connected_at: Option<Timestamp>,
}

pub(crate) async fn insert(tx: &mut Tx, link: &Link, token: TokenHash) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO connect_links (workspace_id, id, token_hash, integration_id, subject, \
           return_url, started_by, created_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        args![
            link.workspace,
            link.id,
            token.to_hex(),
            link.integration,
            &link.subject,
            link.return_url.clone(),
            &link.started_by,
            link.created_at,
            link.expires_at
        ],
    )
    .await
    .map(drop)
}

/// The link with that token, whoever's it is.
pub(crate) async fn by_token(db: &Db, token: TokenHash) -> Result<Option<Link>, DbError> {
    let sql = "SELECT workspace_id, id, integration_id, subject, return_url, started_by, created_at, \
                 expires_at, connected_at FROM connect_links WHERE token_hash = $1";
    let mut tx = db.system(false).await?;
    tx.fetch_optional(sql, args![token.to_hex()]).await?.as_ref().map(link).transpose()
}

/// Notes that an account was connected through it.
pub(crate) async fn note_connected(
    tx: &mut Tx,
    workspace: WorkspaceId,
    id: ConnectLinkId,
) -> Result<(), DbError> {
    let now = tx.now();
    let sql = "UPDATE connect_links SET connected_at = $3 WHERE workspace_id = $1 AND id = $2";
    tx.execute(sql, args![workspace, id, now]).await.map(drop)
}

/// Removes those that nobody can use any more.
pub(crate) async fn forget(tx: &mut Tx, workspace: WorkspaceId) -> Result<(), DbError> {
    let now = tx.now();
    let sql = "DELETE FROM connect_links WHERE workspace_id = $1 AND expires_at < $2";
    tx.execute(sql, args![workspace, now]).await.map(drop)
}

fn link(row: &Row) -> Result<Link, DbError> {
    Ok(Link {
        id: row.parse("id")?,
        workspace: row.parse("workspace_id")?,
        integration: row.parse("integration_id")?,
        subject: row.text("subject")?,
        return_url: row.opt_text("return_url")?,
        started_by: row.text("started_by")?,
        created_at: row.time("created_at")?,
        expires_at: row.time("expires_at")?,
        connected_at: row.opt_time("connected_at")?,
    })
}
