//! Opening a database: SQLite as a server database (one writer, many readers, WAL), or PostgreSQL.

use kernel::{Clock, Entropy, WorkspaceId};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, PgPool, Sqlite, SqlitePool, Transaction};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::broadcast;
use vault::Keyring;

use crate::followers::Followers;
use crate::keys::MasterSlot;
use crate::tx::Conn;
use crate::{DbError, Signal, Tx, Workspace, migrate, signal};

/// How to open a database.
#[derive(Clone, Debug)]
pub struct Options {
    /// `sqlite:PATH` or `postgres://…`.
    pub url: String,
    /// Where the time comes from.
    pub clock: Clock,
    /// Where randomness comes from.
    pub entropy: Entropy,
    /// How many connections read in SQLite, or are open in all to PostgreSQL.
    pub connections: u32,
}

impl Options {
    /// With the system's clock and randomness.
    pub fn new(url: impl Into<String>) -> Self {
        let (clock, entropy) = (Clock::System, Entropy::System);
        Self { url: url.into(), clock, entropy, connections: 8 }
    }
}

pub(crate) enum Pools {
    Sqlite { writer: SqlitePool, readers: SqlitePool, file: PathBuf },
    Postgres(PgPool),
}

struct Inner {
    pools: Pools,
    clock: Clock,
    entropy: Entropy,
    keyring: Keyring,
    master: MasterSlot,
    followers: Followers,
    bus: broadcast::Sender<Signal>,
    node: u64,
    statements: AtomicU64,
    writes: AtomicU64,
}

/// An open database. Cloning it is cheap.
#[derive(Clone)]
pub struct Db(Arc<Inner>);

/// A WAL beyond this is folded back into the database at the next commit, readers permitting.
const WAL_FOLD_BYTES: u64 = 16 * 1024 * 1024;
/// How many commits pass between two looks at the size of the WAL.
const WAL_LOOK_EVERY: u64 = 64;

impl Db {
    /// Opens and migrates. The data keys are loaded by [`Db::unlock`].
    ///
    /// # Errors
    /// [`DbError`] when the database cannot be reached, written, migrated, or is newer than this.
    pub async fn open(options: Options) -> Result<Self, DbError> {
        let pools = if options.url.starts_with("sqlite:") {
            open_sqlite(&options).await?
        } else if options.url.starts_with("postgres") {
            open_postgres(&options).await?
        } else {
            return Err(DbError::Address);
        };
        let node = u64::from_le_bytes(options.entropy.bytes());
        let db = Self(Arc::new(Inner {
            pools,
            clock: options.clock,
            keyring: Keyring::new(options.entropy.clone()),
            master: MasterSlot::default(),
            entropy: options.entropy,
            followers: Followers::default(),
            bus: broadcast::channel(signal::CAPACITY).0,
            node,
            statements: AtomicU64::new(0),
            writes: AtomicU64::new(0),
        }));
        signal::listen(&db).await?;
        db.load_followers().await?;
        Ok(db)
    }

    /// A tenant's handle.
    pub fn workspace(&self, id: WorkspaceId) -> Workspace {
        Workspace::new(self.clone(), id)
    }

    /// A transaction of the house itself: it sees every workspace. For signing in, scheduling and
    /// starting; a request of a tenant never gets one.
    ///
    /// # Errors
    /// [`DbError`] when there is no connection to be had.
    pub async fn system(&self, write: bool) -> Result<Tx, DbError> {
        self.begin(None, write).await
    }

    pub(crate) async fn begin(
        &self,
        workspace: Option<WorkspaceId>,
        write: bool,
    ) -> Result<Tx, DbError> {
        let conn = match &self.0.pools {
            Pools::Sqlite { writer, .. } if write => Conn::Sqlite(begin_writing(writer).await?),
            Pools::Sqlite { readers, .. } => Conn::Sqlite(readers.begin().await?),
            Pools::Postgres(pool) => {
                // One way there and back for both; an id has no quotes.
                let seen = workspace.map_or_else(|| "*".to_owned(), |id| id.to_string());
                let begin = format!("BEGIN; SET LOCAL patchbay.workspace = '{seen}'");
                Conn::Postgres(pool.begin_with(AssertSqlSafe(begin)).await?)
            }
        };
        Ok(Tx { db: self.clone(), conn, signals: Vec::new() })
    }

    /// The clock it was opened with.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// The randomness it was opened with.
    pub fn entropy(&self) -> &Entropy {
        &self.0.entropy
    }

    /// The data keys in use.
    pub fn keyring(&self) -> &Keyring {
        &self.0.keyring
    }

    /// Everything announced from now on, on this node and (with PostgreSQL) on the others.
    pub fn signals(&self) -> broadcast::Receiver<Signal> {
        self.0.bus.subscribe()
    }

    /// Whether it is PostgreSQL.
    pub fn is_postgres(&self) -> bool {
        matches!(self.0.pools, Pools::Postgres(_))
    }

    /// How many statements were run since it was opened.
    pub fn statements(&self) -> u64 {
        self.0.statements.load(Ordering::Relaxed)
    }

    /// Every workspace there is.
    ///
    /// # Errors
    /// [`DbError`] when they cannot be read.
    pub async fn workspaces(&self) -> Result<Vec<WorkspaceId>, DbError> {
        let mut tx = self.system(false).await?;
        let rows = tx.fetch_all("SELECT id FROM workspaces ORDER BY id", Vec::new()).await?;
        rows.iter().map(|row| row.parse("id")).collect()
    }

