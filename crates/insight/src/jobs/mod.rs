//! The room's jobs, a file per kind.

pub(crate) mod connected;
pub(crate) mod pushed;
pub(crate) mod sync;

use db::JobError;
use kernel::{ConnectionId, NewJob, Timestamp};
use serde_json::json;

/// Asks for the numbers of a connection, not before `run_at`.
pub(crate) fn sync_of(id: ConnectionId, run_at: Timestamp) -> NewJob {
    NewJob { kind: sync::KIND, key: id.to_string(), run_at, payload: json!({}) }
}

fn connection(key: &str) -> Result<ConnectionId, JobError> {
    key.parse().map_err(|_| JobError(format!("{key} is no connection")))
}
