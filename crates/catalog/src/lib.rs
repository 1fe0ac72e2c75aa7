//! How to speak with the outside services, as data: the provider files under `catalog/`, what they are
//! checked against, and the small pure languages they are written in (templates, jq, JSON Schema,
//! signature schemes), together with reading what services answer (formats, rate limits).
//!
//! Nothing here opens a socket or a database. Everything that takes text from outside is total: it
//! answers or refuses, whatever the bytes, within stated limits.

pub mod action;
pub mod answer;
mod catalog;
pub mod decode;
pub mod jq;
pub mod lint;
pub mod metrics;
pub mod oauth;
mod provider;
pub mod push;
pub mod ratelimit;
pub mod schema;
pub mod template;

pub use action::Action;
pub use catalog::{Catalog, CatalogError};
pub use provider::{Auth, AuthKind, Format, Mode, Place, Provider, Request, Sample};
