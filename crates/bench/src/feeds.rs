//! A hundred thousand feeds on 5-minute intervals: what they cost while none is due, and how late they
//! are pulled when they are. The sandbox writes down when each was asked for.

use anyhow::Result;
use db::{Db, Options, args};
use kernel::{Clock, Entropy, FeedId, IntegrationId, JobKind, Lane, Timestamp};
use sandbox::{Sandbox, SandboxConfig, Service};
use serde_json::json;
use std::time::Duration;

use crate::client::text;
use crate::house::{House, Running};
use crate::table::{Table, Target, median, ms};
use crate::tick::{ROWS, Waiting, insert, rows};

const FEEDS: u64 = 100_000;
const INTERVAL: Duration = Duration::from_secs(300);
/// From one feed to the next.
const SPACING: Duration = Duration::from_micros(INTERVAL.as_micros() as u64 / FEEDS);
const TOMORROW: Duration = Duration::from_secs(86_400);
const PULL: JobKind = JobKind { name: "feed.pull", lane: Lane::Remote };

pub(crate) async fn measure(table: &mut Table, quick: bool) -> Result<()> {
    table.section("100,000 feeds on 5-minute intervals")?;
    let house = House::new(None)?;
    let sandbox = Sandbox::start(SandboxConfig::fresh(Clock::System, &Entropy::System)).await?;
    let first = fill(&house, sandbox.url(Service::Bench).unwrap_or_default()).await?;
    rest(table, &house, quick).await?;
    drift(table, &house, &sandbox, first, quick).await?;
    sandbox.shutdown().await;
    Ok(())
}

/// Makes the feeds, of which the n-th asks for `/bench/n`. The first is due at the answered time.
async fn fill(house: &House, url: &str) -> Result<Timestamp> {
    let running = house.serve().await?;
    let integration = json!({
        "name": "Bench", "provider": "rest", "config": { "base_url": url },
        "pull": { "interval_secs": INTERVAL.as_secs() },
    });
    let made = running.client.post("/api/v1/integrations", &integration).await?;
    let integration: IntegrationId = text(&made, "id")?.parse()?;
    running.process.end()?;

    let db = Db::open(Options::new(house.database_url())).await?;
    let workspace = db.workspace(house.workspace.parse()?);
    let now = db.clock().now();
    let first = now.plus(TOMORROW);
    let due = |n: u64| first.plus(SPACING * n as u32);
    let ids: Vec<_> = (0..FEEDS).map(|_| FeedId::generate(now, db.entropy())).collect();
    let mut tx = workspace.write().await?;
    for (chunk, ids) in ids.chunks(ROWS).enumerate() {
        let mut values = Vec::with_capacity(ROWS * 7);
        for (at, id) in ids.iter().enumerate() {
            let n = (chunk * ROWS + at) as u64;
            let (own, pull) = (format!("own:{id}"), json!({ "path": format!("/bench/{n}") }));
            values.extend(args![workspace.id(), *id, integration, own, &pull, due(n), now]);
        }
        let end = ",'Bench','pull',TRUE,'{}',0,0,0,0";
        let sql = format!(
            "INSERT INTO feeds (workspace_id, id, integration_id, discriminator, pull, refresh_at, \
               created_at, name, mode, enabled, options, version, bytes, failures, updated_at) \
             VALUES {}",
            rows(values.len(), 7, end)
        );
        tx.execute(&sql, values).await?;
    }
    tx.commit().await?;
    let jobs = ids.iter().zip(0..).map(|(id, n)| Waiting {
        kind: PULL,
        key: id.to_string(),
        run_at: due(n),
    });
    insert(&workspace, jobs).await?;
    db.close().await;
    Ok(first)
}

/// With none due: the start, the memory, and what is done while nothing is to be done.
async fn rest(table: &mut Table, house: &House, quick: bool) -> Result<()> {
    let mut starts = Vec::new();
    for _ in 0..if quick { 3 } else { 7 } {
        let running = house.serve().await?;
        starts.push(ms(running.ready_after));
        running.process.end()?;
    }
    table.figure("start to ready", median(starts), " ms", Target::AtMost(300.0))?;

    let running = house.serve().await?;
    let time = Duration::from_secs(if quick { 10 } else { 60 });
    // What follows a start, such as closing idle connections, is not rest yet; nor is the first look at
    // the counters, which computes what later looks find.
    self::statements(&running).await?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let (statements, cpu) = (statements(&running).await?, running.process.cpu()?);
    tokio::time::sleep(time).await;
    let cpu = (running.process.cpu()? - cpu).as_secs_f64() / time.as_secs_f64();
    let minutes = time.as_secs_f64() / 60.0;
    let asked = (self::statements(&running).await? - statements) as f64 / minutes;
    table.figure("none due: statements", asked, "/min", Target::AtMost(0.0))?;
    table.figure("none due: CPU", cpu * 100.0, " %", Target::AtMost(0.1))?;
    let memory = running.process.resident_mb()?;
    table.figure("none due: resident memory", memory, " MB", Target::AtMost(60.0))?;
    running.process.end()
}

async fn statements(running: &Running) -> Result<u64> {
    running.counter("patchbay_database_statements_total").await
}

/// How late they are pulled.
async fn drift(
    table: &mut Table,
    house: &House,
    sandbox: &Sandbox,
    first: Timestamp,
    quick: bool,
) -> Result<()> {
    let time = Duration::from_secs(if quick { 15 } else { 90 });
    // Time enough to start, so that nothing is late because it was not running yet.
    let db = Db::open(Options::new(house.database_url())).await?;
    let begin = db.clock().now().plus(Duration::from_secs(4));
    let earlier = i64::try_from(first.since(begin).as_micros())?;
    let mut tx = db.system(true).await?;
    tx.execute("UPDATE jobs SET run_at = run_at - $1 WHERE kind = $2", args![earlier, PULL.name])
        .await?;
    tx.commit().await?;
    let clock = db.clock().clone();
    db.close().await;

    let running = house.serve().await?;
    let cpu = running.process.cpu()?;
    tokio::time::sleep(begin.plus(time).since(clock.now())).await;
    let cpu = (running.process.cpu()? - cpu).as_secs_f64() / time.as_secs_f64();
    // Those of the last moment have the time that the target gives them.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let end = clock.now();
    let due = |n: u64| begin.plus(SPACING * n as u32);
    let mut late: Vec<_> = (0..)
        .map(due)
        .take_while(|due| *due < begin.plus(time))
        .map(|due| end.since(due))
        .collect();
    for arrival in sandbox.bench().arrivals() {
        if let Some(late) = late.get_mut(usize::try_from(arrival.n)?) {
            *late = (*late).min(arrival.at.since(due(arrival.n)));
        }
    }
    let per_second = late.len() as f64 / time.as_secs_f64();
    late.sort_unstable();
    let p99 = late.get(late.len() * 99 / 100).copied().unwrap_or_default();
    let name = format!("drift, p99 of {per_second:.0} pulls a second for {} s", time.as_secs());
    table.figure(&name, ms(p99), " ms", Target::AtMost(1000.0))?;
    let worst = late.last().copied().unwrap_or_default();
    table.note("drift, the worst", format!("{:.2} ms", ms(worst)))?;
    table.note("CPU of one core meanwhile", format!("{:.0} %", cpu * 100.0))?;
    running.process.end()
}
