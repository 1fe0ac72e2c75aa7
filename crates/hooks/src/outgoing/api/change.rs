//! `PATCH /api/v1/webhooks/{id}`.

use accounts::audit;
use accounts::gate::{Answer, ApiJson, ApiPath, Caller, may, not_found, present};
use axum::extract::State;
use kernel::WebhookId;
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;
use utoipa::ToSchema;

use super::draft::{self, HeaderDraft};
use super::pause::{Switch, switch};
use super::view::WebhookView;
use crate::outgoing::Outgoing;
use crate::outgoing::message::Format;
use crate::outgoing::store::webhooks;
use crate::outgoing::webhook::{Rate, Status};

/// What is to change; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "events": ["feed.*"], "filter": null }))]
pub(super) struct ChangeWebhook {
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    name: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false, max_length = 2000)]
    url: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false, min_items = 1, max_items = 100)]
    events: Option<Vec<String>>,
    /// `null` takes the filter away.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, required = false)]
    filter: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    format: Option<Format>,
    /// All of them. A mask keeps the secret that is stored by that name.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = BTreeMap<String, HeaderDraft>, required = false)]
    headers: Option<BTreeMap<String, HeaderDraft>>,
    #[serde(default, deserialize_with = "present", alias = "order")]
    #[schema(nullable = false)]
    ordered: Option<bool>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false, minimum = 1, maximum = 50)]
    concurrency: Option<u32>,
    /// `null` takes the limit away.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Rate>, required = false)]
    rate_limit: Option<Option<Rate>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false, minimum = 1000, maximum = 60000)]
    timeout_ms: Option<u64>,
    /// `true` resumes a webhook that was paused or disabled, `false` pauses it.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    enabled: Option<bool>,
}

/// Change a webhook
///
/// It holds for the next attempt.
#[utoipa::path(
    patch, path = "/api/v1/webhooks/{id}", operation_id = "change_webhook", tag = "Webhooks",
    params(("id" = String, Path, description = "The webhook.")), request_body = ChangeWebhook,
    responses((status = 200, description = "Changed.", body = WebhookView)),
    security(("api_key" = ["webhooks:manage"]), ("session" = []))
)]
pub(super) async fn change(
    State(room): State<Outgoing>,
    caller: Caller<may::WebhooksManage>,
    ApiPath(id): ApiPath<WebhookId>,
    ApiJson(body): ApiJson<ChangeWebhook>,
) -> Answer<ApiJson<WebhookView>> {
    let workspace = &caller.workspace;
    let whose = workspace.id();
    // Everything that can be refused before anything is locked.
    let name = body.name.as_deref().map(draft::name).transpose()?;
    let url = body.url.as_deref().map(|url| draft::url(url, &room.0.egress)).transpose()?;
    let events = body.events.map(draft::events).transpose()?;
    let filter = body.filter.map(|it| it.map(draft::filter).transpose()).transpose()?;
    let concurrency = body.concurrency.map(draft::concurrency).transpose()?;
    let rate = body.rate_limit.map(|it| it.map(draft::rate).transpose()).transpose()?;
    let timeout = body.timeout_ms.map(draft::timeout).transpose()?;

    let mut tx = workspace.write().await?;
    let found = webhooks::lock(&mut tx, whose, id).await?;
    let mut it = found.ok_or_else(|| not_found("webhook"))?;
    if let Some(wanted) = body.headers {
        let mut secrets = it.secrets(workspace).await?;
        let headers = draft::headers(wanted, &secrets.headers)?;
        secrets.headers = headers.secrets;
        it.sealed = secrets.seal(workspace, id)?;
        it.settings.headers = headers.shown;
    }
    let settings = &mut it.settings;
    settings.name = name.unwrap_or_else(|| settings.name.clone());
    settings.url = url.unwrap_or_else(|| settings.url.clone());
    settings.events = events.unwrap_or_else(|| settings.events.clone());
    settings.format = body.format.unwrap_or(settings.format);
    settings.ordered = body.ordered.unwrap_or(settings.ordered);
    settings.concurrency = concurrency.unwrap_or(settings.concurrency);
    settings.rate = rate.unwrap_or(settings.rate);
    settings.timeout = timeout.unwrap_or(settings.timeout);
    if let Some(filter) = filter {
        settings.filter = filter;
        it.filter_error = None;
    }
    it.updated_at = tx.now();
    webhooks::put(&mut tx, whose, &it).await?;
    webhooks::follow(&mut tx, whose).await?;
    let detail = json!({ "name": it.settings.name, "events": it.settings.events });
    audit::record(&mut tx, &caller, "webhook.updated", id, detail).await?;
    match (body.enabled, it.status) {
        (Some(true), Status::Paused | Status::Disabled) => {
            switch(&room, &mut tx, &caller, id, Switch::Resume).await?;
        }
        (Some(false), Status::Active | Status::Disabled) => {
            switch(&room, &mut tx, &caller, id, Switch::Pause).await?;
        }
        // What waits may be sent otherwise now.
        _ => crate::outgoing::enqueue(&mut tx, whose, id).await?,
    }
    let found = webhooks::get(&mut tx, whose, id).await?.ok_or_else(|| not_found("webhook"))?;
    tx.commit().await?;
    Ok(ApiJson(WebhookView::at(found, room.0.db.clock().now())))
}
