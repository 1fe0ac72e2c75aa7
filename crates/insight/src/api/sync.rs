//! `POST /api/v1/sync`.

use accounts::gate::{Actor, Answer, ApiJson, Caller, may, present};
use axum::extract::State;
use connect::Connection;
use db::Workspace;
use futures::StreamExt as _;
use kernel::{ConnectionId, PageRequest, Problem, codes};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Insight;
use crate::asking::Asker;
use crate::jobs::sync_of;

/// How many are read side by side; each platform's limits hold besides.
const AT_ONCE: usize = 8;
/// How many are read while the caller waits. The rest are read after that.
const MOST: usize = 200;

/// Whose numbers to read: a subject's, or all of the workspace.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "subject": "aurel" }))]
pub(super) struct SyncRequest {
    /// Empty for the workspace's own accounts.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    subject: Option<String>,
    #[serde(default)]
    workspace: bool,
}

/// How it went.
#[derive(Serialize, ToSchema)]
pub(super) struct Synced {
    data: Vec<SyncResult>,
    /// How many more are read soon; they were too many to wait for.
    queued: usize,
}

/// How it went with one account.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "platform": "spotify", "connection_id": "conn_01h455vb4pex5vsknk084sn02q", "subject": "aurel",
    "status": "success", "code": null, "message": null, "metrics_updated": 5
}))]
pub(super) struct SyncResult {
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
pub(super) enum SyncStatus {
    /// They were.
    Success,
    /// A person must connect the account again first.
    RequiresReconnection,
    /// They were not; `message` says why.
    Error,
}

/// Read numbers now
///
/// Side by side, within each platform's limits, and answered when all are done.
#[utoipa::path(
    post, path = "/api/v1/sync", operation_id = "sync_metrics", tag = "metrics",
    request_body = SyncRequest,
    responses((status = 200, description = "How it went, by account.", body = Synced)),
    security(("api_key" = ["metrics:write"]), ("session" = []))
)]
pub(super) async fn sync(
    State(insight): State<Insight>,
    caller: Caller<may::MetricsWrite>,
    ApiJson(body): ApiJson<SyncRequest>,
) -> Answer<ApiJson<Synced>> {
    if body.subject.is_some() == body.workspace {
        let detail = "Say whose numbers to read: either a `subject`, or `\"workspace\": true`.";
        return Err(Problem::new(&codes::INVALID, detail).field("/subject", detail).into());
    }
    let workspace = &caller.workspace;
    let mut wanted = measured(&insight, workspace, body.subject.as_deref()).await?;
    let rest = wanted.split_off(wanted.len().min(MOST));
    let queued = rest.len();
    if queued > 0 {
        let mut tx = workspace.write().await?;
        let now = tx.now();
        for connection in rest {
            tx.enqueue(workspace.id(), sync_of(connection.id, now)).await?;
        }
        tx.commit().await?;
    }
    let syncs = wanted.into_iter().map(|it| result(&insight, workspace, &caller.actor, it));
    let data = futures::stream::iter(syncs).buffered(AT_ONCE).collect().await;
    Ok(ApiJson(Synced { data, queued }))
}

/// The connections whose platform tells numbers, by subject and platform.
async fn measured(
    insight: &Insight,
    workspace: &Workspace,
    subject: Option<&str>,
) -> Result<Vec<Connection>, Problem> {
    let mut found = Vec::new();
    let mut page = PageRequest { limit: PageRequest::MAX_LIMIT, after: None };
    loop {
        let rows = insight.connect().connections_of(workspace, subject, &page).await?;
        let limit = page.limit as usize;
        let is_last = rows.len() <= limit;
        page.after = rows.get(limit.saturating_sub(1)).map(|last| last.id.to_string());
        let rows = rows.into_iter().take(limit);
        found.extend(rows.filter(|it| insight.provider(&it.provider).is_some()));
        if is_last {
            break;
        }
    }
    found.sort_by(|a, b| (&a.subject, &a.provider).cmp(&(&b.subject, &b.provider)));
    Ok(found)
}

/// Reads the numbers of one account and says how it went.
pub(super) async fn result(
    insight: &Insight,
    workspace: &Workspace,
    actor: &Actor,
    connection: Connection,
) -> SyncResult {
    let asker = Asker { actor, lane: egress::Lane::Interactive };
    let read = insight.sync(workspace, &connection, asker).await;
    let (status, code, message, metrics_updated) = match read {
        Ok(count) => (SyncStatus::Success, None, None, Some(count)),
        Err(problem) => {
            let status = status_of(insight, workspace, connection.id, &problem).await;
            (status, Some(problem.code.name), Some(problem.detail), None)
        }
    };
    SyncResult {
        platform: connection.provider,
        connection_id: connection.id,
        subject: connection.subject,
        status,
        code,
        message,
        metrics_updated,
    }
}

/// What it takes: a person, when the platform's answer ended the access.
async fn status_of(
    insight: &Insight,
    workspace: &Workspace,
    id: ConnectionId,
    problem: &Problem,
) -> SyncStatus {
    let needs_person =
        [&codes::CONNECTION_EXPIRED, &codes::CONNECTION_REVOKED, &codes::NOT_AUTHORIZED];
    let said = needs_person.into_iter().any(|code| problem.code == code);
    let now = insight.connect().known_connection(workspace, id).await.ok().flatten();
    match said || now.is_some_and(|it| it.status.needs_person()) {
        true => SyncStatus::RequiresReconnection,
        false => SyncStatus::Error,
    }
}
