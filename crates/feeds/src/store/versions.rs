//! The versions of a feed's document, sealed.

use db::{DbError, Row, Tx, Workspace, args};
use kernel::{FeedId, PageRequest, Timestamp};
use serde_json::value::RawValue;

const NOUN: &str = "feed_version";

/// What made a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Pull,
    Push,
    /// A reader came over from a feed that was ahead: the document is the same.
    Rebind,
}

impl Source {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Pull => "pull",
            Self::Push => "push",
            Self::Rebind => "rebind",
        }
    }
}

/// A version without its document.
#[derive(Clone, Debug)]
pub(crate) struct Version {
    pub(crate) version: u64,
    pub(crate) at: Timestamp,
    pub(crate) bytes: u64,
    pub(crate) source: String,
    /// The id of the request or of the inbound event that made it.
    pub(crate) made_by: Option<String>,
}

/// The id that a version's seal is bound to.
fn seal_id(feed: FeedId, version: u64) -> String {
    format!("{feed}/{version}")
}

pub(crate) struct NewVersion<'a> {
    pub(crate) feed: FeedId,
    pub(crate) version: u64,
    pub(crate) document: &'a [u8],
    pub(crate) source: Source,
    pub(crate) made_by: Option<&'a str>,
    pub(crate) at: Timestamp,
    /// How many versions are kept, this one included.
    pub(crate) keep: u32,
}

pub(crate) async fn insert(
    tx: &mut Tx,
    workspace: &Workspace,
    new: NewVersion<'_>,
) -> Result<(), DbError> {
    let sealed = workspace.seal(NOUN, &seal_id(new.feed, new.version), new.document)?;
    tx.execute(
        "INSERT INTO feed_versions (workspace_id, feed_id, version, sealed, bytes, at, source, made_by) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        args![
            workspace.id(),
            new.feed,
            new.version,
            sealed,
            new.document.len(),
            new.at,
            new.source.name(),
            new.made_by
        ],
    )
    .await?;
    let oldest = new.version.saturating_sub(u64::from(new.keep.max(1)));
    let sql =
        "DELETE FROM feed_versions WHERE workspace_id = $1 AND feed_id = $2 AND version <= $3";
    tx.execute(sql, args![workspace.id(), new.feed, oldest]).await.map(drop)
}

/// The document of a version as JSON text.
pub(crate) async fn document(
    tx: &mut Tx,
    workspace: &Workspace,
    feed: FeedId,
    version: u64,
) -> Result<Option<Box<RawValue>>, DbError> {
    let sql = "SELECT sealed FROM feed_versions \
               WHERE workspace_id = $1 AND feed_id = $2 AND version = $3";
    let Some(row) = tx.fetch_optional(sql, args![workspace.id(), feed, version]).await? else {
        return Ok(None);
    };
    let plain = workspace.open(NOUN, &seal_id(feed, version), &row.blob("sealed")?).await?;
    let unreadable = |what: String| DbError::Row { column: "sealed".to_owned(), what };
    let text = String::from_utf8(plain).map_err(|error| unreadable(error.to_string()))?;
    RawValue::from_string(text).map(Some).map_err(|error| unreadable(error.to_string()))
}

/// The versions that are kept, newest first.
pub(crate) async fn list(
    workspace: &Workspace,
    feed: FeedId,
    page: &PageRequest,
) -> Result<Vec<Version>, DbError> {
    let before = page.after.as_deref().and_then(|text| text.parse::<i64>().ok());
    let rows = workspace
        .read()
        .await?
        .fetch_all(
            "SELECT version, at, bytes, source, made_by FROM feed_versions \
             WHERE workspace_id = $1 AND feed_id = $2 AND version < $3 \
             ORDER BY version DESC LIMIT $4",
            args![workspace.id(), feed, before.unwrap_or(i64::MAX), page.limit + 1],
        )
        .await?;
    rows.iter().map(version).collect()
}

fn version(row: &Row) -> Result<Version, DbError> {
    Ok(Version {
        version: u64::try_from(row.int("version")?).unwrap_or_default(),
        at: row.time("at")?,
        bytes: u64::try_from(row.int("bytes")?).unwrap_or_default(),
        source: row.text("source")?,
        made_by: row.opt_text("made_by")?,
    })
}
