//! The jobs of outgoing webhooks.

pub(crate) mod deliver;
pub(crate) mod dispatch;
pub(crate) mod replay;
