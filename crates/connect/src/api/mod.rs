//! The routes of this room, a file per endpoint.

mod connections;
mod credentials;
mod integrations;
mod oauth;
mod providers;
mod quotas;
mod tasks;

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
        .routes(routes!(connections::connect::connect))
        .routes(routes!(connections::device::begin))
        .routes(routes!(connections::list::list))
        .routes(routes!(connections::validate::validate))
        .routes(routes!(
            connections::get::get,
            connections::change::change,
            connections::delete::delete
        ))
        .routes(routes!(connections::refresh::refresh))
        .routes(routes!(connections::test::test))
        .routes(routes!(connections::reconnect::reconnect))
        .routes(routes!(quotas::list))
        .routes(routes!(tasks::list))
        .routes(routes!(tasks::get))
        .routes(routes!(tasks::close))
        .with_state(connect)
}

/// Where browsers come that need not be known here.
pub fn open_routes(connect: Connect) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(oauth::callback::callback))
        .routes(routes!(oauth::callback::of_provider))
        .routes(routes!(oauth::link::show))
        .routes(routes!(oauth::link::go))
        .with_state(connect)
}
