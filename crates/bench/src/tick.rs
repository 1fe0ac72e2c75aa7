//! What one tick of the scheduler costs while more and more jobs wait that are not due.

use anyhow::{Context as _, Result};
use db::{Db, Done, Handler, Job, JobError, Options, Worker, Workspace, args};
use kernel::{JobId, JobKind, Lane, NewJob, Timestamp, WorkspaceId};
use serde_json::json;
use std::pin::Pin;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::table::{Table, Target, median, ms};

const KIND: JobKind = JobKind { name: "bench.tick", lane: Lane::Fast };
/// How many are due: as many as a worker takes of a workspace in its turn.
const DUE: usize = 32;

pub(crate) async fn measure(table: &mut Table, quick: bool) -> Result<()> {
    table.section("One tick: from the commit of 32 due jobs to their start")?;
    let sizes: &[u64] = if quick { &[1_000, 100_000] } else { &[1_000, 100_000, 1_000_000] };
    let rounds = if quick { 15 } else { 51 };
    let folder = tempfile::tempdir()?;
    let url = format!("sqlite:{}", folder.path().join("tick.db").display());
    let db = Db::open(Options::new(url)).await?;
    let workspace = db.workspace(WorkspaceId::generate(db.clock().now(), db.entropy()));
    let mut waiting = 0;
    let mut costs = Vec::new();
    for size in sizes {
        wait_for_tomorrow(&workspace, waiting, *size).await?;
        waiting = *size;
        let cost = tick(&workspace, rounds).await?;
        table.note(&format!("{size} jobs that are not due"), format!("{cost:.2} ms"))?;
        costs.push(cost);
    }
    db.close().await;
    let growth = costs.last().copied().unwrap_or(f64::NAN) / costs[0];
    table.figure("growth from the fewest to the most", growth, "×", Target::AtMost(1.5))
}

/// The median of so many ticks, in milliseconds.
async fn tick(workspace: &Workspace, rounds: usize) -> Result<f64> {
    let (started, mut starts) = mpsc::unbounded_channel();
    let stop = CancellationToken::new();
    let worker = Worker::new(workspace.db().clone()).handle(Note(started));
    let worker = tokio::spawn(worker.run(stop.clone()));
    let mut costs = Vec::with_capacity(rounds);
    for round in 0..rounds {
        let mut tx = workspace.write().await?;
        let run_at = tx.now();
        for at in 0..DUE {
            let key = format!("due-{round}-{at}");
            let job = NewJob { kind: KIND, key, run_at, payload: json!({}) };
            tx.enqueue(workspace.id(), job).await?;
        }
        tx.commit().await?;
        let begin = Instant::now();
        for _ in 0..DUE {
            starts.recv().await.context("the worker ended")?;
        }
        costs.push(ms(begin.elapsed()));
        let mut tx = workspace.write().await?;
        // By an index: reading all that wait would push what the next tick needs out of the cache.
        let sql = "DELETE FROM jobs WHERE workspace_id = $1 AND kind = $2 AND key < 'due-~'";
        tx.execute(sql, args![workspace.id(), KIND.name]).await?;
        tx.commit().await?;
    }
    stop.cancel();
    worker.await??;
    Ok(median(costs))
}

/// Says that a job was started, and leaves it at that.
struct Note(mpsc::UnboundedSender<()>);

impl Handler for Note {
    fn kind(&self) -> JobKind {
        KIND
    }

    fn run(&self, _: Job) -> Pin<Box<dyn Future<Output = Result<Done, JobError>> + Send + '_>> {
        Box::pin(async {
            self.0.send(()).map_err(|error| JobError(error.to_string()))?;
            Ok(Done::Settled)
        })
    }
}

/// Adds jobs until there are `to` of them, due tomorrow at the earliest.
async fn wait_for_tomorrow(workspace: &Workspace, from: u64, to: u64) -> Result<()> {
    let tomorrow = workspace.db().clock().now().plus(Duration::from_secs(86_400));
    let jobs = (from..to).map(|n| Waiting {
        kind: KIND,
        key: format!("waits-{n}"),
        run_at: tomorrow.plus(Duration::from_millis(n)),
    });
    insert(workspace, jobs).await
}

/// A job as a row.
pub(crate) struct Waiting {
    pub(crate) kind: JobKind,
    pub(crate) key: String,
    pub(crate) run_at: Timestamp,
}

/// Rows in a statement.
pub(crate) const ROWS: usize = 1000;

/// Writes jobs without waking anybody.
pub(crate) async fn insert(
    workspace: &Workspace,
    jobs: impl Iterator<Item = Waiting>,
) -> Result<()> {
    let mut tx = workspace.write().await?;
    let mut jobs = jobs.peekable();
    while jobs.peek().is_some() {
        let mut values = Vec::with_capacity(ROWS * 6);
        for Waiting { kind, key, run_at } in jobs.by_ref().take(ROWS) {
            let id = JobId::generate(tx.now(), workspace.db().entropy());
            let lane = i64::from(kind.lane == Lane::Remote);
            values.extend(args![workspace.id(), id, kind.name, key, lane, run_at]);
        }
        let rows = rows(values.len(), 6, ",'{}',0,0");
        let sql = format!(
            "INSERT INTO jobs (workspace_id, id, kind, key, lane, run_at, payload, fence, attempts) \
             VALUES {rows}"
        );
        tx.execute(&sql, values).await?;
    }
    Ok(tx.commit().await?)
}

/// `($1,$2…),(…)` for so many values, each row with the same end.
pub(crate) fn rows(values: usize, width: usize, end: &str) -> String {
    let places: Vec<_> = (1..=values).map(|place| format!("${place}")).collect();
    let rows: Vec<_> =
        places.chunks(width).map(|row| format!("({}{end})", row.join(","))).collect();
    rows.join(",")
}
