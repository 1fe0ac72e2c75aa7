//! The room's routes, a file per noun.

pub(crate) mod data;
pub(crate) mod feed_changes;
pub(crate) mod feeds;
pub(crate) mod fetch;
pub(crate) mod graph;
pub(crate) mod live;
pub(crate) mod players;
pub(crate) mod status;
pub(crate) mod transform;
pub(crate) mod versions;
pub(crate) mod widget_configs;
pub(crate) mod widgets;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Feeds;

/// Everything under `/api/v1` that feeds, widgets and players have. The data paths and the live ones are
/// apart (see [`readers`]): they let players in, and take no detour.
pub fn routes(feeds: Feeds) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(feeds::list, feed_changes::create))
        .routes(routes!(feeds::get, feed_changes::change, feed_changes::delete))
        .routes(routes!(feed_changes::refresh))
        .routes(routes!(versions::list))
        .routes(routes!(versions::get))
        .routes(routes!(transform::try_out))
        .routes(routes!(fetch::fetch))
        .routes(routes!(widgets::list, widgets::create))
        .routes(routes!(widgets::get, widgets::change, widgets::delete))
        .routes(routes!(widget_configs::list, widget_configs::create))
        .routes(routes!(widget_configs::get, widget_configs::change, widget_configs::delete))
        .routes(routes!(widget_configs::refresh))
        .routes(routes!(players::list, players::create))
        .routes(routes!(players::get, players::change, players::delete))
        .routes(routes!(status::status))
        .routes(routes!(graph::graph))
        .with_state(feeds)
}

/// The paths that readers poll or hold open.
pub fn readers(feeds: Feeds) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(data::feed))
        .routes(routes!(data::widget_config))
        .routes(routes!(data::widget_config_by_spec))
        .routes(routes!(data::widget_by_spec))
        .routes(routes!(live::feed_events))
        .routes(routes!(live::widget_config_events))
        .routes(routes!(live::socket))
        .with_state(feeds)
}
