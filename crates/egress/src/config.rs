//! What the operator decides about everything that leaves.

use crate::breaker::BreakerPolicy;
use crate::request::Limits;
use ipnet::IpNet;
use std::time::Duration;

/// The settings of the door.
#[derive(Clone, Debug)]
pub struct Config {
    /// Networks that may be called although they are not the public internet.
    pub allow_networks: Vec<IpNet>,
    /// Root certificates in PEM that are trusted on top of the machine's; empty for none.
    pub extra_roots: Vec<u8>,
    /// Sent with requests that bring none of their own.
    pub user_agent: String,
    /// Name, TCP and TLS together.
    pub connect_timeout: Duration,
    /// The limits of a request that names none.
    pub limits: Limits,
    /// When a host is left alone.
    pub breaker: BreakerPolicy,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            allow_networks: Vec::new(),
            extra_roots: Vec::new(),
            user_agent: concat!("Patchbay/", env!("CARGO_PKG_VERSION")).to_owned(),
            connect_timeout: Duration::from_secs(10),
            limits: Limits::default(),
            breaker: BreakerPolicy::default(),
        }
    }
}
