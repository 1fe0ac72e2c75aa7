//! `/api/v1/webhooks`: listing, showing, removing.

use accounts::audit;
use accounts::gate::{Answer, ApiJson, ApiPath, ApiQuery, Caller, List, Sort, may, not_found};
use axum::extract::State;
use http::StatusCode;
use kernel::{Page, WebhookId};
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;

use super::view::WebhookView;
use crate::outgoing::Outgoing;
use crate::outgoing::store::webhooks::{self, Filter};
use crate::outgoing::webhook::Status;

/// Which webhooks.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WebhookQuery {
    /// A part of the name or the address.
    #[serde(default)]
    search: String,
    status: Option<Status>,
    #[serde(default)]
    #[param(inline)]
    sort: Sort,
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    cursor: Option<String>,
}

/// List webhooks
///
/// The newest first unless told otherwise.
#[utoipa::path(
    get, path = "/api/v1/webhooks", operation_id = "list_webhooks", tag = "Webhooks",
    params(WebhookQuery),
    responses((status = 200, description = "A page of them.", body = List<WebhookView>)),
    security(("api_key" = ["webhooks:manage"]), ("session" = []))
)]
pub(super) async fn list(
    State(room): State<Outgoing>,
    caller: Caller<may::WebhooksManage>,
    ApiQuery(query): ApiQuery<WebhookQuery>,
) -> Answer<ApiJson<List<WebhookView>>> {
    let sort = query.sort;
    let page = sort.page(query.limit, query.cursor.as_deref())?;
    let filter = Filter { search: query.search, status: query.status, sort };
    let mut tx = caller.workspace.read().await?;
    let rows = webhooks::list(&mut tx, caller.workspace.id(), &filter, &page).await?;
    let rows = Page::of(rows, page.limit, |it| sort.key(&it.settings.name, it.id));
    let now = room.0.db.clock().now();
    Ok(ApiJson(rows.map(|it| WebhookView::at(it, now)).into()))
}

/// Get a webhook
///
/// Without its secret, which was shown when it was made.
#[utoipa::path(
    get, path = "/api/v1/webhooks/{id}", operation_id = "get_webhook", tag = "Webhooks",
    params(("id" = String, Path, description = "The webhook.")),
    responses((status = 200, description = "It.", body = WebhookView)),
    security(("api_key" = ["webhooks:manage"]), ("session" = []))
)]
pub(super) async fn get(
    State(room): State<Outgoing>,
    caller: Caller<may::WebhooksManage>,
    ApiPath(id): ApiPath<WebhookId>,
) -> Answer<ApiJson<WebhookView>> {
    let mut tx = caller.workspace.read().await?;
    let found = webhooks::get(&mut tx, caller.workspace.id(), id).await?;
    let found = found.ok_or_else(|| not_found("webhook"))?;
    Ok(ApiJson(WebhookView::at(found, room.0.db.clock().now())))
}

/// Delete a webhook
///
/// With its deliveries. What waits for it is told to nobody.
#[utoipa::path(
    delete, path = "/api/v1/webhooks/{id}", operation_id = "delete_webhook", tag = "Webhooks",
    params(("id" = String, Path, description = "The webhook.")),
    responses((status = 204, description = "Gone.")),
    security(("api_key" = ["webhooks:manage"]), ("session" = []))
)]
pub(super) async fn delete(
    State(room): State<Outgoing>,
    caller: Caller<may::WebhooksManage>,
    ApiPath(id): ApiPath<WebhookId>,
) -> Answer<StatusCode> {
    let workspace = &caller.workspace;
    let mut tx = workspace.write().await?;
    if !webhooks::delete(&mut tx, workspace.id(), id).await? {
        return Err(not_found("webhook").into());
    }
    webhooks::follow(&mut tx, workspace.id()).await?;
    let by = caller.actor.to_string();
    room.0.connect.close_tasks(&mut tx, workspace.id(), &id.to_string(), &by).await?;
    audit::record(&mut tx, &caller, "webhook.deleted", id, json!({})).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
