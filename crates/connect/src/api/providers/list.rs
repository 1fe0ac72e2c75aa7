//! `GET /api/v1/providers`.

use accounts::gate::{Answer, ApiJson, ApiQuery, Caller, List, may};
use axum::extract::State;
use catalog::Mode;
use serde::Deserialize;
use utoipa::IntoParams;

use super::ProviderView;
use crate::Connect;

/// What is wanted.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::api) struct ProviderQuery {
    /// Words of the name, the summary or the categories.
    #[serde(default)]
    search: String,
    /// A category.
    category: Option<String>,
    /// `pull` or `push`.
    #[param(value_type = Option<String>)]
    mode: Option<Mode>,
}

/// The providers of the catalog, all on one page.
#[utoipa::path(
    get, path = "/api/v1/providers", operation_id = "list_providers", tag = "providers",
    params(ProviderQuery),
    responses((status = 200, description = "The providers.", body = List<ProviderView>)),
    security(("api_key" = ["integrations:read"]), ("session" = []))
)]
pub(in crate::api) async fn list(
    State(connect): State<Connect>,
    _: Caller<may::IntegrationsRead>,
    ApiQuery(query): ApiQuery<ProviderQuery>,
) -> Answer<ApiJson<List<ProviderView>>> {
    let found = connect.catalog().search(&query.search, query.category.as_deref(), query.mode);
    let data = found.into_iter().map(|it| ProviderView::of(it)).collect();
    Ok(ApiJson(List { data, next_cursor: None }))
}
