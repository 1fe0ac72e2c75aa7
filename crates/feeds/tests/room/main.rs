//! What the room promises, on SQLite and on PostgreSQL alike, with the sandbox as the outside world.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod fetches;
mod follows;
mod live;
mod node;
mod origin;
mod pulls;
mod pushes;
mod readers;
mod refusals;
mod sharing;
mod stores;
mod world;
