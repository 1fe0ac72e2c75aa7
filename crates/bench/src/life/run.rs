//! Runs the house through days that pass as fast as its jobs are done: the time moves on to the next job that
//! is due, and stands still until nothing is under way.

use anyhow::{Context as _, Result, bail};
use db::{Db, Retention, args};
use kernel::{Entropy, Timestamp};
use sandbox::{Platform, Service};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::house::House;
use super::time::Time;
use super::usage::{Meter, Usage};
use super::weather::{GRACE, SPELL, Weather};
use super::world::World;

/// 2026-01-01T00:00:00Z.
const START: Timestamp = Timestamp::from_secs(1_767_225_600);
const HOUR: Duration = Duration::from_secs(3600);
/// People connect over so long, so that not all tokens end at the same moment.
const CONNECTING: Duration = HOUR;
/// What the first hours bring is not measured: first numbers, and choices that were missing.
const WARM_UP: Duration = Duration::from_secs(2 * 3600);
/// How often the house forgets what is old, in hours.
const FORGET_EVERY: u64 = 6;
/// After so many moments in which nothing happens, what is under way waits for a timer.
const MOMENTS: u32 = 3;
/// The first step of the time then. Each further one is twice as long, up to the longest.
const STEP: Duration = Duration::from_millis(50);
const LONGEST_STEP: Duration = Duration::from_millis(800);
/// What takes longer than this hangs.
const LONGEST: Duration = Duration::from_secs(900);

/// What is simulated.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// Each has an account on every platform.
    pub(crate) artists: usize,
    pub(crate) services: Vec<Service>,
    /// Each has an app of its own on every platform.
    pub(crate) artists_of_an_app: usize,
    pub(crate) hours: u64,
    /// Of access tokens that something renews.
    pub(crate) token_life: Duration,
    /// The seed of what goes wrong; without one nothing does.
    pub(crate) weather: Option<u64>,
}

/// What came of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Report {
    pub(crate) connections: u64,
    pub(crate) hours: u64,
    /// Tokens that were renewed, by platform.
    pub(crate) refreshes: BTreeMap<String, u64>,
    /// Rotating tokens that were used twice.
    pub(crate) reuses: u64,
    /// Numbers that were read.
    pub(crate) syncs: u64,
    /// Calls that a platform refused for its quota.
    pub(crate) over_quota: u64,
    /// The most of a quota that was used within its window, by platform, in per cent.
    pub(crate) share: BTreeMap<String, f64>,
    /// The oldest numbers of any account at any full hour, in hours.
    pub(crate) oldest: f64,
    /// Tasks that people have, by kind.
    pub(crate) tasks: BTreeMap<String, u64>,
    /// Connections by state in the end.
    pub(crate) states: BTreeMap<String, u64>,
    /// Rows of numbers by day.
    pub(crate) days: BTreeMap<String, u64>,
    pub(crate) usage: Usage,
}

impl Report {
    pub(crate) fn refreshed(&self) -> u64 {
        self.refreshes.values().sum()
    }

    pub(crate) fn connection_days(&self) -> f64 {
        self.connections as f64 * self.hours as f64 / 24.0
    }

    /// Connections that only a person can mend, and people that were asked to.
    pub(crate) fn reconnects(&self) -> u64 {
        let ended = ["expired", "revoked"].iter().filter_map(|state| self.states.get(*state));
        ended.sum::<u64>().max(self.tasks.values().sum())
    }
}

