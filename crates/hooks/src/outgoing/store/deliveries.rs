//! Deliveries: one series of attempts to tell one webhook of one event.

use db::{DbError, Row, Tx, args};
use kernel::{DeliveryId, Event, EventId, PageRequest, Timestamp, Trace, WebhookId, WorkspaceId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

/// How far a delivery has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum DeliveryStatus {
    /// Its first attempt is to come.
    Pending,
    /// Another attempt is.
    Retrying,
    Succeeded,
    /// Nothing more is tried by itself.
    Dead,
}

impl DeliveryStatus {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Retrying => "retrying",
            Self::Succeeded => "succeeded",
            Self::Dead => "dead",
        }
    }

    pub(crate) const fn waits(self) -> bool {
        matches!(self, Self::Pending | Self::Retrying)
    }
}

impl std::str::FromStr for DeliveryStatus {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let all = [Self::Pending, Self::Retrying, Self::Succeeded, Self::Dead];
        let known = all.into_iter().find(|it| it.name() == text);
        known.ok_or_else(|| format!("{text} is no state of a delivery"))
    }
}

/// A delivery as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    pub(crate) id: DeliveryId,
    pub(crate) webhook: WebhookId,
    pub(crate) event: EventId,
    pub(crate) event_type: String,
    pub(crate) event_at: Timestamp,
    pub(crate) status: DeliveryStatus,
    /// In all.
    pub(crate) attempts: u32,
    /// Since the first or the last replay.
    pub(crate) tries: u32,
    pub(crate) tried_since: Option<Timestamp>,
    pub(crate) next_at: Option<Timestamp>,
    pub(crate) error: Option<String>,
    pub(crate) trace: Option<Trace>,
}

const COLUMNS: &str = "d.id, d.webhook_id, d.event_id, d.event_type, d.event_at, d.status, d.attempts, \
     d.tries, d.tried_since, d.next_at, d.error, d.trace";

/// Makes a delivery for each webhook and event that has none; those of webhooks that are gone are not made.
pub(crate) async fn insert(
    tx: &mut Tx,
    workspace: WorkspaceId,
    wanted: &[(DeliveryId, WebhookId, &Event)],
    status: DeliveryStatus,
) -> Result<u64, DbError> {
    let rows = wanted.iter().map(|(id, webhook, event)| {
        json!({
            "id": id, "webhook": webhook, "event": event.id, "type": event.kind,
            "at": event.at.micros(), "trace": event.trace.map(|it| it.to_string()),
        })
    });
    let rows = json!(rows.collect::<Vec<_>>());
    let now = tx.now();
    let sql = tx.dialect(
        "INSERT INTO deliveries (workspace_id, id, webhook_id, event_id, event_type, event_at, status, \
           attempts, tries, next_at, trace, updated_at) \
         SELECT w.workspace_id, r.value ->> 'id', w.id, r.value ->> 'event', r.value ->> 'type', \
           r.value ->> 'at', $3, 0, 0, CASE WHEN $3 = 'pending' THEN r.value ->> 'at' ELSE $4 END, \
           r.value ->> 'trace', $4 \
         FROM json_each($2) r JOIN webhooks w \
           ON w.workspace_id = $1 AND w.id = r.value ->> 'webhook' \
         WHERE true ON CONFLICT (workspace_id, webhook_id, event_id) DO NOTHING",
        "INSERT INTO deliveries (workspace_id, id, webhook_id, event_id, event_type, event_at, status, \
           attempts, tries, next_at, trace, updated_at) \
         SELECT w.workspace_id, r.id, w.id, r.event, r.type, r.at, $3, 0, 0, \
           CASE WHEN $3 = 'pending' THEN r.at ELSE $4 END, r.trace, $4 \
         FROM json_to_recordset($2::json) \
           AS r (id TEXT, webhook TEXT, event TEXT, type TEXT, at BIGINT, trace TEXT) \
         JOIN webhooks w ON w.workspace_id = $1 AND w.id = r.webhook \
         ON CONFLICT (workspace_id, webhook_id, event_id) DO NOTHING",
    );
    tx.execute(sql, args![workspace, &rows, status.name(), now]).await
}

