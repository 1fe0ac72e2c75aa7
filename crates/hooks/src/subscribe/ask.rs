//! Asking a provider to push, and what its answer says.

use catalog::jq;
use catalog::push::{Ask, Confirm, Renew, Way};
use connect::{Connection, Errand, Integration};
use db::Workspace;
use kernel::{Problem, Timestamp, codes};
use serde_json::{Map, Value, json};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use url::{Host, Url};

use super::Subscription;
use super::plan::moment;
use crate::{Address, Hooks, store, webhook_url};

/// For whom a provider is asked.
pub(crate) struct Party {
    pub(crate) workspace: Workspace,
    pub(crate) integration: Arc<Integration>,
    /// The account; `None` for the integration as a whole.
    pub(crate) connection: Option<Connection>,
}

/// What a provider granted.
pub(crate) struct Granted {
    /// What it answered, for later requests.
    pub(crate) known: Map<String, Value>,
    /// Until when it holds; `None` until it is ended.
    pub(crate) expires_at: Option<Timestamp>,
}

impl Hooks {
    /// Asks for a subscription, or to renew it. `None` when the provider will confirm it by itself.
    pub(crate) async fn ask(
        &self,
        party: &Party,
        way: &Way,
        it: &Subscription,
    ) -> Result<Option<Granted>, Problem> {
        let errand = self.errand(party, way).await?;
        let now = self.db().clock().now();
        let lease = lease(way, &errand)?;
        let ask = match &way.renew {
            Renew::With(ask) if it.is_alive(now) => ask,
            _ => &way.ask,
        };
        let given = self.given(party, way, it, lease).await?;
        self.check_reach(&errand.address(&ask.request, given.clone())?)?;
        let workspace = &party.workspace;
        let answer = self.connect().run_errand(workspace, &errand, &ask.request, given).await?;
        if way.confirm == Confirm::Websub {
            return Ok(None);
        }
        Ok(Some(granted(ask, it, answer, lease, now)?))
    }

    /// Ends it at the provider. What it does not hear ends with its lease.
    pub(crate) async fn ask_to_end(
        &self,
        party: &Party,
        way: &Way,
        it: &Subscription,
    ) -> Result<(), Problem> {
        let Some(request) = &way.end else { return Ok(()) };
        let errand = self.errand(party, way).await?;
        let given = self.given(party, way, it, None).await?;
        self.check_reach(&errand.address(request, given.clone())?)?;
        let sent = self.connect().run_errand(&party.workspace, &errand, request, given).await;
        sent.map(drop)
    }

    /// What it would be about; `None` when something is missing without which there is nothing to ask for.
    pub(crate) async fn topic(&self, party: &Party, way: &Way) -> Result<Option<String>, Problem> {
        let Party { workspace, integration, connection } = party;
        let connection = connection.as_ref();
        let errand =
            self.connect().errand(workspace, integration, connection, false, PURPOSE).await?;
        let is_there = |name: &String| {
            let text = errand.text(&format!("{{{{{name}}}}}"));
            text.is_ok_and(|text| !text.is_empty() && text != "false")
        };
        if !way.needs.iter().all(is_there) {
            return Ok(None);
        }
        errand.text(&way.topic).map(Some)
    }

    async fn errand(&self, party: &Party, way: &Way) -> Result<Errand, Problem> {
        let Party { workspace, integration, connection } = party;
        let with_token = !way.anonymous && connection.is_some();
        let connection = connection.as_ref();
        self.connect().errand(workspace, integration, connection, with_token, PURPOSE).await
    }

