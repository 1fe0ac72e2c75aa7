//! Deliveries: what was told, what came of it, what is still tried.

use accounts::gate::{Answer, ApiJson, ApiPath, ApiQuery, Caller, List, may, not_found, page};
use axum::extract::State;
use db::{DbError, Tx};
use kernel::{DeliveryId, Page, Timestamp, WebhookId, WorkspaceId};
use serde::Deserialize;
use std::collections::HashMap;
use utoipa::IntoParams;

use super::view::DeliveryView;
use crate::outgoing::Outgoing;
use crate::outgoing::store::attempts::{self, Attempt};
use crate::outgoing::store::deliveries::{self, DeliveryStatus, Filter};
use crate::outgoing::store::webhooks;

/// Which deliveries.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct DeliveryQuery {
    /// `dead` ones are the dead letters.
    #[serde(alias = "state")]
    status: Option<DeliveryStatus>,
    /// An event type, or a beginning of one that ends in `*`.
    #[serde(default)]
    event: String,
    /// Of events since then.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// Of events until then.
    #[param(value_type = Option<String>, format = DateTime)]
    to: Option<Timestamp>,
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    cursor: Option<String>,
}

/// List a webhook's deliveries
///
/// With every attempt, the newest event first.
#[utoipa::path(
    get, path = "/api/v1/webhooks/{id}/deliveries", operation_id = "list_deliveries",
    tag = "Webhooks",
    params(("id" = String, Path, description = "The webhook."), DeliveryQuery),
    responses((status = 200, description = "A page of them.", body = List<DeliveryView>)),
    security(("api_key" = ["webhooks:manage"]), ("session" = []))
)]
pub(super) async fn list(
    caller: Caller<may::WebhooksManage>,
    ApiPath(id): ApiPath<WebhookId>,
    ApiQuery(query): ApiQuery<DeliveryQuery>,
) -> Answer<ApiJson<List<DeliveryView>>> {
    let asked = page(query.limit, query.cursor.as_deref())?;
    let filter =
        Filter { status: query.status, event: query.event, from: query.from, to: query.to };
    let whose = caller.workspace.id();
    let mut tx = caller.workspace.read().await?;
    webhooks::get(&mut tx, whose, id).await?.ok_or_else(|| not_found("webhook"))?;
    let rows = deliveries::list(&mut tx, whose, id, &filter, &asked).await?;
    let rows = Page::of(rows, asked.limit, |it| it.event.to_string());
    let ids: Vec<DeliveryId> = rows.data.iter().map(|it| it.id).collect();
    let mut tried: HashMap<DeliveryId, Vec<Attempt>> = HashMap::new();
    for (id, attempt) in attempts::of(&mut tx, whose, &ids).await? {
        tried.entry(id).or_default().push(attempt);
    }
    let view = |it: deliveries::Delivery| {
        let attempts = tried.remove(&it.id).unwrap_or_default();
        DeliveryView::of(it, attempts)
    };
    Ok(ApiJson(rows.map(view).into()))
}

/// Get a delivery
///
/// With what is sent.
#[utoipa::path(
    get, path = "/api/v1/deliveries/{id}", operation_id = "get_delivery", tag = "Webhooks",
    params(("id" = String, Path, description = "The delivery.")),
    responses((status = 200, description = "It.", body = DeliveryView)),
    security(("api_key" = ["webhooks:manage"]), ("session" = []))
)]
pub(super) async fn get(
    State(room): State<Outgoing>,
    caller: Caller<may::WebhooksManage>,
    ApiPath(id): ApiPath<DeliveryId>,
) -> Answer<ApiJson<DeliveryView>> {
    let mut tx = caller.workspace.read().await?;
    let found = view(&room, &mut tx, caller.workspace.id(), id).await?;
    Ok(ApiJson(found.ok_or_else(|| not_found("delivery"))?))
}

/// A delivery with its attempts and what is sent.
pub(super) async fn view(
    room: &Outgoing,
    tx: &mut Tx,
    whose: WorkspaceId,
    id: DeliveryId,
) -> Result<Option<DeliveryView>, DbError> {
    let Some((row, event)) = deliveries::get(tx, whose, id).await? else { return Ok(None) };
    let Some(webhook) = webhooks::get(tx, whose, row.webhook).await? else { return Ok(None) };
    let tried = attempts::of(tx, whose, &[id]).await?;
    let tried = tried.into_iter().map(|(_, attempt)| attempt).collect();
    Ok(Some(DeliveryView::of(row, tried).telling(&webhook, &event, &room.0.public_url)))
}
