//! What the room promises, on SQLite and on PostgreSQL alike.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod api;
mod credentials;
mod drafts;
mod expiry;
mod integrations;
mod printed;
mod quotas;
mod requests;
mod trials;
mod world;
