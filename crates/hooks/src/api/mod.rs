//! The room's routes: a file per noun.

mod inbound_event;
mod inbound_events;
mod receivers;
mod replay;
mod subscriptions;
mod webhook;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Hooks;

/// Everything under `/api/v1`: the inbox, and what a sender has to be told.
pub fn routes(hooks: Hooks) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(inbound_events::list))
        .routes(routes!(inbound_events::get))
        .routes(routes!(replay::replay))
        .routes(routes!(webhook::get))
        .routes(routes!(subscriptions::list, subscriptions::subscribe))
        .routes(routes!(subscriptions::end))
        .routes(routes!(subscriptions::renew))
        .with_state(hooks)
}

/// The addresses that senders push to. They stand apart from the API: senders have no key of ours and
/// prove themselves another way, and what runs for each push is to be as little as can be. They bound
/// the body themselves.
pub fn receivers(hooks: Hooks) -> OpenApiRouter {
    use receivers::{feed, integration, subscription, widget_config};
    OpenApiRouter::new()
        .routes(routes!(integration::check, integration::post, integration::put))
        .routes(routes!(feed::check, feed::post, feed::put))
        .routes(routes!(widget_config::check, widget_config::post, widget_config::put))
        .routes(routes!(subscription::check, subscription::post, subscription::put))
        .with_state(hooks)
}
