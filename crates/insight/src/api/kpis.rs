//! `GET /api/v1/kpis`.

use accounts::gate::{Answer, ApiJson, Caller, Identity, may};
use axum::extract::State;
use kernel::Problem;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

use crate::store::kpis::Spender;
use crate::{Insight, kpi, store};

/// How well the promises about connections are kept.
#[derive(Serialize, ToSchema)]
pub(super) struct Kpis {
    /// First over all platforms, then by platform.
    data: Vec<KpiView>,
}

/// One measure.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "name": "api_success", "title": "Requests that went well, 7 days", "target": 99.0,
    "bound": "at_least", "value": 99.7, "unit": "%", "platform": "spotify", "ok": true
}))]
pub(super) struct KpiView {
    /// `api_success`, `freshness`, `manual_reconnects`, `limit_share` or `auto_recovery`.
    name: &'static str,
    title: &'static str,
    target: f64,
    /// Whether the target is a lower or an upper bound: `at_least` or `at_most`.
    bound: &'static str,
    /// Null when there is nothing to compute it from.
    value: Option<f64>,
    unit: &'static str,
    /// Null for all together.
    platform: Option<String>,
    /// Whether the target is met; null without a value.
    ok: Option<bool>,
}

/// How well the promises about connections are kept
///
/// Computed from the logs when it is asked for.
#[utoipa::path(
    get, path = "/api/v1/kpis", operation_id = "list_kpis", tag = "metrics",
    responses((status = 200, description = "All of them.", body = Kpis)),
    security(("api_key" = ["metrics:read"]), ("session" = []))
)]
pub(super) async fn list(
    State(insight): State<Insight>,
    caller: Caller<may::MetricsRead>,
) -> Answer<ApiJson<Kpis>> {
    let workspace = caller.workspace.id();
    let mut tx = caller.workspace.read().await?;
    let facts = store::kpis::facts(&mut tx, Some(workspace)).await?;
    let spenders = store::kpis::spenders(&mut tx, workspace).await?;
    let now = tx.now();
    drop(tx);
    let shares = shares(&insight, &caller, spenders).await?;
    let measured = |platform: &str| insight.provider(platform).is_some();
    let kpis = kpi::kpis(&facts, &shares, measured, now);
    Ok(ApiJson(Kpis { data: kpis.into_iter().map(KpiView::from).collect() }))
}

/// How much of each platform's limits is used, in per cent; of the tightest.
async fn shares(
    insight: &Insight,
    caller: &Identity,
    spenders: Vec<Spender>,
) -> Result<BTreeMap<String, f64>, Problem> {
    let mut shares = BTreeMap::new();
    for it in spenders {
        let (integration, connection) = (it.integration, it.connection);
        let workspace = &caller.workspace;
        let actor = &caller.actor;
        let share =
            insight.connect().share_used(workspace, integration, connection, 1.0, actor).await?;
        if let Some(share) = share.map(|share| share.used * 100.0) {
            let most = shares.entry(it.provider).or_insert(share);
            *most = share.max(*most);
        }
    }
    Ok(shares)
}

impl From<kpi::Kpi> for KpiView {
    fn from(kpi: kpi::Kpi) -> Self {
        let ok = kpi.is_met();
        let kpi::Goal { name, title, unit, target, at_least } = *kpi.goal;
        let bound = if at_least { "at_least" } else { "at_most" };
        Self { name, title, target, bound, value: kpi.value, unit, platform: kpi.platform, ok }
    }
}
