//! The door itself: limits, attempts and retries, coalescing.

use crate::attempt::Attempt;
use crate::budget::{Budget, Budgets};
use crate::circuits::Circuits;
use crate::coalesce::{Flights, Key, Outcome};
use crate::config::Config;
use crate::error::EgressError;
use crate::gate::{Gates, Standing};
use crate::guard::Guard;
use crate::log::Log;
use crate::metrics::Metrics;
use crate::observe::{Observation, retry_after};
use crate::redact::Redactor;
use crate::request::{Limits, RateLimit, Request};
use crate::resolve::{Checked, Resolve, SystemResolver};
use crate::response::Response;
use crate::retry::{self, Tried};
use crate::shares::Shares;
use crate::tls::{self, BadRoots};
use crate::wire::Wire;
use kernel::{Clock, Entropy};
use prometheus_client::registry::Registry;
use std::sync::Arc;
use tokio::time::{Instant, sleep};

/// Everything that leaves goes through this. Cheap to clone; all clones are the same door.
#[derive(Clone)]
pub struct Egress(Arc<Door>);

pub(crate) struct Door {
    pub(crate) config: Config,
    pub(crate) guard: Arc<Guard>,
    pub(crate) checked: Checked,
    pub(crate) tls: Arc<rustls::ClientConfig>,
    pub(crate) wire: Wire,
    pub(crate) circuits: Circuits,
    pub(crate) gates: Gates,
    pub(crate) budgets: Budgets,
    flights: Flights,
    metrics: Metrics,
    pub(crate) log: Arc<dyn Log>,
    pub(crate) clock: Clock,
    pub(crate) entropy: Entropy,
}

/// Why the door cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The extra root certificates are not what they should be.
    #[error(transparent)]
    Roots(#[from] BadRoots),
    /// The HTTP client did not start, for instance because of the user agent's letters.
    #[error("the HTTP client cannot be started: {0}")]
    Client(String),
}

impl Egress {
    /// A door that asks the system's name servers.
    pub fn new(
        config: Config,
        clock: Clock,
        entropy: Entropy,
        log: Arc<dyn Log>,
    ) -> Result<Self, SetupError> {
        Self::with_resolver(config, clock, entropy, log, Arc::new(SystemResolver::new()))
    }

    /// A door that asks `names` instead.
    pub fn with_resolver(
        config: Config,
        clock: Clock,
        entropy: Entropy,
        log: Arc<dyn Log>,
        names: Arc<dyn Resolve>,
    ) -> Result<Self, SetupError> {
        let guard = Arc::new(Guard::new(config.allow_networks.clone()));
        let checked = Checked { names, guard: guard.clone() };
        let tls = tls::client(&config.extra_roots)?;
        let wire =
            Wire::new(checked.clone(), tls.clone(), &config.user_agent, config.connect_timeout)
                .map_err(|error| SetupError::Client(error.to_string()))?;
        let metrics = Metrics::default();
        Ok(Self(Arc::new(Door {
            circuits: Circuits::new(config.breaker, metrics.opened.clone()),
            config,
            guard,
            checked,
            tls: Arc::new(tls),
            wire,
            gates: Gates::new(),
            budgets: Budgets::new(),
            flights: Flights::default(),
            metrics,
            log,
            clock,
            entropy,
        })))
    }

    /// Adds the door's counters.
    pub fn register(&self, registry: &mut Registry) {
        self.0.metrics.register(registry);
        registry.register_collector(Box::new(Shares(self.0.clone())));
    }

    /// What is spent of budgets.
    pub fn budgets(&self) -> &Budgets {
        &self.0.budgets
    }

    /// How a limit stands; `None` when only the provider knows it.
    pub fn standing(&self, limit: &RateLimit) -> Option<Standing> {
        self.0.gates.standing(limit, self.0.clock.now())
    }

    /// What can be said against an address before anything is resolved.
    ///
    /// # Errors
    /// [`EgressError::BadUrl`], or [`EgressError::Forbidden`] for an address that it spells out.
    pub fn check(&self, url: &url::Url) -> Result<(), EgressError> {
        crate::target::check(url, &self.0.guard)
    }

    /// The limits of a request that names none.
    pub fn limits(&self) -> Limits {
        self.0.config.limits
    }

