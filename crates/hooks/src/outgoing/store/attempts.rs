//! Attempts: what was sent where, and what came of it.

use db::{DbError, Row, Tx, args};
use kernel::{DeliveryId, Timestamp, WebhookId, WorkspaceId};
use serde_json::json;

use super::deliveries::{Delivery, DeliveryStatus};
use super::webhooks;

/// One attempt.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    pub(crate) at: Timestamp,
    pub(crate) url: String,
    pub(crate) status_code: Option<u16>,
    pub(crate) duration_ms: u64,
    /// Code and message.
    pub(crate) error: Option<(String, String)>,
    /// The beginning of the answer's body.
    pub(crate) response: Option<String>,
}

/// An attempt and what follows from it, written together.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) workspace: WorkspaceId,
    /// As it was before.
    pub(crate) delivery: Delivery,
    pub(crate) attempt: Attempt,
    pub(crate) status: DeliveryStatus,
    pub(crate) next_at: Option<Timestamp>,
    /// When the first of these tries was.
    pub(crate) since: Timestamp,
    /// Whether the webhook's health is to be noted as well.
    pub(crate) noteworthy: bool,
}

/// Writes it. False when somebody else has made this attempt: its outcome counts, and this one is dropped.
pub(crate) async fn write(tx: &mut Tx, it: &Outcome) -> Result<bool, DbError> {
    let Outcome { workspace, delivery, attempt, .. } = it;
    let (error_code, error) = match &attempt.error {
        Some((code, message)) => (Some(code.clone()), Some(message.clone())),
        None => (None, None),
    };
    let ended_at = tx.now();
    let touched = tx
        .execute(
            "UPDATE deliveries SET status = $3, attempts = attempts + 1, tries = tries + 1, \
               tried_since = $4, next_at = $5, error = $6, updated_at = $7 \
             WHERE workspace_id = $1 AND id = $2 AND attempts = $8",
            args![
                *workspace,
                delivery.id,
                it.status.name(),
                it.since,
                it.next_at,
                error.clone(),
                ended_at,
                delivery.attempts
            ],
        )
        .await?;
    if touched == 0 {
        return Ok(false);
    }
    tx.execute(
        "INSERT INTO delivery_attempts (workspace_id, delivery_id, number, at, url, status_code, \
           duration_ms, error_code, error, response) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        args![
            *workspace,
            delivery.id,
            delivery.attempts + 1,
            attempt.at,
            &attempt.url,
            attempt.status_code,
            attempt.duration_ms,
            error_code,
            error,
            attempt.response.clone()
        ],
    )
    .await?;
    if it.noteworthy {
        let well = it.status == DeliveryStatus::Succeeded;
        let webhook: WebhookId = delivery.webhook;
        webhooks::note(tx, *workspace, webhook, attempt.at, well).await?;
    }
    Ok(true)
}

/// The attempts of these deliveries, the oldest first.
pub(crate) async fn of(
    tx: &mut Tx,
    workspace: WorkspaceId,
    deliveries: &[DeliveryId],
) -> Result<Vec<(DeliveryId, Attempt)>, DbError> {
    let among =
        tx.dialect("SELECT value FROM json_each($2)", "SELECT json_array_elements_text($2::json)");
    let sql = format!(
        "SELECT delivery_id, at, url, status_code, duration_ms, error_code, error, response \
         FROM delivery_attempts WHERE workspace_id = $1 AND delivery_id IN ({among}) \
         ORDER BY delivery_id, number"
    );
    let rows = tx.fetch_all(&sql, args![workspace, &json!(deliveries)]).await?;
    rows.iter().map(|row| Ok((row.parse("delivery_id")?, read(row)?))).collect()
}

fn read(row: &Row) -> Result<Attempt, DbError> {
    let error = match (row.opt_text("error_code")?, row.opt_text("error")?) {
        (Some(code), Some(message)) => Some((code, message)),
        _ => None,
    };
    Ok(Attempt {
        at: row.time("at")?,
        url: row.text("url")?,
        status_code: row.opt_int("status_code")?.and_then(|it| u16::try_from(it).ok()),
        duration_ms: u64::try_from(row.int("duration_ms")?).unwrap_or_default(),
        error,
        response: row.opt_text("response")?,
    })
}
