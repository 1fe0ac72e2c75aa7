//! Who runs the jobs. One dispatcher per lane knows in memory when each workspace has something due,
//! takes a few jobs of each in turn, and runs them side by side.

use kernel::{Entropy, Lane, Timestamp, Trace, WorkspaceId};
use prometheus_client::registry::Registry;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::hand::Hand;
use super::metrics::Metrics;
use super::{Done, Handler, Job, JobError, store};
use crate::{Db, DbError, Signal, trace};

/// How many jobs of one workspace are taken before the next workspace has its turn.
const TURN: usize = 32;
/// A worker that says nothing for this long has lost its jobs.
const LEASE: Duration = Duration::from_secs(30);
const RENEW_EVERY: Duration = Duration::from_secs(10);
/// After this many attempts a job is given up, with an event that says so.
const MOST_ATTEMPTS: u32 = 20;
/// How long jobs in flight may take to end when the house closes.
const PATIENCE: Duration = Duration::from_secs(6);

/// Runs the jobs of every registered kind.
pub struct Worker {
    db: Db,
    handlers: Handlers,
    metrics: Metrics,
    hand: Hand,
}

type Handlers = HashMap<&'static str, Arc<dyn Handler>>;

impl Worker {
    /// A worker without handlers yet.
    pub fn new(db: Db) -> Self {
        Self { db, handlers: HashMap::new(), metrics: Metrics::default(), hand: Hand::default() }
    }

    /// Registers the handler of a kind.
    #[must_use]
    pub fn handle(mut self, handler: impl Handler) -> Self {
        let kind = handler.kind();
        self.handlers.insert(kind.name, Arc::new(handler));
        self
    }

    /// Adds the worker's counters.
    pub fn register(&self, registry: &mut Registry) {
        self.metrics.register(registry);
    }

    /// How many jobs it has in hand, those included that it is about to take; at 0 nothing is under way.
    pub fn in_hand(&self) -> watch::Receiver<usize> {
        self.hand.watch()
    }

    /// Runs until `stop`; then ends or hands back what is in flight.
    ///
    /// # Errors
    /// [`DbError`] when the queue cannot be read at the start.
    pub async fn run(self, stop: CancellationToken) -> Result<(), DbError> {
        if !self.db.is_postgres() {
            let found = store::recover(&self.db, self.db.clock().now()).await?;
            if found > 0 {
                tracing::info!(jobs = found, "taking up jobs that a crash had interrupted");
            }
        }
        let handlers = Arc::new(self.handlers);
        let mut lanes = Vec::new();
        for lane in Lane::ALL {
            let signals = self.db.signals();
            let due = store::due_times(&self.db, lane).await?;
            let mut dispatcher = Dispatcher {
                db: self.db.clone(),
                lane,
                handlers: handlers.clone(),
                metrics: self.metrics.clone(),
                hand: self.hand.clone(),
                permits: Arc::new(Semaphore::new(concurrency(lane))),
                agenda: Agenda::default(),
                running: TaskTracker::new(),
                stop: stop.clone(),
            };
            due.into_iter().for_each(|(workspace, at)| dispatcher.agenda.note(workspace, at));
            lanes.push(tokio::spawn(dispatcher.run(signals)));
        }
        for lane in lanes {
            drop(lane.await);
        }
        Ok(())
    }
}

const fn concurrency(lane: Lane) -> usize {
    match lane {
        Lane::Fast => 16,
        Lane::Remote => 512,
    }
}

/// When each workspace has something due, and whose turn it is.
#[derive(Default)]
struct Agenda {
    at: HashMap<WorkspaceId, Timestamp>,
    order: BTreeSet<(Timestamp, WorkspaceId)>,
    ready: VecDeque<WorkspaceId>,
}

impl Agenda {
    /// Something of the workspace is due at that time, if not earlier.
    fn note(&mut self, workspace: WorkspaceId, due: Timestamp) {
        match self.at.get(&workspace) {
            Some(known) if *known <= due => {}
            _ => self.set(workspace, Some(due)),
        }
    }

    /// The workspace's next due time is exactly this.
    fn set(&mut self, workspace: WorkspaceId, due: Option<Timestamp>) {
        if let Some(known) = self.at.remove(&workspace) {
            self.order.remove(&(known, workspace));
        }
        if let Some(due) = due {
            self.at.insert(workspace, due);
            self.order.insert((due, workspace));
        }
    }

