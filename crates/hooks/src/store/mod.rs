//! The room's SQL, a file per noun.

pub(crate) mod subscriptions;
