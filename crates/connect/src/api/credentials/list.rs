//! `GET /api/v1/credentials`.

use accounts::gate::{Answer, ApiJson, ApiQuery, Caller, List, Sort, may};
use kernel::{IntegrationId, Page};
use serde::Deserialize;
use utoipa::IntoParams;

use super::CredentialView;
use crate::CredentialScope;
use crate::store::credentials::{self, Filter};

/// What is wanted.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::api) struct CredentialQuery {
    /// An integration's.
    #[param(value_type = Option<String>)]
    integration_id: Option<IntegrationId>,
    /// Whose they are.
    scope: Option<CredentialScope>,
    /// A part of the name or of the provider.
    #[serde(default)]
    search: String,
    #[serde(default)]
    #[param(inline, default = "-created_at")]
    sort: Sort,
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before, with the same `sort`.
    cursor: Option<String>,
}

/// The credentials of the workspace, masked; the newest first unless said.
#[utoipa::path(
    get, path = "/api/v1/credentials", operation_id = "list_credentials", tag = "credentials",
    params(CredentialQuery),
    responses((status = 200, description = "A page of them.", body = List<CredentialView>)),
    security(("api_key" = ["credentials:read"]), ("session" = []))
)]
pub(in crate::api) async fn list(
    caller: Caller<may::CredentialsRead>,
    ApiQuery(query): ApiQuery<CredentialQuery>,
) -> Answer<ApiJson<List<CredentialView>>> {
    let sort = query.sort;
    let page = sort.page(query.limit, query.cursor.as_deref())?;
    let CredentialQuery { integration_id: integration, scope, search, .. } = query;
    let filter = Filter { integration, scope, search, sort };
    let mut tx = caller.workspace.read().await?;
    let rows = credentials::list(&mut tx, caller.workspace.id(), &filter, &page).await?;
    let rows = Page::of(rows, page.limit, |row| sort.key(&row.name, row.id));
    Ok(ApiJson(rows.map(CredentialView::of).into()))
}
