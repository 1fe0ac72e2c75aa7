//! The request log: the door hands entries over without waiting, they are written many at a time.

use db::{Batch, Batcher, Db, DbError, Row, Tx, Workspace, args};
use egress::{Log, RequestLogEntry};
use kernel::{FeedId, IntegrationId, PageRequest, RequestLogId, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

/// Rows in one statement; at 17 values each that is far below what either database takes.
const MOST: usize = 200;

/// Where the door's entries go. Cheap to clone. An entry is dropped rather than holding a request up.
#[derive(Clone)]
pub struct RequestLogs(Batcher<Rows>);

impl RequestLogs {
    /// Starts the writer.
    pub fn start(db: Db) -> Self {
        Self(Batcher::start(db, Rows, MOST))
    }
}

impl Log for RequestLogs {
    fn record(&self, entry: RequestLogEntry) {
        if !self.0.offer(entry) {
            tracing::warn!("the request log cannot keep up; an entry was dropped");
        }
    }
}

struct Rows;

const COLUMNS: &str = "workspace_id, id, integration_id, feed_id, at, method, host, url, status, \
     duration_us, request_bytes, response_bytes, success, error_code, error, attempt, outcome";
const WIDTH: usize = 17;

impl Batch for Rows {
    type Item = RequestLogEntry;
    type Answer = ();

    async fn write(&self, tx: &mut Tx, items: &[RequestLogEntry]) -> Result<Vec<()>, DbError> {
        let rows: Vec<String> = (0..items.len())
            .map(|row| {
                let binds: Vec<_> = (1..=WIDTH).map(|n| format!("${}", row * WIDTH + n)).collect();
                format!("({})", binds.join(", "))
            })
            .collect();
        let sql = format!("INSERT INTO request_logs ({COLUMNS}) VALUES {}", rows.join(", "));
        tx.execute(&sql, items.iter().flat_map(values).collect()).await?;
        Ok(vec![(); items.len()])
    }
}

fn values(entry: &RequestLogEntry) -> Vec<db::Value> {
    let outcome = match (entry.not_modified, entry.status) {
        (true, _) => "not_modified",
        (_, Some(_)) => "answered",
        (_, None) => "failed",
    };
    args![
        entry.workspace,
        entry.id,
        entry.integration,
        entry.feed,
        entry.at,
        &entry.method,
        &entry.host,
        &entry.url,
        entry.status,
        entry.duration_ms.saturating_mul(1000),
        entry.request_bytes,
        entry.response_bytes,
        entry.success,
        entry.error_code,
        entry.error.as_deref(),
        entry.attempt,
        outcome
    ]
}

/// One request that left, without its secrets.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct RequestLog {
    /// Its id.
    #[schema(value_type = String)]
    pub id: RequestLogId,
    /// When it was sent.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The method.
    pub method: String,
    /// Host and port.
    pub host: String,
    /// The URL without its secrets.
    pub url: String,
    /// The status of the answer, if there was one.
    pub status: Option<i64>,
    /// How long it took.
    pub duration_ms: f64,
    /// Bytes received.
    pub bytes: i64,
    /// Whether the answer was complete and its status below 400.
    pub success: bool,
    /// The code of what went wrong, when nothing was answered.
    pub error_code: Option<String>,
    /// What went wrong.
    pub error: Option<String>,
    /// Which attempt it was, from 1.
    pub attempt: i64,
    /// Whether the provider said that nothing has changed.
    pub cached: bool,
    /// The feed that it was for.
    #[schema(value_type = Option<String>)]
    pub feed_id: Option<FeedId>,
}

/// The requests of an integration, newest first.
pub(crate) async fn of_integration(
    workspace: &Workspace,
    integration: IntegrationId,
    success: Option<bool>,
    page: &PageRequest,
) -> Result<Vec<RequestLog>, DbError> {
    let outcome = match success {
        Some(true) => "AND success",
        Some(false) => "AND NOT success",
        None => "",
    };
    let sql = format!(
        "SELECT {COLUMNS} FROM request_logs WHERE workspace_id = $1 AND integration_id = $2 \
           AND ($3 = '' OR id < $3) {outcome} ORDER BY id DESC LIMIT $4"
    );
    let after = page.after.clone().unwrap_or_default();
    let values = args![workspace.id(), integration, after, page.limit + 1];
    workspace.read().await?.fetch_all(&sql, values).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<RequestLog, DbError> {
    Ok(RequestLog {
        id: row.parse("id")?,
        at: row.time("at")?,
        method: row.text("method")?,
        host: row.text("host")?,
        url: row.text("url")?,
        status: row.opt_int("status")?,
        duration_ms: row.int("duration_us")? as f64 / 1000.0,
        bytes: row.int("response_bytes")?,
        success: row.flag("success")?,
        error_code: row.opt_text("error_code")?,
        error: row.opt_text("error")?,
        attempt: row.int("attempt")?,
        cached: row.text("outcome")? == "not_modified",
        feed_id: row.opt_parse("feed_id")?,
    })
}
