//! Serves one webhook: whoever holds the lease of its job sends what waits for it, and keeps its order, its
//! concurrency and its rate. First attempts go before further ones, and further ones never take all slots.

use db::{Done, Handler, Job, JobError, Workspace};
use kernel::{DeliveryId, Event, JobKind, Lane, Timestamp, Trace, WebhookId};
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::outgoing::Outgoing;
use crate::outgoing::flight::{Flight, Health, Landed, Step};
use crate::outgoing::schedule::{self, Next};
use crate::outgoing::send::{Endpoint, Hold, Zeal};
use crate::outgoing::slots::{Slots, slots};
use crate::outgoing::store::attempts::Outcome;
use crate::outgoing::store::deliveries::{self, Delivery, DeliveryStatus, Turn};
use crate::outgoing::store::webhooks;
use crate::outgoing::wakes::Wake;
use crate::outgoing::webhook::{Cause, Status, Webhook};

/// Serves the webhook whose id is the key.
pub(crate) const KIND: JobKind = JobKind { name: "webhook.deliver", lane: Lane::Remote };

/// Deliveries that are read at once, each with its event.
const READ: usize = 32;
/// Outcomes that wait to be written: beyond, nothing more is sent until they are.
const UNWRITTEN: usize = 256;
/// After this long others have a turn.
const TURN: Duration = Duration::from_secs(30);
/// Deliveries that are given up in one transaction.
const BURIED: u32 = 500;
pub(crate) struct Deliver(pub(crate) Outgoing);

impl Handler for Deliver {
    fn kind(&self) -> JobKind {
        KIND
    }

    fn run(&self, job: Job) -> Pin<Box<dyn Future<Output = Result<Done, JobError>> + Send + '_>> {
        Box::pin(self.serve(job))
    }
}

impl Deliver {
    async fn serve(&self, job: Job) -> Result<Done, JobError> {
        let id: WebhookId =
            job.key.parse().map_err(|_| JobError(format!("{} is no webhook", job.key)))?;
        let room = self.0.clone();
        let workspace = room.0.db.workspace(job.workspace);
        let wake = room.0.wakes.of(id);
        let mut service = Service {
            room,
            workspace,
            id,
            flying: JoinSet::new(),
            aloft: Vec::new(),
            firsts: VecDeque::new(),
            agains: VecDeque::new(),
            hold: None,
            health: Health::default(),
        };
        service.run(&wake).await?;
        service.settle(&job).await?;
        Ok(Done::Settled)
    }
}

/// A delivery and what it tells of.
type Due = (Delivery, Event);

/// One lease of a webhook's job.
struct Service {
    room: Outgoing,
    workspace: Workspace,
    id: WebhookId,
    flying: JoinSet<Result<Step, JobError>>,
    /// The deliveries that are being tried, until what came of it is written.
    aloft: Vec<Aloft>,
    firsts: VecDeque<Due>,
    agains: VecDeque<Due>,
    /// Until when the host is left alone, or the rate is used up.
    hold: Option<(Hold, Timestamp)>,
    health: Health,
}

/// A delivery that is being tried.
struct Aloft {
    id: DeliveryId,
    is_first: bool,
    /// Whether only its outcome is still to be written.
    is_answered: bool,
}

impl Service {
    /// Sends until nothing is due, or the turn is over.
    async fn run(&mut self, wake: &Wake) -> Result<(), JobError> {
        let begun = Instant::now();
        let mut endpoint: Option<Arc<Endpoint>> = None;
        loop {
            if endpoint.is_none() {
                let mut tx = self.workspace.read().await?;
                let found = webhooks::get(&mut tx, self.workspace.id(), self.id).await?;
                drop(tx);
                endpoint = self.prepare(found).await?;
            }
            let over = begun.elapsed() >= TURN;
            if let Some(endpoint) = endpoint.as_ref().filter(|_| !over) {
                self.fill(endpoint).await?;
                self.launch(endpoint);
            }
            if self.flying.is_empty() {
                return Ok(());
            }
            tokio::select! {
                landed = self.flying.join_next() => {
                    let mut landed = landed;
                    while let Some(one) = landed {
                        let one = one.map_err(|error| JobError(error.to_string()))??;
                        match one {
                            Step::Answered(answered) => self.keep(*answered),
                            Step::Landed(landed) => {
                                self.land(endpoint.as_ref(), landed).await?;
                            }
                        }
                        landed = self.flying.try_join_next();
                    }
                }
                () = wake.heard() => {
                    // What was read may be of other settings.
                    endpoint = None;
                    self.firsts.clear();
                    self.agains.clear();
                }
            }
        }
    }

