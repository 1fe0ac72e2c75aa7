//! The whole system: the real binary, its HTTP API from outside, a real database, the sandbox as the
//! outside world. What a room promises is tested in the room; here it is tested what only all of it
//! together can keep.

#![allow(clippy::unwrap_used, reason = "what cannot be so in a test fails it")]

mod actions;
mod client;
mod connections;
mod counted;
mod crash;
mod demo;
mod document;
mod flexible;
mod house;
mod mail;
mod metrics;
mod nodes;
mod oauth1;
mod platforms;
mod pulls;
mod pushes;
mod quotas;
mod refusals;
mod renewals;
mod revoked;
mod rotations;
mod running;
mod scopes;
mod secrets;
mod socket;
mod startup;
mod storage;
mod streams;
mod subscriptions;
mod tenants;
mod webhooks;
mod widgets;
mod workflows;
mod world;
