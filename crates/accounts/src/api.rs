//! The room's routes, a file per path.

mod api_keys;
mod audit;
mod events;
mod members;
mod notifications;
mod password;
mod rotation;
mod scopes;
mod session;
mod setup;
mod workspaces;

pub use workspaces::is_colour;

use axum::Router;
use axum::middleware::from_fn_with_state;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::{Accounts, gate};

impl Accounts {
    /// The routes of this room, described.
    pub fn routes(&self) -> OpenApiRouter {
        OpenApiRouter::new()
            .routes(routes!(setup::get, setup::post))
            .routes(routes!(session::get, session::post, session::delete))
            .routes(routes!(password::post))
            .routes(routes!(workspaces::list, workspaces::create))
            .routes(routes!(workspaces::get, workspaces::change, workspaces::delete))
            .routes(routes!(rotation::get, rotation::post))
            .routes(routes!(members::list, members::create))
            .routes(routes!(members::change, members::delete))
            .routes(routes!(api_keys::list, api_keys::create::create))
            .routes(routes!(api_keys::get, api_keys::change::change, api_keys::delete))
            .routes(routes!(api_keys::usage::usage))
            .routes(routes!(scopes::list))
            .routes(routes!(audit::list))
            .routes(routes!(events::list))
            .routes(routes!(notifications::list))
            .routes(routes!(notifications::read))
            .with_state(self.clone())
    }

    /// Puts the gate before every route of a router: who asks, how often, how much, and each POST once.
    pub fn guard(&self, router: Router) -> Router {
        router
            .layer(from_fn_with_state(self.clone(), gate::idempotent))
            .layer(from_fn_with_state(self.clone(), gate::throttle))
            .layer(from_fn_with_state(self.clone(), gate::measure))
            .layer(from_fn_with_state(self.clone(), gate::authenticate))
    }
}
