//! The room's state: who is known, kept in memory and in step with the tables.

use db::{Change, Db, DbError, Signal, Tx};
use ipnet::IpNet;
use kernel::{Timestamp, UserId, WorkspaceId};
use std::net::IpAddr;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Notify, Semaphore, watch};

use crate::keys::Keys;
use crate::limit::{Policy, Rate};
use crate::sessions::Sessions;
use crate::usage::Usage;
use crate::windows::Windows;

/// What the operator decides.
#[derive(Clone, Debug)]
pub struct AccountsConfig {
    /// Where the dashboard is reached; with `https` cookies are `Secure`.
    pub public_url: Option<String>,
    /// Proxies whose `X-Forwarded-For` and `Forwarded` are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Failed logins of one address with one e-mail address.
    pub failed_logins: Rate,
    /// Requests of one caller in all.
    pub requests: Rate,
    /// Requests of one caller (or, unknown, of one address) to single endpoints.
    pub endpoints: Vec<EndpointRate>,
}

/// A rate of one endpoint.
#[derive(Clone, Debug)]
pub struct EndpointRate {
    /// Which method.
    pub method: http::Method,
    /// Which route, as a template: `/api/v1/feeds/{id}/refresh`.
    pub path: String,
    /// How often.
    pub rate: Rate,
}

impl Default for AccountsConfig {
    fn default() -> Self {
        let post = |path: &str, rate| EndpointRate {
            method: http::Method::POST,
            path: path.to_owned(),
            rate,
        };
        Self {
            public_url: None,
            trusted_proxies: Vec::new(),
            failed_logins: Rate { requests: 10, window: Duration::from_secs(15 * 60) },
            requests: Rate::per_minute(60_000),
            endpoints: vec![
                post("/api/v1/session", Rate::per_minute(60)),
                post("/api/v1/session/password", Rate::per_minute(30)),
                post("/api/v1/setup", Rate::per_minute(30)),
            ],
        }
    }
}

/// People, tenants and keys. Cloning it is cheap.
#[derive(Clone)]
pub struct Accounts(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) db: Db,
    pub(crate) config: AccountsConfig,
    pub(crate) keys: Keys,
    pub(crate) sessions: Sessions,
    pub(crate) usage: Usage,
    pub(crate) policy: Policy,
    pub(crate) endpoints: Vec<(http::Method, String, Policy)>,
    pub(crate) endpoint_windows: Windows<(usize, String)>,
    pub(crate) failed_logins: Windows<(Option<IpAddr>, String)>,
    /// Hashing takes 19 MiB and a core: no more at once than there are cores.
    pub(crate) hashing: Semaphore,
    pub(crate) used: Arc<Notify>,
    /// Told after keys, sessions or memberships have changed.
    changes: watch::Sender<()>,
}

/// How long counts of use may wait in memory before they are written.
const FLUSH_AFTER: Duration = Duration::from_secs(5);

impl Accounts {
    /// Loads the keys and keeps them in step with the tables.
    ///
    /// # Errors
    /// [`DbError`] when the keys cannot be read.
    pub async fn new(db: Db, config: AccountsConfig) -> Result<Self, DbError> {
        // Listening begins before reading, so that nothing is missed in between.
        let signals = db.signals();
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let endpoints = config.endpoints.iter();
        let endpoints = endpoints
            .map(|it| (it.method.clone(), it.path.clone(), Policy::new("endpoint", it.rate)))
            .collect();
        let accounts = Self(Arc::new(Inner {
            policy: Policy::new("default", config.requests),
            endpoints,
            keys: Keys::default(),
            sessions: Sessions::default(),
            usage: Usage::default(),
            endpoint_windows: Windows::default(),
            failed_logins: Windows::default(),
            hashing: Semaphore::new(cores),
            used: Arc::default(),
            changes: watch::Sender::new(()),
            config,
            db,
        }));
        accounts.load_keys().await?;
        tokio::spawn(follow(Arc::downgrade(&accounts.0), signals));
        tokio::spawn(flush(Arc::downgrade(&accounts.0), accounts.0.used.clone()));
        Ok(accounts)
    }

    /// The database.
    pub fn db(&self) -> &Db {
        &self.0.db
    }

    /// The proxies that are believed.
    pub fn trusted_proxies(&self) -> &[IpNet] {
        &self.0.config.trusted_proxies
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.db.clock().now()
    }

    /// Announces that what sessions know of a person (logins, memberships, password) has changed.
    pub(crate) fn person_changed(&self, tx: &mut Tx, user: UserId) {
        // A person belongs to no single workspace; the signal wants one and nobody reads it.
        let none = WorkspaceId::generate(self.now(), self.0.db.entropy());
        tx.changed(Change::noun("session", none, user));
    }

    /// Changes of who may do what, from now on: on this node and on others.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.0.changes.subscribe()
    }

    async fn heard(&self, signal: Signal) -> Result<(), DbError> {
        let done = match signal {
            Signal::Resync => self.resync().await,
            Signal::Changed(Change::Noun { noun, workspace, id }) => match noun.as_str() {
                "api_key" => self.renew_key(workspace, &id).await,
                "workspace" => {
                    self.0.keys.forget_workspace(workspace);
                    Ok(())
                }
                "session" => {
                    id.parse().into_iter().for_each(|user| self.0.sessions.forget_user(user));
                    Ok(())
                }
                _ => return Ok(()),
            },
            _ => return Ok(()),
        };
        self.0.changes.send_replace(());
        done
    }

    /// A key that cannot be read anew is not held to be what it was.
    async fn renew_key(&self, workspace: WorkspaceId, id: &str) -> Result<(), DbError> {
        let Ok(id) = id.parse() else { return Ok(()) };
        let reloaded = self.reload_key(workspace, id).await;
        if reloaded.is_err() {
            self.0.keys.forget(id);
        }
        reloaded
    }

    async fn resync(&self) -> Result<(), DbError> {
        self.0.sessions.clear();
        self.load_keys().await
    }
}

impl std::fmt::Debug for Accounts {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Accounts")
    }
}

async fn follow(accounts: Weak<Inner>, mut signals: tokio::sync::broadcast::Receiver<Signal>) {
    loop {
        let signal = match signals.recv().await {
            Ok(signal @ (Signal::Changed(_) | Signal::Resync)) => signal,
            Ok(_) => continue,
            Err(RecvError::Lagged(_)) => Signal::Resync,
            Err(RecvError::Closed) => return,
        };
        let Some(inner) = accounts.upgrade() else { return };
        if let Err(error) = Accounts(inner).heard(signal).await {
            tracing::warn!(%error, "cannot read what has changed among keys");
        }
    }
}

/// Writes counts of use a little after they began to gather; with nothing used it waits without a timer.
async fn flush(accounts: Weak<Inner>, used: Arc<Notify>) {
    loop {
        used.notified().await;
        if accounts.strong_count() == 0 {
            return;
        }
        tokio::time::sleep(FLUSH_AFTER).await;
        let Some(inner) = accounts.upgrade() else { return };
        if let Err(error) = Accounts(inner).flush_usage().await {
            tracing::warn!(%error, "cannot write how often keys were used; trying again later");
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.used.notify_one();
    }
}
