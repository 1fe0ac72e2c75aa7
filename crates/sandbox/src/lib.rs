//! A simulated outside world on loopback: a weather service, a newsroom with feeds, a stock exchange
//! that speaks GraphQL, a REST playground, a very cheap endpoint for measuring, a sender of signed
//! webhooks, an OAuth provider and eight platforms of artists. `patchbay serve --demo` and the tests use
//! the same one.
//!
//! What it says follows from the clock and the seed alone, save for its own addresses, so a test knows
//! what it will read. Each HTTP service listens on a port of its own: to a client they are different
//! hosts. Faults are turned on and off while it runs. It binds and calls loopback addresses only.

mod answer;
mod bench;
mod chat;
mod credentials;
mod error;
mod fault;
mod graphql;
mod listener;
mod news;
mod outcall;
mod platforms;
#[cfg(test)]
mod probe;
mod rest;
mod seed;
mod service;
mod weather;
mod webhooks;
mod world;

pub use bench::{Arrival, Bench};
pub use credentials::Credentials;
pub use error::SandboxError;
pub use fault::{Faults, Knob};
pub use platforms::{
    Account, Consent, Counters, DeveloperKey, Model, Platform, PushDelivery, PushEvent, TokenRules,
};
pub use service::Service;
pub use webhooks::{Delivery, Outcome, Scheme, SubscriptionId, SubscriptionState, Webhooks};
pub use world::{Sandbox, SandboxConfig, ServiceState};
