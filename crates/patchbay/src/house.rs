//! Opens the house: database, keys, the way out, the rooms; and runs it until it is told to stop.

use accounts::jobs::mail::Mail;
use accounts::{Accounts, AccountsConfig};
use actions::Actions;
use anyhow::{Context as _, Result};
use catalog::Catalog;
use connect::{Connect, RequestLogs};
use db::{Db, Options, Worker};
use egress::Egress;
use feeds::{Feeds, FeedsConfig};
use flows::Flows;
use hooks::{Hooks, HooksConfig, Outgoing};
use insight::Insight;
use server::{Connectors, FeedDestinations, House, InstanceState, Metrics};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use utoipa_axum::router::OpenApiRouter;
use vault::MasterKey;

use crate::demo::Demo;
use crate::master::{self, Source};
use crate::settings::{Role, Settings};

/// An opened database with its keys.
pub(crate) struct Vaulted {
    pub(crate) db: Db,
    pub(crate) source: Source,
    pub(crate) master: Arc<MasterKey>,
}

/// Opens and migrates the database and unlocks its keys.
pub(crate) async fn open(settings: &Settings) -> Result<Vaulted> {
    keep_private(settings)?;
    let db = Db::open(Options::new(settings.database_url())).await?;
    let source = Source::of(settings);
    let master = master::unlock(&db, &source).await?;
    Ok(Vaulted { db, source, master })
}

/// Makes the data directory one that its owner alone can look into. One that is there stays as it is.
fn keep_private(settings: &Settings) -> Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    let folder = settings.data_dir();
    if folder.exists() {
        return Ok(());
    }
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder);
    made.with_context(|| format!("cannot make the data directory {}", folder.display()))
}

/// Builds the rooms around a database.
pub(crate) async fn build(
    settings: &Settings,
    vaulted: &Vaulted,
    listen: SocketAddr,
) -> Result<House> {
    let db = vaulted.db.clone();
    let public_url = settings.public_url(listen);
    let catalog = Arc::new(Catalog::embedded().context("the built-in catalog")?);
    let config = AccountsConfig {
        public_url: Some(public_url.clone()),
        trusted_proxies: settings.trusted_proxy.clone().unwrap_or_default(),
        ..AccountsConfig::default()
    };
    let accounts = Accounts::new(db.clone(), config).await?;
    let logs = Arc::new(RequestLogs::start(db.clone()));
    let config =
        egress::Config { allow_networks: settings.allow_networks(), ..egress::Config::default() };
    let egress = Egress::new(config, db.clock().clone(), db.entropy().clone(), logs)?;
    let connect = Connect::new(db.clone(), catalog, egress.clone(), public_url.clone());
    let config =
        FeedsConfig { memory_bytes: settings.memory_bytes(), public_url: public_url.clone() };
    let feeds = Feeds::new(db.clone(), connect.clone(), config);
    let config = HooksConfig {
        trusted_proxies: settings.trusted_proxy.clone().unwrap_or_default(),
        ..HooksConfig::new(public_url.clone())
    };
    let destinations = Arc::new(FeedDestinations(feeds.clone()));
    let hooks = Hooks::new(db.clone(), connect.clone(), destinations, config);
    let outgoing = Outgoing::new(db.clone(), connect.clone(), egress.clone(), public_url);
    let insight = Insight::new(db.clone(), connect.clone());
    let actions = Actions::new(connect.clone());
    let runner = Arc::new(Connectors(actions.clone()));
    let flows = Flows::new(db.clone(), egress.clone(), runner);
    let metrics = Metrics::new(&db);
    metrics.register(|registry| egress.register(registry));
    metrics.register(|registry| hooks.register(registry));
    metrics.register(|registry| outgoing.register(registry));
    metrics.register(|registry| feeds.register(registry));
    metrics.register(|registry| insight.register(registry));
    let rotation = RotateHere { db: db.clone(), source: vaulted.source.clone() };
    let instance = InstanceState {
        started_at: db.clock().now(),
        demo: settings.demo(),
        master_key_source: vaulted.source.name(),
        rotate: Arc::new(rotation),
    };
    let instance = Arc::new(instance);
    Ok(House {
        db,
        accounts,
        connect,
        actions,
        feeds,
        flows,
        hooks,
        outgoing,
        insight,
        instance,
        metrics,
    })
}

