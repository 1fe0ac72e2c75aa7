//! From a name to addresses that may be dialled. The connector dials what comes out of here and asks
//! nobody else, so the address that was checked is the address that is called.

use crate::guard::{Guard, Refusal, is_localhost};
use futures::future::BoxFuture;
use hickory_resolver::config::ResolverConfig;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::{Resolver, TokioResolver};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

/// Looks names up. The guard is not its business.
pub trait Resolve: Send + Sync {
    /// The addresses of a name, in the order in which they should be tried.
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, Result<Vec<IpAddr>, DnsFailure>>;
}

/// Why a name has no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct DnsFailure {
    /// What the name servers said.
    pub detail: String,
    /// Whether asking again may help.
    pub temporary: bool,
}

/// The system's name servers and its hosts file, asked by our own resolver.
pub struct SystemResolver {
    resolver: TokioResolver,
}

impl SystemResolver {
    /// Reads the system's configuration. Without one, only the hosts file answers.
    pub fn new() -> Self {
        Self { resolver: from_system().unwrap_or_else(from_nothing) }
    }
}

/// Names kept in memory; the library's own default of 32 is for a desktop.
const CACHED_NAMES: u64 = 4096;

fn from_system() -> Option<TokioResolver> {
    let built = TokioResolver::builder_tokio().and_then(|mut builder| {
        builder.options_mut().cache_size = CACHED_NAMES;
        builder.build()
    });
    built.inspect_err(|error| tracing::warn!(%error, "the DNS settings cannot be read")).ok()
}

fn from_nothing() -> TokioResolver {
    let provider = TokioRuntimeProvider::default();
    match Resolver::builder_with_config(ResolverConfig::default(), provider).build() {
        Ok(resolver) => resolver,
        Err(error) => panic!("a resolver without servers cannot fail to start: {error}"),
    }
}

impl Default for SystemResolver {
    fn default() -> Self {
        Self::new()
    }
}

impl Resolve for SystemResolver {
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, Result<Vec<IpAddr>, DnsFailure>> {
        Box::pin(async move {
            // RFC 6761: never a question for a name server.
            if is_localhost(host) {
                return Ok(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]);
            }
            let found = self.resolver.lookup_ip(host).await.map_err(|error| {
                let missing = error.is_nx_domain() || error.is_no_records_found();
                let detail =
                    if missing { "there is no such name".into() } else { error.to_string() };
                DnsFailure { detail, temporary: !missing }
            })?;
            Ok(found.iter().collect())
        })
    }
}

/// Why a name may or can not be dialled.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum Undialable {
    #[error("it is closed")]
    Closed(Refusal),
    #[error(transparent)]
    Unknown(#[from] DnsFailure),
}

/// Looks up and checks.
#[derive(Clone)]
pub(crate) struct Checked {
    pub(crate) names: Arc<dyn Resolve>,
    pub(crate) guard: Arc<Guard>,
}

impl Checked {
    pub(crate) async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, Undialable> {
        let found = self.names.resolve(host).await?;
        if found.is_empty() {
            let detail = "it has no address".to_owned();
            return Err(DnsFailure { detail, temporary: false }.into());
        }
        self.guard.admit(host, &found).map_err(Undialable::Closed)
    }
}

impl reqwest::dns::Resolve for Checked {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let checked = self.clone();
        Box::pin(async move {
            let open = checked.addresses(name.as_str()).await?;
            // Port 0 stands for the port of the URL.
            let addresses = open.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(addresses) as reqwest::dns::Addrs)
        })
    }
}
