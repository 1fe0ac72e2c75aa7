//! People, tenants, keys, and the gate of the API. It promises that a request is known by its key or
//! session without a query, that what was revoked here is refused at once, and that every change of
//! membership, key or login is audited. It relies on `db` for storage and signals. It never keeps a
//! password or a key in the clear, and knows nothing of what the rooms above do.

mod accounts;
mod api;
pub mod audit;
pub mod gate;
pub mod jobs;
mod keys;
mod limit;
mod notify;
mod people;
mod role;
mod sessions;
mod store;
mod usage;
mod windows;

pub use accounts::{Accounts, AccountsConfig, EndpointRate};
pub use api::is_colour;
pub use limit::Rate;
pub use notify::{Severity, notify};
pub use people::Owner;
pub use role::Role;
