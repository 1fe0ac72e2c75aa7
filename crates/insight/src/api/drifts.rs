//! `GET /api/v1/drifts`.

use accounts::gate::{Answer, ApiJson, Caller, may};
use kernel::{ConnectionId, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use crate::drift::Drift;
use crate::store::drifts;

const MOST: u32 = 1_000;

/// What platforms stopped telling.
#[derive(Serialize, ToSchema)]
pub(super) struct Drifts {
    /// Those that have lasted longest first; 1,000 at most.
    data: Vec<DriftView>,
}

/// A number that a platform stopped telling as it used to. It ends by itself when the number is back.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "connection_id": "conn_01h455vb4pex5vsknk084sn02q", "platform": "instagram", "subject": "aurel",
    "metric": "followers",
    "problem": "the platform's answer does not hold it (.account.followers_count)",
    "since": "2026-01-31T08:12:44Z", "seen_at": "2026-02-01T06:12:40Z"
}))]
pub(super) struct DriftView {
    #[schema(value_type = String)]
    connection_id: ConnectionId,
    platform: String,
    subject: String,
    metric: String,
    /// What is wrong, with where the number used to stand in the answer.
    problem: String,
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    seen_at: Timestamp,
}

/// What platforms stopped telling
#[utoipa::path(
    get, path = "/api/v1/drifts", operation_id = "list_drifts", tag = "metrics",
    responses((status = 200, description = "What is missing now.", body = Drifts)),
    security(("api_key" = ["metrics:read"]), ("session" = []))
)]
pub(super) async fn list(caller: Caller<may::MetricsRead>) -> Answer<ApiJson<Drifts>> {
    let mut tx = caller.workspace.read().await?;
    let rows = drifts::all(&mut tx, caller.workspace.id(), MOST).await?;
    Ok(ApiJson(Drifts { data: rows.into_iter().map(DriftView::from).collect() }))
}

impl From<Drift> for DriftView {
    fn from(it: Drift) -> Self {
        let Drift { connection, platform, subject, metric, problem, since, seen_at } = it;
        Self { connection_id: connection, platform, subject, metric, problem, since, seen_at }
    }
}
