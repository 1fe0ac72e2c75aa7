//! The inbox: every push that was accepted.

use accounts::gate::{Answer, ApiJson, ApiPath, ApiQuery, Caller, List, may, not_found, page};
use axum::extract::State;
use db::{InboundFilter, InboundState};
use kernel::{FeedId, InboundId, IntegrationId, Page};
use serde::Deserialize;
use utoipa::IntoParams;

use super::inbound_event::{InboundEvent, Shown};
use crate::Hooks;

/// Which events are wanted.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    cursor: Option<String>,
    /// Whose event id, event type or provider contains this.
    search: Option<String>,
    /// Through this integration.
    #[param(value_type = Option<String>)]
    integration_id: Option<IntegrationId>,
    /// For this feed.
    #[param(value_type = Option<String>)]
    feed_id: Option<FeedId>,
    /// `pending`, `applied`, `failed` or `stored`.
    #[param(value_type = Option<String>)]
    state: Option<InboundState>,
}

/// List inbound events
///
/// The newest first.
#[utoipa::path(get, path = "/api/v1/inbound-events", tag = "Inbox", params(Wanted),
    responses((status = 200, body = List<InboundEvent>)), security(("api_key" = ["inbound:read"])))]
pub(crate) async fn list(
    State(hooks): State<Hooks>,
    caller: Caller<may::InboundRead>,
    ApiQuery(wanted): ApiQuery<Wanted>,
) -> Answer<ApiJson<List<InboundEvent>>> {
    let asked = page(wanted.limit, wanted.cursor.as_deref())?;
    let filter = InboundFilter {
        integration: wanted.integration_id,
        feed: wanted.feed_id,
        state: wanted.state,
        search: wanted.search.unwrap_or_default(),
    };
    let rows = caller.workspace.inbound(&filter, &asked).await?;
    let rows = Page::of(rows, asked.limit, |event| event.id.to_string());
    let mut data = Vec::with_capacity(rows.data.len());
    for event in rows.data {
        data.push(InboundEvent::of(&hooks, &caller.workspace, event, Shown::Brief).await?);
    }
    Ok(ApiJson(Page { data, next_cursor: rows.next_cursor }.into()))
}

/// Get an inbound event
///
/// With its whole payload.
#[utoipa::path(get, path = "/api/v1/inbound-events/{id}", tag = "Inbox",
    params(("id" = String, Path, description = "The event's id")),
    responses((status = 200, body = InboundEvent)), security(("api_key" = ["inbound:read"])))]
pub(crate) async fn get(
    State(hooks): State<Hooks>,
    caller: Caller<may::InboundRead>,
    ApiPath(id): ApiPath<InboundId>,
) -> Answer<ApiJson<InboundEvent>> {
    let event = caller.workspace.inbound_event(id).await?.ok_or_else(|| not_found("event"))?;
    Ok(ApiJson(InboundEvent::of(&hooks, &caller.workspace, event, Shown::Whole).await?))
}
