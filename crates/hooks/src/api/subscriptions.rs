//! What an integration's provider was asked to push.

use accounts::audit;
use accounts::gate::{Answer, ApiJson, ApiPath, ApiQuery, Caller, Identity, may, not_found, page};
use axum::extract::State as Shared;
use catalog::push::{ByHand, Way};
use connect::Integration;
use http::StatusCode;
use kernel::{ConnectionId, IntegrationId, Page, Problem, SubscriptionId, Timestamp, codes};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

use crate::jobs::follow::ways;
use crate::subscribe::{Failure, State, Subscription, schedule};
use crate::{Hooks, store};

/// One subscription.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "id": "sub_01kce5v0g0f7nb4x1q2m3n4p5r", "name": "channel", "title": "New videos of the channel",
    "connection_id": "conn_01kce5v0g0f7nb4x1q2m3n4p5r",
    "topic": "https://www.youtube.com/xml/feeds/videos.xml?channel_id=UC_x5XG1OV2P6uZZ5FSM9Ttw",
    "state": "active", "asked_at": "2026-11-20T21:00:00Z", "confirmed_at": "2026-11-20T21:00:01Z",
    "expires_at": "2026-11-30T21:00:01Z", "renew_at": "2026-11-28T20:11:13Z", "failures": 0,
    "error": null, "created_at": "2026-11-20T21:00:00Z", "updated_at": "2026-11-20T21:00:01Z",
}))]
pub(crate) struct SubscriptionView {
    #[schema(value_type = String)]
    id: SubscriptionId,
    /// The catalog's name for what is pushed.
    name: String,
    title: String,
    /// The account that it is for; null where it is for the integration as a whole.
    #[schema(value_type = Option<String>)]
    connection_id: Option<ConnectionId>,
    /// What it is about, at the provider.
    topic: String,
    state: State,
    #[schema(value_type = Option<String>)]
    asked_at: Option<Timestamp>,
    #[schema(value_type = Option<String>)]
    confirmed_at: Option<Timestamp>,
    /// When it ends unless it is renewed; null while it does not hold, or holds until it is ended.
    #[schema(value_type = Option<String>)]
    expires_at: Option<Timestamp>,
    /// When the provider is asked again.
    #[schema(value_type = Option<String>)]
    renew_at: Option<Timestamp>,
    /// Failed attempts in a row.
    failures: u32,
    error: Option<Failure>,
    #[schema(value_type = String)]
    created_at: Timestamp,
    #[schema(value_type = String)]
    updated_at: Timestamp,
}

/// Subscriptions, and what there is to subscribe to.
#[derive(Serialize, ToSchema)]
pub(crate) struct Subscriptions {
    data: Vec<SubscriptionView>,
    next_cursor: Option<String>,
    /// What the provider can be asked to push.
    offered: Vec<Offered>,
    /// What a person does at the provider, where it cannot be asked.
    by_hand: Option<ByHandView>,
}

/// What a provider can be asked to push.
#[derive(Serialize, ToSchema)]
pub(crate) struct Offered {
    name: String,
    title: String,
    /// `connection` or `integration`.
    #[serde(rename = "for")]
    per: &'static str,
    /// What must be filled in for it, such as `config.watch`.
    needs: Vec<String>,
}

/// What a person does at the provider.
#[derive(Serialize, ToSchema)]
pub(crate) struct ByHandView {
    url: String,
    text: String,
}

#[derive(Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Listing {
    /// How many, at most 200.
    limit: Option<u32>,
    /// Where the last page ended.
    cursor: Option<String>,
}

/// What to subscribe to.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({"connection_id": "conn_01kce5v0g0f7nb4x1q2m3n4p5r"}))]
pub(crate) struct Subscribe {
    /// For this account alone; unless given, for all that are connected.
    #[schema(value_type = Option<String>)]
    connection_id: Option<ConnectionId>,
}

/// List an integration's push subscriptions
///
/// What its provider was asked to push, and how that stands.
#[utoipa::path(get, path = "/api/v1/integrations/{id}/subscriptions", tag = "Integrations",
    operation_id = "list_subscriptions",
    params(("id" = String, Path, description = "The integration's id"), Listing),
    responses((status = 200, body = Subscriptions)), security(("api_key" = ["integrations:read"])))]
