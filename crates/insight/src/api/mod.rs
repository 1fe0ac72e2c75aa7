//! The room's routes, a file per endpoint.

mod artist;
mod csv;
mod drifts;
mod kpis;
mod metrics;
mod subjects;
mod sync;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Insight;

/// Everything under `/api/v1` that this room answers.
pub fn routes(insight: Insight) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(sync::sync))
        .routes(routes!(metrics::list))
        .routes(routes!(csv::export))
        .routes(routes!(subjects::list))
        .routes(routes!(kpis::list))
        .routes(routes!(drifts::list))
        .routes(routes!(artist::candidates))
        .routes(routes!(artist::choose))
        .with_state(insight)
}
