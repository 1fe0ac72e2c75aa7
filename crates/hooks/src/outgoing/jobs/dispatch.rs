//! Makes deliveries of the events that webhooks want.

use db::{Done, Handler, Job, JobError};
use kernel::{DeliveryId, Event, JobKind, Lane, WebhookId};
use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;

use crate::outgoing::filter::{self, Said};
use crate::outgoing::store::deliveries::{self, DeliveryStatus};
use crate::outgoing::store::webhooks;
use crate::outgoing::webhook::Webhook;
use crate::outgoing::{Outgoing, enqueue};

/// Follows the events that some webhook of a workspace wants.
pub(crate) const KIND: JobKind = JobKind { name: "webhook.dispatch", lane: Lane::Fast };

/// Events of one run.
const MOST: u32 = 256;

/// The type of events that are made to test one webhook: they are told to that one alone.
pub(crate) const TEST: &str = "webhook.test";

pub(crate) struct Dispatch(pub(crate) Outgoing);

impl Handler for Dispatch {
    fn kind(&self) -> JobKind {
        KIND
    }

    fn run(&self, job: Job) -> Pin<Box<dyn Future<Output = Result<Done, JobError>> + Send + '_>> {
        Box::pin(self.dispatch(job))
    }
}

impl Dispatch {
    async fn dispatch(&self, job: Job) -> Result<Done, JobError> {
        let room = &self.0;
        let workspace = room.0.db.workspace(job.workspace);
        let mut tx = workspace.read().await?;
        let mut events = tx.pending_events(job.workspace, KIND, MOST).await?;
        let hooks = webhooks::listening(&mut tx, job.workspace).await?;
        drop(tx);
        let more = events.len() == MOST as usize;
        if more {
            leave_the_last_moment(&mut events);
        }
        events.sort_by_key(|event| (event.at, event.id));
        let found = wanted(room, hooks, &events).await?;

        let entropy = room.0.db.entropy();
        let each = |(webhook, at): &(WebhookId, usize)| {
            let event = &events[*at];
            (DeliveryId::generate(event.at, entropy), *webhook, event)
        };
        let rows: Vec<_> = found.wanted.iter().map(each).collect();
        let touched: BTreeSet<WebhookId> = found.wanted.iter().map(|(id, _)| *id).collect();
        let mut tx = workspace.write().await?;
        let made = match rows.is_empty() {
            true => 0,
            false => {
                deliveries::insert(&mut tx, job.workspace, &rows, DeliveryStatus::Pending).await?
            }
        };
        for (id, error) in &found.failed {
            webhooks::note_filter_error(&mut tx, job.workspace, *id, error).await?;
        }
        for id in touched {
            enqueue(&mut tx, job.workspace, id).await?;
        }
        tx.handled(job.workspace, KIND, &events).await?;
        match more {
            true => {
                let now = tx.now();
                job.run_again(&mut tx, now).await?;
            }
            false => job.finish(&mut tx).await?,
        }
        tx.commit().await?;
        room.0.metrics.dispatched.inc_by(made);
        Ok(Done::Settled)
    }
}

/// Events come by their ids, which within a millisecond are in no order: those of the last one wait for
/// the rest of it, so that the next run sees them together.
fn leave_the_last_moment(events: &mut Vec<Event>) {
    let last = events.last().map(|event| event.at.millis());
    let before = events.iter().take_while(|event| Some(event.at.millis()) != last).count();
    if before > 0 {
        events.truncate(before);
    }
}

/// Who wants which of these events.
pub(crate) struct Found {
    pub(crate) wanted: Vec<(WebhookId, usize)>,
    /// What filters failed with.
    pub(crate) failed: BTreeMap<WebhookId, String>,
}

/// Asks each webhook's patterns, and its filter.
pub(crate) async fn wanted(
    room: &Outgoing,
    hooks: Vec<Webhook>,
    events: &[Event],
) -> Result<Found, JobError> {
    let mut found = Found { wanted: Vec::new(), failed: BTreeMap::new() };
    for hook in hooks {
        let names = |event: &&(usize, &Event)| {
            let patterns = &hook.settings.events;
            event.1.kind != TEST && patterns.iter().any(|it| db::matches(it, &event.1.kind))
        };
        let numbered: Vec<_> = events.iter().enumerate().collect();
        let named: Vec<usize> = numbered.iter().filter(names).map(|(at, _)| *at).collect();
        let Some(filter) = hook.settings.filter.clone().filter(|_| !named.is_empty()) else {
            found.wanted.extend(named.into_iter().map(|at| (hook.id, at)));
            continue;
        };
        let inputs = named.iter().map(|at| filter::input(&events[*at])).collect();
        let asking = room.clone();
        let said = tokio::task::spawn_blocking(move || asking.0.filters.ask(&filter, inputs));
        let said = said.await.map_err(|error| JobError(error.to_string()))?;
        for (at, said) in named.into_iter().zip(said) {
            match said {
                Said::Yes => found.wanted.push((hook.id, at)),
                Said::No => {}
                Said::Failed(why) => {
                    let error = format!("{} ({}): {why}", events[at].kind, events[at].id);
                    found.failed.insert(hook.id, error);
                }
            }
        }
    }
    Ok(found)
}
