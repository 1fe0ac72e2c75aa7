//! Limits and daily budgets of a provider, one for each app or account and class of calls, and shared by
//! whatever goes out: pulls, fetches, syncs, tests, questions about an account. What is asked of a token
//! endpoint is no call of the API and spends nothing. The door counts (`egress`); here is decided what is
//! counted together, what a request costs, and what of it outlives the process.

pub(crate) mod forecast;
pub(crate) mod keep;
pub(crate) mod own;
pub(crate) mod share;

use aws_lc_rs::digest;
use catalog::ratelimit::{Class, Daily, LimitScope, RateLimitSpec};
use kernel::{Clock, ConnectionId, Timestamp};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::num::NonZeroU32;
use std::time::Duration;

use crate::Integration;
use crate::prepared::observer;

/// From what the requests of an integration are paid.
pub(crate) struct Purse<'a> {
    integration: &'a Integration,
    app: Option<String>,
    connection: Option<ConnectionId>,
}

/// A part of it: what calls of a class, or all that are of none, are paid from.
pub(crate) struct Pot<'a> {
    integration: &'a Integration,
    class: Option<&'a Class>,
    key: String,
}

impl<'a> Purse<'a> {
    /// The purse for requests with the credentials of this app, on behalf of this connection.
    pub(crate) fn of(
        integration: &'a Integration,
        client: &Map<String, Value>,
        connection: Option<ConnectionId>,
    ) -> Self {
        Self::with(integration, app_of(integration, client), connection)
    }

    pub(crate) fn with(
        integration: &'a Integration,
        app: Option<String>,
        connection: Option<ConnectionId>,
    ) -> Self {
        Self { integration, app, connection }
    }

    /// Says from what a request that is otherwise complete is paid, and how its answer reports.
    pub(crate) fn pay(&self, request: &mut egress::Request, clock: &Clock) {
        let (method, path) = (request.method.as_str(), request.url.path());
        let class = self.spec().and_then(|spec| spec.class(method, path));
        let overall = (!class.is_some_and(|class| class.apart)).then(|| self.pot(None));
        let own = class.map(|class| self.pot(Some(class)));
        let pots: Vec<_> = overall.into_iter().chain(own).collect();
        let now = clock.now();
        let mut budgets = Vec::new();
        let mut ways = Vec::new();
        for (at, pot) in pots.iter().enumerate() {
            let mut limit = pot.limit();
            // What an answer reports is about what is closest to the call.
            limit.learns = at + 1 == pots.len();
            request.rate_limits.push(limit);
            budgets.extend(pot.budget(path, now));
            ways.extend(pot.daily().map(|daily| (pot.key.clone(), daily.into_owned())));
        }
        request.budgets.extend(budgets);
        let provider = self.integration.provider_def.clone();
        request.observer = observer(provider, class.cloned(), ways, clock.clone());
    }

    /// All of its parts, the one for calls of no class first.
    pub(crate) fn pots(&self) -> impl Iterator<Item = Pot<'a>> {
        let classes = self.spec().map(|spec| spec.classes.as_slice()).unwrap_or_default();
        [None].into_iter().chain(classes.iter().map(Some)).map(|class| self.pot(class))
    }

    fn pot(&self, class: Option<&'a Class>) -> Pot<'a> {
        let provider = &self.integration.provider_def.id;
        let mut key = match (scope(self.integration, class), &self.app, self.connection) {
            (LimitScope::App, Some(app), _) => format!("{provider}/app/{app}"),
            (LimitScope::Account, _, Some(connection)) => format!("{provider}/{connection}"),
            _ => format!("{provider}/{}", self.integration.id),
        };
        if let Some(class) = class {
            key = format!("{key}#{}", class.name);
        }
        Pot { integration: self.integration, class, key }
    }

    fn spec(&self) -> Option<&'a RateLimitSpec> {
        self.integration.provider_def.rate_limit.as_ref()
    }
}

impl<'a> Pot<'a> {
    /// What is counted together.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// What kind of calls it is for.
    pub(crate) fn class(&self) -> &'a str {
        // Calls of the API, in distinction to those of the token endpoint, which nothing limits here.
        self.class.map_or("api", |class| &class.name)
    }

    /// What people call it.
    pub(crate) fn name(&self) -> String {
        let provider = &self.integration.provider_def.name;
        match self.class {
            None => provider.clone(),
            Some(class) => format!("{provider} {}", class.name.replace('_', " ")),
        }
    }

    pub(crate) fn scope(&self) -> LimitScope {
        scope(self.integration, self.class)
    }

    /// The provider's limit, which learns from what its answers say.
    pub(crate) fn limit(&self) -> egress::RateLimit {
        let (requests, window) = match self.class {
            None => self.integration.quota.rate(self.spec()),
            Some(class) => {
                let window = class.window_secs.map(Duration::from_secs).unwrap_or_default();
                (class.requests.and_then(NonZeroU32::new), window)
            }
        };
        egress::RateLimit {
            key: self.key.clone(),
            provider: self.integration.provider_def.id.clone(),
            requests,
            window,
            learns: true,
        }
    }

    /// What a request to this path spends of the day's units.
    fn budget(&self, path: &str, now: Timestamp) -> Option<egress::Budget> {
        let daily = self.daily()?;
        let cost = daily.cost(path);
        (cost > 0).then_some(())?;
        Some(egress::Budget {
            key: self.key.clone(),
            provider: self.integration.provider_def.id.clone(),
            units: daily.units,
            cost,
            resets_at: daily.next_reset(now)?,
        })
    }

    /// The provider's limit by the day, if it has one.
    pub(crate) fn daily(&self) -> Option<Cow<'a, Daily>> {
        match self.class {
            None => self.integration.quota.day(self.spec()),
            Some(class) => class.daily.as_ref().map(Cow::Borrowed),
        }
    }

    fn spec(&self) -> Option<&'a RateLimitSpec> {
        self.integration.provider_def.rate_limit.as_ref()
    }
}

/// Whose limit it is that calls of a class count against.
fn scope(integration: &Integration, class: Option<&Class>) -> LimitScope {
    let own = class.and_then(|class| class.scope);
    let spec = integration.provider_def.rate_limit.as_ref();
    own.or(spec.map(|spec| spec.scope)).unwrap_or_default()
}

/// What an app is counted by, wherever it is used: its id and its secret, hashed. The id alone is known
/// to everybody whom it ever sent to the provider; nobody shall spend the budget of a stranger's app.
pub(crate) fn app_of(integration: &Integration, client: &Map<String, Value>) -> Option<String> {
    let text = |name: &str| client.get(name).and_then(Value::as_str).filter(|it| !it.is_empty());
    let names = integration.provider_def.oauth.as_ref().map(|oauth| &oauth.client);
    let id = names.and_then(|it| text(&it.id_name)).or_else(|| text("client_id"))?;
    let secret = names.and_then(|it| text(&it.secret_name)).or_else(|| text("client_secret"))?;
    let said = format!("{}\0{id}\0{secret}", integration.provider_def.id);
    let hash = digest::digest(&digest::SHA256, said.as_bytes());
    Some(hex::encode(&hash.as_ref()[..16]))
}
