//! People.

use db::{DbError, Row, Tx, args};
use kernel::UserId;
use vault::PasswordHash;

/// A person.
#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) id: UserId,
    pub(crate) email: String,
    pub(crate) password: PasswordHash,
}

fn read(row: &Row) -> Result<User, DbError> {
    Ok(User {
        id: row.parse("id")?,
        email: row.text("email")?,
        password: PasswordHash(row.text("password_hash")?),
    })
}

/// Adds one; [`DbError::Conflict`] when the address is taken.
pub(crate) async fn insert(
    tx: &mut Tx,
    user: &User,
    name: &str,
    instance_owner: bool,
) -> Result<(), DbError> {
    let now = tx.now();
    tx.execute(
        "INSERT INTO users \
         (id, email, name, password_hash, instance_owner, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $6)",
        args![user.id, &user.email, name, &user.password.0, instance_owner, now],
    )
    .await
    .map(drop)
}

pub(crate) async fn by_email(tx: &mut Tx, email: &str) -> Result<Option<User>, DbError> {
    let sql = "SELECT id, email, password_hash FROM users WHERE email = $1";
    tx.fetch_optional(sql, args![email]).await?.as_ref().map(read).transpose()
}

pub(crate) async fn by_id(tx: &mut Tx, id: UserId) -> Result<Option<User>, DbError> {
    let sql = "SELECT id, email, password_hash FROM users WHERE id = $1";
    tx.fetch_optional(sql, args![id]).await?.as_ref().map(read).transpose()
}

pub(crate) async fn set_password(
    tx: &mut Tx,
    id: UserId,
    password: &PasswordHash,
) -> Result<(), DbError> {
    let now = tx.now();
    let sql = "UPDATE users SET password_hash = $2, updated_at = $3 WHERE id = $1";
    tx.execute(sql, args![id, &password.0, now]).await.map(drop)
}

/// Whether there is nobody yet.
pub(crate) async fn none(tx: &mut Tx) -> Result<bool, DbError> {
    Ok(tx.fetch_optional("SELECT id FROM users LIMIT 1", args![]).await?.is_none())
}