pub(crate) async fn list(
    Shared(hooks): Shared<Hooks>,
    caller: Caller<may::IntegrationsRead>,
    ApiPath(id): ApiPath<IntegrationId>,
    ApiQuery(listing): ApiQuery<Listing>,
) -> Answer<ApiJson<Subscriptions>> {
    Ok(ApiJson(listed(&hooks, &caller, id, &listing).await?))
}

/// Subscribe to an integration's pushes
///
/// Asks the provider for what is not subscribed to yet, and for what was switched off by hand. It happens by
/// itself when an account is connected; the answer lists what is asked for.
#[utoipa::path(post, path = "/api/v1/integrations/{id}/subscriptions", tag = "Integrations",
    operation_id = "subscribe", request_body = Subscribe,
    params(("id" = String, Path, description = "The integration's id")),
    responses((status = 200, body = Subscriptions)), security(("api_key" = ["integrations:write"])))]
pub(crate) async fn subscribe(
    Shared(hooks): Shared<Hooks>,
    caller: Caller<may::IntegrationsWrite>,
    ApiPath(id): ApiPath<IntegrationId>,
    ApiJson(body): ApiJson<Subscribe>,
) -> Answer<ApiJson<Subscriptions>> {
    let integration = found(&hooks, &caller, id).await?;
    if ways(&integration).is_empty() {
        let name = integration.service();
        let detail = match by_hand(&integration) {
            Some(ByHand { url, text }) => format!("{text} ({url})"),
            None => format!("{name} takes subscriptions at its own site alone; see the webhook."),
        };
        return Err(Problem::new(&codes::SUBSCRIPTION_BY_HAND, detail).into());
    }
    let workspace = &caller.workspace;
    let mut tx = workspace.write().await?;
    store::subscriptions::want(&mut tx, workspace.id(), id, body.connection_id).await?;
    let detail = json!({ "connection_id": body.connection_id });
    audit::record(&mut tx, &caller, "integration.subscribed", id, detail).await?;
    tx.commit().await?;
    match body.connection_id {
        None => hooks.settle_all(workspace, &integration).await?,
        Some(connection) => {
            let found = hooks.connect().known_connection(workspace, connection).await?;
            let ours = found.filter(|it| it.integration_id == id);
            let connection = ours.ok_or_else(|| not_found("connection"))?;
            hooks.settle(workspace, &integration, Some(connection)).await?;
        }
    }
    Ok(ApiJson(listed(&hooks, &caller, id, &Listing::default()).await?))
}

/// Renew a push subscription
///
/// The provider is asked again now, and not when it is due.
#[utoipa::path(post, path = "/api/v1/integrations/{id}/subscriptions/{subscription_id}/renew",
    tag = "Integrations", operation_id = "renew_subscription",
    params(("id" = String, Path, description = "The integration's id"),
        ("subscription_id" = String, Path, description = "The subscription's id")),
    responses((status = 200, body = SubscriptionView)),
    security(("api_key" = ["integrations:write"])))]
pub(crate) async fn renew(
    Shared(hooks): Shared<Hooks>,
    caller: Caller<may::IntegrationsWrite>,
    ApiPath((id, subscription)): ApiPath<(IntegrationId, SubscriptionId)>,
) -> Answer<ApiJson<SubscriptionView>> {
    let integration = found(&hooks, &caller, id).await?;
    let workspace = &caller.workspace;
    let mut tx = workspace.write().await?;
    let held = store::subscriptions::held(&mut tx, workspace.id(), subscription).await?;
    let ours = held.filter(|it| it.integration == id);
    let mut it = ours.ok_or_else(|| not_found("subscription"))?;
    if it.state == State::Off {
        let detail = "It is switched off; subscribe again instead.";
        return Err(Problem::new(&codes::CONFLICT, detail).into());
    }
    it.renew_at = Some(tx.now());
    store::subscriptions::update(&mut tx, &it).await?;
    schedule(&mut tx, &it).await?;
    let detail = json!({ "integration_id": id });
    audit::record(&mut tx, &caller, "subscription.renewed", subscription, detail).await?;
    tx.commit().await?;
    Ok(ApiJson(view(&integration, it)))
}