/// Which of those that wait are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// First attempts, the oldest first.
    First,
    /// Further attempts that are due.
    Again,
    /// Both, as the events came, whether due or not.
    InOrder,
}

/// Those that wait, with what they tell of, without those in `flying`.
pub(crate) async fn waiting(
    tx: &mut Tx,
    workspace: WorkspaceId,
    webhook: WebhookId,
    turn: Turn,
    flying: &[DeliveryId],
    most: usize,
) -> Result<Vec<(Delivery, Event)>, DbError> {
    let (which, order) = match turn {
        Turn::First => ("d.status = 'pending' AND $4 <> 0", "d.next_at, d.event_id"),
        Turn::Again => ("d.status = 'retrying' AND d.next_at <= $4", "d.next_at, d.event_id"),
        Turn::InOrder => {
            ("d.status IN ('pending', 'retrying') AND $4 <> 0", "d.event_at, d.event_id")
        }
    };
    let among =
        tx.dialect("SELECT value FROM json_each($3)", "SELECT json_array_elements_text($3::json)");
    let sql = format!(
        "SELECT {COLUMNS}, e.subject, e.data FROM deliveries d \
         JOIN events e ON e.workspace_id = d.workspace_id AND e.id = d.event_id \
         WHERE d.workspace_id = $1 AND d.webhook_id = $2 AND {which} AND d.id NOT IN ({among}) \
         ORDER BY {order} LIMIT $5"
    );
    let now = tx.now();
    let values = args![workspace, webhook, &json!(flying), now, most];
    let rows = tx.fetch_all(&sql, values).await?;
    rows.iter().map(|row| Ok((read(row)?, event(workspace, row)?))).collect()
}

/// When the next of those that wait is due.
pub(crate) async fn next_due(
    tx: &mut Tx,
    workspace: WorkspaceId,
    webhook: WebhookId,
    ordered: bool,
) -> Result<Option<Timestamp>, DbError> {
    let order = if ordered { "event_at, event_id" } else { "next_at" };
    let sql = format!(
        "SELECT next_at FROM deliveries WHERE workspace_id = $1 AND webhook_id = $2 \
           AND status IN ('pending', 'retrying') ORDER BY {order} LIMIT 1"
    );
    let row = tx.fetch_optional(&sql, args![workspace, webhook]).await?;
    Ok(row.map(|row| row.opt_time("next_at")).transpose()?.flatten())
}

/// A delivery with its event.
pub(crate) async fn get(
    tx: &mut Tx,
    workspace: WorkspaceId,
    id: DeliveryId,
) -> Result<Option<(Delivery, Event)>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS}, e.subject, e.data FROM deliveries d \
         JOIN events e ON e.workspace_id = d.workspace_id AND e.id = d.event_id \
         WHERE d.workspace_id = $1 AND d.id = $2"
    );
    let row = tx.fetch_optional(&sql, args![workspace, id]).await?;
    row.map(|row| Ok((read(&row)?, event(workspace, &row)?))).transpose()
}

/// Which deliveries of a webhook are wanted.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    pub(crate) status: Option<DeliveryStatus>,
    /// An event type, or the beginning of one that ends in a dot.
    pub(crate) event: String,
    pub(crate) from: Option<Timestamp>,
    pub(crate) to: Option<Timestamp>,
}

/// A page of them, the newest event first.
pub(crate) async fn list(
    tx: &mut Tx,
    workspace: WorkspaceId,
    webhook: WebhookId,
    filter: &Filter,
    page: &PageRequest,
) -> Result<Vec<Delivery>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM deliveries d WHERE d.workspace_id = $1 AND d.webhook_id = $2 \
           AND ($3 = '' OR d.status = $3) AND ($4 = '' OR d.event_type LIKE $4) \
           AND d.event_at >= $5 AND d.event_at <= $6 AND ($7 = '' OR d.event_id < $7) \
         ORDER BY d.event_id DESC LIMIT $8"
    );
    let beginning = if filter.event.ends_with(['.', '*']) { "%" } else { "" };
    let values = args![
        workspace,
        webhook,
        filter.status.map(DeliveryStatus::name).unwrap_or_default(),
        format!("{}{beginning}", filter.event.trim_end_matches('*')),
        filter.from.unwrap_or(Timestamp::from_micros(0)),
        filter.to.unwrap_or(Timestamp::from_micros(i64::MAX)),
        page.after.clone().unwrap_or_default(),
        page.limit + 1
    ];
    tx.fetch_all(&sql, values).await?.iter().map(read).collect()
}

