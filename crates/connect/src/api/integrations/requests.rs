//! `GET /api/v1/integrations/{id}/requests`.

use accounts::gate::{Answer, ApiJson, ApiPath, ApiQuery, Caller, List, may, page};
use axum::extract::State;
use kernel::IntegrationId;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::store::request_logs;
use crate::{Connect, RequestLog};

/// Which requests.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::api) struct RequestQuery {
    /// Those that went well, or those that did not.
    success: Option<bool>,
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// What left through an integration, newest first, without its secrets.
#[utoipa::path(
    get, path = "/api/v1/integrations/{id}/requests", operation_id = "list_integration_requests",
    tag = "integrations",
    params(("id" = String, Path, description = "The integration."), RequestQuery),
    responses((status = 200, description = "A page of them.", body = List<RequestLog>)),
    security(("api_key" = ["integrations:read"]), ("session" = []))
)]
pub(in crate::api) async fn requests(
    State(connect): State<Connect>,
    caller: Caller<may::IntegrationsRead>,
    ApiPath(id): ApiPath<IntegrationId>,
    ApiQuery(query): ApiQuery<RequestQuery>,
) -> Answer<ApiJson<List<RequestLog>>> {
    let page = page(query.limit, query.cursor.as_deref())?;
    let mut tx = caller.workspace.read().await?;
    connect.listed(&mut tx, &caller, id).await?;
    drop(tx);
    let rows = request_logs::of_integration(&caller.workspace, id, query.success, &page).await?;
    Ok(ApiJson(List::of(rows, &page, |row| row.id.to_string())))
}