/// Rotates the master key of the running house.
struct RotateHere {
    db: Db,
    source: Source,
}

impl server::Rotate for RotateHere {
    fn rotate(&self) -> futures::future::BoxFuture<'_, Result<u64, String>> {
        Box::pin(async move {
            let said = |error: anyhow::Error| format!("{error:#}");
            let from = self.db.master().await.map_err(|error| said(error.into()))?;
            let rotated = master::rotate(&self.db, &self.source, &from, None).await;
            rotated.map(|(_, count)| count).map_err(said)
        })
    }
}

/// How long requests and jobs in flight have to end.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often what is old is forgotten.
const FORGET_EVERY: Duration = Duration::from_secs(6 * 60 * 60);

/// Runs the house until `stop`.
pub(crate) async fn serve(settings: Settings, stop: CancellationToken) -> Result<()> {
    let begin = std::time::Instant::now();
    let vaulted = open(&settings).await?;
    let address = settings.listen();
    let listener = TcpListener::bind(address).await;
    let listener = listener.with_context(|| format!("cannot listen on {address}"))?;
    let address = listener.local_addr()?;
    let house = build(&settings, &vaulted, address).await?;
    house.connect.recover().await?;
    tokio::spawn(house.db.clone().follow_keys());

    let demo = if settings.demo() { Some(Demo::start(&settings, &house).await?) } else { None };
    let extra = demo.as_ref().map_or_else(OpenApiRouter::new, Demo::routes);
    let router = server::router(house.clone(), extra);
    let mut tasks = tokio::task::JoinSet::new();
    if settings.plays(Role::Worker) {
        let worker = Worker::new(house.db.clone());
        let worker = worker.handle(accounts::jobs::reseal::Reseal::new(house.db.clone()));
        let mail = Mail::new(house.db.clone(), settings.mailer()?, settings.public_url(address));
        let worker = worker.handle(mail);
        let worker =
            house.flows.work(house.insight.work(house.connect.work(house.feeds.work(worker))));
        let worker = house.hooks.work(worker);
        house.outgoing.recover().await?;
        let worker = house.outgoing.work(worker);
        house.metrics.register(|registry| worker.register(registry));
        tasks.spawn(run_worker(worker, stop.clone()));
        tasks.spawn(forget_old(house.db.clone(), settings.retention(), stop.clone()));
    }
    if let Some(demo) = &demo {
        demo.fill(server::inside(&house));
    }
    let took = begin.elapsed();
    tracing::info!(%address, ready_ms = took.as_millis() as u64, "ready: open http://{address}");
    let router = if settings.plays(Role::Api) { router } else { server::health(&house) };
    let closing = server::serve(listener, router, stop.clone(), PATIENCE).await;
    tracing::info!(?closing, "no longer answering requests");
    while tasks.join_next().await.is_some() {}
    house.feeds.flush().await;
    if let Err(error) = house.connect.flush_quotas().await {
        tracing::warn!(%error, "what was spent of quotas is not written");
    }
    if let Err(error) = house.accounts.flush_usage().await {
        tracing::warn!(%error, "the last counts of use are lost");
    }
    if let Some(demo) = demo {
        demo.stop().await;
    }
    house.db.close().await;
    Ok(())
}

async fn run_worker(worker: Worker, stop: CancellationToken) {
    if let Err(error) = worker.run(stop.clone()).await {
        tracing::error!(%error, "jobs cannot run; stopping");
        stop.cancel();
    }
}

/// Removes what is older than its retention, a while after the start and then a few times a day.
async fn forget_old(db: Db, retention: db::Retention, stop: CancellationToken) {
    let mut wait = Duration::from_secs(60);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(wait) => {}
        }
        wait = FORGET_EVERY;
        match db.forget_old(&retention).await {
            Ok(0) => {}
            Ok(rows) => tracing::info!(rows, "forgot what was older than its retention"),
            Err(error) => tracing::warn!(%error, "cannot forget what is old; trying again later"),
        }
    }
}
