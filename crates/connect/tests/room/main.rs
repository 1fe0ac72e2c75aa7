//! What the room promises, on SQLite and on PostgreSQL alike.

mod api;
mod credentials;
mod integrations;
mod printed;
mod requests;
mod trials;
mod world;
