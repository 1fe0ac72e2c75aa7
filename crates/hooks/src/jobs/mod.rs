//! The room's jobs, a file per kind.

pub(crate) mod follow;
pub(crate) mod renew;
