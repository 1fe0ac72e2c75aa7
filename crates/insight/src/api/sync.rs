//! `POST /api/v1/sync`.

use accounts::gate::{Answer, ApiJson, Caller, may, present};
use axum::extract::State;
use connect::Connection;
use db::{DbError, Workspace};
use futures::StreamExt as _;
use kernel::{ConnectionId, PageRequest, Problem, SyncId, WorkspaceId, codes};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use utoipa::ToSchema;

use crate::asking::Asker;
use crate::jobs::asked;
use crate::outcome::{Batch, SyncResult};
use crate::{Insight, schedule, store};

/// How many are read side by side; each platform's limits hold besides.
const AT_ONCE: usize = 8;
/// How many are read while the caller waits. The rest are read after that.
const MOST: usize = 200;
/// Those that are read later begin so many a second.
const A_SECOND: usize = 10;
const LONGEST_ID: usize = 64;

/// Whose numbers to read: a subject's, all of the workspace, or everybody's.
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
    /// All workspaces of the instance; for its owner. Nothing is waited for.
    #[serde(default)]
    everything: bool,
    /// What the events `sync.progress` of this reading are known by, in letters, digits, `-` and `_`; made
    /// up unless said.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false, min_length = 1, max_length = 64)]
    id: Option<String>,
}

/// How it went.
#[derive(Serialize, ToSchema)]
pub(super) struct Synced {
    /// `sync_id` in the events `sync.progress`; null when all are read later.
    id: Option<String>,
    data: Vec<SyncResult>,
    /// How many more are read soon; they were too many to wait for.
    queued: usize,
}

/// Read numbers now
///
/// Side by side, within each platform's limits, and answered when all are done. As each account ends,
/// `sync.progress` is told on the workspace's stream of events, with `sync_id`, `done` and `total`.
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
    let said = [body.subject.is_some(), body.workspace, body.everything];
    if said.into_iter().filter(|is_said| *is_said).count() != 1 {
        let detail = "Say whose numbers to read: a `subject`, or `\"workspace\": true`, or, as the owner of \
                      the instance, `\"everything\": true`.";
        return Err(Problem::new(&codes::INVALID, detail).field("/subject", detail).into());
    }
    if body.everything {
        if !caller.instance_owner {
            let detail = "Only the owner of the instance reads the numbers of all workspaces.";
            return Err(Problem::new(&codes::MISSING_ROLE, detail).into());
        }
        let queued = everything(&insight).await?;
        return Ok(ApiJson(Synced { id: None, data: Vec::new(), queued }));
    }
    let id = match body.id {
        Some(id) => checked(id)?,
        None => {
            let db = insight.db();
            SyncId::generate(db.clock().now(), db.entropy()).to_string()
        }
    };
    let workspace = &caller.workspace;
    let mut wanted = measured(&insight, workspace, body.subject.as_deref()).await?;
    let rest = wanted.split_off(wanted.len().min(MOST));
    let rest: Vec<_> = rest.into_iter().map(|it| it.id).collect();
    enqueue(workspace, &rest, rest.len()).await?;
    let batch = Batch::new(id.clone(), wanted.len());
    let asker = Asker { actor: &caller.actor, lane: egress::Lane::Interactive };
    let syncs = wanted.into_iter().map(|it| {
        let (insight, batch) = (&insight, &batch);
        async move { insight.read(workspace, &it, asker, batch).await.0 }
    });
    let data = futures::stream::iter(syncs).buffered(AT_ONCE).collect().await;
    Ok(ApiJson(Synced { id: Some(id), data, queued: rest.len() }))
}

fn checked(id: String) -> Result<String, Problem> {
    let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    if (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(is_fit) {
        return Ok(id);
    }
    let detail = format!("It has from 1 to {LONGEST_ID} letters, digits, `-` and `_`.");
    Err(Problem::new(&codes::INVALID, detail.clone()).field("/id", detail))
}

/// Asks for all accounts of all workspaces; how many.
async fn everything(insight: &Insight) -> Result<usize, Problem> {
    let platforms = insight.platforms();
    let mut wanted = Vec::<(WorkspaceId, Vec<ConnectionId>)>::new();
    let mut after = None;
    loop {
        let mut tx = insight.db().system(false).await?;
        let page = store::connections::working(&mut tx, after, PageRequest::MAX_LIMIT).await?;
        drop(tx);
        let Some(last) = page.last() else { break };
        after = Some((last.workspace, last.connection));
        for it in page.iter().filter(|it| platforms.contains(&it.provider)) {
            match wanted.last_mut().filter(|(workspace, _)| *workspace == it.workspace) {
                Some((_, ids)) => ids.push(it.connection),
                None => wanted.push((it.workspace, vec![it.connection])),
            }
        }
    }
    let total = wanted.iter().map(|(_, ids)| ids.len()).sum();
    for (workspace, ids) in wanted {
        enqueue(&insight.db().workspace(workspace), &ids, total).await?;
    }
    Ok(total)
}

/// Has accounts read later, spread over as long as `total` of them take.
async fn enqueue(workspace: &Workspace, ids: &[ConnectionId], total: usize) -> Result<(), DbError> {
    if ids.is_empty() {
        return Ok(());
    }
    let span = Duration::from_secs((total / A_SECOND) as u64);
    let mut tx = workspace.write().await?;
    let now = tx.now();
    for id in ids {
        let run_at = now.plus(span.mul_f64(schedule::fraction(*id)));
        tx.enqueue(workspace.id(), asked(*id, run_at)).await?;
    }
    tx.commit().await
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
