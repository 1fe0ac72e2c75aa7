//! Something to be done. A job is written in the transaction of the change that asks for it, runs at
//! least once, and is hence idempotent.

use serde_json::Value;

use crate::Timestamp;

/// The name under which a room registers its handler, for instance `feed.pull`.
pub type JobKind = &'static str;

/// A job that is about to be enqueued.
#[derive(Clone, Debug, PartialEq)]
pub struct NewJob {
    /// Which handler runs it.
    pub kind: JobKind,
    /// At most one job of a kind and key waits in a workspace. Asking again keeps the earlier time.
    pub key: String,
    /// Not before this.
    pub run_at: Timestamp,
    /// What the handler needs to know; never a secret.
    pub payload: Value,
}