    /// The workspace whose turn it is, and which is taken off the agenda until it is set again.
    fn turn(&mut self, now: Timestamp) -> Option<WorkspaceId> {
        while let Some((due, workspace)) = self.order.first().copied() {
            if due > now {
                break;
            }
            self.set(workspace, None);
            if !self.ready.contains(&workspace) {
                self.ready.push_back(workspace);
            }
        }
        self.ready.pop_front()
    }

    fn next(&self) -> Option<Timestamp> {
        self.order.first().map(|(due, _)| *due)
    }
}

struct Dispatcher {
    db: Db,
    lane: Lane,
    handlers: Arc<Handlers>,
    metrics: Metrics,
    hand: Hand,
    permits: Arc<Semaphore>,
    agenda: Agenda,
    running: TaskTracker,
    stop: CancellationToken,
}

impl Dispatcher {
    async fn run(mut self, mut signals: broadcast::Receiver<Signal>) {
        while !self.stop.is_cancelled() {
            let now = self.db.clock().now();
            if let Some(workspace) = self.agenda.turn(now) {
                // While every permit is taken, signals wait in their channel.
                let permit = tokio::select! {
                    permit = self.permits.clone().acquire_owned() => permit,
                    () = self.stop.cancelled() => break,
                };
                if let Ok(permit) = permit {
                    self.take(workspace, now, permit).await;
                }
                while let Ok(signal) = signals.try_recv() {
                    self.hear(signal).await;
                }
                continue;
            }
            let due = self.agenda.next().map(|due| due.since(now));
            tokio::select! {
                () = self.stop.cancelled() => break,
                () = sleep(due), if due.is_some() => {}
                heard = signals.recv() => match heard {
                    Ok(signal) => self.hear(signal).await,
                    Err(broadcast::error::RecvError::Lagged(_)) => self.hear(Signal::Resync).await,
                    Err(broadcast::error::RecvError::Closed) => break,
                },
            }
        }
        self.running.close();
        if tokio::time::timeout(PATIENCE, self.running.wait()).await.is_err() {
            tracing::info!(lane = ?self.lane, jobs = self.running.len(), "jobs in flight come due again");
        }
    }

    async fn hear(&mut self, signal: Signal) {
        match signal {
            Signal::Due(lane, workspace, due) if lane == self.lane => {
                self.agenda.note(workspace, due);
            }
            Signal::Resync => match store::due_times(&self.db, self.lane).await {
                Ok(due) => due.into_iter().for_each(|(id, at)| self.agenda.note(id, at)),
                Err(error) => tracing::warn!(%error, "cannot read when jobs are due"),
            },
            Signal::Due(..) | Signal::Event(_) | Signal::Changed(_) => {}
        }
    }

    async fn take(&mut self, workspace: WorkspaceId, now: Timestamp, first: OwnedSemaphorePermit) {
        let most = TURN.min(1 + self.permits.available_permits());
        let _taking = self.hand.take();
        let claimed =
            store::claim(&self.db, self.lane, workspace, now, now.plus(LEASE), most).await;
        let (jobs, next) = match claimed {
            Ok(claimed) => claimed,
            Err(error) => {
                tracing::warn!(%error, %workspace, "cannot claim jobs; trying again in a second");
                self.agenda.note(workspace, now.plus(Duration::from_secs(1)));
                return;
            }
        };
        if let Some(next) = next {
            self.agenda.note(workspace, next);
        }
        let mut first = Some(first);
        for job in jobs {
            let permit = match first.take() {
                Some(permit) => permit,
                None => match self.permits.clone().acquire_owned().await {
                    Ok(permit) => permit,
                    Err(_) => return,
                },
            };
            self.start(job, permit);
        }
    }

    fn start(&self, job: Job, permit: OwnedSemaphorePermit) {
        let db = self.db.clone();
        let stop = self.stop.clone();
        let handler = self.handlers.get(job.kind.as_str()).cloned();
        let metrics = self.metrics.clone();
        let kind = handler.as_ref().map_or("unknown", |handler| handler.kind().name);
        metrics.claimed(kind, job.due, db.clock().now());
        let held = self.hand.take();
        self.running.spawn(async move {
            let _held = (permit, held);
            let ended = run_job(&db, handler, &job, &stop).await;
            metrics.ended(kind, ended.name());
            if let Err(error) = settle(&db, &job, ended).await {
                tracing::debug!(%error, job = %job.id, kind = job.kind, "a job was settled elsewhere");
            }
        });
    }
}

async fn sleep(due: Option<Duration>) {
    if let Some(due) = due {
        tokio::time::sleep(due).await;
    }
}

