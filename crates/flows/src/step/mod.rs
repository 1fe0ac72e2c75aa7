//! What the steps do that is not a mere decision.

pub mod code;
mod connector;
pub(crate) mod http;
mod sight;

pub(crate) use connector::call;
pub use connector::{ConnectorCall, ConnectorOutcome, Runner};
pub(crate) use sight::RunSight;

use kernel::MASK;
use serde_json::{Map, Value};

/// A map without what its names say is secret, for showing.
pub(crate) fn masked(map: &Map<String, Value>) -> Map<String, Value> {
    let each = map.iter().map(|(name, value)| {
        let shown = if is_secret(name) { Value::from(MASK) } else { value.clone() };
        (name.clone(), shown)
    });
    each.collect()
}

/// Whether a header or field of that name holds a secret.
pub(crate) fn is_secret(name: &str) -> bool {
    kernel::looks_secret(name) || name.eq_ignore_ascii_case("cookie")
}
