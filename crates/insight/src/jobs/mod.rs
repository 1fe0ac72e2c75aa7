//! The room's jobs, a file per kind.

pub(crate) mod connected;
pub(crate) mod pushed;
pub(crate) mod sync;

use db::JobError;
use kernel::{ConnectionId, NewJob, Timestamp};
use serde_json::json;

/// Asks for the numbers of a connection when its time has come, not before `run_at`.
pub(crate) fn in_turn(id: ConnectionId, run_at: Timestamp) -> NewJob {
    NewJob { kind: sync::KIND, key: id.to_string(), run_at, payload: json!({}) }
}

/// Asks for them because somebody asked or something happened: they are not put off to spare limits.
pub(crate) fn asked(id: ConnectionId, run_at: Timestamp) -> NewJob {
    NewJob { payload: json!({ sync::ASKED: true }), ..in_turn(id, run_at) }
}

fn connection(key: &str) -> Result<ConnectionId, JobError> {
    key.parse().map_err(|_| JobError(format!("{key} is no connection")))
}
