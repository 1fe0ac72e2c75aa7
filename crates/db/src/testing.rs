//! Databases for tests: an empty SQLite file and, where `PATCHBAY_TEST_POSTGRES` names a server, an
//! empty PostgreSQL database beside it. Each test gets its own, so that tests run in parallel.

use kernel::{Clock, Entropy, Timestamp, WorkspaceId};
use sqlx::AssertSqlSafe;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::{ConnectOptions, Executor};
use std::str::FromStr;
use tempfile::TempDir;
use vault::MasterKey;

use crate::{Db, Options, Workspace, args};

/// The variable with the address of a server whose role may create databases and is no superuser.
pub const POSTGRES: &str = "PATCHBAY_TEST_POSTGRES";

/// A database that goes when the test ends.
pub struct TestDb {
    /// The open database.
    pub db: Db,
    /// Its address, to open it once more.
    pub url: String,
    /// The master key of its workspaces.
    pub master: MasterKey,
    _folder: Option<TempDir>,
}

impl TestDb {
    /// A workspace with a data key.
    ///
    /// # Panics
    /// When the database does not take it, which fails the test.
    pub async fn workspace(&self, slug: &str) -> Workspace {
        let (now, entropy) = (self.db.clock().now(), self.db.entropy());
        let id = WorkspaceId::generate(now, entropy);
        let key = self.db.keyring().generate(&self.master, id, 1).expect("a data key");
        let mut tx = self.db.system(true).await.expect("a transaction");
        tx.execute(
            "INSERT INTO workspaces (id, name, slug, created_at, updated_at) \
             VALUES ($1, $2, $2, $3, $3)",
            args![id, slug, now],
        )
        .await
        .expect("a workspace");
        tx.insert_data_key(&key).await.expect("its key");
        tx.commit().await.expect("a commit");
        self.db.keyring().add(&self.master, &key).expect("the key opens");
        self.db.workspace(id)
    }
}

/// One database of each kind, with the system's clock.
pub async fn databases() -> Vec<TestDb> {
    databases_at(Clock::System).await
}

/// One database of each kind, with a clock of the test's own.
///
/// # Panics
/// When a database cannot be made, which fails the test.
pub async fn databases_at(clock: Clock) -> Vec<TestDb> {
    let mut all = vec![sqlite(clock.clone()).await];
    match std::env::var(POSTGRES) {
        Ok(server) => all.push(postgres(&server, clock).await),
        Err(_) if std::env::var_os("CI").is_some() => panic!("{POSTGRES} must be set in CI"),
        Err(_) => {}
    }
    all
}

/// An empty SQLite database in a folder of its own.
///
/// # Panics
/// When it cannot be made, which fails the test.
pub async fn sqlite(clock: Clock) -> TestDb {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let url = format!("sqlite:{}", folder.path().join("patchbay.db").display());
    open(url, clock, Some(folder)).await
}

async fn postgres(server: &str, clock: Clock) -> TestDb {
    let options = PgConnectOptions::from_str(server).expect("an address of PostgreSQL");
    let mut connection: PgConnection = options.connect().await.expect("PostgreSQL answers");
    let stamp = hex(&Entropy::System.bytes::<8>());
    let name = format!("patchbay_test_{stamp}");
    connection
        .execute(AssertSqlSafe(format!("CREATE DATABASE {name}")))
        .await
        .expect("a database of its own");
    let url = options.database(&name).to_url_lossy().to_string();
    open(url, clock, None).await
}

async fn open(url: String, clock: Clock, folder: Option<TempDir>) -> TestDb {
    let entropy = Entropy::System;
    let options = Options { clock, connections: 4, ..Options::new(&url) };
    let db = Db::open(options).await.expect("the database opens");
    let master = MasterKey::generate(&entropy);
    db.unlock(&master).await.expect("a database without keys opens with any");
    TestDb { db, url, master, _folder: folder }
}

/// A second connection to the same PostgreSQL database, without the house's door: for proving that row
/// level security holds by itself. `None` for SQLite.
///
/// # Panics
/// When it cannot be made, which fails the test.
pub async fn raw_postgres(test: &TestDb) -> Option<sqlx::PgPool> {
    if !test.db.is_postgres() {
        return None;
    }
    let pool = PgPoolOptions::new().max_connections(1).connect(&test.url).await;
    Some(pool.expect("a second connection"))
}

/// The time that tests begin at: 2026-01-01T00:00:00Z.
pub const START: Timestamp = Timestamp::from_secs(1_767_225_600);

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
