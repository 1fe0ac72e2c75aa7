//! The room's SQL, a file per noun.

pub(crate) mod commit;
pub(crate) mod ending;
pub(crate) mod executions;
pub(crate) mod steps;
pub(crate) mod triggers;
pub(crate) mod workflows;
