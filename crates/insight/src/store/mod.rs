//! The room's SQL, a file per noun.

pub(crate) mod connections;
pub(crate) mod drifts;
pub(crate) mod kpis;
pub(crate) mod series;

#[cfg(test)]
mod tests;
