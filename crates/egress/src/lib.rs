//! The one door: every byte that leaves the house goes through [`Egress`].
//!
//! It promises that a request never reaches an address that is not open (whatever a name, a redirect
//! or a second resolution says), never waits or reads without a limit, never tells another origin who
//! asks, and is logged without its secrets. It relies on its caller for the request itself and for
//! naming the secrets in it. It never opens a secret, never stores an answer, and never decides what
//! an answer means beyond "slow down".

mod attempt;
mod bounded;
mod breaker;
mod bucket;
mod budget;
mod circuits;
mod classify;
mod coalesce;
mod config;
mod door;
mod error;
mod gate;
mod guard;
mod log;
mod mail;
mod metrics;
mod observe;
mod probe;
mod redact;
mod redirect;
mod request;
mod resolve;
mod response;
mod retry;
mod shares;
mod target;
mod tls;
mod wire;

pub use breaker::BreakerPolicy;
pub use budget::{Budget, Budgets, Spending};
pub use config::Config;
pub use door::{Egress, SetupError};
pub use error::{EgressError, Phase};
pub use gate::Standing;
pub use guard::{Guard, Refusal};
pub use log::{Log, RequestLogEntry};
pub use mail::{MailError, Mailer};
pub use observe::{Observation, Observer, retry_after, status_429};
pub use probe::{Probe, Step};
pub use request::{Lane, Limits, RateLimit, Request, Signer, Validators};
pub use resolve::{DnsFailure, Resolve, SystemResolver};
pub use response::{Response, ResponseHead};
pub use retry::RetryPolicy;
pub use tls::BadRoots;
