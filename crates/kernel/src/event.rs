//! Something that happened. Rooms never call each other: they append events in the transaction that
//! made them true, and react to each other's.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{EventId, Timestamp, Trace, WorkspaceId};

/// One entry of the append-only log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Its id.
    pub id: EventId,
    /// Where it happened.
    pub workspace: WorkspaceId,
    /// What happened, noun first: `feed.updated`.
    pub kind: String,
    /// The id of the thing it happened to.
    pub subject: String,
    /// When.
    pub at: Timestamp,
    /// What else is known of it; never a secret.
    pub data: Value,
    /// What it follows from.
    pub trace: Option<Trace>,
}
