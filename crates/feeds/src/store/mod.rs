//! The room's SQL, a file per noun.

pub(crate) mod cables;
pub(crate) mod feeds;
pub(crate) mod outcome;
pub(crate) mod players;
pub(crate) mod throughput;
pub(crate) mod versions;
pub(crate) mod widgets;
