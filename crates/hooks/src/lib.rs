//! Pushes: what outside services tell us unasked. Each is verified on its raw bytes, made durable, and
//! only then answered; what it does to a feed is a job that is committed with it.
//!
//! It relies on `connect` for integrations and their secrets, on the inbox of `db` for durability, and
//! on [`Destinations`] for what stands behind an address. Where a provider can be asked to push, it asks,
//! and again before what was granted ends ([`subscribe`]). It never changes a feed, and never stores
//! anything that did not prove whose it is, unless the check was switched off in so many words.

mod api;
mod capture;
mod destination;
mod endpoint;
mod endpoints;
mod envelope;
mod failures;
mod jobs;
mod metrics;
mod news;
mod outgoing;
mod receive;
mod rules;
mod store;
mod subscribe;
pub mod verify;

pub use api::{receivers, routes};
pub use destination::{Address, Destination, Destinations, JobTemplate};
pub use outgoing::Outgoing;

use catalog::push::Push;
use connect::Connect;
use db::{Db, Inbox, Signal, Worker};
use ipnet::IpNet;
use kernel::{IntegrationId, Problem};
use prometheus_client::registry::Registry;
use std::sync::{Arc, Weak};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use endpoint::Endpoint;
use endpoints::{Endpoints, Key};
use failures::Storms;
use jobs::follow::FollowJob;
use jobs::renew::RenewJob;
use metrics::Metrics;
use subscribe::Leaving;

/// What the operator decides.
#[derive(Clone, Debug)]
pub struct HooksConfig {
    /// Where this instance is reached, without a slash at the end. Some senders sign it.
    pub public_url: String,
    /// Proxies whose `X-Forwarded-For` and `Forwarded` are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// The most bytes of a push's body.
    pub max_body: usize,
}

impl HooksConfig {
    /// With a body of 1 MiB at most and no proxies.
    pub fn new(public_url: impl Into<String>) -> Self {
        Self { public_url: public_url.into(), trusted_proxies: Vec::new(), max_body: 1 << 20 }
    }
}

/// The room. Cloning it is cheap.
#[derive(Clone)]
pub struct Hooks(Arc<Inner>);

struct Inner {
    db: Db,
    connect: Connect,
    destinations: Arc<dyn Destinations>,
    config: HooksConfig,
    inbox: Inbox,
    endpoints: Endpoints,
    metrics: Metrics,
    /// Which integrations told of a refused push lately.
    storms: Storms,
    /// Which integrations had a push that could not be stored lately.
    troubles: Storms,
    /// Held by who stores a secret that a handshake brought.
    capturing: tokio::sync::Mutex<()>,
}

impl Hooks {
    /// Opens the room, within a Tokio runtime.
    pub fn new(
        db: Db,
        connect: Connect,
        destinations: Arc<dyn Destinations>,
        config: HooksConfig,
    ) -> Self {
        let public_url = config.public_url.trim_end_matches('/').to_owned();
        let signals = db.signals();
        let hooks = Self(Arc::new(Inner {
            inbox: Inbox::start(db.clone()),
            endpoints: Endpoints::new(&db, connect.clone()),
            metrics: Metrics::default(),
            storms: Storms::default(),
            troubles: Storms::default(),
            capturing: tokio::sync::Mutex::default(),
            config: HooksConfig { public_url, ..config },
            db,
            connect,
            destinations,
        }));
        tokio::spawn(listen(Arc::downgrade(&hooks.0), signals));
        hooks.connect().before_leaving(Arc::new(Leaving(Arc::downgrade(&hooks.0))));
        hooks
    }

    /// Registers the room's jobs.
    #[must_use]
    pub fn work(&self, worker: Worker) -> Worker {
        worker.handle(FollowJob(self.clone())).handle(RenewJob(self.clone()))
    }

    /// Adds the room's counters.
    pub fn register(&self, registry: &mut Registry) {
        self.metrics().register(registry);
    }

    /// The endpoint at an address; `None` when there is none.
    pub(crate) async fn endpoint(&self, key: Key) -> Result<Option<Arc<Endpoint>>, Problem> {
        self.0.endpoints.get(self, key).await
    }

    pub(crate) fn db(&self) -> &Db {
        &self.0.db
    }

    pub(crate) fn connect(&self) -> &Connect {
        &self.0.connect
    }

    pub(crate) fn destinations(&self) -> &dyn Destinations {
        &*self.0.destinations
    }

    pub(crate) fn config(&self) -> &HooksConfig {
        &self.0.config
    }

    pub(crate) fn inbox(&self) -> &Inbox {
        &self.0.inbox
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    pub(crate) fn storms(&self) -> &Storms {
        &self.0.storms
    }

    pub(crate) fn troubles(&self) -> &Storms {
        &self.0.troubles
    }
}

/// Pushes listen for themselves; this is for the times without any, when announcements would pile up.
async fn listen(room: Weak<Inner>, mut signals: Receiver<Signal>) {
    while !matches!(signals.recv().await, Err(RecvError::Closed)) {
        let Some(room) = room.upgrade() else { return };
        room.endpoints.listen();
    }
}

/// The URL that a sender is given.
pub fn webhook_url(public_url: &str, integration: IntegrationId, address: Address) -> String {
    let base = format!("{}/api/webhooks", public_url.trim_end_matches('/'));
    match address {
        Address::Integration => format!("{base}/{integration}"),
        Address::Feed(feed) => format!("{base}/{integration}/{feed}"),
        Address::WidgetConfig(config) => format!("{base}/widgets/{integration}/{config}"),
        Address::Subscription(id) => format!("{base}/subscriptions/{integration}/{id}"),
    }
}

/// What to do on the provider's side so that it pushes to `url`, a step each, in Markdown.
pub fn setup(push: &Push, url: &str) -> Vec<String> {
    push.setup.iter().map(|step| step.replace("{webhook_url}", url)).collect()
}
