//! The gate of the API: who is asking, what they may do, how a request is read and how a problem is
//! answered. Every room's routes stand behind it. Nothing here queries the database for a known key.

mod address;
mod authenticate;
mod caller;
mod failure;
mod idempotent;
mod identity;
mod json;
mod list;
mod measure;
mod query;
mod sort;
mod standing;
mod throttle;

pub use address::client_addr;
pub(crate) use authenticate::{RemoteAddr, check_origin};
pub use authenticate::{SESSION_COOKIE, WORKSPACE_COOKIE, authenticate, cookie};
pub use caller::{Caller, Needs, may};
pub(crate) use caller::{Login, missing_scope};
pub use failure::{Answer, Failure, not_found};
pub use idempotent::idempotent;
pub use identity::{Actor, Identity};
pub use json::{ApiJson, parse, present};
pub use list::{List, page};
pub use measure::measure;
pub use query::{ApiPath, ApiQuery};
pub use sort::Sort;
pub use standing::{Ended, Standing, Stopping};
pub use throttle::throttle;
