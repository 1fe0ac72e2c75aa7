//! A transaction. It runs statements, appends events and enqueues jobs; what it announces reaches the
//! other rooms (and, through PostgreSQL, the other nodes) only after the commit.

use kernel::{Event, NewJob, WorkspaceId};
use serde_json::Value as Json;
use sqlx::postgres::PgArguments;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments, AssertSqlSafe, Postgres, Sqlite, Transaction};
use std::sync::Arc;

use crate::{Change, Db, DbError, Row, Signal, Value, events};

pub(crate) enum Conn {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

/// One transaction of a workspace, or of the house itself. Dropped without [`Tx::commit`], it leaves
/// no trace.
pub struct Tx {
    pub(crate) db: Db,
    pub(crate) conn: Conn,
    pub(crate) signals: Vec<Signal>,
}

impl Tx {
    /// Runs a statement and says how many rows it touched.
    ///
    /// # Errors
    /// [`DbError`], so for all below.
    pub async fn execute(&mut self, sql: &str, args: Vec<Value>) -> Result<u64, DbError> {
        self.db.count_statement();
        match &mut self.conn {
            Conn::Sqlite(tx) => {
                let query = sqlx::query_with(AssertSqlSafe(sql), sqlite_args(args)?);
                Ok(query.execute(&mut **tx).await?.rows_affected())
            }
            Conn::Postgres(tx) => {
                let query = sqlx::query_with(AssertSqlSafe(sql), postgres_args(args)?);
                Ok(query.execute(&mut **tx).await?.rows_affected())
            }
        }
    }

    /// All rows of an answer. Bound the answer with LIMIT where it can grow.
    pub async fn fetch_all(&mut self, sql: &str, args: Vec<Value>) -> Result<Vec<Row>, DbError> {
        self.db.count_statement();
        match &mut self.conn {
            Conn::Sqlite(tx) => {
                let query = sqlx::query_with(AssertSqlSafe(sql), sqlite_args(args)?);
                let rows = query.fetch_all(&mut **tx).await?;
                Ok(rows.into_iter().map(Row::Sqlite).collect())
            }
            Conn::Postgres(tx) => {
                let query = sqlx::query_with(AssertSqlSafe(sql), postgres_args(args)?);
                let rows = query.fetch_all(&mut **tx).await?;
                Ok(rows.into_iter().map(Row::Postgres).collect())
            }
        }
    }

    /// The first row, if there is one.
    pub async fn fetch_optional(
        &mut self,
        sql: &str,
        args: Vec<Value>,
    ) -> Result<Option<Row>, DbError> {
        Ok(self.fetch_all(sql, args).await?.into_iter().next())
    }

    /// Chooses between two spellings of a statement.
    pub fn dialect<T>(&self, sqlite: T, postgres: T) -> T {
        match self.conn {
            Conn::Sqlite(_) => sqlite,
            Conn::Postgres(_) => postgres,
        }
    }

    /// The time, from the clock that the database was opened with.
    pub fn now(&self) -> kernel::Timestamp {
        self.db.clock().now()
    }

    /// Appends an event to the workspace's log, hands it to who follows its kind, and announces it after
    /// the commit. It belongs to the trace of this task.
    pub async fn emit(
        &mut self,
        workspace: WorkspaceId,
        kind: &str,
        subject: impl ToString,
        data: Json,
    ) -> Result<(), DbError> {
        self.append(workspace, kind, subject, data).await.map(drop)
    }

    /// The same, and answers the event.
    pub async fn append(
        &mut self,
        workspace: WorkspaceId,
        kind: &str,
        subject: impl ToString,
        data: Json,
    ) -> Result<Arc<Event>, DbError> {
        let event = Arc::new(events::made(&self.db, workspace, kind, subject, data));
        let Event { id, subject, at, data, trace, .. } = &*event;
        self.execute(
            "INSERT INTO events (workspace_id, id, kind, subject, at, data, trace) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            crate::args![workspace, *id, kind, subject, *at, data, *trace],
        )
        .await?;
        self.hand_on(&event).await?;
        self.announce(Signal::Event(event.clone()));
        Ok(event)
    }

    /// Announces something after the commit to who is listening right now, without a line in the log: steps
    /// on the way to something that has its event.
    pub fn tell(&mut self, workspace: WorkspaceId, kind: &str, subject: impl ToString, data: Json) {
        let event = events::made(&self.db, workspace, kind, subject, data);
        self.announce(Signal::Event(Arc::new(event)));
    }

    /// Asks for a job. See [`crate::Worker`] for what a kind and a key promise.
    pub async fn enqueue(&mut self, workspace: WorkspaceId, job: NewJob) -> Result<(), DbError> {
        crate::queue::enqueue(self, workspace, job).await
    }

    /// Says that something kept in memory elsewhere has changed.
    pub fn changed(&mut self, change: Change) {
        self.announce(Signal::Changed(change));
    }

    pub(crate) fn announce(&mut self, signal: Signal) {
        self.signals.push(signal);
    }

    /// Makes it durable, then announces what was announced.
    pub async fn commit(mut self) -> Result<(), DbError> {
        let signals = std::mem::take(&mut self.signals);
        if let Conn::Postgres(tx) = &mut self.conn {
            crate::signal::notify(&self.db, tx, &signals).await?;
        }
        match self.conn {
            Conn::Sqlite(tx) => {
                tx.commit().await?;
                self.db.after_write().await;
            }
            Conn::Postgres(tx) => tx.commit().await?,
        }
        self.db.broadcast(signals);
        Ok(())
    }
}

fn refuse(error: sqlx::error::BoxDynError) -> DbError {
    DbError::Sqlx(sqlx::Error::Encode(error))
}

fn sqlite_args(values: Vec<Value>) -> Result<SqliteArguments, DbError> {
    let mut args = SqliteArguments::default();
    for value in values {
        match value {
            Value::Text(it) => args.add(it),
            Value::Int(it) => args.add(it),
            Value::Blob(it) => args.add(it),
            Value::Flag(it) => args.add(it),
            Value::Texts(_) | Value::Ints(_) | Value::Blobs(_) => {
                Err("SQLite has no arrays".into())
            }
        }
        .map_err(refuse)?;
    }
    Ok(args)
}

fn postgres_args(values: Vec<Value>) -> Result<PgArguments, DbError> {
    let mut args = PgArguments::default();
    for value in values {
        match value {
            Value::Text(it) => args.add(it),
            Value::Int(it) => args.add(it),
            Value::Blob(it) => args.add(it),
            Value::Flag(it) => args.add(it),
            Value::Texts(it) => args.add(it),
            Value::Ints(it) => args.add(it),
            Value::Blobs(it) => args.add(it),
        }
        .map_err(refuse)?;
    }
    Ok(args)
}