/// End a push subscription
///
/// It is ended at the provider, too, and not asked for again until somebody subscribes.
#[utoipa::path(delete, path = "/api/v1/integrations/{id}/subscriptions/{subscription_id}",
    tag = "Integrations", operation_id = "end_subscription",
    params(("id" = String, Path, description = "The integration's id"),
        ("subscription_id" = String, Path, description = "The subscription's id")),
    responses((status = 204, description = "Ended.")),
    security(("api_key" = ["integrations:write"])))]
pub(crate) async fn end(
    Shared(hooks): Shared<Hooks>,
    caller: Caller<may::IntegrationsWrite>,
    ApiPath((id, subscription)): ApiPath<(IntegrationId, SubscriptionId)>,
) -> Answer<StatusCode> {
    found(&hooks, &caller, id).await?;
    let workspace = &caller.workspace;
    let mut tx = workspace.write().await?;
    let held = store::subscriptions::held(&mut tx, workspace.id(), subscription).await?;
    let ours = held.filter(|it| it.integration == id);
    let was = ours.ok_or_else(|| not_found("subscription"))?;
    let mut it = Subscription { is_unwanted: true, ..was.clone() };
    hooks.switch_off(&mut tx, &mut it).await?;
    let detail = json!({ "integration_id": id });
    audit::record(&mut tx, &caller, "subscription.ended", subscription, detail).await?;
    tx.commit().await?;
    if let Some(party) = hooks.party(workspace, &was).await? {
        hooks.say_goodbye(&party, &was).await;
    }
    Ok(StatusCode::NO_CONTENT)
}

async fn listed(
    hooks: &Hooks,
    identity: &Identity,
    id: IntegrationId,
    listing: &Listing,
) -> Result<Subscriptions, Problem> {
    let integration = found(hooks, identity, id).await?;
    let wanted = page(listing.limit, listing.cursor.as_deref())?;
    let mut tx = identity.workspace.read().await?;
    let rows = store::subscriptions::list(&mut tx, identity.workspace.id(), id, &wanted).await?;
    let rows = Page::of(rows, wanted.limit, |it| it.id.to_string());
    Ok(Subscriptions {
        data: rows.data.into_iter().map(|it| view(&integration, it)).collect(),
        next_cursor: rows.next_cursor,
        offered: ways(&integration).iter().map(offered).collect(),
        by_hand: by_hand(&integration)
            .map(|it| ByHandView { url: it.url.clone(), text: it.text.clone() }),
    })
}

fn by_hand(integration: &Integration) -> Option<&ByHand> {
    integration.provider_def.push.as_ref()?.subscribe.as_ref()?.by_hand.as_ref()
}

async fn found(
    hooks: &Hooks,
    identity: &Identity,
    id: IntegrationId,
) -> Result<Arc<Integration>, Problem> {
    let found = hooks.connect().integration(&identity.workspace, id).await?;
    found.ok_or_else(|| not_found("integration"))
}

fn offered(way: &Way) -> Offered {
    let per = match way.per {
        catalog::push::Per::Connection => "connection",
        catalog::push::Per::Integration => "integration",
    };
    let (name, title, needs) = (way.name.clone(), way.title.clone(), way.needs.clone());
    Offered { name, title, per, needs }
}

fn view(integration: &Integration, it: Subscription) -> SubscriptionView {
    let way = ways(integration).iter().find(|way| way.name == it.way);
    SubscriptionView {
        id: it.id,
        title: way.map_or_else(|| it.way.clone(), |way| way.title.clone()),
        name: it.way,
        connection_id: it.connection,
        topic: it.topic,
        state: it.state,
        asked_at: it.asked_at,
        confirmed_at: it.confirmed_at,
        expires_at: it.expires_at,
        renew_at: it.renew_at,
        failures: it.failures,
        error: it.error,
        created_at: it.created_at,
        updated_at: it.updated_at,
    }
}
