//! The door against servers that are slow, broken, hostile or just there.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod bodies;
mod budgets;
mod coalescing;
mod counting;
mod logging;
mod probing;
mod redirects;
mod refusals;
mod retries;
mod signing;
mod timeouts;
mod trust;
mod world;
