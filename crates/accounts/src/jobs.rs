//! The room's jobs, a file each.

pub mod reseal;
