//! The routes of outgoing webhooks.

mod change;
mod create;
mod deliveries;
mod draft;
mod emit;
mod pause;
mod replay;
mod rotate;
mod test;
mod view;
mod webhooks;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Outgoing;

pub(super) fn routes(room: Outgoing) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(webhooks::list, create::create))
        .routes(routes!(webhooks::get, change::change, webhooks::delete))
        .routes(routes!(test::test))
        .routes(routes!(rotate::rotate))
        .routes(routes!(pause::pause))
        .routes(routes!(pause::resume))
        .routes(routes!(deliveries::list))
        .routes(routes!(deliveries::get))
        .routes(routes!(replay::one))
        .routes(routes!(replay::one_of))
        .routes(routes!(replay::many))
        .routes(routes!(emit::emit))
        .with_state(room)
}
