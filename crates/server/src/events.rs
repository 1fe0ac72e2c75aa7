//! The workspace's events as they happen, for the dashboard and for programs.

use accounts::gate::{Answer, Caller, Standing, may};
use axum::extract::{Request, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use db::{Change, Db, Signal};
use futures::{Stream, StreamExt as _, stream};
use kernel::WorkspaceId;
use serde::Serialize;
use std::convert::Infallible;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes(db: Db) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(follow)).with_state(db)
}

/// A Server-Sent Event.
#[derive(Serialize, ToSchema)]
pub(crate) struct EventMessage {
    /// The event's kind.
    event: String,
    /// The event's id.
    #[schema(required = false)]
    id: String,
    /// The event as JSON text.
    data: String,
}

/// Follow events
///
/// One message for each event of the workspace, named by its kind. `resync` says that some were missed:
/// read again what is shown.
#[utoipa::path(get, path = "/api/v1/events/stream", tag = "Events",
    responses((status = 200, content_type = "text/event-stream", body = EventMessage)),
    security(("api_key" = ["events:read"])))]
pub(crate) async fn follow(
    State(db): State<Db>,
    caller: Caller<may::EventsRead>,
    request: Request,
) -> Answer<Response> {
    let (parts, _) = request.into_parts();
    let ended = Standing::of(&parts).ended();
    let messages = messages(db.signals(), caller.workspace.id()).take_until(ended);
    Ok(Sse::new(messages).keep_alive(KeepAlive::default()).into_response())
}

fn messages(
    signals: Receiver<Signal>,
    workspace: WorkspaceId,
) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold(signals, move |mut signals| async move {
        loop {
            let message = match signals.recv().await {
                Ok(Signal::Event(event)) if event.workspace == workspace => {
                    let text = serde_json::to_string(&*event).unwrap_or_default();
                    Event::default().event(&event.kind).id(event.id.to_string()).data(text)
                }
                Ok(Signal::Changed(Change::Noun { noun, workspace: whose, id }))
                    if whose == workspace && noun == "inbound" =>
                {
                    let text = serde_json::json!({ "integration_id": id }).to_string();
                    Event::default().event("inbound.accepted").data(text)
                }
                Ok(Signal::Resync) | Err(RecvError::Lagged(_)) => {
                    Event::default().event("resync").data("{}")
                }
                Ok(_) => continue,
                Err(RecvError::Closed) => return None,
            };
            return Some((Ok(message), signals));
        }
    })
}
