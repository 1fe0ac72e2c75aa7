//! Online backup of the embedded database. PostgreSQL has better tools of its own (`pg_dump`).

use serde::Serialize;
use std::path::Path;

use crate::open::{Pools, sqlite_options};
use crate::{Db, DbError};

/// What a backup or a restore found.
#[derive(Clone, Debug, Serialize)]
pub struct BackupReport {
    /// The size of the copy in bytes.
    pub bytes: u64,
    /// How many workspaces are in it.
    pub workspaces: i64,
}

impl Db {
    /// Writes a consistent copy while the house is open. It holds cipher texts alone: keep the master
    /// key apart from it.
    ///
    /// # Errors
    /// [`DbError::File`] when the target exists or cannot be written; PostgreSQL is refused.
    pub async fn backup(&self, target: &Path) -> Result<BackupReport, DbError> {
        let Pools::Sqlite { readers, .. } = self.pools() else {
            return Err(refuse("PostgreSQL is backed up with pg_dump"));
        };
        if target.exists() {
            return Err(refuse(&format!("{} exists already", target.display())));
        }
        sqlx::query("VACUUM INTO $1").bind(target.display().to_string()).execute(readers).await?;
        check_backup(target).await
    }
}

/// Opens a backup, checks every page, and says what is in it.
///
/// # Errors
/// [`DbError::File`] when it is not a sound database.
pub async fn check_backup(file: &Path) -> Result<BackupReport, DbError> {
    let bytes = std::fs::metadata(file)
        .map_err(|source| DbError::File {
            what: format!("cannot read {}", file.display()),
            source,
        })?
        .len();
    let options = sqlite_options(&format!("sqlite:{}", file.display()))?.create_if_missing(false);
    let pool =
        sqlx::sqlite::SqlitePoolOptions::new().max_connections(1).connect_with(options).await?;
    let (verdict,): (String,) = sqlx::query_as("PRAGMA integrity_check").fetch_one(&pool).await?;
    let counted: Result<(i64,), _> =
        sqlx::query_as("SELECT count(*) FROM workspaces").fetch_one(&pool).await;
    pool.close().await;
    match (verdict.as_str(), counted) {
        ("ok", Ok((workspaces,))) => Ok(BackupReport { bytes, workspaces }),
        _ => Err(refuse(&format!("{} is not a sound backup of patchbay", file.display()))),
    }
}

fn refuse(what: &str) -> DbError {
    DbError::File { what: what.to_owned(), source: std::io::ErrorKind::InvalidInput.into() }
}
