//! The paths of the systems that Patchbay stands in for, a file per description. They speak in the form
//! that was described, and do nothing that the rooms' own routes would not do.

mod flexible;
mod widgets;

use utoipa_axum::router::OpenApiRouter;

use crate::House;

pub(crate) fn routes(house: &House) -> OpenApiRouter {
    OpenApiRouter::new().merge(flexible::routes(house)).merge(widgets::routes(house))
}
