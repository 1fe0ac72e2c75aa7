//! What the room does in the background, a file per job.

pub(crate) mod apply;
pub(crate) mod follow;
pub(crate) mod pull;
