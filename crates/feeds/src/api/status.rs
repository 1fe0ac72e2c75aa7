//! How a workspace stands: its integrations and their feeds, what passes through, and how fresh it is.

use accounts::gate::{Answer, ApiJson, Caller, may};
use axum::extract::State;
use connect::{CredentialNote, CredentialState, IntegrationFilter, Listed};
use kernel::{IntegrationId, PageRequest, Timestamp};
use serde::Serialize;
use std::collections::HashMap;
use std::time::Duration;
use utoipa::ToSchema;

use crate::store::feeds::Tally;
use crate::store::throughput::{self, Minute};
use crate::{Feeds, store};

/// How a workspace stands.
#[derive(Serialize, ToSchema)]
pub(crate) struct StatusView {
    /// The newest 200 integrations; `GET /api/v1/integrations` pages through all.
    integrations: Vec<IntegrationStatus>,
    totals: Totals,
    /// The last hour, a row a minute.
    throughput: Vec<MinuteView>,
    freshness: Freshness,
}

/// How an integration stands.
#[derive(Serialize, ToSchema)]
pub(crate) struct IntegrationStatus {
    #[schema(value_type = String)]
    id: IntegrationId,
    name: String,
    provider: String,
    #[schema(example = "ok")]
    status: String,
    enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, nullable = false, format = DateTime)]
    last_sync_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    last_error: Option<LastError>,
    #[schema(value_type = String)]
    credential_state: CredentialState,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, nullable = false, format = DateTime)]
    credential_validated_at: Option<Timestamp>,
    feeds: Counts,
}

/// What went wrong last.
#[derive(Serialize, ToSchema)]
#[schema(as = StatusError)]
pub(crate) struct LastError {
    code: String,
    message: String,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
}

/// Feeds by how they stand.
#[derive(Clone, Copy, Default, Serialize, ToSchema)]
pub(crate) struct Counts {
    ok: i64,
    stale: i64,
    failing: i64,
    pending: i64,
    off: i64,
}

/// Everything in numbers.
#[derive(Serialize, ToSchema)]
pub(crate) struct Totals {
    integrations: i64,
    feeds: Counts,
    widgets: i64,
    players: i64,
    inbound_events: i64,
}

/// One minute.
#[derive(Serialize, ToSchema)]
pub(crate) struct MinuteView {
    #[schema(value_type = String, format = DateTime)]
    minute: Timestamp,
    pulls: i64,
    pushes: i64,
    errors: i64,
}

/// How old the documents are.
#[derive(Serialize, ToSchema)]
pub(crate) struct Freshness {
    /// The age of the oldest document of a feed that is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    oldest_ms: Option<u64>,
    /// The share of feeds with a document that are as fresh as asked, 0 to 1.
    fresh_share: f64,
}

/// Get the status
#[utoipa::path(get, path = "/api/v1/status", tag = "Status",
    responses((status = 200, body = StatusView)), security(("api_key" = ["integrations:read"])))]
pub(crate) async fn status(
    State(feeds): State<Feeds>,
    caller: Caller<may::IntegrationsRead>,
) -> Answer<ApiJson<StatusView>> {
    let workspace = &caller.workspace;
    let now = feeds.db().clock().now();
    let tallies = store::feeds::tally(workspace).await?;
    let totals = throughput::totals(workspace).await?;
    let since = now.minus(Duration::from_secs(3600));
    let minutes = throughput::minutes(workspace, (since, now)).await?;
    let page = PageRequest { limit: PageRequest::MAX_LIMIT, after: None };
    let filter = IntegrationFilter::default();
    let mut listed = feeds.connect().integrations(workspace, &filter, &page).await?;
    listed.truncate(PageRequest::MAX_LIMIT as usize);

    let oldest = tallies.iter().filter_map(|tally| tally.oldest).min();
    let all = tallies.iter().fold(Counts::default(), |sum, tally| sum.plus(tally));
    let with_document = all.ok + all.stale;
    let by_integration: HashMap<_, _> =
        tallies.iter().map(|tally| (tally.integration, Counts::default().plus(tally))).collect();
    let mut integrations = Vec::with_capacity(listed.len());
    for one in listed {
        let counts = by_integration.get(&one.integration.id).copied().unwrap_or_default();
        let note = feeds.connect().credential_note(workspace, &one.integration).await?;
        integrations.push(view(one, note, counts));
    }
    Ok(ApiJson(StatusView {
        integrations,
        totals: Totals {
            integrations: totals.integrations,
            feeds: all,
            widgets: totals.widgets,
            players: totals.players,
            inbound_events: totals.inbound_events,
        },
        throughput: minutes.into_iter().map(MinuteView::from).collect(),
        freshness: Freshness {
            oldest_ms: oldest.map(|at| now.since(at).as_millis() as u64),
            fresh_share: if with_document == 0 {
                1.0
            } else {
                all.ok as f64 / with_document as f64
            },
        },
    }))
}

impl Counts {
    fn plus(self, tally: &Tally) -> Self {
        Self {
            ok: self.ok + tally.ok,
            stale: self.stale + tally.stale,
            failing: self.failing + tally.failing,
            pending: self.pending + tally.pending,
            off: self.off + tally.off,
        }
    }
}

impl From<Minute> for MinuteView {
    fn from(minute: Minute) -> Self {
        let Minute { minute, pulls, pushes, errors } = minute;
        Self { minute, pulls, pushes, errors }
    }
}

fn view(one: Listed, credential: CredentialNote, feeds: Counts) -> IntegrationStatus {
    IntegrationStatus {
        status: one.status().to_owned(),
        credential_state: credential.state,
        credential_validated_at: credential.validated_at,
        id: one.integration.id,
        name: one.integration.name,
        provider: one.integration.provider,
        enabled: one.integration.enabled,
        last_sync_at: one.last_sync_at,
        last_error: one.last_error.map(|(code, message, at)| LastError { code, message, at }),
        feeds,
    }
}