/// Lives through it. To be called on a runtime of a single thread.
pub(crate) async fn run(plan: &Plan) -> Result<Report> {
    let time = Time::stopped(START)?;
    let world = World::start(time.clock().clone())?;
    let house = House::open(time.clock(), Entropy::seeded(1)).await?;
    let grace = plan.weather.map_or(Duration::ZERO, |_| GRACE);
    let platforms = world.platforms(&plan.services, plan.token_life, grace);
    let mut life =
        Life { time, house, world, platforms, oldest: Duration::ZERO, daily: BTreeMap::new() };
    life.connect(plan).await?;
    life.live(WARM_UP, None).await?;
    life.oldest = Duration::ZERO;
    life.daily.clear();
    // The platforms begin to count anew as well.
    life.platforms.iter().for_each(|platform| platform.set_quota(None));
    let before = life.counts();
    let meter = Meter::start(&life.house.db).await?;
    let weather = plan.weather.map(Weather::new);
    life.live(HOUR * u32::try_from(plan.hours)?, weather.as_ref()).await?;
    let mut report = life.report(plan, &before).await?;
    report.usage = meter.read(&life.house.db).await?;
    life.house.close().await;
    Ok(report)
}

struct Life {
    time: Time,
    house: House,
    world: World,
    platforms: Vec<Arc<Platform>>,
    oldest: Duration,
    /// The largest share of a daily budget, in per cent.
    daily: BTreeMap<String, f64>,
}

impl Life {
    async fn connect(&mut self, plan: &Plan) -> Result<()> {
        let pause = CONNECTING / u32::try_from(plan.artists.max(1))?;
        let mut integrations = Vec::new();
        for artist in 0..plan.artists {
            if artist % plan.artists_of_an_app == 0 {
                integrations.clear();
                for platform in &self.platforms {
                    let url = self.world.sandbox.url(platform.service()).context("no address")?;
                    let app = format!("app-{}", artist / plan.artists_of_an_app);
                    integrations.push(self.house.integrate(platform, url, &app).await?);
                }
            }
            let name = format!("artist-{artist}");
            for (platform, integration) in self.platforms.iter().zip(&integrations) {
                let connecting = self.house.connect(*integration, platform, &name);
                patiently(&mut self.time, &self.house.db, connecting).await??;
            }
            self.house.choose(&self.platforms, &name).await?;
            self.live(pause, None).await?;
        }
        Ok(())
    }

    /// Lets so much time pass.
    async fn live(&mut self, time: Duration, weather: Option<&Weather>) -> Result<()> {
        let end = self.time.now().plus(time);
        let spell = if weather.is_some() { SPELL } else { HOUR };
        let mut next = next(self.time.now(), spell);
        loop {
            self.settle().await?;
            let (now, due) = (self.time.now(), self.house.next_due().await?);
            if due.is_some_and(|due| due <= now) {
                self.taken_up().await?;
                continue;
            }
            if now >= end {
                return Ok(());
            }
            if now >= next {
                if let Some(weather) = weather {
                    weather.change(&self.world.sandbox, &self.platforms)?;
                }
                if next.secs() % 3600 == 0 {
                    self.each_hour(next).await?;
                }
                next = self::next(now, spell);
                continue;
            }
            // Timers of the runtime have milliseconds and are late by one.
            let due = due.map_or(end, |due| due.plus(Duration::from_millis(2)));
            self.time.advance(due.min(next).min(end).since(now)).await;
        }
    }

    /// Waits until nothing is under way.
    async fn settle(&mut self) -> Result<()> {
        let mut in_hand = self.house.in_hand.clone();
        let rest = async { in_hand.wait_for(|count| *count == 0).await.map(drop) };
        Ok(patiently(&mut self.time, &self.house.db, rest).await??)
    }

    /// Waits until what is due is taken up.
    async fn taken_up(&mut self) -> Result<()> {
        for _ in 0..1000 {
            tokio::select! {
                changed = self.house.in_hand.changed() => return Ok(changed?),
                () = self.time.moment() => {}
            }
            // The timer that the dispatcher waits for may be one that time has not reached by a hair.
            self.time.advance(Duration::from_millis(1)).await;
        }
        bail!("nobody takes up what is due at {}", self.time.now())
    }

