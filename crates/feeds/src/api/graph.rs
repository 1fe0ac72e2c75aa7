//! The patch bay: what feeds what, and how each cable stands.

use accounts::gate::{Answer, ApiJson, Caller, may};
use axum::extract::State;
use connect::IntegrationFilter;
use kernel::PageRequest;
use serde::Serialize;
use std::collections::HashMap;
use utoipa::ToSchema;

use crate::store::cables;
use crate::{Feeds, store};

/// The graph of a workspace.
#[derive(Serialize, ToSchema)]
pub(crate) struct Graph {
    nodes: Vec<Node>,
    edges: Vec<Edge>,
    /// Whether there is more than was put in: at most 2,000 feeds are.
    truncated: bool,
}

/// A thing with sockets.
#[derive(Serialize, ToSchema)]
pub(crate) struct Node {
    id: String,
    /// `integration`, `feed`, `widget` or `player`.
    kind: &'static str,
    name: String,
    #[schema(example = "ok")]
    state: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    provider: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    age_ms: Option<u64>,
}

/// A cable.
#[derive(Serialize, ToSchema)]
pub(crate) struct Edge {
    from: String,
    to: String,
    state: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    age_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    version: Option<u64>,
}

/// How many feeds a picture holds.
const MOST: u32 = 2_000;

/// Get the graph
#[utoipa::path(get, path = "/api/v1/graph", tag = "Status",
    responses((status = 200, body = Graph)), security(("api_key" = ["feeds:read"])))]
pub(crate) async fn graph(
    State(feeds): State<Feeds>,
    caller: Caller<may::FeedsRead>,
) -> Answer<ApiJson<Graph>> {
    let workspace = &caller.workspace;
    let now = feeds.db().clock().now();
    let mut nodes = Vec::new();
    let mut edges = Vec::new();
    let mut page = PageRequest { limit: PageRequest::MAX_LIMIT, after: None };
    let filter = IntegrationFilter::default();
    for _ in 0..10 {
        let mut found = feeds.connect().integrations(workspace, &filter, &page).await?;
        let more = found.len() > page.limit as usize;
        found.truncate(page.limit as usize);
        page.after = found.last().map(|last| last.integration.id.to_string());
        nodes.extend(found.into_iter().map(|one| Node {
            id: one.integration.id.to_string(),
            kind: "integration",
            state: one.status().to_owned(),
            name: one.integration.name,
            provider: Some(one.integration.provider),
            age_ms: one.last_sync_at.map(|at| now.since(at).as_millis() as u64),
        }));
        if !more {
            break;
        }
    }

    let page = PageRequest { limit: MOST, after: None };
    let mut found = store::feeds::list(workspace, &store::feeds::Filter::default(), &page).await?;
    let truncated = found.len() > MOST as usize;
    found.truncate(MOST as usize);
    let mut states = HashMap::new();
    for feed in &found {
        let state = feed.status(now).name();
        let age_ms = feed.fetched_at.map(|at| now.since(at).as_millis() as u64);
        let version = (feed.version > 0).then_some(feed.version);
        states.insert(feed.id.to_string(), (state, age_ms, version));
        edges.push(Edge {
            from: feed.integration.to_string(),
            to: feed.id.to_string(),
            state: state.to_owned(),
            age_ms,
            version,
        });
        nodes.push(Node {
            id: feed.id.to_string(),
            kind: "feed",
            name: feed.name.clone(),
            state: state.to_owned(),
            provider: None,
            age_ms,
        });
    }
    let cables = cables::of(workspace, MOST).await?;
    let mut worst: HashMap<String, &str> = HashMap::new();
    for (feed, config) in &cables.reads {
        let Some((state, age_ms, version)) = states.get(feed) else { continue };
        let known = worst.entry(config.clone()).or_insert(state);
        if badness(state) > badness(known) {
            *known = state;
        }
        edges.push(Edge {
            from: feed.clone(),
            to: config.clone(),
            state: (*state).to_owned(),
            age_ms: *age_ms,
            version: *version,
        });
    }
    let state_of = |id: &str| worst.get(id).copied().unwrap_or("pending").to_owned();
    for (id, name) in cables.configs {
        let state = state_of(&id);
        nodes.push(Node { id, kind: "widget", name, state, provider: None, age_ms: None });
    }
    for (player, config) in cables.shows {
        let state = state_of(&config);
        edges.push(Edge { from: config, to: player, state, age_ms: None, version: None });
    }
    for (id, name, enabled) in cables.players {
        let state = if enabled { "ok" } else { "off" }.to_owned();
        nodes.push(Node { id, kind: "player", name, state, provider: None, age_ms: None });
    }
    Ok(ApiJson(Graph { nodes, edges, truncated }))
}

fn badness(state: &str) -> u8 {
    match state {
        "failing" => 4,
        "stale" => 3,
        "pending" => 2,
        "off" => 1,
        _ => 0,
    }
}