    /// What templates see as `{{subscription.…}}`.
    async fn given(
        &self,
        party: &Party,
        way: &Way,
        it: &Subscription,
        lease: Option<Duration>,
    ) -> Result<Map<String, Value>, Problem> {
        let address = match way.has_address() {
            true => Address::Subscription(it.id),
            false => Address::Integration,
        };
        let secret = store::subscriptions::open(&party.workspace, it).await?;
        let mut given = it.known.clone();
        let mut set = |name: &str, value: Value| given.insert(name.to_owned(), value);
        set("webhook_url", json!(webhook_url(&self.config().public_url, it.integration, address)));
        set("secret", json!(secret.expose()));
        set("key", json!(it.id));
        set("nonce", json!(hex::encode(self.db().entropy().bytes::<16>())));
        if let Some(lease) = lease {
            let end = self.db().clock().now().plus(lease);
            set("lease_secs", json!(lease.as_secs().to_string()));
            set("expires_at", json!(end));
            set("expires_at_ms", json!(end.millis()));
        }
        Ok(given)
    }

    /// Nobody outside can push to an address within: asking would only end in an error there.
    fn check_reach(&self, target: &Url) -> Result<(), Problem> {
        let ours = Url::parse(&self.config().public_url).ok();
        if ours.as_ref().is_none_or(is_within) && !is_within(target) {
            let detail = format!(
                "{} cannot push to {}, which is no address of the internet; set `public_url`.",
                target.host_str().unwrap_or_default(),
                self.config().public_url
            );
            return Err(Problem::new(&codes::SUBSCRIPTION_UNREACHABLE, detail));
        }
        Ok(())
    }
}

const PURPOSE: &str = "push.subscribe";

fn lease(way: &Way, errand: &Errand) -> Result<Option<Duration>, Problem> {
    let secs = match &way.lease_secs {
        None => return Ok(None),
        Some(Value::String(template)) => errand.text(template)?.parse().ok(),
        Some(number) => number.as_u64(),
    };
    let detail = "How long to subscribe for is a number of seconds.";
    let unfit = || Problem::new(&codes::CONFIG_INVALID, detail);
    secs.filter(|secs| *secs > 0).map(|secs| Some(Duration::from_secs(secs))).ok_or_else(unfit)
}

fn granted(
    ask: &Ask,
    it: &Subscription,
    answer: Value,
    lease: Option<Duration>,
    now: Timestamp,
) -> Result<Granted, Problem> {
    let read = |program: &String| {
        let program = jq::compile(program).map_err(|error| Problem::of(error.code(), &error))?;
        let found = jq::run(&program, answer.clone(), jq::Limits::default());
        found.map_err(|error| Problem::of(error.code(), &error))
    };
    let mut known = it.known.clone();
    for (name, program) in &ask.gives {
        match read(program)? {
            Value::Null => {
                let detail = format!("The answer has no {name} of the subscription.");
                return Err(Problem::new(&codes::SUBSCRIPTION_REFUSED, detail));
            }
            found => drop(known.insert(name.clone(), found)),
        }
    }
    let said = ask.expires_at.as_ref().map(read).transpose()?;
    let said = said.as_ref().and_then(moment).filter(|end| *end > now);
    Ok(Granted { known, expires_at: said.or_else(|| lease.map(|lease| now.plus(lease))) })
}

/// Whether an address is of this machine or a private network.
fn is_within(url: &Url) -> bool {
    let private = |addr: IpAddr| match addr {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_private() || v4.is_unspecified(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unspecified(),
    };
    match url.host() {
        None => true,
        Some(Host::Domain(name)) => {
            name == "localhost" || name.ends_with(".localhost") || !name.contains('.')
        }
        Some(Host::Ipv4(v4)) => private(v4.into()),
        Some(Host::Ipv6(v6)) => private(v6.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_outside_reaches_is_known() {
        for (url, within) in [
            ("http://localhost:4000", true),
            ("http://127.0.0.1:1", true),
            ("http://[::1]:1", true),
            ("https://patchbay:443", true),
            ("https://10.1.2.3", true),
            ("https://patchbay.example", false),
            ("https://203.0.113.5", false),
        ] {
            assert_eq!(is_within(&Url::parse(url).unwrap()), within, "{url}");
        }
    }
}
