//! What the sender of an integration's pushes has to be told.

use accounts::gate::{Answer, ApiJson, ApiPath, Caller, may, not_found};
use axum::extract::State;
use catalog::push::{Purpose, Scheme};
use kernel::{FeedId, IntegrationId, WidgetConfigId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::rules::Rules;
use crate::{Address, Hooks, setup, webhook_url};

/// Where pushes of an integration go, and how they are proven.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "urls": [{"url": "https://patchbay.example/api/webhooks/int_01kce5v0g0f7nb4x1q2m3n4p5r"}],
    "scheme": "github-sha256", "unsigned": false, "secret_configured": true,
    "schemes": [{"name": "github-sha256", "title": "Webhook secret"}],
    "setup": ["In the repository's *Settings, Webhooks*, add a webhook …"],
}))]
pub(crate) struct Webhook {
    urls: Vec<WebhookUrl>,
    /// How pushes are proven: a scheme's name, `custom`, `api-key` or `unsigned`. Feeds may differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    scheme: Option<String>,
    /// What the provider offers to choose from.
    schemes: Vec<WebhookScheme>,
    /// Whether pushes are taken from anybody.
    unsigned: bool,
    /// Whether there is a secret to prove them with. Without one they are refused.
    secret_configured: bool,
    /// What is wrong with the settings, if something is; all pushes are refused then.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    problem: Option<String>,
    /// What to do on the provider's side, a step each, in Markdown.
    setup: Vec<String>,
}

/// An address that takes pushes.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookUrl {
    url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, nullable = false)]
    feed_id: Option<FeedId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, nullable = false)]
    widget_config_id: Option<WidgetConfigId>,
}

/// A way of proving pushes.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookScheme {
    name: String,
    title: String,
}

/// Get an integration's webhook
///
/// Its addresses and what to do on the provider's side.
#[utoipa::path(get, path = "/api/v1/integrations/{id}/webhook", tag = "Integrations",
    params(("id" = String, Path, description = "The integration's id")),
    responses((status = 200, body = Webhook)), security(("api_key" = ["integrations:read"])))]
pub(crate) async fn get(
    State(hooks): State<Hooks>,
    caller: Caller<may::IntegrationsRead>,
    ApiPath(id): ApiPath<IntegrationId>,
) -> Answer<ApiJson<Webhook>> {
    let workspace = &caller.workspace;
    let found = hooks.connect().integration(workspace, id).await?;
    let integration = found.ok_or_else(|| not_found("integration"))?;
    let push = integration.provider_def.push.as_ref();
    let push = push.ok_or_else(|| not_found("webhook"))?;
    let public_url = &hooks.config().public_url;
    let others = hooks.destinations().addresses(workspace.id(), id).await?;
    let url = |address: Address| WebhookUrl {
        url: webhook_url(public_url, id, address),
        feed_id: if let Address::Feed(id) = address { Some(id) } else { None },
        widget_config_id: if let Address::WidgetConfig(id) = address { Some(id) } else { None },
    };
    let rules = Rules::read(push, &integration.push.to_map());
    let check = rules.as_ref().ok().map(|rules| &rules.check);
    let offered = push.schemes.iter().filter(|scheme| scheme.purpose == Purpose::Push);
    let named =
        |scheme: &Scheme| WebhookScheme { name: scheme.name.clone(), title: scheme.title.clone() };
    let own = hooks.endpoint((id, Address::Integration)).await?;
    Ok(ApiJson(Webhook {
        urls: std::iter::once(Address::Integration).chain(others).map(url).collect(),
        scheme: check.map(|check| check.name.clone()),
        schemes: offered.map(named).collect(),
        unsigned: check.is_some_and(|check| check.signature.is_none()),
        secret_configured: own.is_some_and(|endpoint| endpoint.has_secret()),
        setup: setup(push, &webhook_url(public_url, id, Address::Integration)),
        problem: rules.err(),
    }))
}
