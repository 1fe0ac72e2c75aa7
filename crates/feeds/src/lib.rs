//! Feeds: JSON documents kept fresh by pulls, pushes or both, with a version that moves only when their
//! content does; the widgets and players that read them. It relies on `connect` for who to ask and with
//! what, on `egress` for asking, and on the event log for what was pushed. It never shows a document to a
//! workspace that is not its own, and never lets go of the last good one because a newer attempt failed.

mod api;
mod bind;
mod destination;
mod document;
mod feed;
mod jobs;
mod metrics;
mod place;
mod player;
mod pull;
mod push;
mod rebind;
mod schedule;
mod served;
mod store;
mod transform;
mod turns;
mod widget;

pub use api::fetch::{Fetch, FetchedData};
pub use api::{readers, routes};
pub use destination::PushTarget;
pub use document::Apply;
pub use feed::{Feed, Status};
pub use jobs::apply::KIND as APPLY;
pub use jobs::pull::KIND as PULL;
pub use player::Player;
pub use schedule::Schedule;
pub use widget::{Widget, WidgetConfig};

use connect::Connect;
use db::{Batcher, Db, Signal, Worker};
use kernel::{Entropy, FeedId, WidgetConfigId, WorkspaceId};
use papaya::HashMap;
use prometheus_client::registry::Registry;
use std::collections::HashSet;
use std::sync::Arc;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;

use jobs::pull::WritePulls;
use metrics::Metrics;
use player::Players;
use served::Documents;

/// How the room is set up.
#[derive(Clone, Debug)]
pub struct FeedsConfig {
    /// How many bytes of documents are kept in memory.
    pub memory_bytes: u64,
    /// Where this instance is reached, without a slash at the end.
    pub public_url: String,
}

/// The room. Cloning it is cheap.
#[derive(Clone)]
pub struct Feeds(Arc<Inner>);

struct Inner {
    db: Db,
    connect: Connect,
    config: FeedsConfig,
    documents: Documents,
    players: Players,
    /// Which feed a widget config reads first.
    bindings: HashMap<WidgetConfigId, (WorkspaceId, FeedId)>,
    fetched: api::fetch::Fetched,
    /// Told when who may read what, or through which feed, has changed.
    access: watch::Sender<()>,
    pulled: Batcher<WritePulls>,
    metrics: Metrics,
}

/// How many pulls share a transaction at most.
const PULLS: usize = 256;

impl Feeds {
    /// Opens the room and follows what is announced from now on.
    pub fn new(db: Db, connect: Connect, config: FeedsConfig) -> Self {
        let feeds = Self(Arc::new(Inner {
            documents: Documents::new(db.clone(), config.memory_bytes),
            players: Players::new(db.clone()),
            bindings: HashMap::new(),
            fetched: api::fetch::Fetched::default(),
            access: watch::Sender::new(()),
            pulled: Batcher::start(db.clone(), WritePulls, PULLS),
            metrics: Metrics::default(),
            db,
            connect,
            config,
        }));
        tokio::spawn(feeds.clone().follow(feeds.db().signals()));
        feeds
    }

    /// Adds the room's counters.
    pub fn register(&self, registry: &mut Registry) {
        self.metrics().register(registry);
    }

    /// Registers the room's jobs.
    #[must_use]
    pub fn work(&self, worker: Worker) -> Worker {
        worker
            .handle(jobs::pull::PullJob(self.clone()))
            .handle(jobs::apply::ApplyJob(self.clone()))
            .handle(jobs::follow::FollowJob(self.clone()))
    }

    /// Writes down what is kept in memory for a while. For the end.
    pub async fn flush(&self) {
        self.players().flush().await;
    }

    /// Keeps what is in memory in step with what is committed, here and on other nodes.
    async fn follow(self, mut signals: tokio::sync::broadcast::Receiver<Signal>) {
        loop {
            let signal = match signals.recv().await {
                Ok(signal) => signal,
                Err(RecvError::Lagged(_)) => Signal::Resync,
                Err(RecvError::Closed) => return,
            };
            self.documents().hear(&signal).await;
            self.players().hear(&signal);
            self.hear_bindings(&signal);
        }
    }

    fn hear_bindings(&self, signal: &Signal) {
        match signal {
            Signal::Changed(db::Change::Noun { noun, id, .. }) if noun == bind::BINDING => {
                if let Ok(id) = id.parse::<WidgetConfigId>() {
                    self.0.bindings.pin().remove(&id);
                }
            }
            Signal::Changed(db::Change::Noun { noun, .. }) if noun == player::NOUN => {}
            Signal::Event(event) if event.kind == GONE => {
                let gone = gone_with(event);
                self.0.bindings.pin().retain(|_, (_, feed)| !gone.contains(feed));
            }
            Signal::Resync => self.0.bindings.pin().clear(),
            _ => return,
        }
        self.0.access.send_replace(());
    }

    /// Changes of who may read what, from now on.
    pub(crate) fn access(&self) -> watch::Receiver<()> {
        self.0.access.subscribe()
    }

    pub(crate) fn db(&self) -> &Db {
        &self.0.db
    }

    pub(crate) fn entropy(&self) -> &Entropy {
        self.0.db.entropy()
    }

    pub(crate) fn connect(&self) -> &Connect {
        &self.0.connect
    }

    pub(crate) fn documents(&self) -> &Documents {
        &self.0.documents
    }

    pub(crate) fn players(&self) -> &Players {
        &self.0.players
    }

    pub(crate) fn pulled(&self) -> &Batcher<WritePulls> {
        &self.0.pulled
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    pub(crate) fn fetched(&self) -> &api::fetch::Fetched {
        &self.0.fetched
    }

    pub(crate) fn public_url(&self) -> &str {
        &self.0.config.public_url
    }
}

/// The event of an integration that was deleted, and its feeds with it.
pub(crate) const GONE: &str = "integration.deleted";

/// The feeds that went with their integration.
pub(crate) fn gone_with(event: &kernel::Event) -> HashSet<FeedId> {
    serde_json::from_value(event.data["feeds"].clone()).unwrap_or_default()
}
