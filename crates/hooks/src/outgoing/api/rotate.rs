//! `POST /api/v1/webhooks/{id}/rotate-secret`.

use accounts::audit;
use accounts::gate::{Answer, ApiJson, ApiPath, Caller, may, not_found, present};
use axum::extract::State;
use kernel::{Problem, WebhookId, codes};
use serde::Deserialize;
use serde_json::json;
use std::time::Duration;
use utoipa::ToSchema;

use super::view::WebhookView;
use crate::outgoing::Outgoing;
use crate::outgoing::store::webhooks;

/// How long both secrets sign.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "overlap_secs": 86400 }))]
pub(super) struct RotateSecret {
    /// For so long the old secret signs too, so that the receiver can take its time: a day unless said.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false, minimum = 0, maximum = 2592000)]
    overlap_secs: Option<u64>,
}

const DAY: u64 = 86_400;
const LONGEST: u64 = 30 * DAY;

/// Rotate a webhook's secret
///
/// Requests carry the signatures of both until the overlap ends. Keep `secret`: it is shown this once.
#[utoipa::path(
    post, path = "/api/v1/webhooks/{id}/rotate-secret", operation_id = "rotate_webhook_secret",
    tag = "Webhooks", params(("id" = String, Path, description = "The webhook.")),
    request_body = Option<RotateSecret>,
    responses((status = 200, description = "Rotated.", body = WebhookView)),
    security(("api_key" = ["webhooks:manage"]), ("session" = []))
)]
pub(super) async fn rotate(
    State(room): State<Outgoing>,
    caller: Caller<may::WebhooksManage>,
    ApiPath(id): ApiPath<WebhookId>,
    body: Option<ApiJson<RotateSecret>>,
) -> Answer<ApiJson<WebhookView>> {
    let overlap = body.and_then(|ApiJson(body)| body.overlap_secs).unwrap_or(DAY);
    if overlap > LONGEST {
        let message = format!("at most {LONGEST} is expected");
        let problem = Problem::new(&codes::INVALID, format!("/overlap_secs: {message}"));
        return Err(problem.field("/overlap_secs", message).into());
    }
    let workspace = &caller.workspace;
    let mut tx = workspace.write().await?;
    let found = webhooks::lock(&mut tx, workspace.id(), id).await?;
    let mut it = found.ok_or_else(|| not_found("webhook"))?;
    let mut secrets = it.secrets(workspace).await?;
    let now = tx.now();
    let until = now.plus(Duration::from_secs(overlap));
    let signing = it.settings.signing;
    let key = signing.generate(room.0.db.entropy());
    let secret = signing.secret(&key);
    it.public_key = signing.public_key(&key);
    secrets.rotate(key, now, until);
    it.sealed = secrets.seal(workspace, id)?;
    it.overlap_until = Some(until);
    it.updated_at = now;
    webhooks::put(&mut tx, workspace.id(), &it).await?;
    let detail = json!({ "overlap_secs": overlap });
    audit::record(&mut tx, &caller, "webhook.secret_rotated", id, detail).await?;
    tx.commit().await?;
    Ok(ApiJson(WebhookView::at(it, now).with_secret(secret)))
}
