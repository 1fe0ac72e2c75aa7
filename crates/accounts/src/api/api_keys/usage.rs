//! `GET /api/v1/api-keys/{id}/usage`.

use axum::extract::State;
use kernel::ApiKeyId;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

use super::find;
use crate::Accounts;
use crate::gate::{Answer, ApiJson, ApiPath, Caller, may};
use crate::store::usage;
use crate::usage::Count;

/// How much a key was used, and how it went.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "total": 10, "success": 9, "errors": 1, "success_rate": 0.9, "mean_latency_ms": 4.2,
    "by_endpoint": [{
        "method": "GET", "path": "/api/v1/feeds/{id}", "requests": 10, "success_rate": 0.9,
        "mean_latency_ms": 4.2
    }]
}))]
pub(in crate::api) struct KeyUsage {
    /// Requests in all.
    total: u64,
    /// Those answered with a status below 400.
    success: u64,
    /// The others.
    errors: u64,
    /// A fraction; 1 when there were none.
    success_rate: f64,
    mean_latency_ms: f64,
    by_endpoint: Vec<EndpointUsage>,
}

/// The part of one route.
#[derive(Serialize, ToSchema)]
struct EndpointUsage {
    method: String,
    /// The route as a template.
    path: String,
    requests: u64,
    success_rate: f64,
    mean_latency_ms: f64,
}

/// How much a key was used, by endpoint.
#[utoipa::path(
    get, path = "/api/v1/api-keys/{id}/usage", operation_id = "get_api_key_usage", tag = "keys",
    params(("id" = String, Path, description = "The key.")),
    responses((status = 200, description = "Up to this moment.", body = KeyUsage)),
    security(("api_key" = ["admin:full"]), ("session" = []))
)]
pub(in crate::api) async fn usage(
    State(accounts): State<Accounts>,
    caller: Caller<may::Admin>,
    ApiPath(id): ApiPath<ApiKeyId>,
) -> Answer<ApiJson<KeyUsage>> {
    let mut tx = caller.workspace.read().await?;
    find(&mut tx, &caller, id).await?;
    let mut counts: BTreeMap<(String, String), Count> = BTreeMap::new();
    let written = usage::by_endpoint(&mut tx, caller.workspace.id(), id).await?;
    let waiting = accounts.0.usage.of_key(id);
    let waiting = waiting.into_iter().map(|(it, count)| ((it.method.to_string(), it.path), count));
    for (endpoint, count) in written.into_iter().chain(waiting) {
        counts.entry(endpoint).or_default().add(count);
    }
    Ok(ApiJson(KeyUsage::of(counts)))
}

impl KeyUsage {
    fn of(counts: BTreeMap<(String, String), Count>) -> Self {
        let mut total = Count::default();
        counts.values().for_each(|count| total.add(*count));
        let endpoint = |((method, path), count): ((String, String), Count)| EndpointUsage {
            method,
            path,
            requests: count.requests,
            success_rate: success_rate(count),
            mean_latency_ms: mean_latency_ms(count),
        };
        Self {
            total: total.requests,
            success: total.successes,
            errors: total.requests - total.successes,
            success_rate: success_rate(total),
            mean_latency_ms: mean_latency_ms(total),
            by_endpoint: counts.into_iter().map(endpoint).collect(),
        }
    }
}

fn success_rate(count: Count) -> f64 {
    if count.requests == 0 { 1.0 } else { count.successes as f64 / count.requests as f64 }
}

fn mean_latency_ms(count: Count) -> f64 {
    if count.requests == 0 { 0.0 } else { count.latency_us as f64 / count.requests as f64 / 1000.0 }
}
