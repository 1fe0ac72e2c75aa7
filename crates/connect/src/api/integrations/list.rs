//! `GET /api/v1/integrations`.

use accounts::gate::{Answer, ApiJson, ApiQuery, Caller, List, Sort, may};
use axum::extract::State;
use kernel::{Page, WidgetId};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::IntegrationView;
use crate::store::integrations::{self, Filter};
use crate::{Connect, Mode};

/// What is wanted.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::api) struct IntegrationQuery {
    /// A part of the name or of the provider.
    #[serde(default)]
    search: String,
    /// A provider.
    #[serde(default)]
    provider: String,
    /// How they are.
    #[param(inline)]
    status: Option<Status>,
    /// Which way data comes.
    mode: Option<Mode>,
    /// In use or not.
    enabled: Option<bool>,
    /// A widget's.
    #[param(value_type = Option<String>)]
    widget_id: Option<WidgetId>,
    #[serde(default)]
    #[param(inline, default = "-created_at")]
    sort: Sort,
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before, with the same `sort`.
    cursor: Option<String>,
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = IntegrationState)]
enum Status {
    Ok,
    Failing,
    New,
    Off,
}

/// The integrations of the workspace; the newest first unless said.
#[utoipa::path(
    get, path = "/api/v1/integrations", operation_id = "list_integrations", tag = "integrations",
    params(IntegrationQuery),
    responses((status = 200, description = "A page of them.", body = List<IntegrationView>)),
    security(("api_key" = ["integrations:read"]), ("session" = []))
)]
pub(in crate::api) async fn list(
    State(connect): State<Connect>,
    caller: Caller<may::IntegrationsRead>,
    ApiQuery(query): ApiQuery<IntegrationQuery>,
) -> Answer<ApiJson<List<IntegrationView>>> {
    let sort = query.sort;
    let page = sort.page(query.limit, query.cursor.as_deref())?;
    let status = match query.status {
        Some(Status::Ok) => "ok",
        Some(Status::Failing) => "failing",
        Some(Status::New) => "new",
        Some(Status::Off) => "off",
        None => "",
    };
    let filter = Filter {
        search: query.search,
        provider: query.provider,
        providers: None,
        status: status.to_owned(),
        mode: query.mode,
        enabled: query.enabled,
        widget_id: query.widget_id,
        sort,
    };
    let mut tx = caller.workspace.read().await?;
    let workspace = caller.workspace.id();
    let rows = integrations::list(&mut tx, connect.catalog(), workspace, &filter, &page).await?;
    drop(tx);
    let rows =
        Page::of(rows, page.limit, |row| sort.key(&row.integration.name, row.integration.id));
    let mut data = Vec::with_capacity(rows.data.len());
    for row in rows.data {
        data.push(connect.view(&caller, row).await?);
    }
    Ok(ApiJson(Page { data, next_cursor: rows.next_cursor }.into()))
}
