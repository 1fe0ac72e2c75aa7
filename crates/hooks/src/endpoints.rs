//! The endpoints in use, kept in memory. What a commit on this node announced is heard before the next
//! push is looked at, so a rotated secret counts from the moment that the rotation was answered.

use accounts::gate::Actor;
use connect::Credentials;
use db::{Change, Signal};
use kernel::{IntegrationId, Problem, codes};
use papaya::HashMap;
use std::collections::HashMap as Index;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::TryRecvError;

use crate::endpoint::{Endpoint, Parts};
use crate::{Address, Destination, Hooks};

/// An integration and what the push is for within it.
pub(crate) type Key = (IntegrationId, Address);

/// How many are kept; beyond, all are forgotten and made anew when they are asked for.
const MOST: usize = 50_000;
/// How many can be made side by side.
const BUILDERS: usize = 64;
/// How often making one is begun anew because something changed meanwhile.
const ATTEMPTS: usize = 3;

pub(crate) struct Endpoints {
    known: HashMap<Key, Arc<Endpoint>>,
    following: Mutex<Following>,
    /// One at a time makes an endpoint; the others wait for it.
    builders: [tokio::sync::Mutex<()>; BUILDERS],
    hasher: RandomState,
}

struct Following {
    signals: Receiver<Signal>,
    /// Counts what was heard, so that nothing is kept that was made of what has changed since.
    heard: u64,
    /// Which endpoints a feed, a widget config or an integration is part of.
    parts: Index<String, Vec<Key>>,
}

impl Endpoints {
    pub(crate) fn new(signals: Receiver<Signal>) -> Self {
        Self {
            known: HashMap::new(),
            following: Mutex::new(Following { signals, heard: 0, parts: Index::new() }),
            builders: std::array::from_fn(|_| tokio::sync::Mutex::new(())),
            hasher: RandomState::new(),
        }
    }

    /// The endpoint at an address; `None` when there is none.
    pub(crate) async fn get(
        &self,
        hooks: &Hooks,
        key: Key,
    ) -> Result<Option<Arc<Endpoint>>, Problem> {
        self.hear();
        if let Some(endpoint) = self.at(&key)
            && !endpoint.is_doubtful()
        {
            return Ok(Some(endpoint));
        }
        let builder = self.hasher.hash_one(key) as usize % BUILDERS;
        let _turn = self.builders[builder].lock().await;
        self.look_again_or_make(hooks, key).await
    }

    async fn look_again_or_make(
        &self,
        hooks: &Hooks,
        key: Key,
    ) -> Result<Option<Arc<Endpoint>>, Problem> {
        let mut made = None;
        for _ in 0..ATTEMPTS {
            let heard = self.hear();
            let known = self.at(&key);
            if let Some(known) = known.as_ref().filter(|known| !known.is_doubtful()) {
                return Ok(Some(known.clone()));
            }
            // Before reading: what is announced from here on raises the doubt again.
            known.iter().for_each(|known| known.doubt(false));
            let Some(parts) = find(hooks, key).await? else {
                self.known.pin().remove(&key);
                return Ok(None);
            };
            if let Some(known) = known.filter(|known| known.fits(&parts)) {
                return Ok(Some(known));
            }
            let endpoint = Arc::new(make(hooks, parts).await?);
            if self.keep(key, &endpoint, heard) {
                return Ok(Some(endpoint));
            }
            made = Some(endpoint);
        }
        Ok(made)
    }

    fn at(&self, key: &Key) -> Option<Arc<Endpoint>> {
        self.known.pin().get(key).cloned()
    }

    /// Keeps it, unless something was heard since it was begun.
    fn keep(&self, key: Key, endpoint: &Arc<Endpoint>, heard: u64) -> bool {
        let mut following = self.lock();
        self.catch_up(&mut following);
        let known = self.known.pin();
        if following.heard != heard {
            known.remove(&key);
            return false;
        }
        if known.len() >= MOST {
            known.clear();
            following.parts.clear();
        }
        let (integration, address) = key;
        let feed = endpoint.destination.feed.map(|id| id.to_string());
        let ids = [integration.to_string(), address.to_string()].into_iter().chain(feed);
        for id in ids.filter(|id| !id.is_empty()) {
            let keys = following.parts.entry(id).or_default();
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        known.insert(key, endpoint.clone());
        true
    }

    /// Takes note of what was announced and says how much was heard so far.
    fn hear(&self) -> u64 {
        let mut following = self.lock();
        self.catch_up(&mut following);
        following.heard
    }

    fn catch_up(&self, following: &mut Following) {
        loop {
            match following.signals.try_recv() {
                Ok(Signal::Changed(Change::Noun { noun, workspace, id })) => match noun.as_str() {
                    "credential" => {
                        following.heard += 1;
                        self.known.pin().retain(|_, known| !known.depends_on(workspace, &id));
                    }
                    "integration" | "feed" | "widget_config" => {
                        following.heard += 1;
                        self.doubt(following.parts.get(&id));
                    }
                    _ => {}
                },
                Ok(Signal::Resync) | Err(TryRecvError::Lagged(_)) => {
                    following.heard += 1;
                    following.parts.clear();
                    self.known.pin().clear();
                }
                Ok(_) => {}
                Err(TryRecvError::Empty | TryRecvError::Closed) => return,
            }
        }
    }

    fn doubt(&self, keys: Option<&Vec<Key>>) {
        let known = self.known.pin();
        let concerned = keys.into_iter().flatten().filter_map(|key| known.get(key));
        concerned.for_each(|endpoint| endpoint.doubt(true));
    }

    fn lock(&self) -> MutexGuard<'_, Following> {
        self.following.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What stands at an address now.
async fn find(hooks: &Hooks, (id, address): Key) -> Result<Option<Parts>, Problem> {
    let Some((workspace, integration)) = hooks.connect().integration_anywhere(id).await? else {
        return Ok(None);
    };
    let Some(push) = integration.provider_def.push.clone().map(Arc::new) else {
        return Ok(None);
    };
    let destination = match address {
        Address::Integration => integration.mode.pushes().then(|| Destination {
            workspace: workspace.id(),
            feed: None,
            widget_config: None,
            push: integration.push.to_map(),
            job: None,
        }),
        address => hooks.destinations().find(id, address).await?,
    };
    let ours = destination.filter(|found| found.workspace == workspace.id());
    Ok(ours.map(|destination| Parts { workspace, integration, destination, push }))
}

async fn make(hooks: &Hooks, parts: Parts) -> Result<Endpoint, Problem> {
    let rules = parts.rules();
    let credentials = if parts.needs_secrets(&rules) {
        let widget_config = parts.destination.widget_config;
        let (workspace, integration) = (&parts.workspace, &parts.integration);
        let actor = Actor::House;
        let connect = hooks.connect();
        match connect
            .credentials(workspace, integration, widget_config, "webhook.verify", &actor)
            .await
        {
            Ok(credentials) => credentials,
            // An address without a secret refuses pushes, and may yet be given one by a handshake.
            Err(problem) if problem.code.status < 500 => {
                tracing::debug!(%problem, integration = %integration.id, "no secret for pushes");
                Credentials::default()
            }
            Err(problem) => return Err(problem),
        }
    } else {
        Credentials::default()
    };
    Ok(Endpoint::new(parts, rules, &credentials))
}

/// What is said of an address behind which there is nothing, whichever part of it is wrong.
pub(crate) fn unknown() -> Problem {
    Problem::new(&codes::NOT_FOUND, "There is no webhook at this address.")
}
