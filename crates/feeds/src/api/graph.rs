//! The patch bay: what feeds what, and how each cable stands.

use accounts::gate::{Answer, ApiJson, Caller, may};
use axum::extract::State;
use connect::{IntegrationFilter, Listed};
use db::{DbError, Workspace};
use kernel::{PageRequest, Timestamp};
use serde::Serialize;
use std::collections::HashMap;
use utoipa::ToSchema;

use crate::feed::Feed;
use crate::store::cables::{self, Cables};
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
/// How many pages of integrations it holds.
const PAGES: usize = 10;

/// Get the graph
#[utoipa::path(get, path = "/api/v1/graph", tag = "Status",
    responses((status = 200, body = Graph)), security(("api_key" = ["feeds:read"])))]
pub(crate) async fn graph(
    State(feeds): State<Feeds>,
    caller: Caller<may::FeedsRead>,
) -> Answer<ApiJson<Graph>> {
    let workspace = &caller.workspace;
    let integrations = integrations(&feeds, workspace).await?;
    let page = PageRequest { limit: MOST, after: None };
    let mut found = store::feeds::list(workspace, &store::feeds::Filter::default(), &page).await?;
    let truncated = found.len() > MOST as usize;
    found.truncate(MOST as usize);
    let cables = cables::of(workspace, MOST).await?;
    let now = feeds.db().clock().now();
    Ok(ApiJson(Graph { truncated, ..draw(&integrations, &found, cables, now) }))
}

/// All integrations, as far as they have a place in the picture.
async fn integrations(feeds: &Feeds, workspace: &Workspace) -> Result<Vec<Listed>, DbError> {
    let mut all = Vec::new();
    let mut page = PageRequest { limit: PageRequest::MAX_LIMIT, after: None };
    let filter = IntegrationFilter::default();
    for _ in 0..PAGES {
        let mut found = feeds.connect().integrations(workspace, &filter, &page).await?;
        let more = found.len() > page.limit as usize;
        found.truncate(page.limit as usize);
        page.after = found.last().map(|last| last.integration.id.to_string());
        all.extend(found);
        if !more {
            break;
        }
    }
    Ok(all)
}

/// How a feed, and each cable from it, stands.
#[derive(Clone, Copy)]
struct Standing {
    state: &'static str,
    age_ms: Option<u64>,
    version: Option<u64>,
}

impl Standing {
    fn of(feed: &Feed, now: Timestamp) -> Self {
        Self {
            state: feed.status(now).name(),
            age_ms: age(feed.fetched_at, now),
            version: (feed.version > 0).then_some(feed.version),
        }
    }
}

fn age(at: Option<Timestamp>, now: Timestamp) -> Option<u64> {
    at.map(|at| now.since(at).as_millis() as u64)
}

/// The picture: integrations, their feeds, the widgets that read those, the players that show these.
fn draw(integrations: &[Listed], feeds: &[Feed], cables: Cables, now: Timestamp) -> Graph {
    let standings: HashMap<String, Standing> =
        feeds.iter().map(|feed| (feed.id.to_string(), Standing::of(feed, now))).collect();
    let worst = worst(&cables.reads, &standings);
    let state_of = |config: &str| worst.get(config).copied().unwrap_or("pending");

    let mut nodes: Vec<Node> =
        integrations.iter().map(|one| Node::of_integration(one, now)).collect();
    nodes.extend(feeds.iter().map(|feed| Node::of_feed(feed, now)));
    nodes.extend(
        cables.configs.iter().map(|(id, name)| Node::new("widget", id, name, state_of(id))),
    );
    nodes.extend(cables.players.iter().map(|(id, name, enabled)| {
        Node::new("player", id, name, if *enabled { "ok" } else { "off" })
    }));

    let mut edges: Vec<Edge> = feeds
        .iter()
        .map(|feed| Edge::new(feed.integration, feed.id, Standing::of(feed, now)))
        .collect();
    edges.extend(cables.reads.iter().filter_map(|(feed, config)| {
        standings.get(feed).map(|standing| Edge::new(feed, config, *standing))
    }));
    edges.extend(cables.shows.iter().map(|(player, config)| {
        let standing = Standing { state: state_of(config), age_ms: None, version: None };
        Edge::new(config, player, standing)
    }));
    Graph { nodes, edges, truncated: false }
}

/// A widget stands as the worst of what it reads.
fn worst<'a>(
    reads: &'a [(String, String)],
    standings: &HashMap<String, Standing>,
) -> HashMap<&'a str, &'static str> {
    let mut worst: HashMap<&str, &'static str> = HashMap::new();
    for (feed, config) in reads {
        let Some(Standing { state, .. }) = standings.get(feed) else { continue };
        let known = worst.entry(config).or_insert(state);
        if badness(state) > badness(known) {
            *known = state;
        }
    }
    worst
}

impl Node {
    fn new(kind: &'static str, id: impl ToString, name: &str, state: &str) -> Self {
        let (id, name, state) = (id.to_string(), name.to_owned(), state.to_owned());
        Self { id, kind, name, state, provider: None, age_ms: None }
    }

    fn of_integration(one: &Listed, now: Timestamp) -> Self {
        let it = &one.integration;
        Self {
            provider: Some(it.provider.clone()),
            age_ms: age(one.last_sync_at, now),
            ..Self::new("integration", it.id, &it.name, one.status())
        }
    }

    fn of_feed(feed: &Feed, now: Timestamp) -> Self {
        let Standing { state, age_ms, .. } = Standing::of(feed, now);
        Self { age_ms, ..Self::new("feed", feed.id, &feed.name, state) }
    }
}

impl Edge {
    fn new(from: impl ToString, to: impl ToString, standing: Standing) -> Self {
        let Standing { state, age_ms, version } = standing;
        let (from, to, state) = (from.to_string(), to.to_string(), state.to_owned());
        Self { from, to, state, age_ms, version }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_widget_stands_as_the_worst_that_it_reads() {
        let pair = |feed: &str, config: &str| (feed.to_owned(), config.to_owned());
        let reads = [pair("a", "x"), pair("b", "x"), pair("a", "y"), pair("gone", "z")];
        let standing = |state| Standing { state, age_ms: None, version: None };
        let standings =
            HashMap::from([("a".to_owned(), standing("ok")), ("b".to_owned(), standing("stale"))]);
        assert_eq!(worst(&reads, &standings), HashMap::from([("x", "stale"), ("y", "ok")]));
    }
}
