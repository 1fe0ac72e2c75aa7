//! `GET /api/v1/subjects`.

use accounts::gate::{Answer, ApiJson, Caller, may};
use axum::extract::State;
use kernel::ConnectionId;
use serde::Serialize;
use utoipa::ToSchema;

use crate::Insight;
use crate::store::connections;

/// More accounts than these are looked at by their subject.
const MOST: u32 = 5_000;

/// Whose numbers there are.
#[derive(Serialize, ToSchema)]
pub(super) struct Subjects {
    data: Vec<Subject>,
}

/// An artist or end user with the platforms that tell numbers.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "subject": "aurel", "platforms": [{
        "platform": "spotify", "connection_id": "conn_01h455vb4pex5vsknk084sn02q",
        "status": "active", "last_date": "2026-01-31"
    }]
}))]
pub(super) struct Subject {
    /// Empty for the workspace's own accounts.
    subject: String,
    platforms: Vec<SubjectPlatform>,
}

/// One of its platforms.
#[derive(Serialize, ToSchema)]
pub(super) struct SubjectPlatform {
    platform: String,
    #[schema(value_type = String)]
    connection_id: ConnectionId,
    /// The state of the connection.
    status: String,
    /// The newest day of the series.
    last_date: Option<String>,
}

/// Whose numbers there are, and from where
#[utoipa::path(
    get, path = "/api/v1/subjects", operation_id = "list_subjects", tag = "metrics",
    responses((status = 200, description = "By name.", body = Subjects)),
    security(("api_key" = ["metrics:read"]), ("session" = []))
)]
pub(super) async fn list(
    State(insight): State<Insight>,
    caller: Caller<may::MetricsRead>,
) -> Answer<ApiJson<Subjects>> {
    let mut tx = caller.workspace.read().await?;
    let rows = connections::platforms(&mut tx, caller.workspace.id(), MOST).await?;
    let mut data: Vec<Subject> = Vec::new();
    for row in rows.into_iter().filter(|row| insight.provider(&row.platform).is_some()) {
        if data.last().is_none_or(|last| last.subject != row.subject) {
            data.push(Subject { subject: row.subject, platforms: Vec::new() });
        }
        let platform = SubjectPlatform {
            platform: row.platform,
            connection_id: row.connection,
            status: row.status,
            last_date: row.last_date,
        };
        if let Some(subject) = data.last_mut() {
            subject.platforms.push(platform);
        }
    }
    Ok(ApiJson(Subjects { data }))
}
