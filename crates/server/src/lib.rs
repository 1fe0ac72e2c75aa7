//! Puts the rooms' routes together: who may call, how much, with what head and in what form; the
//! OpenAPI document made from the code; the dashboard; health and metrics; and the paths of the systems
//! that Patchbay stands in for. It decides nothing that a room could decide.

mod assets;
mod connectors;
mod destinations;
mod docs;
mod events;
mod health;
mod instance;
mod layers;
mod listen;
mod openapi;
mod spec;
mod traffic;

pub use connectors::Connectors;
pub use destinations::FeedDestinations;
pub use health::Metrics;
pub use instance::{InstanceState, Rotate};
pub use listen::{Closing, serve};

use accounts::Accounts;
use actions::Actions;
use axum::Router;
use connect::Connect;
use db::Db;
use feeds::Feeds;
use flows::Flows;
use hooks::{Hooks, Outgoing};
use insight::Insight;
use std::sync::Arc;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

/// Everything that is served.
#[derive(Clone)]
pub struct House {
    /// The database.
    pub db: Db,
    /// People, tenants, keys.
    pub accounts: Accounts,
    /// Integrations and credentials.
    pub connect: Connect,
    /// Feeds, widgets, players.
    pub feeds: Feeds,
    /// Pushes.
    pub hooks: Hooks,
    /// Webhooks out.
    pub outgoing: Outgoing,
    /// Workflows and their runs.
    pub flows: Flows,
    /// Numbers of accounts.
    pub insight: Insight,
    /// What providers can do.
    pub actions: Actions,
    /// What is known of this instance.
    pub instance: Arc<InstanceState>,
    /// What is counted.
    pub metrics: Metrics,
}

/// How large a body the API takes.
const MAX_BODY: usize = 2 * 1024 * 1024;

/// All routes. `extra` is what only some instances have, such as the knobs of the demo.
pub fn router(house: House, extra: OpenApiRouter) -> Router {
    let document = document(&house, extra.clone());
    let (api, _) = api(&house).merge(extra).split_for_parts();
    let (readers, _) = feeds::readers(house.feeds.clone()).split_for_parts();
    let (pushes, _) = hooks::receivers(house.hooks.clone()).split_for_parts();
    let (browsers, _) = connect::open_routes(house.connect.clone()).split_for_parts();
    let api = layers::guard(api, &house.accounts, MAX_BODY);
    let readers = layers::guard_readers(readers, &house.accounts);
    let whole = Router::new()
        .merge(api)
        .merge(readers)
        .merge(pushes)
        .merge(browsers)
        .merge(openapi::routes(document))
        .merge(health::routes(&house))
        .merge(docs::routes())
        .merge(assets::routes());
    layers::around(whole, &house.metrics)
}

/// What a process that answers no requests serves all the same: whether it lives, works, and what it has
/// counted.
pub fn health(house: &House) -> Router {
    layers::around(health::routes(house), &house.metrics)
}

/// The OpenAPI document of all that.
pub fn document(house: &House, extra: OpenApiRouter) -> OpenApi {
    let readers = feeds::readers(house.feeds.clone()).into_openapi();
    let pushes = hooks::receivers(house.hooks.clone()).into_openapi();
    let browsers = connect::open_routes(house.connect.clone()).into_openapi();
    openapi::complete(api(house).merge(extra).into_openapi(), [readers, pushes, browsers])
}

/// The API without the gate before it, for callers inside the house: they bring their identity along in
/// the request's extensions.
pub fn inside(house: &House) -> Router {
    api(house).split_for_parts().0
}

fn api(house: &House) -> OpenApiRouter {
    OpenApiRouter::new()
        .merge(house.accounts.routes())
        .merge(connect::routes(house.connect.clone()))
        .merge(feeds::routes(house.feeds.clone()))
        .merge(hooks::routes(house.hooks.clone()))
        .merge(house.outgoing.routes())
        .merge(flows::routes(house.flows.clone()))
        .merge(insight::routes(house.insight.clone()))
        .merge(actions::routes(house.actions.clone()))
        .merge(instance::routes(house))
        .merge(events::routes(house.db.clone()))
        .merge(spec::routes(house))
}