    async fn each_hour(&mut self, hour: Timestamp) -> Result<()> {
        let mut tx = self.house.db.system(false).await?;
        let sql = "SELECT min(coalesce(synced_at, created_at)) AS oldest FROM connections";
        let row = tx.fetch_optional(sql, Vec::new()).await?.context("no connections")?;
        if let Some(oldest) = row.opt_time("oldest")? {
            self.oldest = self.oldest.max(hour.since(oldest));
        }
        let sql = "SELECT provider, max(used * 100.0 / units) || '' AS share FROM quotas GROUP BY provider";
        for row in &tx.fetch_all(sql, Vec::new()).await? {
            let share = row.text("share")?.parse::<f64>()?;
            let most = self.daily.entry(row.text("provider")?).or_default();
            *most = most.max(share);
        }
        drop(tx);
        if (hour.secs() / 3600).unsigned_abs().is_multiple_of(FORGET_EVERY) {
            self.house.db.forget_old(&Retention::default()).await?;
        }
        Ok(())
    }

    /// What the platforms have counted so far: renewals and numbers.
    fn counts(&self) -> BTreeMap<String, u64> {
        let of = |it: &Arc<Platform>| (it.service().name().to_owned(), it.counters().refreshes);
        self.platforms.iter().map(of).collect()
    }

    async fn report(&self, plan: &Plan, before: &BTreeMap<String, u64>) -> Result<Report> {
        let mut report = Report { hours: plan.hours, ..Report::default() };
        report.share = self.daily.clone();
        for platform in &self.platforms {
            let (name, counters) = (platform.service().name().to_owned(), platform.counters());
            report.reuses += counters.reuses;
            report.over_quota += counters.over_quota;
            let share = report.share.entry(name.clone()).or_default();
            *share = share.max(f64::from(counters.quota_peak) / 10.0);
            let earlier = before.get(&name).copied().unwrap_or_default();
            report.refreshes.insert(name, counters.refreshes - earlier);
        }
        report.oldest = self.oldest.as_secs_f64() / HOUR.as_secs_f64();
        report.states = self.counted("connections", "status").await?;
        report.connections = report.states.values().sum();
        report.tasks = self.counted("tasks", "description").await?;
        report.days = self.counted("metrics", "date").await?;
        let from = self.time.now().minus(HOUR * u32::try_from(plan.hours)?);
        let mut tx = self.house.db.system(false).await?;
        let sql = "SELECT count(*) AS count FROM metrics WHERE fetched_at >= $1";
        let row = tx.fetch_optional(sql, args![from]).await?.context("no count")?;
        report.syncs = row.int("count")?.unsigned_abs();
        Ok(report)
    }

    async fn counted(&self, table: &str, column: &str) -> Result<BTreeMap<String, u64>> {
        let sql =
            format!("SELECT {column} AS name, count(*) AS count FROM {table} GROUP BY {column}");
        let mut tx = self.house.db.system(false).await?;
        let rows = tx.fetch_all(&sql, Vec::new()).await?;
        rows.iter().map(|row| Ok((row.text("name")?, row.int("count")?.unsigned_abs()))).collect()
    }
}

/// Waits for something. If it waits for a timer, it gets its time.
async fn patiently<T>(time: &mut Time, db: &Db, work: impl Future<Output = T>) -> Result<T> {
    let mut work = std::pin::pin!(work);
    let (mut idle, mut step, mut passed, mut statements) = (0, STEP, Duration::ZERO, 0);
    loop {
        tokio::select! {
            biased;
            done = &mut work => return Ok(done),
            () = time.moment() => {}
        }
        let spoke = std::mem::replace(&mut statements, db.statements()) != statements;
        if spoke || time.is_busy()? {
            (idle, step) = (0, STEP);
            continue;
        }
        idle += 1;
        if idle >= MOMENTS {
            time.advance(step).await;
            passed += step;
            (idle, step) = (0, LONGEST_STEP.min(step * 2));
        }
        if passed > LONGEST {
            bail!("something hangs at {}", time.now());
        }
    }
}

/// The next time that is a multiple of it.
fn next(now: Timestamp, every: Duration) -> Timestamp {
    let every = i64::try_from(every.as_secs()).unwrap_or(i64::MAX);
    Timestamp::from_secs((now.secs().div_euclid(every) + 1) * every)
}