/// Begins the attempts of a delivery anew. They go with the further attempts, so that a replay of many
/// holds up no event that is new.
pub(crate) async fn replay(
    tx: &mut Tx,
    workspace: WorkspaceId,
    id: DeliveryId,
) -> Result<(), DbError> {
    let now = tx.now();
    tx.execute(
        "UPDATE deliveries SET tries = 0, tried_since = NULL, next_at = $3, error = NULL, \
           updated_at = $3, status = CASE WHEN status = 'pending' THEN status ELSE 'retrying' END \
         WHERE workspace_id = $1 AND id = $2",
        args![workspace, id, now],
    )
    .await
    .map(drop)
}

/// What a replay of many goes through.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Span {
    pub(crate) since: Timestamp,
    pub(crate) until: Timestamp,
    /// Ended ones of either state unless said.
    pub(crate) status: Option<DeliveryStatus>,
}

/// Begins the attempts of a batch of ended deliveries anew; the last event of the batch, or `None` at the
/// end.
pub(crate) async fn replay_batch(
    tx: &mut Tx,
    workspace: WorkspaceId,
    webhook: WebhookId,
    span: &Span,
    after: &str,
    most: u32,
) -> Result<Option<EventId>, DbError> {
    let rows = tx
        .fetch_all(
            "SELECT id, event_id FROM deliveries WHERE workspace_id = $1 AND webhook_id = $2 \
               AND status IN ('succeeded', 'dead') AND ($3 = '' OR status = $3) \
               AND event_at >= $4 AND event_at <= $5 AND event_id > $6 ORDER BY event_id LIMIT $7",
            args![
                workspace,
                webhook,
                span.status.map(DeliveryStatus::name).unwrap_or_default(),
                span.since,
                span.until,
                after,
                most
            ],
        )
        .await?;
    for row in &rows {
        replay(tx, workspace, row.parse("id")?).await?;
    }
    let is_full = rows.len() == most as usize;
    rows.last().filter(|_| is_full).map(|row| row.parse("event_id")).transpose()
}

/// Gives up a batch of what waits for a webhook; how many.
pub(crate) async fn bury(
    tx: &mut Tx,
    workspace: WorkspaceId,
    webhook: WebhookId,
    why: &str,
    most: u32,
) -> Result<u64, DbError> {
    let now = tx.now();
    tx.execute(
        "UPDATE deliveries SET status = 'dead', next_at = NULL, error = COALESCE(error, $3), \
           updated_at = $4 \
         WHERE workspace_id = $1 AND id IN (SELECT id FROM deliveries \
           WHERE workspace_id = $1 AND webhook_id = $2 AND status IN ('pending', 'retrying') LIMIT $5)",
        args![workspace, webhook, why, now, most],
    )
    .await
}

fn read(row: &Row) -> Result<Delivery, DbError> {
    let number = |column: &str| -> Result<u32, DbError> {
        Ok(u32::try_from(row.int(column)?).unwrap_or(u32::MAX))
    };
    Ok(Delivery {
        id: row.parse("id")?,
        webhook: row.parse("webhook_id")?,
        event: row.parse("event_id")?,
        event_type: row.text("event_type")?,
        event_at: row.time("event_at")?,
        status: row.parse("status")?,
        attempts: number("attempts")?,
        tries: number("tries")?,
        tried_since: row.opt_time("tried_since")?,
        next_at: row.opt_time("next_at")?,
        error: row.opt_text("error")?,
        trace: row.opt_parse("trace")?,
    })
}

fn event(workspace: WorkspaceId, row: &Row) -> Result<Event, DbError> {
    Ok(Event {
        id: row.parse("event_id")?,
        workspace,
        kind: row.text("event_type")?,
        subject: row.text("subject")?,
        at: row.time("event_at")?,
        data: row.json("data")?,
        trace: row.opt_parse("trace")?,
    })
}
