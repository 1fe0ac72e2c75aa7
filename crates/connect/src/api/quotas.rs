//! `GET /api/v1/quotas`.

use accounts::gate::{Answer, ApiJson, ApiQuery, Caller, Identity, List, Sort, may};
use axum::extract::State;
use catalog::ratelimit::LimitScope;
use kernel::{ConnectionId, IntegrationId, Page, PageRequest, Problem, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

use crate::quota::forecast::{Forecast, forecast};
use crate::quota::{Pot, Purse};
use crate::store::connections;
use crate::{Connect, Integration, IntegrationFilter};

/// A limit and how much of it is used.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "provider": "youtube", "integration_id": "int_01h455vb4pex5vsknk084sn02q", "connection_id": null,
    "scope": "app", "class": "api", "daily": true, "window_secs": null, "limit": 10000, "used": 6000,
    "remaining": 4000, "share_used": 0.6, "resets_at": "2026-11-21T08:00:00Z",
    "forecast": {
        "ends_at": "2026-11-20T18:00:00Z", "text": "At this pace the YouTube quota ends at 10:00."
    }
}))]
pub(super) struct QuotaView {
    provider: String,
    #[schema(value_type = String)]
    integration_id: IntegrationId,
    /// Whose account it is that has the limit; null when all of the integration count together.
    #[schema(value_type = Option<String>)]
    connection_id: Option<ConnectionId>,
    /// `app`: all that the OAuth client asks, through whichever integration, counts together. `account`:
    /// each connection has its own.
    #[schema(value_type = String)]
    scope: LimitScope,
    /// What kind of calls it is for: `api` for all that have no class of their own.
    class: String,
    /// Whether all of it comes back at once, by the day. It counts units then, else requests.
    daily: bool,
    /// The window of a limit that comes back bit by bit; null where the provider alone knows it.
    window_secs: Option<u64>,
    limit: u64,
    used: u64,
    remaining: u64,
    /// `used` of `limit`, from 0 to 1.
    share_used: f64,
    /// When all of it is back; null when the provider does not say.
    #[schema(value_type = Option<String>, format = DateTime)]
    resets_at: Option<Timestamp>,
    forecast: Forecast,
}

/// Which limits.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct QuotaQuery {
    /// Of this integration.
    #[param(value_type = Option<String>)]
    integration_id: Option<IntegrationId>,
    /// Of this connection.
    #[param(value_type = Option<String>)]
    connection_id: Option<ConnectionId>,
    /// Of this provider.
    #[serde(default)]
    provider: String,
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Accounts of one integration that are shown; ask by `connection_id` for one in particular.
const MOST_ACCOUNTS: u32 = 200;

/// Limits and how much of them is used
///
/// What pulls, fetches, syncs and tests may still ask of each provider: its limits, as the catalog knows
/// them and as its answers corrected them, and by when a daily quota ends if it goes on like this. A page
/// holds the limits of `limit` integrations.
#[utoipa::path(
    get, path = "/api/v1/quotas", operation_id = "list_quotas", tag = "connections",
    params(QuotaQuery),
    responses((status = 200, description = "A page of them.", body = List<QuotaView>)),
    security(("api_key" = ["connections:read"]), ("session" = []))
)]
pub(super) async fn list(
    State(connect): State<Connect>,
    caller: Caller<may::ConnectionsRead>,
    ApiQuery(query): ApiQuery<QuotaQuery>,
) -> Answer<ApiJson<List<QuotaView>>> {
    let page = Sort::default().page(query.limit, query.cursor.as_deref())?;
    // What others spent is known from what they wrote.
    connect.recall_quotas().await?;
    let found = integrations(&connect, &caller, &query, &page).await?;
    let mut rows = Vec::new();
    for integration in found.data {
        rows.extend(of_integration(&connect, &caller, &integration, query.connection_id).await?);
    }
    Ok(ApiJson(Page { data: rows, next_cursor: found.next_cursor }.into()))
}