    /// The size of the database in bytes.
    ///
    /// # Errors
    /// [`DbError`] when it cannot be asked.
    pub async fn bytes(&self) -> Result<u64, DbError> {
        let mut tx = self.system(false).await?;
        let sql = tx.dialect(
            "SELECT page_count * page_size AS bytes FROM pragma_page_count, pragma_page_size",
            "SELECT pg_database_size(current_database()) AS bytes",
        );
        let row = tx.fetch_optional(sql, Vec::new()).await?;
        let bytes = row.map(|row| row.int("bytes")).transpose()?;
        Ok(u64::try_from(bytes.unwrap_or_default()).unwrap_or_default())
    }

    /// Whether a trivial statement is answered.
    ///
    /// # Errors
    /// [`DbError`] when it is not.
    pub async fn ping(&self) -> Result<(), DbError> {
        self.system(false).await?.fetch_all("SELECT 1 AS one", Vec::new()).await.map(drop)
    }

    /// Folds the WAL into the file and closes every connection.
    pub async fn close(&self) {
        match &self.0.pools {
            Pools::Sqlite { writer, readers, .. } => {
                readers.close().await;
                let folded = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(writer).await;
                if let Err(error) = folded {
                    tracing::warn!(%error, "the WAL stays as it is and is folded at the next start");
                }
                writer.close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }

    pub(crate) fn pools(&self) -> &Pools {
        &self.0.pools
    }

    pub(crate) fn slot(&self) -> &MasterSlot {
        &self.0.master
    }

    pub(crate) fn node(&self) -> u64 {
        self.0.node
    }

    pub(crate) fn count_statement(&self) {
        self.0.statements.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn followers(&self) -> &Followers {
        &self.0.followers
    }

    pub(crate) fn broadcast(&self, signals: Vec<Signal>) {
        for signal in signals {
            if let Signal::Changed(change) = &signal {
                self.0.followers.learn(change);
            }
            // Nobody listening is no error: the next one to come reads what it needs.
            drop(self.0.bus.send(signal));
        }
    }

    /// SQLite folds its WAL on its own only while no reader is in the way, so under constant reading it
    /// grows. Every so many commits its size is looked at and, if need be, it is folded and cut.
    pub(crate) async fn after_write(&self) {
        let Pools::Sqlite { writer, file, .. } = &self.0.pools else { return };
        if !self.0.writes.fetch_add(1, Ordering::Relaxed).is_multiple_of(WAL_LOOK_EVERY) {
            return;
        }
        let wal = PathBuf::from(format!("{}-wal", file.display()));
        if tokio::fs::metadata(&wal).await.is_ok_and(|known| known.len() > WAL_FOLD_BYTES) {
            let folded = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(writer).await;
            if let Err(error) = folded {
                tracing::debug!(%error, "a reader keeps the WAL from being folded");
            }
        }
    }
}

impl std::fmt::Debug for Db {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(if self.is_postgres() { "Db(postgres)" } else { "Db(sqlite)" })
    }
}

pub(crate) fn sqlite_options(url: &str) -> Result<SqliteConnectOptions, DbError> {
    let options = SqliteConnectOptions::from_str(url).map_err(|_| DbError::Address)?;
    Ok(options
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(10))
        .pragma("journal_size_limit", (4 * WAL_FOLD_BYTES).to_string())
        .pragma("temp_store", "MEMORY"))
}

/// Begins a transaction that writes. When the disk is full SQLite ends a transaction by itself, of which
/// the connection does not learn: it would take the next one for a nested one, and is replaced.
async fn begin_writing(writer: &SqlitePool) -> Result<Transaction<'static, Sqlite>, sqlx::Error> {
    match writer.begin_with("BEGIN IMMEDIATE").await {
        Err(sqlx::Error::InvalidSavePointStatement) => {
            writer.acquire().await?.close().await?;
            writer.begin_with("BEGIN IMMEDIATE").await
        }
        other => other,
    }
}

async fn open_sqlite(options: &Options) -> Result<Pools, DbError> {
    let connect = sqlite_options(&options.url)?;
    let file = connect.get_filename().to_path_buf();
    check_writable(&file)?;
    migrate::sqlite(&connect, &file).await?;
    // No timers: a connection is neither tested nor replaced while nothing happens.
    let pool = |max: u32| {
        SqlitePoolOptions::new()
            .max_connections(max)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
    };
    let writer =
        pool(1).acquire_timeout(Duration::from_secs(30)).connect_with(connect.clone()).await?;
    let readers = pool(options.connections).connect_lazy_with(connect);
    Ok(Pools::Sqlite { writer, readers, file })
}

/// SQLite would report a read-only directory as "unable to open database file"; this says which.
fn check_writable(file: &Path) -> Result<(), DbError> {
    let folder = file.parent().filter(|path| !path.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let read_only = |path: &Path| DbError::ReadOnly { path: path.display().to_string() };
    std::fs::create_dir_all(folder).map_err(|_| read_only(folder))?;
    let probe = folder.join(".patchbay-write-test");
    match std::fs::write(&probe, b"") {
        Ok(()) => drop(std::fs::remove_file(&probe)),
        Err(error) if error.kind() == std::io::ErrorKind::StorageFull => return Err(DbError::Full),
        Err(_) => return Err(read_only(folder)),
    }
    if file.exists() && std::fs::OpenOptions::new().write(true).open(file).is_err() {
        return Err(read_only(file));
    }
    Ok(())
}

async fn open_postgres(options: &Options) -> Result<Pools, DbError> {
    let connect = PgConnectOptions::from_str(&options.url).map_err(|_| DbError::Address)?;
    let pool = PgPoolOptions::new()
        .max_connections(options.connections.max(4))
        .acquire_timeout(Duration::from_secs(10))
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .connect_with(connect.application_name("patchbay"))
        .await?;
    migrate::postgres(&pool).await?;
    Ok(Pools::Postgres(pool))
}
