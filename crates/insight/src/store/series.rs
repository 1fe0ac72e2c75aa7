//! Series: a row per subject, platform and day.

use db::{DbError, Row, Tx, args};
use kernel::WorkspaceId;
use serde_json::Value;

use crate::series::Day;

const COLUMNS: &str = "subject, platform, date, connection_id, metrics, estimated, fetched_at";

/// Which rows are wanted; days inclusive, what is `None` means any.
#[derive(Clone, Debug, Default)]
pub(crate) struct Span {
    pub(crate) subject: Option<String>,
    pub(crate) platform: Option<String>,
    pub(crate) from: String,
    pub(crate) to: String,
}

/// The row of the same day.
pub(crate) async fn get(
    tx: &mut Tx,
    workspace: WorkspaceId,
    day: &Day,
) -> Result<Option<Day>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM metrics \
         WHERE workspace_id = $1 AND subject = $2 AND platform = $3 AND date = $4"
    );
    let key = args![workspace, &day.subject, &day.platform, &day.date];
    tx.fetch_optional(&sql, key).await?.as_ref().map(read).transpose()
}

/// Keeps a row; a later one of the same day corrects it.
pub(crate) async fn put(
    tx: &mut Tx,
    workspace: WorkspaceId,
    day: &Day,
    raw: &Value,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO metrics (workspace_id, subject, platform, date, connection_id, metrics, \
           estimated, raw, fetched_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
         ON CONFLICT (workspace_id, subject, platform, date) DO UPDATE SET connection_id = $5, \
           metrics = $6, estimated = $7, raw = $8, fetched_at = $9",
        args![
            workspace,
            &day.subject,
            &day.platform,
            &day.date,
            day.connection,
            &Value::Object(day.metrics.clone()),
            &Value::Object(day.estimated.clone()),
            raw,
            day.fetched_at
        ],
    )
    .await
    .map(drop)
}

/// The rows of a span, by day.
pub(crate) async fn between(
    tx: &mut Tx,
    workspace: WorkspaceId,
    span: &Span,
    most: u32,
) -> Result<Vec<Day>, DbError> {
    // The key begins with the subject, which is what is asked for.
    let subject = if span.subject.is_some() { "subject = $2" } else { "$2 = ''" };
    let platform = if span.platform.is_some() { "platform = $3" } else { "$3 = ''" };
    let sql = format!(
        "SELECT {COLUMNS} FROM metrics WHERE workspace_id = $1 AND {subject} AND {platform} \
           AND date >= $4 AND date <= $5 ORDER BY date, subject, platform LIMIT $6"
    );
    let values = args![
        workspace,
        span.subject.clone().unwrap_or_default(),
        span.platform.clone().unwrap_or_default(),
        &span.from,
        &span.to,
        most
    ];
    tx.fetch_all(&sql, values).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Day, DbError> {
    Ok(Day {
        subject: row.text("subject")?,
        platform: row.text("platform")?,
        date: row.text("date")?,
        connection: row.parse("connection_id")?,
        metrics: row.json("metrics")?,
        estimated: row.json("estimated")?,
        fetched_at: row.time("fetched_at")?,
    })
}
