//! How it went with the numbers of an account: for whoever asked, and for those who watch.

use connect::Connection;
use db::Workspace;
use kernel::{ConnectionId, Problem, codes};
use serde::Serialize;
use serde_json::json;
use std::sync::atomic::{AtomicUsize, Ordering};
use utoipa::ToSchema;

use crate::Insight;
use crate::asking::Asker;

/// Told on the workspace's stream as each account ends, and kept nowhere: what it changed is told by
/// `metrics.updated`.
const PROGRESS: &str = "sync.progress";

/// How it went with one account.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "platform": "spotify", "connection_id": "conn_01h455vb4pex5vsknk084sn02q", "subject": "aurel",
    "status": "success", "code": null, "message": null, "metrics_updated": 5
}))]
pub(crate) struct SyncResult {
    platform: String,
    #[schema(value_type = String)]
    connection_id: ConnectionId,
    subject: String,
    status: SyncStatus,
    /// A stable code when it did not go well.
    code: Option<&'static str>,
    message: Option<String>,
    /// How many numbers were read.
    metrics_updated: Option<usize>,
}

/// Whether numbers were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SyncStatus {
    /// They were.
    Success,
    /// A person must connect the account again first.
    RequiresReconnection,
    /// They were not; `message` says why.
    Error,
}

/// Accounts that are read for one question.
pub(crate) struct Batch {
    /// What the question is known by; none for an account that is read by itself.
    id: Option<String>,
    total: usize,
    done: AtomicUsize,
}

impl Batch {
    pub(crate) fn new(id: String, total: usize) -> Self {
        Self { id: Some(id), total, done: AtomicUsize::new(0) }
    }

    /// One account by itself.
    pub(crate) fn single() -> Self {
        Self { id: None, total: 1, done: AtomicUsize::new(0) }
    }
}

impl Insight {
    /// Reads the numbers of one account, and tells those who watch how it went.
    pub(crate) async fn read(
        &self,
        workspace: &Workspace,
        connection: &Connection,
        asker: Asker<'_>,
        batch: &Batch,
    ) -> (SyncResult, Option<Problem>) {
        let read = self.sync(workspace, connection, asker).await;
        let (status, metrics_updated, problem) = match read {
            Ok(count) => (SyncStatus::Success, Some(count), None),
            Err(problem) => {
                let status = self.status_of(workspace, connection.id, &problem).await;
                (status, None, Some(problem))
            }
        };
        let result = SyncResult {
            platform: connection.provider.clone(),
            connection_id: connection.id,
            subject: connection.subject.clone(),
            status,
            code: problem.as_ref().map(|problem| problem.code.name),
            message: problem.as_ref().map(|problem| problem.detail.clone()),
            metrics_updated,
        };
        if let Err(error) = self.tell(workspace, &result, batch).await {
            tracing::debug!(%error, "nobody was told of a sync");
        }
        (result, problem)
    }

    async fn tell(
        &self,
        workspace: &Workspace,
        result: &SyncResult,
        batch: &Batch,
    ) -> Result<(), db::DbError> {
        let mut data = json!(result);
        data["sync_id"] = json!(batch.id);
        data["done"] = json!(batch.done.fetch_add(1, Ordering::Relaxed) + 1);
        data["total"] = json!(batch.total);
        workspace.tell(PROGRESS, result.connection_id, data).await
    }

    /// What it takes: a person, when the platform's answer ended the access.
    async fn status_of(
        &self,
        workspace: &Workspace,
        id: ConnectionId,
        problem: &Problem,
    ) -> SyncStatus {
        let needs_person =
            [&codes::CONNECTION_EXPIRED, &codes::CONNECTION_REVOKED, &codes::NOT_AUTHORIZED];
        let said = needs_person.into_iter().any(|code| problem.code == code);
        let now = self.connect().known_connection(workspace, id).await.ok().flatten();
        match said || now.is_some_and(|it| it.status.needs_person()) {
            true => SyncStatus::RequiresReconnection,
            false => SyncStatus::Error,
        }
    }
}
