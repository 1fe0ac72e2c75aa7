//! A row of either database, read by column name.

use kernel::Timestamp;
use serde::de::DeserializeOwned;
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use std::str::FromStr;

use crate::DbError;

/// One row of an answer.
pub enum Row {
    /// From SQLite.
    Sqlite(SqliteRow),
    /// From PostgreSQL.
    Postgres(PgRow),
}

macro_rules! get {
    ($row:expr, $column:expr, $type:ty) => {
        match $row {
            Row::Sqlite(row) => row.try_get::<$type, _>($column),
            Row::Postgres(row) => row.try_get::<$type, _>($column),
        }
        .map_err(|error| wrong($column, error))
    };
}

fn wrong(column: &str, error: impl std::fmt::Display) -> DbError {
    DbError::Row { column: column.to_owned(), what: error.to_string() }
}

impl Row {
    /// A text.
    ///
    /// # Errors
    /// [`DbError::Row`] when the column is missing, NULL or of another type; so for all below.
    pub fn text(&self, column: &str) -> Result<String, DbError> {
        get!(self, column, String)
    }

    /// A text or NULL.
    pub fn opt_text(&self, column: &str) -> Result<Option<String>, DbError> {
        get!(self, column, Option<String>)
    }

    /// An integer.
    pub fn int(&self, column: &str) -> Result<i64, DbError> {
        get!(self, column, i64)
    }

    /// An integer or NULL.
    pub fn opt_int(&self, column: &str) -> Result<Option<i64>, DbError> {
        get!(self, column, Option<i64>)
    }

    /// A truth value.
    pub fn flag(&self, column: &str) -> Result<bool, DbError> {
        get!(self, column, bool)
    }

    /// Bytes.
    pub fn blob(&self, column: &str) -> Result<Vec<u8>, DbError> {
        get!(self, column, Vec<u8>)
    }

    /// A point in time.
    pub fn time(&self, column: &str) -> Result<Timestamp, DbError> {
        self.int(column).map(Timestamp::from_micros)
    }

    /// A point in time or NULL.
    pub fn opt_time(&self, column: &str) -> Result<Option<Timestamp>, DbError> {
        Ok(self.opt_int(column)?.map(Timestamp::from_micros))
    }

    /// A text in a form of its own: an id, a state.
    pub fn parse<T: FromStr>(&self, column: &str) -> Result<T, DbError>
    where
        T::Err: std::fmt::Display,
    {
        self.text(column)?.parse().map_err(|error: T::Err| wrong(column, error))
    }

    /// The same, or NULL.
    pub fn opt_parse<T: FromStr>(&self, column: &str) -> Result<Option<T>, DbError>
    where
        T::Err: std::fmt::Display,
    {
        let parse = |text: String| text.parse().map_err(|error: T::Err| wrong(column, error));
        self.opt_text(column)?.map(parse).transpose()
    }

    /// JSON in a text.
    pub fn json<T: DeserializeOwned>(&self, column: &str) -> Result<T, DbError> {
        serde_json::from_str(&self.text(column)?).map_err(|error| wrong(column, error))
    }

    /// JSON in a text, or NULL.
    pub fn opt_json<T: DeserializeOwned>(&self, column: &str) -> Result<Option<T>, DbError> {
        let parse =
            |text: String| serde_json::from_str(&text).map_err(|error| wrong(column, error));
        self.opt_text(column)?.map(parse).transpose()
    }
}
