//! The sandbox as a whole: starts the services, lists them, sets their faults, ends them.

use std::sync::Arc;
use std::time::Duration;

use kernel::{Clock, Entropy, Secret};
use serde::Serialize;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::chat::{self, Chat};
use crate::fault::FaultDesk;
use crate::graphql::{self, Exchange};
use crate::listener::Door;
use crate::news::{self, Newsroom};
use crate::rest::{self, Playground};
use crate::seed::Seed;
use crate::weather::{self, Weather};
use crate::{
    Bench, Credentials, Faults, Knob, Platform, SandboxError, Service, Webhooks, bench, platforms,
};

/// How a sandbox is made. The same clock and seed make the same world.
#[derive(Clone, Debug)]
pub struct SandboxConfig {
    /// What time it is in the sandbox.
    pub clock: Clock,
    /// What its credentials and its weather, news and prices are made from. Keep it to find the same
    /// credentials after a restart.
    pub seed: Secret<[u8; 32]>,
    /// The port of the first service; the others take the ports that follow, in the order of
    /// [`Service::ALL`]. `None` takes any that are free.
    pub first_port: Option<u16>,
    /// What [`Sandbox::memory`] gave before the last end: the connections made then are alive.
    pub memory: Option<Secret<String>>,
    /// The time between two items of the newsroom, a second at least.
    pub news_every: Duration,
}

impl SandboxConfig {
    /// Any free ports, and an item of news every thirty seconds.
    pub fn new(clock: Clock, seed: Secret<[u8; 32]>) -> Self {
        Self { clock, seed, first_port: None, memory: None, news_every: Duration::from_secs(30) }
    }

    /// The same with a fresh seed.
    pub fn fresh(clock: Clock, entropy: &Entropy) -> Self {
        Self::new(clock, Secret::new(entropy.bytes()))
    }
}

/// A service as it is now.
#[derive(Clone, Debug, Serialize)]
pub struct ServiceState {
    /// Its name, for [`Sandbox::set_faults`].
    pub name: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// Where it listens (`http://127.0.0.1:…`, without a slash at the end). The webhook sender has none.
    pub url: Option<String>,
    /// The faults that it has. Others are refused.
    pub knobs: &'static [Knob],
    /// The faults that are set.
    pub faults: Faults,
}

