//! Marks and answers of requests that carried an `Idempotency-Key`.

use db::{DbError, Workspace, args};
use serde::{Deserialize, Serialize};
use std::time::Duration;

const NOUN: &str = "idempotency_key";
/// How long an answer is repeated.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);
/// A mark without an answer for this long was left by a process that died.
const ABANDONED: Duration = Duration::from_secs(120);
/// The status of a mark.
const RUNNING: i64 = 0;

/// An answer as it is kept, sealed.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Stored {
    pub(crate) status: u16,
    pub(crate) content_type: Option<String>,
    pub(crate) location: Option<String>,
    pub(crate) body: String,
}

/// What is known of a key.
pub(crate) enum Found {
    /// Nothing; it is marked as running now, and the caller's to end.
    Nothing,
    /// It was used for another request.
    Other,
    /// The first request has not been answered yet.
    Running,
    /// The answer of the first request.
    Answer(Stored),
}

pub(crate) async fn begin(
    workspace: &Workspace,
    key: &str,
    fingerprint: &str,
) -> Result<Found, DbError> {
    let mark = workspace.seal(NOUN, &key, b"")?;
    let mut tx = workspace.write().await?;
    let now = tx.now();
    tx.execute(
        "DELETE FROM idempotency_keys WHERE workspace_id = $1 AND key = $2 \
         AND (created_at <= $3 OR (status = $4 AND created_at <= $5))",
        args![workspace.id(), key, now.minus(KEPT), RUNNING, now.minus(ABANDONED)],
    )
    .await?;
    let marked = tx
        .execute(
            "INSERT INTO idempotency_keys \
             (workspace_id, key, fingerprint, status, sealed, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (workspace_id, key) DO NOTHING",
            args![workspace.id(), key, fingerprint, RUNNING, mark, now],
        )
        .await?;
    if marked == 1 {
        tx.commit().await?;
        return Ok(Found::Nothing);
    }
    let sql = "SELECT fingerprint, status, sealed FROM idempotency_keys \
               WHERE workspace_id = $1 AND key = $2";
    // Gone between the two statements: whoever held it is just ending.
    let Some(row) = tx.fetch_optional(sql, args![workspace.id(), key]).await? else {
        return Ok(Found::Running);
    };
    if row.text("fingerprint")? != fingerprint {
        return Ok(Found::Other);
    }
    if row.int("status")? == RUNNING {
        return Ok(Found::Running);
    }
    let plain = workspace.open(NOUN, &key, &row.blob("sealed")?).await?;
    let unreadable = |error: serde_json::Error| DbError::Row {
        column: "sealed".to_owned(),
        what: error.to_string(),
    };
    serde_json::from_slice(&plain).map(Found::Answer).map_err(unreadable)
}

/// Keeps the answer, or takes the mark away when there is none worth keeping.
pub(crate) async fn end(
    workspace: &Workspace,
    key: &str,
    answer: Option<&Stored>,
) -> Result<(), DbError> {
    let mut tx = workspace.write().await?;
    match answer.map(|answer| (answer.status, serde_json::to_vec(answer))) {
        Some((status, Ok(plain))) => {
            let sealed = workspace.seal(NOUN, &key, &plain)?;
            tx.execute(
                "UPDATE idempotency_keys SET status = $3, sealed = $4 \
                 WHERE workspace_id = $1 AND key = $2",
                args![workspace.id(), key, status, sealed],
            )
            .await?;
        }
        _ => {
            let sql = "DELETE FROM idempotency_keys WHERE workspace_id = $1 AND key = $2";
            tx.execute(sql, args![workspace.id(), key]).await?;
        }
    }
    tx.commit().await
}
