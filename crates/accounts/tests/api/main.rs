//! The room through its router, on SQLite and on PostgreSQL alike.

#![allow(clippy::unwrap_used, reason = "a panic fails the test, which is what is wanted")]

mod gate;
mod keys;
mod people;
mod world;
