//! What the rooms above do when an integration or its credentials change: a job, asked for in the
//! transaction of the change itself, so that neither is ever without the other. This room knows only its
//! name; who handles it, and how, is theirs.

use db::{DbError, Tx};
use kernel::{FeedId, IntegrationId, JobKind, Lane, NewJob, WorkspaceId};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::Connect;

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

impl Connect {
    /// Asks for the job, and for what follows for its provider's pushes.
    pub(crate) async fn follow(
        &self,
        tx: &mut Tx,
        workspace: WorkspaceId,
        (provider, id): (&str, IntegrationId),
        change: &IntegrationChanged,
    ) -> Result<(), DbError> {
        let (kind, key, run_at) = (CHANGED, id.to_string(), tx.now());
        tx.enqueue(workspace, NewJob { kind, key, run_at, payload: json!(change) }).await?;
        self.follow_pushes(tx, workspace, provider, id).await
    }
}
