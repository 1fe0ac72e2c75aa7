//! The room's SQL, a file per noun.

pub(crate) mod api_key;
pub(crate) mod audit;
pub(crate) mod idempotency;
pub(crate) mod member;
pub(crate) mod notification;
pub(crate) mod rotation;
pub(crate) mod session;
pub(crate) mod setting;
pub(crate) mod usage;
pub(crate) mod user;
pub(crate) mod workspace;

/// A pattern for `LIKE` over lower-cased text that finds `search` anywhere in it.
fn like(search: &str) -> String {
    // Neither database escapes the same way by default: what would be a wildcard matches itself or
    // any one letter, which finds too much, never too little.
    format!("%{}%", search.to_lowercase().replace(['%', '\\'], "_"))
}