enum Ended {
    Well(Done),
    Badly(JobError),
    Interrupted,
    /// Another worker has it.
    Lost,
}

impl Ended {
    fn name(&self) -> &'static str {
        match self {
            Self::Well(_) => "finished",
            Self::Badly(_) => "failed",
            Self::Interrupted => "interrupted",
            Self::Lost => "lost",
        }
    }
}

async fn run_job(
    db: &Db,
    handler: Option<Arc<dyn Handler>>,
    job: &Job,
    stop: &CancellationToken,
) -> Ended {
    let Some(handler) = handler else {
        return Ended::Badly(JobError(format!("nothing here runs jobs of kind {}", job.kind)));
    };
    let work = tokio::spawn({
        let job = job.clone();
        let trace = job.trace.unwrap_or_else(|| Trace::begin(db.entropy()));
        trace::within(trace, async move { handler.run(job).await })
    });
    let abort = work.abort_handle();
    tokio::pin!(work);
    let patience = async {
        stop.cancelled().await;
        tokio::time::sleep(PATIENCE - Duration::from_secs(1)).await;
    };
    tokio::pin!(patience);
    loop {
        tokio::select! {
            ended = &mut work => return match ended {
                Ok(Ok(done)) => Ended::Well(done),
                Ok(Err(error)) => Ended::Badly(error),
                Err(panic) => Ended::Badly(JobError(panic.to_string())),
            },
            () = &mut patience => {
                abort.abort();
                return Ended::Interrupted;
            }
            () = tokio::time::sleep(RENEW_EVERY) => {
                let until = db.clock().now().plus(LEASE);
                if matches!(store::renew(db, job, until).await, Err(DbError::LeaseLost)) {
                    abort.abort();
                    return Ended::Lost;
                }
            }
        }
    }
}

async fn settle(db: &Db, job: &Job, ended: Ended) -> Result<(), DbError> {
    match ended {
        Ended::Well(Done::Settled) | Ended::Lost => Ok(()),
        Ended::Well(Done::Remove) => {
            let mut tx = db.system(true).await?;
            job.finish(&mut tx).await?;
            tx.commit().await
        }
        Ended::Interrupted => store::hand_back(db, job).await,
        Ended::Badly(error) => {
            tracing::warn!(%error, job = %job.id, kind = job.kind, attempt = job.attempts, "a job failed");
            let mut tx = db.system(true).await?;
            if job.attempts >= MOST_ATTEMPTS {
                let data =
                    serde_json::json!({ "kind": job.kind, "key": job.key, "error": error.0 });
                tx.emit(job.workspace, "job.given_up", job.id, data).await?;
                job.finish(&mut tx).await?;
            } else {
                let at = db.clock().now().plus(backoff(job.attempts, db.entropy()));
                store::put_off(&mut tx, job, at, &error.0).await?;
            }
            tx.commit().await
        }
    }
}

/// Full jitter between nothing and a second that doubles with each attempt, up to an hour.
fn backoff(attempts: u32, entropy: &Entropy) -> Duration {
    let ceiling = Duration::from_secs(1 << attempts.min(12)).min(Duration::from_secs(3600));
    ceiling.mul_f64(entropy.fraction().max(0.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workspace(n: u64) -> WorkspaceId {
        WorkspaceId::generate(Timestamp::from_secs(n as i64), &Entropy::seeded(n))
    }

    #[test]
    fn workspaces_take_turns_however_much_one_of_them_has() {
        let (busy, quiet) = (workspace(1), workspace(2));
        let now = Timestamp::from_secs(100);
        let mut agenda = Agenda::default();
        agenda.note(busy, Timestamp::from_secs(1));
        agenda.note(quiet, Timestamp::from_secs(99));
        assert_eq!(agenda.turn(now), Some(busy));
        agenda.note(busy, Timestamp::from_secs(1));
        assert_eq!(agenda.turn(now), Some(quiet));
        assert_eq!(agenda.turn(now), Some(busy));
        assert_eq!(agenda.turn(now), None);
    }

    #[test]
    fn only_the_earliest_time_counts() {
        let id = workspace(1);
        let mut agenda = Agenda::default();
        agenda.note(id, Timestamp::from_secs(9));
        agenda.note(id, Timestamp::from_secs(5));
        agenda.note(id, Timestamp::from_secs(7));
        assert_eq!(agenda.next(), Some(Timestamp::from_secs(5)));
        assert_eq!(agenda.turn(Timestamp::from_secs(4)), None);
    }
}
