//! What can go wrong on the way out. Each message says what happened and, where there is something to
//! do about it, what; none of them holds a secret of the request.

use crate::guard::Refusal;
use crate::redact::Redactor;
use ipnet::IpNet;
use kernel::{Code, Problem, Timestamp, codes};
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum EgressError {
    /// The address is closed, see [`Guard`](crate::Guard).
    #[error("{}{what}; start with --allow-network {network} to allow it", subject(host, *address))]
    Forbidden {
        /// The host as it was asked for.
        host: String,
        /// What it resolved to.
        address: IpAddr,
        /// What is special about that address.
        what: &'static str,
        /// The network to open.
        network: IpNet,
    },
    /// The URL cannot be called at all.
    #[error("{0}")]
    BadUrl(String),
    /// The name has no address.
    #[error("the name {host} cannot be resolved: {detail}")]
    Dns {
        /// The name.
        host: String,
        /// What the name servers said.
        detail: String,
        /// Whether asking again may help.
        temporary: bool,
    },
    /// No TCP connection came about.
    #[error("no connection to {host}: {detail}")]
    Connect {
        /// Host and port.
        host: String,
        /// Refused, unreachable, …
        detail: String,
    },
    /// The TLS handshake failed.
    #[error("no trusted connection to {host}: {detail}")]
    Tls {
        /// Host and port.
        host: String,
        /// What is wrong with the certificate or the handshake.
        detail: String,
    },
    /// Too slow.
    #[error("{host} {phase} within {} s", after.as_secs_f64())]
    Timeout {
        /// Host and port.
        host: String,
        /// What was waited for.
        phase: Phase,
        /// How long.
        after: Duration,
    },
    /// The body is larger than the limit, after decompression.
    #[error("the answer of {host} is larger than {limit} bytes; ask for less, or raise the limit")]
    TooLarge {
        /// Host and port.
        host: String,
        /// The limit.
        limit: u64,
    },
    /// A redirect that is not followed.
    #[error("{0}")]
    Redirect(String),
    /// The host failed too often.
    #[error("{host} failed several times in a row and is left alone for {} s; last: {last}",
        retry_after.as_secs().max(1))]
    Circuit {
        /// Host and port.
        host: String,
        /// When it will be tried again.
        retry_after: Duration,
        /// What the last failure was.
        last: String,
    },
    /// A rate limit is used up: ours before sending, or the provider's after.
    #[error("{}", rate_limited(*by_provider, *retry_after))]
    RateLimited {
        /// Whether the provider said so; else our own limit held the request back.
        by_provider: bool,
        /// When trying again makes sense, if that is known.
        retry_after: Option<Duration>,
    },
    /// A budget is used up: as we count, or as the provider says.
    #[error("{}", quota_spent(provider, *resets_at, *is_reserve))]
    QuotaSpent {
        /// Whose.
        provider: String,
        /// When all of it comes back.
        resets_at: Timestamp,
        /// How long that is from now.
        retry_after: Duration,
        /// Whether something is left, which is kept for those who wait.
        is_reserve: bool,
    },
    /// The connection broke, or what came is not HTTP.
    #[error("the answer of {host} is broken: {detail}")]
    Broken {
        /// Host and port.
        host: String,
        /// How.
        detail: String,
    },
}

/// What a time limit was set on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Name, TCP and TLS together.
    Connect,
    /// From the connection to the head of the answer.
    FirstByte,
    /// One attempt from beginning to end, redirects and body included.
    Whole,
}

impl fmt::Display for Phase {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Connect => "accepted no connection",
            Self::FirstByte => "sent no answer",
            Self::Whole => "did not finish its answer",
        })
    }
}

impl EgressError {
    pub(crate) fn forbidden(host: &str, refusal: &Refusal) -> Self {
        let Refusal { address, what, network } = *refusal;
        Self::Forbidden { host: host.to_owned(), address, what, network }
    }

