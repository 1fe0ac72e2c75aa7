//! `POST /api/v1/webhooks`.

use accounts::audit;
use accounts::gate::{Answer, ApiJson, Caller, may, present};
use axum::extract::State;
use http::StatusCode;
use kernel::WebhookId;
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;
use url::Url;
use utoipa::ToSchema;

use super::draft::{self, HeaderDraft};
use super::view::WebhookView;
use crate::outgoing::Outgoing;
use crate::outgoing::message::Format;
use crate::outgoing::sign::Signing;
use crate::outgoing::store::webhooks;
use crate::outgoing::webhook::{Rate, Secrets, Settings, Status, Webhook};

/// A webhook to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "url": "https://shop.example/hooks", "events": ["feed.updated", "execution.*"],
    "filter": ".data.version > 1"
}))]
pub(super) struct NewWebhook {
    /// The host of the address unless said.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    name: Option<String>,
    #[schema(max_length = 2000)]
    url: String,
    /// Event types, and beginnings of them that end in `*`.
    #[schema(min_items = 1, max_items = 100)]
    events: Vec<String>,
    /// A jq program over `{id, type, subject, timestamp, data}`: an event is told when it gives something
    /// that is neither false nor null.
    filter: Option<String>,
    #[serde(default)]
    format: Format,
    #[serde(default)]
    signing: Signing,
    /// Sent along. Values whose names say so, or that are marked, are kept as secrets.
    #[serde(default)]
    headers: BTreeMap<String, HeaderDraft>,
    /// Whether each event waits until the one before was heard.
    #[serde(default, alias = "order")]
    ordered: bool,
    /// Requests at the same time: 10 unless said. One where `ordered`.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false, minimum = 1, maximum = 50)]
    concurrency: Option<u32>,
    #[serde(default)]
    rate_limit: Option<Rate>,
    /// How long an answer may take: 15 seconds unless said.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false, minimum = 1000, maximum = 60000)]
    timeout_ms: Option<u64>,
    /// A webhook that is not enabled is paused: what happens waits for it.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    enabled: Option<bool>,
}

impl NewWebhook {
    fn read(self, room: &Outgoing) -> Answer<(Settings, Secrets)> {
        let url = draft::url(&self.url, &room.0.egress)?;
        let host = || {
            let host = Url::parse(&url).ok().and_then(|url| url.host_str().map(str::to_owned));
            host.unwrap_or_else(|| "Webhook".to_owned())
        };
        let headers = draft::headers(self.headers, &BTreeMap::new())?;
        let secrets = Secrets {
            keys: vec![(self.signing.generate(room.0.db.entropy()), None)],
            headers: headers.secrets,
        };
        let settings = Settings {
            name: draft::name(&self.name.unwrap_or_else(host))?,
            url,
            events: draft::events(self.events)?,
            filter: self.filter.map(draft::filter).transpose()?,
            format: self.format,
            signing: self.signing,
            headers: headers.shown,
            ordered: self.ordered,
            concurrency: draft::concurrency(self.concurrency.unwrap_or(draft::CONCURRENCY))?,
            rate: self.rate_limit.map(draft::rate).transpose()?,
            timeout: self.timeout_ms.map_or(Ok(draft::TIMEOUT), draft::timeout)?,
        };
        Ok((settings, secrets))
    }
}

/// Create a webhook
///
/// From now on the address is told of the events that it asks for. Keep `secret`: it is shown this once.
#[utoipa::path(
    post, path = "/api/v1/webhooks", operation_id = "create_webhook", tag = "Webhooks",
    request_body = NewWebhook,
    responses((status = 201, description = "Made.", body = WebhookView)),
    security(("api_key" = ["webhooks:manage"]), ("session" = []))
)]
pub(super) async fn create(
    State(room): State<Outgoing>,
    caller: Caller<may::WebhooksManage>,
    ApiJson(body): ApiJson<NewWebhook>,
) -> Answer<(StatusCode, ApiJson<WebhookView>)> {
    let enabled = body.enabled.unwrap_or(true);
    let (settings, secrets) = body.read(&room)?;
    let workspace = &caller.workspace;
    let now = room.0.db.clock().now();
    let id = WebhookId::generate(now, room.0.db.entropy());
    let key = secrets.keys.first().map(|(key, _)| key);
    let signing = settings.signing;
    let webhook = Webhook {
        id,
        public_key: key.and_then(|key| signing.public_key(key)),
        overlap_until: None,
        filter_error: None,
        sealed: secrets.seal(workspace, id)?,
        settings,
        status: if enabled { Status::Active } else { Status::Paused },
        status_since: now,
        cause: None,
        failing_since: None,
        succeeded_at: None,
        created_at: now,
        updated_at: now,
    };
    let mut tx = workspace.write().await?;
    webhooks::put(&mut tx, workspace.id(), &webhook).await?;
    webhooks::follow(&mut tx, workspace.id()).await?;
    let detail = json!({ "name": webhook.settings.name, "events": webhook.settings.events });
    audit::record(&mut tx, &caller, "webhook.created", id, detail).await?;
    tx.commit().await?;
    let secret = key.and_then(|key| signing.secret(key));
    Ok((StatusCode::CREATED, ApiJson(WebhookView::at(webhook, now).with_secret(secret))))
}
