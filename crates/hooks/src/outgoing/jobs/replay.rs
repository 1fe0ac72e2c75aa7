//! Tells a webhook again of what happened in a time: a batch at a time, however much it is.

use db::{Done, Handler, Job, JobError, args};
use kernel::{DeliveryId, Event, EventId, JobKind, Lane, WebhookId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::pin::Pin;

use super::dispatch::wanted;
use crate::outgoing::store::deliveries::{self, DeliveryStatus, Span};
use crate::outgoing::store::webhooks;
use crate::outgoing::webhook::{Status, Webhook};
use crate::outgoing::{Outgoing, enqueue};

/// Replays a span of time; the key begins with the webhook's id.
pub(crate) const KIND: JobKind = JobKind { name: "webhook.replay", lane: Lane::Fast };

/// Rows of one run.
const MOST: u32 = 200;

/// How far a replay has come.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Progress {
    pub(crate) webhook: WebhookId,
    pub(crate) span: Span,
    /// First the deliveries that there are; then, unless only those of a state are asked for, the events
    /// that were never told.
    pub(crate) untold: bool,
    /// The last event that was gone through.
    pub(crate) after: String,
}

pub(crate) struct Replay(pub(crate) Outgoing);

impl Handler for Replay {
    fn kind(&self) -> JobKind {
        KIND
    }

    fn run(&self, job: Job) -> Pin<Box<dyn Future<Output = Result<Done, JobError>> + Send + '_>> {
        Box::pin(self.replay(job))
    }
}

impl Replay {
    async fn replay(&self, job: Job) -> Result<Done, JobError> {
        let mut progress: Progress = serde_json::from_value(job.payload.clone())
            .map_err(|error| JobError(format!("a replay that cannot be read: {error}")))?;
        let (room, id) = (&self.0, progress.webhook);
        let workspace = room.0.db.workspace(job.workspace);
        let mut tx = workspace.read().await?;
        let hook = webhooks::get(&mut tx, job.workspace, id).await?;
        let Some(hook) = hook.filter(|hook| hook.status != Status::Disabled) else {
            return Ok(Done::Remove);
        };
        let events = match progress.untold {
            true => untold(&mut tx, &hook, &job, &progress).await?,
            false => Vec::new(),
        };
        drop(tx);
        let found = match events.is_empty() {
            true => None,
            false => Some(wanted(room, vec![hook], &events).await?),
        };

        let mut tx = workspace.write().await?;
        let next = match &found {
            None if progress.untold => None,
            None => {
                let (span, after) = (&progress.span, &progress.after);
                deliveries::replay_batch(&mut tx, job.workspace, id, span, after, MOST).await?
            }
            Some(found) => {
                let entropy = room.0.db.entropy();
                let each = |(webhook, at): &(WebhookId, usize)| {
                    let event = &events[*at];
                    (DeliveryId::generate(event.at, entropy), *webhook, event)
                };
                let rows: Vec<_> = found.wanted.iter().map(each).collect();
                let status = DeliveryStatus::Retrying;
                deliveries::insert(&mut tx, job.workspace, &rows, status).await?;
                events.last().filter(|_| events.len() == MOST as usize).map(|event| event.id)
            }
        };
        enqueue(&mut tx, job.workspace, id).await?;
        let goes_on = match next {
            Some(last) => {
                progress.after = last.to_string();
                true
            }
            None if !progress.untold && progress.span.status.is_none() => {
                progress.untold = true;
                progress.after = EventId::first_at(progress.span.since).to_string();
                true
            }
            None => false,
        };
        if goes_on {
            let (key, run_at) = (job.key.clone(), tx.now());
            let payload = json!(progress);
            tx.enqueue(job.workspace, kernel::NewJob { kind: KIND, key, run_at, payload }).await?;
        }
        job.finish(&mut tx).await?;
        tx.commit().await?;
        Ok(Done::Settled)
    }
}

/// Events of the span that no delivery of the webhook tells of, by their ids.
async fn untold(
    tx: &mut db::Tx,
    hook: &Webhook,
    job: &Job,
    progress: &Progress,
) -> Result<Vec<Event>, JobError> {
    let rows = tx
        .fetch_all(
            "SELECT id, kind, subject, at, data, trace FROM events e \
             WHERE workspace_id = $1 AND id > $2 AND at <= $3 AND NOT EXISTS (SELECT 1 FROM deliveries d \
               WHERE d.workspace_id = e.workspace_id AND d.webhook_id = $4 AND d.event_id = e.id) \
             ORDER BY id LIMIT $5",
            args![job.workspace, &progress.after, progress.span.until, hook.id, MOST],
        )
        .await?;
    let read = |row: &db::Row| -> Result<Event, db::DbError> {
        Ok(Event {
            id: row.parse("id")?,
            workspace: job.workspace,
            kind: row.text("kind")?,
            subject: row.text("subject")?,
            at: row.time("at")?,
            data: row.json("data")?,
            trace: row.opt_parse("trace")?,
        })
    };
    Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
}