    /// The stable code.
    pub fn code(&self) -> &'static Code {
        match self {
            Self::Forbidden { .. } => &codes::EGRESS_FORBIDDEN,
            Self::BadUrl(_) => &codes::EGRESS_URL,
            Self::Dns { .. } => &codes::EGRESS_DNS,
            Self::Connect { .. } => &codes::EGRESS_CONNECT,
            Self::Tls { .. } => &codes::EGRESS_TLS,
            Self::Timeout { .. } => &codes::EGRESS_TIMEOUT,
            Self::TooLarge { .. } => &codes::EGRESS_TOO_LARGE,
            Self::Redirect(_) => &codes::EGRESS_REDIRECTS,
            Self::Circuit { .. } => &codes::EGRESS_CIRCUIT,
            Self::RateLimited { .. } => &codes::EGRESS_RATE_LIMITED,
            Self::QuotaSpent { .. } => &codes::EGRESS_QUOTA_SPENT,
            Self::Broken { .. } => &codes::EGRESS_BROKEN,
        }
    }

    /// Whether the same request may work later, with nothing changed.
    pub fn retryable(&self) -> bool {
        match self {
            Self::Dns { temporary, .. } => *temporary,
            Self::Connect { .. } | Self::Timeout { .. } | Self::Broken { .. } => true,
            Self::Circuit { .. } | Self::RateLimited { .. } | Self::QuotaSpent { .. } => true,
            Self::Forbidden { .. } | Self::BadUrl(_) | Self::Tls { .. } => false,
            Self::TooLarge { .. } | Self::Redirect(_) => false,
        }
    }

    /// When trying again makes sense, where that is known.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Circuit { retry_after, .. } | Self::QuotaSpent { retry_after, .. } => {
                Some(*retry_after)
            }
            Self::RateLimited { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// The error as it is answered.
    pub fn problem(&self) -> Problem {
        let problem = Problem::of(self.code(), self);
        match self.retry_after() {
            Some(after) => problem.retry_after(after.as_secs_f64().ceil() as u64),
            None => problem,
        }
    }

    /// Whether the other side may have seen the request.
    pub(crate) fn may_have_arrived(&self) -> bool {
        match self {
            Self::Timeout { phase, .. } => *phase != Phase::Connect,
            Self::TooLarge { .. } | Self::Redirect(_) | Self::Broken { .. } => true,
            Self::RateLimited { by_provider, .. } => *by_provider,
            _ => false,
        }
    }

    /// Whether the host is to be blamed, which the circuit breaker counts. A bad certificate is
    /// not: the host is there, and whoever repairs it wants to see the effect at once.
    pub(crate) fn is_dead_host(&self) -> bool {
        matches!(self, Self::Connect { .. } | Self::Timeout { .. } | Self::Broken { .. })
            || matches!(self, Self::Dns { temporary: true, .. })
    }

    /// The same error without the secrets of the request, which can be part of a host name too.
    pub(crate) fn hide(mut self, secrets: &Redactor) -> Self {
        match &mut self {
            Self::Forbidden { host, .. }
            | Self::Timeout { host, .. }
            | Self::TooLarge { host, .. } => *host = secrets.text(host),
            Self::BadUrl(detail) | Self::Redirect(detail) => *detail = secrets.text(detail),
            Self::Dns { host, detail, .. }
            | Self::Connect { host, detail }
            | Self::Tls { host, detail }
            | Self::Circuit { host, last: detail, .. }
            | Self::Broken { host, detail } => {
                *host = secrets.text(host);
                *detail = secrets.text(detail);
            }
            Self::RateLimited { .. } | Self::QuotaSpent { .. } => {}
        }
        self
    }
}

fn subject(host: &str, address: IpAddr) -> String {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if bare.parse() == Ok(address) {
        format!("{address} is ")
    } else {
        format!("{host} resolves to {address}, which is ")
    }
}

fn rate_limited(by_provider: bool, retry_after: Option<Duration>) -> String {
    let who = if by_provider {
        "the provider asks for fewer requests"
    } else {
        "the rate limit of this connection is used up"
    };
    match retry_after {
        Some(after) => format!("{who}; try again in {} s", after.as_secs_f64().ceil()),
        None => format!("{who}; try again later"),
    }
}

fn quota_spent(provider: &str, resets_at: Timestamp, is_reserve: bool) -> String {
    let what = if is_reserve {
        format!("what is left of the daily quota of {provider} is kept for people who wait")
    } else {
        format!("the daily quota of {provider} is used up")
    };
    format!("{what}; all of it comes back at {resets_at}")
}