/// A running sandbox. It ends when it is dropped, or orderly with [`Sandbox::shutdown`].
#[derive(Debug)]
pub struct Sandbox {
    credentials: Credentials,
    urls: Vec<(Service, String)>,
    platforms: Vec<Arc<Platform>>,
    desk: Arc<FaultDesk>,
    bench: Arc<Bench>,
    webhooks: Webhooks,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Sandbox {
    /// Starts all services on 127.0.0.1. To be called within a Tokio runtime.
    ///
    /// # Errors
    /// [`SandboxError::Bind`] when a port is taken, [`SandboxError::NewsTooOften`],
    /// [`SandboxError::Memory`].
    pub async fn start(config: SandboxConfig) -> Result<Self, SandboxError> {
        let SandboxConfig { clock, seed, first_port, memory, news_every } = config;
        if news_every < Duration::from_secs(1) {
            return Err(SandboxError::NewsTooOften);
        }
        let memory: Value = match &memory {
            Some(text) => serde_json::from_str(text.expose()).map_err(|_| SandboxError::Memory)?,
            None => Value::Null,
        };
        let seed = Seed::new(seed.expose());
        let credentials = Credentials::new(&seed);
        let desk = Arc::new(FaultDesk::new(seed.clone()));
        let bench = Arc::new(Bench::new(clock.clone()));
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        // Should the start fail half-way, what runs already ends.
        let guard = stop.clone().drop_guard();

        let mut bound = Vec::new();
        let listening = Service::ALL.into_iter().filter(|service| *service != Service::Webhooks);
        for (service, offset) in listening.zip(0..) {
            let port = first_port.map_or(0, |first| first.saturating_add(offset));
            bound.push((service, bind(service, port).await?));
        }
        // Only now, when every service has its port, is anything started.
        let (mut urls, mut platforms) = (Vec::new(), Vec::new());
        for (service, (listener, url)) in bound {
            let (clock, seed) = (clock.clone(), seed.clone());
            let door_clock = clock.clone();
            let router = match service {
                Service::Weather => {
                    let key = credentials.weather_key.clone();
                    weather::router(Weather::new(clock, seed, key))
                }
                Service::Rss => {
                    let url = url.clone();
                    news::router(Newsroom { clock, seed, url, every: news_every })
                }
                Service::Graphql => {
                    let token = credentials.graphql_token.clone();
                    graphql::router(Exchange { clock, seed, token })
                }
                Service::Rest => {
                    let credentials = credentials.clone();
                    rest::router(Playground { clock, credentials })
                }
                Service::Slack => chat::router(Chat::new(clock, credentials.slack_token.clone())),
                Service::Bench => bench::router(bench.clone()),
                _ => {
                    let (url, desk) = (url.clone(), desk.clone());
                    match Platform::new(service, clock, seed, url, desk) {
                        Some(platform) => {
                            let kept = memory.get(service.name());
                            kept.map_or(Ok(()), |kept| platform.recall(kept))?;
                            platforms.push(platform.clone());
                            platforms::router(platform)
                        }
                        None => continue,
                    }
                }
            };
            let (desk, stop, connections) = (desk.clone(), stop.clone(), tasks.clone());
            let door = Door { service, router, clock: door_clock, desk, stop, tasks: connections };
            tasks.spawn(door.serve(listener));
            urls.push((service, url));
        }
        let webhooks = Webhooks::new(clock, seed, desk.clone(), stop.clone(), tasks.clone());
        guard.disarm();
        Ok(Self { credentials, urls, platforms, desk, bench, webhooks, stop, tasks })
    }

    /// Ends all services and waits until they have.
    pub async fn shutdown(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// The keys that open the guarded services.
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// Where a service listens; `None` for the webhook sender.
    pub fn url(&self, service: Service) -> Option<&str> {
        self.urls.iter().find(|(known, _)| *known == service).map(|(_, url)| url.as_str())
    }

    /// All services with their faults.
    pub fn services(&self) -> Vec<ServiceState> {
        let state = |service: Service| ServiceState {
            name: service.name(),
            title: service.title(),
            url: self.url(service).map(str::to_owned),
            knobs: service.knobs(),
            faults: self.desk.get(service),
        };
        Service::ALL.into_iter().map(state).collect()
    }

    /// Sets the faults of a service, from the next request or event on.
    ///
    /// # Errors
    /// [`SandboxError::UnknownService`], [`SandboxError::UnsupportedKnob`],
    /// [`SandboxError::KnobOutOfRange`]; nothing is changed then.
    pub fn set_faults(&self, name: &str, faults: Faults) -> Result<(), SandboxError> {
        self.desk.set(name.parse()?, faults)
    }

    /// An OAuth provider or a platform; `None` for the other services.
    pub fn platform(&self, service: Service) -> Option<&Arc<Platform>> {
        self.platforms.iter().find(|platform| platform.service() == service)
    }

    /// What the platforms have granted so far, for [`SandboxConfig::memory`]. It holds tokens.
    pub fn memory(&self) -> Secret<String> {
        let kept =
            |platform: &Arc<Platform>| (platform.service().name().to_owned(), platform.memory());
        Secret::new(self.platforms.iter().map(kept).collect::<Value>().to_string())
    }

    /// The sender of signed events.
    pub fn webhooks(&self) -> &Webhooks {
        &self.webhooks
    }

    /// What the benchmark endpoint has seen.
    pub fn bench(&self) -> &Bench {
        &self.bench
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn bind(service: Service, port: u16) -> Result<(TcpListener, String), SandboxError> {
    let refused = |source| SandboxError::Bind { service, port, source };
    let listener = TcpListener::bind(("127.0.0.1", port)).await.map_err(refused)?;
    let url = format!("http://{}", listener.local_addr().map_err(refused)?);
    Ok((listener, url))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::{Answer, Probe};

    /// A request that each HTTP service answers with 200.
    async fn ask(probe: &Probe, service: Service) -> Result<Answer, hyper::Error> {
        let keys = probe.sandbox.credentials();
        let weather = format!("/data/2.5/weather?q=London&appid={}", keys.weather_key.expose());
        let token = format!("Bearer {}", keys.graphql_token.expose());
        let (method, path, body) = match service {
            Service::Weather => ("GET", weather.as_str(), ""),
            Service::Rss => ("GET", "/feed.xml", ""),
            Service::Graphql => ("POST", "/graphql", r#"{"query": "{ portfolio { value } }"}"#),
            Service::Rest => ("GET", "/rest/echo", ""),
            Service::Slack => ("POST", "/api/auth.test", ""),
            Service::Bench => ("GET", "/bench/1", ""),
            _ => panic!("it has no address, or tests of its own"),
        };
        probe.send(method, service, path, &[("authorization", &token)], body).await
    }

    #[tokio::test]
    async fn faults_have_their_effect_and_end() {
        let probe = Probe::start().await;
        // The platforms have their own way of each fault.
        for service in
            Service::ALL.into_iter().filter(|s| *s != Service::Webhooks && !s.is_platform())
        {
            let with = async |faults| {
                probe.faults(service, faults);
                ask(&probe, service).await
            };
            let calm = Faults::default();

            let answer = with(Faults { rate_limited: true, ..calm }).await.unwrap();
            assert_eq!((answer.status, answer.header("retry-after")), (429, "5"), "{service}");
            let answer = with(Faults { server_error: true, ..calm }).await.unwrap();
            assert_eq!(answer.status, 503, "{service}");
            let answer = with(Faults { garbage: true, ..calm }).await.unwrap();
            assert_eq!(answer.status, 200, "{service}");
            assert!(std::str::from_utf8(&answer.body).is_err(), "{service}");
            assert!(with(Faults { drop_connection: true, ..calm }).await.is_err(), "{service}");

            let begun = tokio::time::Instant::now();
            let answer = with(Faults { slow_ms: 30, ..calm }).await.unwrap();
            assert_eq!(answer.status, 200, "{service}");
            assert!(begun.elapsed() >= Duration::from_millis(30), "{service}");

            probe.faults(service, Faults { server_error: true, probability: 0.5, ..calm });
            let mut statuses = Vec::new();
            for _ in 0..40 {
                statuses.push(ask(&probe, service).await.unwrap().status);
            }
            assert!(statuses.contains(&503) && statuses.contains(&200), "{service} {statuses:?}");
            assert_eq!(with(calm).await.unwrap().status, 200, "{service}");
        }
    }

    #[tokio::test]
    async fn the_same_seed_makes_the_same_world() {
        let (one, two) = (Probe::start().await, Probe::start().await);
        // The echo and the feeds contain the sandbox's own address.
        for service in [Service::Weather, Service::Graphql, Service::Bench] {
            let bodies = (ask(&one, service).await.unwrap(), ask(&two, service).await.unwrap());
            assert_eq!(bodies.0.body, bodies.1.body, "{service}");
        }
        let other = SandboxConfig::new(one.clock.clone(), Secret::new([8; 32]));
        let other = Sandbox::start(other).await.unwrap();
        let key = |sandbox: &Sandbox| sandbox.credentials().weather_key.expose().clone();
        assert_eq!(key(&one.sandbox), key(&two.sandbox));
        assert_ne!(key(&one.sandbox), key(&other));
    }

    #[tokio::test]
    async fn services_are_listed_with_their_faults() {
        let probe = Probe::start().await;
        probe.faults(Service::Rss, Faults { slow_ms: 5, ..Faults::default() });
        let services = serde_json::to_value(probe.sandbox.services()).unwrap();
        assert_eq!(services.as_array().unwrap().len(), Service::ALL.len());
        assert_eq!(
            (&services[1]["name"], &services[1]["faults"]["slow_ms"]),
            (&"rss".into(), &5.into())
        );
        assert_eq!(services[5]["url"], serde_json::Value::Null);
        assert_eq!(services[5]["knobs"][3], "duplicate");
        let unknown = probe.sandbox.set_faults("tides", Faults::default());
        assert!(matches!(unknown, Err(SandboxError::UnknownService(name)) if name == "tides"));
    }

    #[tokio::test]
    async fn after_the_end_nothing_listens_and_a_taken_port_is_an_error() {
        let probe = Probe::start().await;
        let url = probe.sandbox.url(Service::Weather).unwrap().to_owned();
        let address = url.strip_prefix("http://").unwrap();
        let port = address.rsplit(':').next().unwrap().parse().unwrap();
        let mut config = SandboxConfig::new(probe.clock.clone(), Secret::new([7; 32]));
        config.first_port = Some(port);
        let taken = Sandbox::start(config).await.unwrap_err();
        assert!(matches!(taken, SandboxError::Bind { service: Service::Weather, .. }), "{taken}");
        probe.sandbox.shutdown().await;
        assert!(tokio::net::TcpStream::connect(address).await.is_err());
    }
}
