//! What the rooms above do when an integration or its credentials change: a job, asked for in the
//! transaction of the change itself, so that neither is ever without the other. This room knows only its
//! name; who handles it, and how, is theirs.

use db::{DbError, Tx};
use kernel::{FeedId, IntegrationId, JobKind, Lane, NewJob, WorkspaceId};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::errand::follow_pushes;

/// Follows a change of the integration whose id is the key. Changes that come before it has run are
/// followed at once; see [`IntegrationChanged`] for what it is told.
pub const CHANGED: JobKind = JobKind { name: "integration.changed", lane: Lane::Fast };

/// What a job of kind [`CHANGED`] is told of the last change. Everything else stands in the tables.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct IntegrationChanged {
    /// It was made, and nothing has changed since.
    pub is_new: bool,
    /// It was deleted, and these feeds went with it.
    pub gone: Vec<FeedId>,
}

/// Asks for the job.
pub(crate) async fn follow(
    tx: &mut Tx,
    workspace: WorkspaceId,
    id: IntegrationId,
    change: &IntegrationChanged,
) -> Result<(), DbError> {
    let job =
        NewJob { kind: CHANGED, key: id.to_string(), run_at: tx.now(), payload: json!(change) };
    tx.enqueue(workspace, job).await?;
    follow_pushes(tx, workspace, id).await
}
