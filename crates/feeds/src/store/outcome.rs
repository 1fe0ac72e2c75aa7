//! What a pull or a push found, written down. Each is one or two statements, so that hundreds of pulls
//! share a transaction.

use db::{DbError, Tx, Workspace, args};
use kernel::{FeedId, Timestamp};
use serde_json::json;

use super::versions::{self, NewVersion, Source};
use crate::feed::Validators;

/// A pull found the document that we have: only the times move. False when it is not, after all.
pub(crate) async fn same(
    tx: &mut Tx,
    workspace: &Workspace,
    feed: FeedId,
    digest: Option<&str>,
    validators: &Validators,
    (fetched_at, refresh_at): (Timestamp, Option<Timestamp>),
) -> Result<bool, DbError> {
    let touched = tx
        .execute(
            "UPDATE feeds SET fetched_at = $3, refresh_at = $4, validators = $5, failures = 0, \
               error_code = NULL, error_message = NULL \
             WHERE workspace_id = $1 AND id = $2 AND digest IS NOT NULL AND ($6 = '' OR digest = $6)",
            args![
                workspace.id(),
                feed,
                fetched_at,
                refresh_at,
                json!(validators).to_string(),
                digest.unwrap_or_default()
            ],
        )
        .await?;
    Ok(touched > 0)
}

/// A push brought the document that we have: only the time moves. That pulls fail stays to be seen. False
/// when it is not, after all.
pub(crate) async fn same_by_push(
    tx: &mut Tx,
    workspace: &Workspace,
    feed: FeedId,
    digest: &str,
    fetched_at: Timestamp,
) -> Result<bool, DbError> {
    let sql = "UPDATE feeds SET fetched_at = $3, \
                 failures = CASE WHEN mode = 'push' THEN 0 ELSE failures END, \
                 error_code = CASE WHEN mode = 'push' THEN NULL ELSE error_code END, \
                 error_message = CASE WHEN mode = 'push' THEN NULL ELSE error_message END \
               WHERE workspace_id = $1 AND id = $2 AND digest = $4";
    Ok(tx.execute(sql, args![workspace.id(), feed, fetched_at, digest]).await? > 0)
}

/// A document with other content.
pub(crate) struct Changed<'a> {
    pub(crate) feed: FeedId,
    /// The version that this document was made from, when it was: nothing is kept if it moved since.
    pub(crate) made_from: Option<u64>,
    pub(crate) document: &'a [u8],
    pub(crate) digest: &'a str,
    pub(crate) validators: &'a Validators,
    pub(crate) fetched_at: Timestamp,
    /// `None` leaves the next pull where it is.
    pub(crate) refresh_at: Option<Timestamp>,
    pub(crate) source: Source,
    pub(crate) made_by: Option<&'a str>,
    pub(crate) keep: u32,
}

/// Moves the version and keeps the document. Only a pull ends the failures of pulls. `None` when the feed
/// is gone, or has moved on.
pub(crate) async fn changed(
    tx: &mut Tx,
    workspace: &Workspace,
    change: &Changed<'_>,
) -> Result<Option<u64>, DbError> {
    let row = tx
        .fetch_optional(
            "UPDATE feeds SET version = version + 1, digest = $3, bytes = $4, validators = $5, \
               fetched_at = $6, changed_at = $6, \
               refresh_at = CASE WHEN $7 = 0 THEN refresh_at ELSE $7 END, \
               failures = CASE WHEN $9 OR mode = 'push' THEN 0 ELSE failures END, \
               error_code = CASE WHEN $9 OR mode = 'push' THEN NULL ELSE error_code END, \
               error_message = CASE WHEN $9 OR mode = 'push' THEN NULL ELSE error_message END \
             WHERE workspace_id = $1 AND id = $2 AND ($8 < 0 OR version = $8) \
             RETURNING version",
            args![
                workspace.id(),
                change.feed,
                change.digest,
                change.document.len(),
                json!(change.validators).to_string(),
                change.fetched_at,
                change.refresh_at.map_or(0, Timestamp::micros),
                change.made_from.map_or(-1, |version| i64::try_from(version).unwrap_or(i64::MAX)),
                change.source == Source::Pull
            ],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    let version = u64::try_from(row.int("version")?).unwrap_or_default();
    let new = NewVersion {
        feed: change.feed,
        version,
        document: change.document,
        source: change.source,
        made_by: change.made_by,
        at: change.fetched_at,
        keep: change.keep,
    };
    versions::insert(tx, workspace, new).await?;
    let data = json!({
        "version": version,
        "fetched_at": change.fetched_at,
        "bytes": change.document.len(),
        "source": change.source.name(),
    });
    tx.emit(workspace.id(), "feed.updated", change.feed, data).await?;
    Ok(Some(version))
}

/// An attempt that failed. The last good document stays. Returns how many failed in a row.
pub(crate) async fn failed(
    tx: &mut Tx,
    workspace: &Workspace,
    feed: FeedId,
    (code, message): (&str, &str),
    refresh_at: Option<Timestamp>,
) -> Result<Option<u32>, DbError> {
    let row = tx
        .fetch_optional(
            "UPDATE feeds SET failures = failures + 1, error_code = $3, error_message = $4, \
               refresh_at = CASE WHEN $5 = 0 THEN refresh_at ELSE $5 END \
             WHERE workspace_id = $1 AND id = $2 RETURNING failures",
            args![workspace.id(), feed, code, message, refresh_at.map_or(0, Timestamp::micros)],
        )
        .await?;
    let failures = row.map(|row| row.int("failures")).transpose()?;
    Ok(failures.map(|count| u32::try_from(count).unwrap_or(u32::MAX)))
}
