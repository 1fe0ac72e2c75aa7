//! The endpoints in use, kept in memory. What a commit on this node announced is heard before the next
//! push is looked at, so a rotated secret counts from the moment that the rotation was answered.

use accounts::gate::Actor;
use catalog::push::Push;
use connect::{Connect, Credentials};
use db::{Db, Workspace};
use kernel::{IntegrationId, Problem, SubscriptionId, codes};
use papaya::HashMap;
use std::collections::HashMap as Index;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::endpoint::{Endpoint, Parts, Subscribed};
use crate::news::{Heard, News};
use crate::subscribe::State;
use crate::{Address, Destination, Hooks, store};

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
    news: News,
    /// Which endpoints an integration, a feed or a widget config is part of.
    parts: Index<String, Vec<Key>>,
}

impl Endpoints {
    pub(crate) fn new(db: &Db, connect: Connect) -> Self {
        Self {
            known: HashMap::new(),
            following: Mutex::new(Following { news: News::new(db, connect), parts: Index::new() }),
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
        self.listen();
        if let Some(endpoint) = self.at(&key) {
            return Ok(Some(endpoint));
        }
        let builder = self.hasher.hash_one(key) as usize % BUILDERS;
        let _turn = self.builders[builder].lock().await;
        for _ in 0..ATTEMPTS {
            let mark = self.caught_up().news.mark();
            if let Some(endpoint) = self.at(&key) {
                return Ok(Some(endpoint));
            }
            let known = self.known.pin().get(&key).cloned();
            let doubts = known.as_ref().map(|known| known.doubts());
            let Some(parts) = find(hooks, key).await? else {
                self.known.pin().remove(&key);
                return Ok(None);
            };
            if let (Some(known), Some(doubts)) = (known, doubts)
                && known.fits(&parts)
            {
                known.settle(doubts);
                return Ok(Some(known));
            }
            let endpoint = Arc::new(make(hooks, parts).await?);
            if self.keep(key, &endpoint, mark) {
                return Ok(Some(endpoint));
            }
        }
        let busy = "The settings of this address are being changed; try again.";
        Err(Problem::new(&codes::UNAVAILABLE, busy).retry_after(1))
    }

    /// Takes note of all that was announced.
    pub(crate) fn listen(&self) {
        drop(self.caught_up());
    }

    /// What is known of an address beyond doubt.
    fn at(&self, key: &Key) -> Option<Arc<Endpoint>> {
        self.known.pin().get(key).filter(|known| !known.is_doubtful()).cloned()
    }

    /// Keeps it for the next push, and says whether it can be used at all: not if something was announced
    /// that it may be made of.
    fn keep(&self, key: Key, endpoint: &Arc<Endpoint>, mark: u64) -> bool {
        let mut following = self.caught_up();
        let known = self.known.pin();
        let (integration, address) = key;
        let feed = endpoint.destination.feed.map(|id| id.to_string()).unwrap_or_default();
        let mut parts = vec![integration.to_string(), address.to_string(), feed];
        parts.retain(|part| !part.is_empty());
        if !following.news.is_quiet(mark, &parts) {
            return false;
        }
        if known.len() >= MOST {
            known.clear();
            following.parts.clear();
        }
        for part in parts {
            let keys = following.parts.entry(part).or_default();
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        known.insert(key, endpoint.clone());
        true
    }

    /// The state after all that was announced.
    fn caught_up(&self) -> MutexGuard<'_, Following> {
        let mut following = self.following.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(heard) = following.news.next() {
            let known = self.known.pin();
            match heard {
                Heard::Part(id) => {
                    let keys = following.parts.get(&id).into_iter().flatten();
                    keys.filter_map(|key| known.get(key)).for_each(|endpoint| endpoint.doubt());
                }
                Heard::Credential(workspace, id) => {
                    known.retain(|_, endpoint| !endpoint.depends_on(workspace, &id));
                }
                Heard::Everything => {
                    known.clear();
                    following.parts.clear();
                }
            }
        }
        following
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
    let own = || Destination {
        workspace: workspace.id(),
        feed: None,
        widget_config: None,
        push: integration.push.to_map(),
        job: None,
    };
    let subscribed = match address {
        Address::Subscription(subscription) => {
            subscribed(&workspace, &push, id, subscription).await?
        }
        _ => None,
    };
    let destination = match address {
        Address::Integration => integration.mode.pushes().then(own),
        Address::Subscription(_) => subscribed.is_some().then(own),
        address => hooks.destinations().find(id, address).await?,
    };
    let ours = destination.filter(|found| found.workspace == workspace.id());
    Ok(ours.map(|destination| Parts { workspace, integration, destination, push, subscribed }))
}

/// What was subscribed to under this id, unless nobody wants it any more.
async fn subscribed(
    workspace: &Workspace,
    push: &Push,
    integration: IntegrationId,
    id: SubscriptionId,
) -> Result<Option<Subscribed>, Problem> {
    let mut tx = workspace.read().await?;
    let found = store::subscriptions::get(&mut tx, workspace.id(), id).await?;
    drop(tx);
    let ours = found.filter(|it| it.integration == integration && it.state != State::Off);
    let Some(it) = ours else { return Ok(None) };
    let Some(way) = push.ways().iter().find(|way| way.name == it.way) else { return Ok(None) };
    let secret = store::subscriptions::open(workspace, &it).await?;
    Ok(Some(Subscribed { id, way: way.clone(), secret }))
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
