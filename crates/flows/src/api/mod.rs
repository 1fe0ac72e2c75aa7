//! The room's routes, a file per endpoint.

mod approve;
mod execute;
mod executions;
mod retry;
mod test_step;
mod validate;
mod versions;
mod workflows;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Flows;

/// Everything under `/api/v1` that this room answers.
pub fn routes(flows: Flows) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(workflows::list, workflows::create))
        .routes(routes!(validate::validate))
        .routes(routes!(test_step::test_step))
        .routes(routes!(workflows::get, workflows::change, workflows::delete))
        .routes(routes!(versions::list))
        .routes(routes!(versions::get))
        .routes(routes!(versions::restore))
        .routes(routes!(execute::execute))
        .routes(routes!(executions::list))
        .routes(routes!(executions::get, executions::cancel))
        .routes(routes!(retry::retry))
        .routes(routes!(approve::approve))
        .with_state(flows)
}