    /// Sends a request and brings the whole answer, of whatever status, 304 included. An answer
    /// that asks for fewer requests is [`EgressError::RateLimited`] when it is not retried.
    /// Dropping the future takes the request back.
    pub async fn send(&self, request: Request) -> Outcome {
        let door = &self.0;
        if !request.may_coalesce() {
            return door.deliver(&request).await;
        }
        let key = Key::of(&request, door.limits(&request));
        let mut is_first = false;
        let begin = || {
            is_first = true;
            let door = door.clone();
            async move { door.deliver(&request).await }
        };
        let flight = door.flights.join(key, begin);
        if !is_first {
            door.metrics.coalesced.inc();
        }
        flight.await
    }

    pub(crate) fn door(&self) -> &Door {
        &self.0
    }
}

impl Door {
    /// The limits that hold for a request.
    pub(crate) fn limits(&self, request: &Request) -> Limits {
        request.limits.unwrap_or(self.config.limits).sane()
    }

    async fn deliver(&self, request: &Request) -> Outcome {
        let started = Instant::now();
        let outcome = self.attempts(request, started).await;
        self.metrics.ended(&outcome, started.elapsed());
        outcome
    }

    async fn attempts(&self, request: &Request, started: Instant) -> Outcome {
        let secrets = Redactor::new(&request.hidden);
        let mut attempt = Attempt {
            door: self,
            request,
            secrets: &secrets,
            limits: self.limits(request),
            number: 1,
            insists: request.insists,
        };
        loop {
            let now = self.clock.now();
            let mut reserved = self.budgets.reserve(&request.budgets, request.lane, now)?;
            self.gates.pass(&request.rate_limits, request.lane, request.max_wait).await?;
            reserved.sent();
            let outcome = attempt.run().await;
            if !arrived(&outcome) {
                reserved.never_arrived();
            }
            drop(reserved);
            let seen = outcome.as_ref().ok().map(|answer| self.observe(request, answer));
            if let Some(refused) = seen.as_ref().and_then(|seen| self.spent(request, seen)) {
                return Err(refused);
            }
            let tried = Tried {
                attempt: attempt.number,
                elapsed: started.elapsed(),
                transient: transient(&outcome, seen.as_ref()),
                harmful: !request.may_repeat() && arrived(&outcome),
                retry_after: seen.as_ref().and_then(|seen| seen.pause(self.clock.now())),
            };
            match retry::next(&request.retry, tried, self.entropy.fraction()) {
                Some(wait) => {
                    self.metrics.retries.inc();
                    sleep(wait).await;
                }
                None if seen.is_some_and(|seen| seen.limited) => {
                    let retry_after = tried.retry_after;
                    return Err(EgressError::RateLimited { by_provider: true, retry_after });
                }
                None => return outcome.map(Arc::new),
            }
            attempt.number += 1;
        }
    }

    /// What the answer says about limits, told to the buckets.
    pub(crate) fn observe(&self, request: &Request, answer: &Response) -> Observation {
        let now = self.clock.now();
        let mut seen = (request.observer)(&answer.head, Some(&answer.body));
        if seen.retry_after.is_none() && (seen.limited || answer.head.status == 503) {
            seen.retry_after = retry_after(&answer.head, now);
        }
        // A pause would add nothing to a budget that is closed for longer.
        if self.closed(request, &seen).next().is_none() {
            self.gates.learn(&request.rate_limits, &seen, now);
        }
        seen
    }

    /// The refusal of a request whose answer says that budgets of it are spent.
    pub(crate) fn spent(&self, request: &Request, seen: &Observation) -> Option<EgressError> {
        self.budgets.exhaust(self.closed(request, seen), self.clock.now())
    }

    fn closed<'a>(
        &self,
        request: &'a Request,
        seen: &'a Observation,
    ) -> impl Iterator<Item = &'a Budget> {
        request.budgets.iter().filter(|budget| seen.spent.contains(&budget.key))
    }
}

/// Whether the attempt failed in a way that may pass soon.
fn transient(outcome: &Result<Response, EgressError>, seen: Option<&Observation>) -> bool {
    match outcome {
        Ok(answer) => {
            let status = answer.head.status;
            let is_limited = seen.is_some_and(|seen| seen.limited);
            let said = seen.and_then(|seen| seen.should_retry);
            // What went well is not asked again, whatever is said of it.
            let failed = is_limited || !status.is_success();
            said.map(|should| should && failed)
                .unwrap_or(is_limited || matches!(status.as_u16(), 502..=504))
        }
        Err(EgressError::Circuit { .. }) => false,
        Err(error) => error.retryable(),
    }
}

fn arrived(outcome: &Result<Response, EgressError>) -> bool {
    outcome.as_ref().err().is_none_or(EgressError::may_have_arrived)
}
