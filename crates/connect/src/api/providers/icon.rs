//! `GET /api/v1/providers/{id}/icon`.

use accounts::gate::{Answer, ApiPath, not_found};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};

use crate::Connect;

/// The icon of a provider. It is public, so that an `img` can show it.
#[utoipa::path(
    get, path = "/api/v1/providers/{id}/icon", operation_id = "get_provider_icon", tag = "providers",
    params(("id" = String, Path, description = "The provider.", example = "openweather")),
    responses((status = 200, description = "SVG.", body = String, content_type = "image/svg+xml")),
    security(())
)]
pub(in crate::api) async fn icon(
    State(connect): State<Connect>,
    ApiPath(id): ApiPath<String>,
) -> Answer<Response> {
    let found = connect.catalog().get(&id).ok_or_else(|| not_found("provider"))?;
    let headers = [
        (CONTENT_TYPE, "image/svg+xml"),
        (CACHE_CONTROL, "public, max-age=86400"),
        // An SVG can hold scripts: opened by itself it runs none.
        (CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'"),
    ];
    Ok((headers, found.icon_svg.clone()).into_response())
}