    /// Makes ready to send; `None` when nothing is to be sent.
    async fn prepare(&mut self, found: Option<Webhook>) -> Result<Option<Arc<Endpoint>>, JobError> {
        let Some(webhook) = found else { return Ok(None) };
        self.health =
            Health { failing_since: webhook.failing_since, succeeded_at: webhook.succeeded_at };
        match webhook.status {
            Status::Active => Ok(Some(Arc::new(Endpoint::open(&self.workspace, &webhook).await?))),
            Status::Paused => Ok(None),
            Status::Disabled => {
                self.bury(&webhook).await?;
                Ok(None)
            }
        }
    }

    /// Gives up what waits.
    async fn bury(&self, webhook: &Webhook) -> Result<(), JobError> {
        let why = webhook.cause.as_ref().map_or("The webhook is disabled.", |it| &it.message);
        loop {
            let mut tx = self.workspace.write().await?;
            let whose = self.workspace.id();
            let buried = deliveries::bury(&mut tx, whose, self.id, why, BURIED).await?;
            tx.commit().await?;
            if buried < u64::from(BURIED) {
                return Ok(());
            }
        }
    }

    /// Reads more of what waits, where there is room for it.
    async fn fill(&mut self, endpoint: &Endpoint) -> Result<(), JobError> {
        let ordered = endpoint.settings.ordered;
        let slots = self.slots(endpoint);
        let wants_firsts = self.firsts.is_empty() && slots.firsts > 0;
        let wants_agains = !ordered && self.agains.is_empty() && slots.agains > 0;
        if !wants_firsts && !wants_agains {
            return Ok(());
        }
        let aloft: Vec<DeliveryId> = self.aloft.iter().map(|it| it.id).collect();
        let (whose, id) = (self.workspace.id(), self.id);
        let mut tx = self.workspace.read().await?;
        if wants_firsts {
            let turn = if ordered { Turn::InOrder } else { Turn::First };
            let found = deliveries::waiting(&mut tx, whose, id, turn, &aloft, READ).await?;
            self.firsts = found.into();
        }
        if wants_agains {
            let found = deliveries::waiting(&mut tx, whose, id, Turn::Again, &aloft, READ).await?;
            self.agains = found.into();
        }
        Ok(())
    }

    /// How many more may be sent now.
    fn slots(&self, endpoint: &Endpoint) -> Slots {
        if self.aloft.len() >= UNWRITTEN {
            return Slots { firsts: 0, agains: 0 };
        }
        let ordered = endpoint.settings.ordered;
        let most = if ordered { 1 } else { endpoint.settings.concurrency };
        // In order, the next one waits until it is written that the one before was heard: a crash must not
        // turn them round.
        let under_way = self.aloft.iter().filter(|it| ordered || !it.is_answered);
        let (firsts, agains): (Vec<_>, Vec<_>) = under_way.partition(|it| it.is_first);
        slots(most as usize, firsts.len(), agains.len(), self.held())
    }

    fn held(&self) -> Option<Hold> {
        let now = self.room.0.db.clock().now();
        self.hold.filter(|(_, until)| now < *until).map(|(hold, _)| hold)
    }

