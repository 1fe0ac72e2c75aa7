//! The room's routes, a file per endpoint.

mod connectors;
mod list;
mod run;
mod view;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Actions;

/// Everything under `/api/v1` that this room answers.
pub fn routes(actions: Actions) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(list::list))
        .routes(routes!(run::run))
        .routes(routes!(connectors::list, connectors::create))
        .with_state(actions)
}
