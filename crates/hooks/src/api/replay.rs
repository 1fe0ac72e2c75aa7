//! Applying an accepted push once more.

use accounts::audit;
use accounts::gate::{Answer, ApiJson, ApiPath, Caller, may, not_found};
use axum::extract::State;
use db::{Change, Inbound};
use kernel::{FeedId, InboundId, NewJob, Problem, codes};
use serde_json::json;

use super::inbound_event::{InboundEvent, Shown};
use crate::{Address, Hooks, JobTemplate};

/// Replay an inbound event
///
/// It is applied to its feed again, as if it had just arrived.
#[utoipa::path(post, path = "/api/v1/inbound-events/{id}/replay", tag = "Inbox",
    params(("id" = String, Path, description = "The event's id")),
    responses((status = 200, body = InboundEvent)), security(("api_key" = ["inbound:write"])))]
pub(crate) async fn replay(
    State(hooks): State<Hooks>,
    caller: Caller<may::InboundWrite>,
    ApiPath(id): ApiPath<InboundId>,
) -> Answer<ApiJson<InboundEvent>> {
    let workspace = &caller.workspace;
    let nothing = || not_found("event");
    let event = workspace.inbound_event(id).await?.ok_or_else(nothing)?;
    let feed = event.feed.ok_or_else(|| refused("The event is for no feed: it is only kept."))?;
    let JobTemplate { kind, key, payload } = job(&hooks, &event, feed).await?;
    let mut tx = workspace.write().await?;
    let run_at = tx.now();
    tx.replay_inbound(workspace.id(), feed, id).await?;
    tx.enqueue(workspace.id(), NewJob { kind, key, run_at, payload }).await?;
    tx.changed(Change::noun("inbound", workspace.id(), event.integration));
    let detail = json!({ "integration_id": event.integration, "feed_id": event.feed });
    audit::record(&mut tx, &caller, "inbound.replayed", id, detail).await?;
    tx.commit().await?;
    let event = workspace.inbound_event(id).await?.ok_or_else(nothing)?;
    Ok(ApiJson(InboundEvent::of(&hooks, workspace, event, Shown::Whole).await?))
}

async fn job(hooks: &Hooks, event: &Inbound, feed: FeedId) -> Result<JobTemplate, Problem> {
    let destinations = hooks.destinations();
    let found = destinations.find(event.integration, Address::Feed(feed)).await?;
    found
        .and_then(|destination| destination.job)
        .ok_or_else(|| refused("The feed that the event was for is gone, or takes no pushes now."))
}

fn refused(detail: &str) -> Problem {
    Problem::new(&codes::CONFLICT, detail)
}