/// The integrations whose limits are asked for.
async fn integrations(
    connect: &Connect,
    caller: &Identity,
    query: &QuotaQuery,
    page: &PageRequest,
) -> Result<Page<Arc<Integration>>, Problem> {
    let workspace = &caller.workspace;
    let mut only = query.integration_id;
    if let Some(id) = query.connection_id {
        let behind = connect.integration_behind(workspace, id).await?;
        only = behind.filter(|it| only.is_none_or(|only| only == *it));
        if only.is_none() {
            return Ok(Page { data: Vec::new(), next_cursor: None });
        }
    }
    if let Some(id) = only {
        let found = connect.integration(workspace, id).await?.into_iter();
        let is_of =
            |it: &Arc<Integration>| query.provider.is_empty() || it.provider == query.provider;
        return Ok(Page { data: found.filter(is_of).collect(), next_cursor: None });
    }
    let filter =
        IntegrationFilter { provider: query.provider.clone(), ..IntegrationFilter::default() };
    let found = connect.integrations(workspace, &filter, page).await?;
    let found =
        Page::of(found, page.limit, |it| filter.sort.key(&it.integration.name, it.integration.id));
    Ok(found.map(|it| Arc::new(it.integration)))
}

/// The limits of an integration: its app's, and those of each of its accounts.
async fn of_integration(
    connect: &Connect,
    caller: &Identity,
    integration: &Arc<Integration>,
    only: Option<ConnectionId>,
) -> Result<Vec<QuotaView>, Problem> {
    if integration.provider_def.rate_limit.is_none() {
        return Ok(Vec::new());
    }
    let workspace = &caller.workspace;
    let by_account = integration.provider_def.oauth.is_some();
    let is_shared = |pot: &Pot<'_>| !by_account || pot.scope() == LimitScope::App;
    let of_nobody = Purse::with(integration, None, None);
    let (shared, own): (Vec<_>, Vec<_>) = of_nobody.pots().partition(is_shared);
    let mut rows = Vec::new();
    if !shared.is_empty() {
        let app = connect.app(workspace, integration, &caller.actor).await?;
        let purse = Purse::with(integration, app, None);
        let pots = purse.pots().filter(is_shared);
        rows.extend(pots.flat_map(|pot| views(connect, integration, &pot, None)));
    }
    let mut accounts: Vec<_> = only.into_iter().filter(|_| !own.is_empty()).collect();
    if only.is_none() && !own.is_empty() {
        let filter =
            connections::Filter { integration: Some(integration.id), ..Default::default() };
        let page = PageRequest { limit: MOST_ACCOUNTS, after: None };
        let mut tx = workspace.read().await?;
        let found = connections::list(&mut tx, workspace.id(), &filter, &page).await?;
        accounts = found.iter().map(|it| it.id).collect();
    }
    for id in accounts {
        let purse = Purse::with(integration, None, Some(id));
        let pots = purse.pots().filter(|it| !is_shared(it));
        rows.extend(pots.flat_map(|pot| views(connect, integration, &pot, Some(id))));
    }
    Ok(rows)
}

/// What is known of a part of the purse: its day, its window.
fn views(
    connect: &Connect,
    integration: &Integration,
    pot: &Pot<'_>,
    connection: Option<ConnectionId>,
) -> Vec<QuotaView> {
    let (egress, now) = (&connect.0.egress, connect.0.db.clock().now());
    let name = pot.name();
    let view = |limit: u64, used: u64, resets_at, forecast| QuotaView {
        provider: integration.provider.clone(),
        integration_id: integration.id,
        connection_id: connection,
        scope: pot.scope(),
        class: pot.class().to_owned(),
        daily: true,
        window_secs: None,
        limit,
        used,
        remaining: limit.saturating_sub(used),
        share_used: used as f64 / limit.max(1) as f64,
        resets_at,
        forecast,
    };
    let mut rows = Vec::new();
    if let Some(daily) = pot.daily()
        && let Some(resets_at) = daily.next_reset(now)
    {
        let used = egress.budgets().used(pot.key(), now).min(daily.units);
        let forecast = forecast(&name, &daily, used, now);
        rows.push(view(daily.units, used, Some(resets_at), forecast));
    }
    let limit = pot.limit();
    if let Some(standing) = egress.standing(&limit) {
        let used = standing.limit.saturating_sub(standing.remaining);
        let text = match (standing.remaining, limit.requests) {
            (0, _) => format!("The limit of {name} is reached for now."),
            (_, Some(_)) => {
                format!("{used} of {} are used; they come back steadily.", standing.limit)
            }
            (_, None) => format!("{name} says that {used} of {} are used.", standing.limit),
        };
        let forecast = Forecast { ends_at: (standing.remaining == 0).then_some(now), text };
        let window_secs = limit.requests.map(|_| limit.window.as_secs());
        let view = view(standing.limit, used, standing.resets_at, forecast);
        rows.push(QuotaView { daily: false, window_secs, ..view });
    }
    rows
}
