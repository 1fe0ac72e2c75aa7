//! Limits and daily budgets of a provider, one for each app or account and shared by whatever goes out:
//! pulls, fetches, syncs, tests, questions about an account. What is asked of a token endpoint is no call
//! of the API and spends nothing. The door counts (`egress`); here is decided what is counted together,
//! what a request costs, and what of it outlives the process.

pub(crate) mod forecast;
pub(crate) mod keep;

use aws_lc_rs::digest;
use catalog::ratelimit::{Daily, LimitScope};
use kernel::{ConnectionId, Timestamp};
use serde_json::{Map, Value};
use std::num::NonZeroU32;
use std::time::Duration;

use crate::Integration;

/// From what a request of an integration is paid.
pub(crate) struct Purse<'a> {
    integration: &'a Integration,
    key: String,
}

/// The window of a provider that names none, in seconds.
const USUAL_WINDOW: u64 = 60;

impl<'a> Purse<'a> {
    /// The purse for requests with the credentials of this app, on behalf of this connection.
    pub(crate) fn of(
        integration: &'a Integration,
        client: &Map<String, Value>,
        connection: Option<ConnectionId>,
    ) -> Self {
        let app = app_of(integration, client);
        Self::with(integration, app.as_deref(), connection)
    }

    pub(crate) fn with(
        integration: &'a Integration,
        app: Option<&str>,
        connection: Option<ConnectionId>,
    ) -> Self {
        let provider = &integration.provider_def.id;
        let key = match (scope(integration), app, connection) {
            (LimitScope::App, Some(app), _) => format!("{provider}/app/{app}"),
            (LimitScope::Account, _, Some(connection)) => format!("{provider}/{connection}"),
            _ => format!("{provider}/{}", integration.id),
        };
        Self { integration, key }
    }

    /// What is counted together.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// The provider's limit, which learns from what its answers say.
    pub(crate) fn limit(&self) -> egress::RateLimit {
        let spec = self.integration.provider_def.rate_limit.as_ref();
        let window = spec.and_then(|spec| spec.window_secs).unwrap_or(USUAL_WINDOW);
        egress::RateLimit {
            key: self.key.clone(),
            provider: self.integration.provider_def.id.clone(),
            requests: spec.and_then(|spec| spec.requests).and_then(NonZeroU32::new),
            window: Duration::from_secs(window),
            learns: true,
        }
    }

    /// What a request to this path spends of the day's units.
    pub(crate) fn budget(&self, path: &str, now: Timestamp) -> Option<egress::Budget> {
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
    pub(crate) fn daily(&self) -> Option<&'a Daily> {
        self.integration.provider_def.rate_limit.as_ref()?.daily.as_ref()
    }
}

/// Whose limit it is that requests of an integration count against.
pub(crate) fn scope(integration: &Integration) -> LimitScope {
    integration.provider_def.rate_limit.as_ref().map(|spec| spec.scope).unwrap_or_default()
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