    /// Begins as many attempts as may be made.
    fn launch(&mut self, endpoint: &Arc<Endpoint>) {
        let now = self.room.0.db.clock().now();
        loop {
            let slots = self.slots(endpoint);
            let held = self.held();
            let due = if slots.firsts > 0 && !self.firsts.is_empty() {
                // In order, the one in front keeps the others waiting.
                let is_due = |(delivery, _): &mut Due| {
                    delivery.status == DeliveryStatus::Pending
                        || delivery.next_at.is_none_or(|at| at <= now)
                };
                self.firsts.pop_front_if(is_due)
            } else if slots.agains > 0 {
                self.agains.pop_front()
            } else {
                None
            };
            let Some((delivery, event)) = due else { return };
            let is_first = delivery.status == DeliveryStatus::Pending;
            let zeal = match (is_first, held) {
                (_, Some(Hold::Circuit)) => Zeal::Insisting,
                (true, _) => Zeal::First,
                (false, _) => Zeal::Again,
            };
            self.aloft.push(Aloft { id: delivery.id, is_first, is_answered: false });
            let attempt = Flight {
                room: self.room.clone(),
                workspace: self.workspace.clone(),
                endpoint: endpoint.clone(),
                health: self.health,
                zeal,
            };
            let trace = delivery.trace.unwrap_or_else(|| Trace::begin(self.room.0.db.entropy()));
            self.flying.spawn(db::trace::within(trace, attempt.fly(delivery, event)));
        }
    }

    /// Has an outcome written, together with others; the slot is free meanwhile.
    fn keep(&mut self, (outcome, landed): (Outcome, Landed)) {
        let answered = self.aloft.iter_mut().find(|it| it.id == landed.delivery);
        answered.into_iter().for_each(|it| it.is_answered = true);
        let room = self.room.clone();
        self.flying.spawn(async move {
            room.0.results.write(outcome).await?;
            Ok(Step::Landed(landed))
        });
    }

    /// Takes note of how an attempt went. Without an endpoint, its settings are being read again.
    async fn land(
        &mut self,
        endpoint: Option<&Arc<Endpoint>>,
        landed: Landed,
    ) -> Result<(), JobError> {
        self.aloft.retain(|it| it.id != landed.delivery);
        if let Some((hold, wait)) = landed.held {
            self.room.0.metrics.held.inc();
            let now = self.room.0.db.clock().now();
            self.hold = Some((hold, now.plus(wait.max(Duration::from_millis(1)))));
            // What was put off is still first in line.
            self.firsts.clear();
            self.agains.clear();
        }
        match landed.next {
            None => {}
            Some(Next::Succeeded) => {
                self.hold = self.hold.filter(|(hold, _)| *hold != Hold::Circuit);
                self.health = Health { failing_since: None, succeeded_at: Some(landed.at) };
            }
            Some(next) => {
                let since = *self.health.failing_since.get_or_insert(landed.at);
                let Some(endpoint) = endpoint else { return Ok(()) };
                if endpoint.settings.ordered {
                    self.firsts.clear();
                }
                self.judge(endpoint, &landed, next, since).await?;
            }
        }
        Ok(())
    }

    /// Gives the endpoint up if it is to be.
    async fn judge(
        &self,
        endpoint: &Endpoint,
        landed: &Landed,
        next: Next,
        failing_since: Timestamp,
    ) -> Result<(), JobError> {
        let now = self.room.0.db.clock().now();
        let error = landed.error.as_deref().unwrap_or_default();
        let cause = match (next, landed.tried) {
            (Next::Gone, _) => Cause {
                code: "gone".to_owned(),
                message: "The endpoint answered 410: it wants nothing any more.".to_owned(),
            },
            (_, Some(tried)) if schedule::gives_up(now, failing_since, tried, next) => Cause {
                code: "failing".to_owned(),
                message: format!("Nothing but failures came since {failing_since}. {error}"),
            },
            _ => return Ok(()),
        };
        Ok(self.room.disable(&self.workspace, self.id, &endpoint.settings, &cause).await?)
    }

    /// Says when the job runs again: its state and the deliveries' are one transaction.
    async fn settle(&self, job: &Job) -> Result<(), JobError> {
        let whose = self.workspace.id();
        let mut tx = self.workspace.write().await?;
        let webhook = webhooks::get(&mut tx, whose, self.id).await?;
        let active = webhook.filter(|it| it.status == Status::Active);
        let next = match active {
            Some(it) => deliveries::next_due(&mut tx, whose, self.id, it.settings.ordered).await?,
            None => None,
        };
        match next {
            Some(at) => {
                let held = self.held().and(self.hold).map_or(at, |(_, until)| until);
                job.run_again(&mut tx, at.max(held)).await?;
            }
            None => job.finish(&mut tx).await?,
        }
        Ok(tx.commit().await?)
    }
}
