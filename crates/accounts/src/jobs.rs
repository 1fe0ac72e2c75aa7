//! The room's jobs, a file each.

pub mod mail;
pub mod reseal;
