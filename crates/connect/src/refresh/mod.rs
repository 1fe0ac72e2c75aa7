//! Tokens kept alive. Exactly one question goes to the provider, however many callers need the answer in
//! however many processes: within one, callers share a flight; between them, a row says who asks
//! ([`intend`](crate::store::connections::intend)), and what was granted is kept only over the generation
//! that it replaces.

pub(crate) mod flight;
pub(crate) mod health;
pub(crate) mod job;
pub(crate) mod plan;
