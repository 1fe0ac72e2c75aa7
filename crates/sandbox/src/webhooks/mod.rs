//! The webhook sender: tells its subscribers on loopback that a build has finished or an order was
//! placed, signed as real services sign. Each subscription is a task of its own with one connection.

mod event;
mod line;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kernel::{Clock, Secret, Timestamp};
use serde::Serialize;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::fault::FaultDesk;
use crate::seed::Seed;
use crate::{SandboxError, Service};

pub use event::Scheme;
use event::Signer;
use line::Line;

/// The number of the first build and the first order.
const FIRST_NUMBER: u64 = 1001;

/// Names a subscription within one sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct SubscriptionId(u64);

impl fmt::Display for SubscriptionId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

/// What became of one event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Delivery {
    /// The id under which it was sent (`X-GitHub-Delivery` or `webhook-id`).
    pub id: String,
    /// Its kind: `workflow_run` or `order.placed`.
    pub event: &'static str,
    /// The number of the build or the order; one more than the event before.
    pub number: u64,
    /// When it happened, according to what was sent.
    pub at: Timestamp,
    /// What came of sending it: one entry, or two when it was sent twice.
    pub outcomes: Vec<Outcome>,
}

/// What came of sending an event once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was answered with this status.
    Answered(u16),
    /// There was no answer, for this reason.
    Failed(String),
}

/// A subscription and how it fares.
#[derive(Clone, Debug, Serialize)]
pub struct SubscriptionState {
    /// Its id.
    pub id: SubscriptionId,
    /// The URL that is called.
    pub target: String,
    /// How events are signed.
    pub scheme: Scheme,
    /// Events that were answered with a 2xx.
    pub delivered: u64,
    /// Events that were not.
    pub failed: u64,
    /// The last event.
    pub last: Option<Delivery>,
}

/// The sender. There are no retries: what is not taken is lost, as with GitHub.
#[derive(Debug)]
pub struct Webhooks {
    world: World,
    book: Mutex<Book>,
}

#[derive(Clone, Debug)]
struct World {
    clock: Clock,
    seed: Seed,
    desk: Arc<FaultDesk>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

#[derive(Debug, Default)]
struct Book {
    last_id: u64,
    entries: BTreeMap<SubscriptionId, Entry>,
}

#[derive(Debug)]
struct Entry {
    state: Arc<Mutex<SubscriptionState>>,
    fire: mpsc::Sender<oneshot::Sender<Delivery>>,
    stop: CancellationToken,
}

impl Webhooks {
    pub(crate) fn new(
        clock: Clock,
        seed: Seed,
        desk: Arc<FaultDesk>,
        stop: CancellationToken,
        tasks: TaskTracker,
    ) -> Self {
        let world = World { clock, seed, desk, stop, tasks };
        Self { world, book: Mutex::default() }
    }

    /// Sends an event to the target now and then, `every` so often in real time; the first after one
    /// such pause. The target is `http://` on a loopback address. The order of subscribing is part of
    /// what the events and their ids are made from.
    ///
    /// # Errors
    /// [`SandboxError::Target`], [`SandboxError::WebhookSecret`], [`SandboxError::TooOften`].
    pub fn subscribe(
        &self,
        target: &str,
        secret: &Secret<String>,
        scheme: Scheme,
        every: Duration,
    ) -> Result<SubscriptionId, SandboxError> {
        if every < Duration::from_millis(1) {
            return Err(SandboxError::TooOften);
        }
        let (line, signer) = (Line::new(target)?, Signer::new(scheme, secret)?);
        let mut book = lock(&self.book);
        book.last_id += 1;
        let id = SubscriptionId(book.last_id);
        let state = SubscriptionState {
            id,
            target: target.to_owned(),
            scheme,
            delivered: 0,
            failed: 0,
            last: None,
        };
        let state = Arc::new(Mutex::new(state));
        let (fire, fired) = mpsc::channel(16);
        let stop = self.world.stop.child_token();
        let sender = Sender {
            id,
            world: self.world.clone(),
            line,
            signer,
            number: FIRST_NUMBER,
            state: state.clone(),
        };
        self.world.tasks.spawn(stop.clone().run_until_cancelled_owned(sender.run(every, fired)));
        book.entries.insert(id, Entry { state, fire, stop });
        Ok(id)
    }

    /// Sends the next event now and waits for what comes of it.
    ///
    /// # Errors
    /// [`SandboxError::UnknownSubscription`], also when the sandbox ends meanwhile.
    pub async fn fire(&self, id: SubscriptionId) -> Result<Delivery, SandboxError> {
        let gone = SandboxError::UnknownSubscription;
        let fire = lock(&self.book).entries.get(&id).map(|entry| entry.fire.clone());
        let (answer, delivery) = oneshot::channel();
        fire.ok_or(gone(id))?.send(answer).await.map_err(|_| gone(id))?;
        delivery.await.map_err(|_| gone(id))
    }

    /// Ends a subscription.
    ///
    /// # Errors
    /// [`SandboxError::UnknownSubscription`].
    pub fn unsubscribe(&self, id: SubscriptionId) -> Result<(), SandboxError> {
        let entry = lock(&self.book).entries.remove(&id);
        entry.ok_or(SandboxError::UnknownSubscription(id))?.stop.cancel();
        Ok(())
    }

    /// All subscriptions, the oldest first.
    pub fn subscriptions(&self) -> Vec<SubscriptionState> {
        lock(&self.book).entries.values().map(|entry| lock(&entry.state).clone()).collect()
    }
}

struct Sender {
    id: SubscriptionId,
    world: World,
    line: Line,
    signer: Signer,
    number: u64,
    state: Arc<Mutex<SubscriptionState>>,
}

impl Sender {
    async fn run(mut self, every: Duration, mut fired: mpsc::Receiver<oneshot::Sender<Delivery>>) {
        let mut ticks = tokio::time::interval_at(Instant::now() + every, every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => drop(self.send().await),
                Some(waiting) = fired.recv() => {
                    let delivery = self.send().await;
                    // Whoever fired need not wait for the outcome.
                    let _ = waiting.send(delivery);
                }
            }
        }
    }

    async fn send(&mut self) -> Delivery {
        let faults = self.world.desk.draw(Service::Webhooks);
        let number = self.number;
        self.number += 1;
        let at = self.world.clock.now().minus(Duration::from_millis(faults.late_ms));
        let message = self.signer.message(&self.world.seed, self.id.0, number, at, faults.garbage);
        let mut outcomes = Vec::new();
        for _ in 0..=u8::from(faults.duplicate) {
            outcomes.push(match self.line.post(&message, faults).await {
                Ok(status) => Outcome::Answered(status),
                Err(reason) => Outcome::Failed(reason),
            });
        }
        let delivery = Delivery { id: message.id, event: message.event, number, at, outcomes };
        let taken = |outcome: &Outcome| matches!(outcome, Outcome::Answered(status) if (200..300).contains(status));
        let mut state = lock(&self.state);
        if delivery.outcomes.iter().any(taken) {
            state.delivered += 1;
        } else {
            state.failed += 1;
        }
        state.last = Some(delivery.clone());
        delivery
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
