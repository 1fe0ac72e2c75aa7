//! Something to be done. A job is written in the transaction of the change that asks for it, runs at
//! least once, and is hence idempotent.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Timestamp;

/// Which workers run a job, so that what waits for the outside world never holds up what does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Lane {
    /// Local work of milliseconds.
    Fast,
    /// Work that waits for another host.
    Remote,
}

impl Lane {
    /// Every lane.
    pub const ALL: [Self; 2] = [Self::Fast, Self::Remote];
}

/// What a room registers a handler for; one constant per file in its `jobs/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct JobKind {
    /// Its name, for instance `feed.pull`.
    pub name: &'static str,
    /// Where it runs.
    pub lane: Lane,
}

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
