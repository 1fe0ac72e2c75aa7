//! Online backup of the embedded database. PostgreSQL has better tools of its own (`pg_dump`).

use serde::Serialize;
use std::path::Path;
use std::time::Duration;

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

/// Whether another process has the embedded database open.
///
/// # Errors
/// [`DbError`] when it cannot be opened at all.
pub async fn is_in_use(file: &Path) -> Result<bool, DbError> {
    let options = sqlite_options(&format!("sqlite:{}", file.display()))?
        .create_if_missing(false)
        .busy_timeout(Duration::from_millis(200));
    let pool =
        sqlx::sqlite::SqlitePoolOptions::new().max_connections(1).connect_with(options).await?;
    // Leaving WAL mode takes the whole file, which fails while anybody else has it open. Whoever opens
    // the file next goes back to WAL mode.
    let mode: Result<(String,), _> =
        sqlx::query_as("PRAGMA journal_mode = DELETE").fetch_one(&pool).await;
    pool.close().await;
    Ok(!mode.is_ok_and(|(mode,)| mode == "delete"))
}

fn refuse(what: &str) -> DbError {
    DbError::Refused(what.to_owned())
}
