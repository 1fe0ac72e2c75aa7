//! Logins.

use db::{DbError, Tx, args};
use kernel::{SessionId, UserId};
use vault::TokenHash;

use crate::sessions::LIFETIME;

pub(crate) async fn insert(
    tx: &mut Tx,
    id: SessionId,
    user: UserId,
    token: TokenHash,
    csrf_token: &str,
) -> Result<(), DbError> {
    let now = tx.now();
    tx.execute(
        "INSERT INTO sessions (id, token_hash, user_id, csrf_token, created_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6)",
        args![id, token.to_hex(), user, csrf_token, now, now.plus(LIFETIME)],
    )
    .await
    .map(drop)
}

pub(crate) async fn delete(tx: &mut Tx, id: SessionId) -> Result<(), DbError> {
    tx.execute("DELETE FROM sessions WHERE id = $1", args![id]).await.map(drop)
}

/// Ends every login of a person but one.
pub(crate) async fn delete_others(
    tx: &mut Tx,
    user: UserId,
    kept: SessionId,
) -> Result<u64, DbError> {
    let sql = "DELETE FROM sessions WHERE user_id = $1 AND id <> $2";
    tx.execute(sql, args![user, kept]).await
}
