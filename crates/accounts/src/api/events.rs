//! `/api/v1/events`: the event log.

use db::EventFilter;
use kernel::{Event, EventId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::gate::{Answer, ApiJson, ApiQuery, Caller, List, may, page};

/// Something that happened.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "id": "evt_01h455vb4pex5vsknk084sn02q", "kind": "feed.updated",
    "subject": "feed_01h455vb4pex5vsknk084sn02q", "at": "2026-01-01T00:00:00Z",
    "data": { "version": 7 }
}))]
pub(super) struct EventView {
    #[schema(value_type = String)]
    id: EventId,
    kind: String,
    /// The id of the thing it happened to.
    subject: String,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    #[schema(value_type = Value)]
    data: Value,
}

/// Which events.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct EventQuery {
    /// A kind, or the beginning of one that ends in a dot: `feed.`.
    #[serde(default)]
    kind: String,
    /// The id of the thing it happened to.
    #[serde(default)]
    subject: String,
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    cursor: Option<String>,
}

/// What happened, newest first.
#[utoipa::path(
    get, path = "/api/v1/events", operation_id = "list_events", tag = "log", params(EventQuery),
    responses((status = 200, description = "A page of events.", body = List<EventView>)),
    security(("api_key" = ["events:read"]), ("session" = []))
)]
pub(super) async fn list(
    caller: Caller<may::EventsRead>,
    ApiQuery(query): ApiQuery<EventQuery>,
) -> Answer<ApiJson<List<EventView>>> {
    let page = page(query.limit, query.cursor.as_deref())?;
    let filter = EventFilter { kind: query.kind, subject: query.subject };
    let rows = caller.workspace.events(&filter, &page).await?;
    let view =
        |Event { id, kind, subject, at, data, .. }| EventView { id, kind, subject, at, data };
    let rows = rows.into_iter().map(view).collect();
    Ok(ApiJson(List::of(rows, &page, |it| it.id.to_string())))
}
