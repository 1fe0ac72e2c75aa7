//! What can go wrong with storage, told apart where a caller would act differently.

use kernel::{Code, Problem, codes};

/// A storage error.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// A unique rule says no: the name, slug or address is taken.
    #[error("something of that name exists already")]
    Conflict,
    /// The row that another row refers to is not there.
    #[error("what this refers to does not exist")]
    Dangling,
    /// The disk is full.
    #[error("the disk that holds the data directory is full: free some space; nothing was lost")]
    Full,
    /// The file or its directory cannot be written.
    #[error("{path} cannot be written: check its owner and mode, or choose another with --data")]
    ReadOnly {
        /// Which path.
        path: String,
    },
    /// The database has migrations that this program does not know.
    #[error(
        "the database was written by a newer version of patchbay (migration {0}): \
         start that version, or restore a backup made before the upgrade"
    )]
    Newer(i64),
    /// The address of the database cannot be read.
    #[error("the database address must begin with sqlite: or postgres://")]
    Address,
    /// A value in a row is not what the schema says.
    #[error("column {column}: {what}")]
    Row {
        /// Which column.
        column: String,
        /// What is wrong with it.
        what: String,
    },
    /// Someone else finished or took the job.
    #[error("the job's lease was lost")]
    LeaseLost,
    /// A key could not be used.
    #[error(transparent)]
    Vault(#[from] vault::VaultError),
    /// A file could not be read or written.
    #[error("{what}")]
    File {
        /// Which file and what was tried.
        what: String,
        /// Why it failed.
        source: std::io::Error,
    },
    /// A migration failed; the database is as it was.
    #[error("the database could not be migrated; it is as it was")]
    Migrate(#[source] sqlx::migrate::MigrateError),
    /// The database cannot be reached or answered with an error.
    #[error("the database answered with an error")]
    Sqlx(#[source] sqlx::Error),
    /// It is not for this database, or not now.
    #[error("{0}")]
    Refused(String),
    /// The house is closing.
    #[error("the server is stopping")]
    Closing,
}

impl DbError {
    /// The stable code a caller sees.
    pub fn code(&self) -> &'static Code {
        match self {
            Self::Conflict | Self::Refused(_) => &codes::CONFLICT,
            Self::Dangling => &codes::NOT_FOUND,
            Self::Full => &codes::STORAGE_FULL,
            Self::ReadOnly { .. } => &codes::DB_READ_ONLY,
            Self::Newer(_) => &codes::DB_NEWER,
            Self::Address => &codes::SETTING_INVALID,
            Self::Vault(error) => error.code(),
            Self::Closing => &codes::UNAVAILABLE,
            Self::Sqlx(error) if is_unreachable(error) => &codes::DB_UNREACHABLE,
            Self::Row { .. }
            | Self::LeaseLost
            | Self::File { .. }
            | Self::Migrate(_)
            | Self::Sqlx(_) => &codes::INTERNAL,
        }
    }
}

impl From<DbError> for Problem {
    fn from(error: DbError) -> Self {
        let code = error.code();
        if code == &codes::INTERNAL {
            tracing::error!(error = chain(&error), "storage failed");
            return Self::new(code, "This was our fault and is in the log; try again.");
        }
        Self::of(code, &error)
    }
}

impl From<sqlx::Error> for DbError {
    fn from(error: sqlx::Error) -> Self {
        let Some(database) = error.as_database_error() else { return Self::Sqlx(error) };
        if database.is_unique_violation() {
            return Self::Conflict;
        }
        if database.is_foreign_key_violation() {
            return Self::Dangling;
        }
        // SQLite reports SQLITE_FULL (13) and SQLITE_READONLY (8) with extensions in the high bits,
        // PostgreSQL 53100 disk_full and 25006 read_only_sql_transaction.
        let code = database.code().unwrap_or_default().into_owned();
        let primary = code.parse::<u32>().map(|number| number & 0xff).unwrap_or_default();
        match (code.len(), primary, code.as_str()) {
            (5, _, "53100") | (1..=4, 13, _) => Self::Full,
            (5, _, "25006") | (1..=4, 8, _) => Self::ReadOnly { path: "the database".to_owned() },
            _ => Self::Sqlx(error),
        }
    }
}

/// The error with what caused it, for the log: neither form of the log shows causes by itself.
fn chain(error: &DbError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

fn is_unreachable(error: &sqlx::Error) -> bool {
    matches!(
        error,
        sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::Configuration(_)
    )
}
