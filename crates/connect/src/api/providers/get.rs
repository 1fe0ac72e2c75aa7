//! `GET /api/v1/providers/{id}`.

use accounts::gate::{Answer, ApiJson, ApiPath, Caller, may, not_found};
use axum::extract::State;

use super::ProviderView;
use crate::Connect;

/// One provider.
#[utoipa::path(
    get, path = "/api/v1/providers/{id}", operation_id = "get_provider", tag = "providers",
    params(("id" = String, Path, description = "The provider.", example = "openweather")),
    responses((status = 200, description = "The provider.", body = ProviderView)),
    security(("api_key" = ["integrations:read"]), ("session" = []))
)]
pub(in crate::api) async fn get(
    State(connect): State<Connect>,
    _: Caller<may::IntegrationsRead>,
    ApiPath(id): ApiPath<String>,
) -> Answer<ApiJson<ProviderView>> {
    let found = connect.catalog().get(&id).ok_or_else(|| not_found("provider"))?;
    Ok(ApiJson(ProviderView::of(found)))
}
