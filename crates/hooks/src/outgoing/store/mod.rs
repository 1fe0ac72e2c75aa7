//! The SQL of outgoing webhooks.

pub(crate) mod attempts;
pub(crate) mod deliveries;
pub(crate) mod webhooks;
