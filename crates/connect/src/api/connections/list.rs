//! `GET /api/v1/connections`.

use accounts::gate::{Answer, ApiJson, ApiQuery, Caller, List, may, page};
use kernel::IntegrationId;
use serde::Deserialize;
use utoipa::IntoParams;

use super::ConnectionView;
use crate::ConnectionStatus;
use crate::store::connections::{self, Filter};

/// Which connections.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::api) struct ConnectionQuery {
    /// Of this integration.
    #[param(value_type = Option<String>)]
    integration_id: Option<IntegrationId>,
    /// Of this provider.
    #[serde(default)]
    provider: String,
    /// Of this subject; empty for the workspace's own.
    subject: Option<String>,
    /// In this state.
    status: Option<ConnectionStatus>,
    /// Whose subject or account holds this text.
    #[serde(default)]
    search: String,
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// The accounts behind integrations, newest first.
#[utoipa::path(
    get, path = "/api/v1/connections", operation_id = "list_connections", tag = "connections",
    params(ConnectionQuery),
    responses((status = 200, description = "A page of them.", body = List<ConnectionView>)),
    security(("api_key" = ["connections:read"]), ("session" = []))
)]
pub(in crate::api) async fn list(
    caller: Caller<may::ConnectionsRead>,
    ApiQuery(query): ApiQuery<ConnectionQuery>,
) -> Answer<ApiJson<List<ConnectionView>>> {
    let page = page(query.limit, query.cursor.as_deref())?;
    let filter = Filter {
        integration: query.integration_id,
        provider: query.provider,
        subject: query.subject,
        status: query.status,
        search: query.search,
    };
    let mut tx = caller.workspace.read().await?;
    let rows = connections::list(&mut tx, caller.workspace.id(), &filter, &page).await?;
    let rows = rows.into_iter().map(ConnectionView::from).collect();
    Ok(ApiJson(List::of(rows, &page, |it| it.id.to_string())))
}
