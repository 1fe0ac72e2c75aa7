//! Migrations: numbered SQL files, one per database. In SQLite they run on a copy of the file, which is
//! checked and then put in the place of the old one; the old one stays beside it as the way back.

use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::sqlite::{SqliteAutoVacuum, SqliteConnectOptions, SqlitePool, SqlitePoolOptions};
use sqlx::{PgPool, SqlSafeStr};
use std::path::{Path, PathBuf};

use crate::DbError;

/// Number, name, SQLite, PostgreSQL.
const MIGRATIONS: &[(i64, &str, &str, &str)] = &[
    (
        1,
        "spine",
        include_str!("../migrations/sqlite/0001_spine.sql"),
        include_str!("../migrations/postgres/0001_spine.sql"),
    ),
    (
        2,
        "connections",
        include_str!("../migrations/sqlite/0002_connections.sql"),
        include_str!("../migrations/postgres/0002_connections.sql"),
    ),
    (
        3,
        "automation",
        include_str!("../migrations/sqlite/0003_automation.sql"),
        include_str!("../migrations/postgres/0003_automation.sql"),
    ),
    (
        4,
        "webhooks",
        include_str!("../migrations/sqlite/0004_webhooks.sql"),
        include_str!("../migrations/postgres/0004_webhooks.sql"),
    ),
    (
        5,
        "workflows",
        include_str!("../migrations/sqlite/0005_workflows.sql"),
        include_str!("../migrations/postgres/0005_workflows.sql"),
    ),
];

fn migrator(
    pick: fn(&(i64, &'static str, &'static str, &'static str)) -> &'static str,
) -> Migrator {
    let each = MIGRATIONS.iter().map(|migration| {
        let (version, name, ..) = *migration;
        let sql = pick(migration).into_sql_str();
        Migration::new(version, name.into(), MigrationType::Simple, sql, false)
    });
    Migrator::with_migrations(each.collect())
}

pub(crate) async fn postgres(pool: &PgPool) -> Result<(), DbError> {
    migrator(|(.., postgres)| postgres).run(pool).await.map_err(explain)
}

pub(crate) async fn sqlite(connect: &SqliteConnectOptions, file: &Path) -> Result<(), DbError> {
    let migrator = migrator(|(_, _, sqlite, _)| sqlite);
    if !file.exists() || std::fs::metadata(file).is_ok_and(|known| known.len() == 0) {
        return run(&migrator, connect).await;
    }
    let applied = applied_in(connect).await?;
    let newest = MIGRATIONS.last().map_or(0, |(version, ..)| *version);
    match applied {
        Some(version) if version > newest => Err(DbError::Newer(version)),
        Some(version) if version == newest => Ok(()),
        _ => upgrade(&migrator, connect, file, applied.unwrap_or(0)).await,
    }
}

/// The newest migration that the file has, or `None` for a file without any.
async fn applied_in(connect: &SqliteConnectOptions) -> Result<Option<i64>, DbError> {
    let pool = one_connection(connect).await?;
    let known: Option<(i64,)> =
        sqlx::query_as("SELECT 1 FROM sqlite_schema WHERE name = '_sqlx_migrations'")
            .fetch_optional(&pool)
            .await?;
    let newest = match known {
        Some(_) => {
            let row: (Option<i64>,) = sqlx::query_as("SELECT max(version) FROM _sqlx_migrations")
                .fetch_one(&pool)
                .await?;
            row.0
        }
        None => None,
    };
    pool.close().await;
    Ok(newest)
}

async fn upgrade(
    migrator: &Migrator,
    connect: &SqliteConnectOptions,
    file: &Path,
    from: i64,
) -> Result<(), DbError> {
    let beside = |suffix: &str| PathBuf::from(format!("{}.{suffix}", file.display()));
    let (copy, old) = (beside("upgrading"), beside(&format!("before-{from}")));
    let failed =
        |what: &str, source| DbError::File { what: format!("{what} {}", copy.display()), source };
    if copy.exists() {
        std::fs::remove_file(&copy).map_err(|error| failed("cannot remove", error))?;
    }
    let pool = one_connection(connect).await?;
    sqlx::query("VACUUM INTO $1").bind(copy.display().to_string()).execute(&pool).await?;
    pool.close().await;

    let on_copy = connect.clone().filename(&copy);
    run(migrator, &on_copy).await?;
    let pool = one_connection(&on_copy).await?;
    let (verdict,): (String,) = sqlx::query_as("PRAGMA integrity_check").fetch_one(&pool).await?;
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&pool).await?;
    pool.close().await;
    if verdict != "ok" {
        return Err(DbError::Migrate(MigrateError::Source(verdict.into())));
    }
    std::fs::rename(file, &old)
        .map_err(|error| failed("cannot set aside the old file of", error))?;
    std::fs::rename(&copy, file).map_err(|error| failed("cannot put in place", error))?;
    tracing::info!(old = %old.display(), "upgraded the database; the old file stays as the way back");
    Ok(())
}

/// Decided when a file is made. Never said again: saying it writes, and a reader that is opened while
/// somebody writes would wait for them in vain.
async fn run(migrator: &Migrator, connect: &SqliteConnectOptions) -> Result<(), DbError> {
    let connect = connect.clone().auto_vacuum(SqliteAutoVacuum::Incremental);
    let pool = one_connection(&connect).await?;
    let done = migrator.run(&pool).await.map_err(explain);
    pool.close().await;
    done
}

async fn one_connection(connect: &SqliteConnectOptions) -> Result<SqlitePool, DbError> {
    Ok(SqlitePoolOptions::new().max_connections(1).connect_with(connect.clone()).await?)
}

fn explain(error: MigrateError) -> DbError {
    match error {
        MigrateError::VersionMissing(version) | MigrateError::VersionTooNew(version, _) => {
            DbError::Newer(version)
        }
        other => DbError::Migrate(other),
    }
}
