//! The routes of this room, a file per endpoint.

mod credentials;
mod integrations;
mod providers;

pub use credentials::CredentialView;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Connect;

/// The routes.
pub fn routes(connect: Connect) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(providers::list::list))
        .routes(routes!(providers::get::get))
        .routes(routes!(providers::icon::icon))
        .routes(routes!(integrations::list::list, integrations::create::create))
        .routes(routes!(integrations::validate::validate))
        .routes(routes!(integrations::test_draft::test_draft))
        .routes(routes!(
            integrations::get::get,
            integrations::change::change,
            integrations::delete::delete
        ))
        .routes(routes!(integrations::test::test))
        .routes(routes!(integrations::requests::requests))
        .routes(routes!(credentials::list::list, credentials::create::create))
        .routes(routes!(
            credentials::get::get,
            credentials::change::change,
            credentials::delete::delete
        ))
        .routes(routes!(credentials::rotate::rotate))
        .routes(routes!(credentials::validate::validate))
        .routes(routes!(credentials::audit::audit))
        .with_state(connect)
}
