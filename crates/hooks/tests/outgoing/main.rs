//! Webhooks out, with a sink that really listens and a clock that is moved by hand.

#![allow(clippy::unwrap_used, reason = "what cannot be so in a test fails it")]

mod endpoints;
mod house;
mod outage;
mod pace;
mod replays;
mod telling;
