//! What the KPIs are computed from: the logs of what went out and of what happened. Of one workspace, or,
//! for the operator of the house, of all.

use db::{DbError, Row, Tx, Value, args};
use kernel::{ConnectionId, EventId, IntegrationId, RequestLogId, Timestamp, WorkspaceId};
use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use crate::kpi::Facts;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// The request log is kept for two weeks.
const REQUESTS: Duration = Duration::from_secs(7 * 24 * 60 * 60);
const MONTH: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// More that happened than this says no more.
const MOST_EVENTS: u32 = 50_000;
const MOST_SPENDERS: u32 = 10_000;

/// The facts by platform.
pub(crate) async fn facts(
    tx: &mut Tx,
    workspace: Option<WorkspaceId>,
) -> Result<BTreeMap<String, Facts>, DbError> {
    let mut facts = BTreeMap::<String, Facts>::new();
    let now = tx.now();
    // Rules stand where the first value is the workspace.
    let rule = |column: &str| match workspace {
        Some(_) => format!("{column} = $1"),
        None => "$1 = ''".to_owned(),
    };
    let whose = || Value::from(workspace.map(|id| id.to_string()).unwrap_or_default());

    let sql = format!(
        "SELECT provider, count(*) AS connections, \
           count(CASE WHEN status IN ('active', 'degraded') THEN 1 END) AS working, \
           min(CASE WHEN status IN ('active', 'degraded') \
             THEN coalesce(synced_at, created_at) END) AS oldest \
         FROM connections WHERE {} GROUP BY provider",
        rule("workspace_id")
    );
    for row in &tx.fetch_all(&sql, vec![whose()]).await? {
        let it = facts.entry(row.text("provider")?).or_default();
        it.connections = count(row, "connections")?;
        it.oldest = row.opt_time("oldest")?;
    }

    let sql = format!(
        "SELECT c.provider, count(*) AS requests, count(CASE WHEN l.success THEN 1 END) AS good \
         FROM request_logs l JOIN (SELECT DISTINCT workspace_id, integration_id, provider \
           FROM connections WHERE {}) c \
           ON c.workspace_id = l.workspace_id AND c.integration_id = l.integration_id \
         WHERE {} AND l.id >= $2 GROUP BY c.provider",
        rule("workspace_id"),
        rule("l.workspace_id")
    );
    let since = RequestLogId::first_at(now.minus(REQUESTS));
    for row in &tx.fetch_all(&sql, args![whose(), since]).await? {
        let it = facts.entry(row.text("provider")?).or_default();
        it.requests = count(row, "requests")?;
        it.good = count(row, "good")?;
    }
    happened(tx, &rule("workspace_id"), whose(), now, &mut facts).await?;
    Ok(facts)
}

async fn happened(
    tx: &mut Tx,
    rule: &str,
    whose: Value,
    now: Timestamp,
    facts: &mut BTreeMap<String, Facts>,
) -> Result<(), DbError> {
    let sql = format!(
        "SELECT kind, subject, at, data FROM events WHERE {rule} AND id >= $2 AND kind IN \
           ('connection.recovered', 'connection.expired', 'connection.revoked') LIMIT $3"
    );
    let since = EventId::first_at(now.minus(MONTH));
    let mut ended = HashSet::new();
    for row in &tx.fetch_all(&sql, args![whose, since, MOST_EVENTS]).await? {
        let data: serde_json::Value = row.json("data")?;
        let Some(provider) = data["provider"].as_str() else { continue };
        let it = facts.entry(provider.to_owned()).or_default();
        if row.text("kind")? == "connection.recovered" {
            let began = data["since"].as_str().and_then(Timestamp::parse);
            let took = began.map(|began| row.time("at").map(|at| at.since(began))).transpose()?;
            it.recovered += u64::from(took.is_some_and(|took| took <= DAY));
            it.troubles += 1;
        } else {
            it.troubles += 1;
            it.ended += u64::from(ended.insert(row.text("subject")?));
        }
    }
    Ok(())
}

/// How much of the daily budgets is used, in per cent, by provider; of the tightest. They are the house's.
pub(crate) async fn budgets(tx: &mut Tx) -> Result<BTreeMap<String, f64>, DbError> {
    let sql = "SELECT provider, units, used FROM quotas WHERE resets_at > $1 AND units > 0";
    let now = tx.now();
    let mut shares = BTreeMap::new();
    for row in &tx.fetch_all(sql, args![now]).await? {
        let share = row.int("used")? as f64 * 100.0 / row.int("units")? as f64;
        let most = shares.entry(row.text("provider")?).or_insert(share);
        *most = share.max(*most);
    }
    Ok(shares)
}

/// Who counts against limits.
#[derive(Debug, PartialEq)]
pub(crate) struct Spender {
    pub(crate) connection: ConnectionId,
    pub(crate) integration: IntegrationId,
    pub(crate) provider: String,
}

/// The connections of a workspace that spend.
pub(crate) async fn spenders(tx: &mut Tx, workspace: WorkspaceId) -> Result<Vec<Spender>, DbError> {
    let sql = "SELECT id, integration_id, provider FROM connections \
         WHERE workspace_id = $1 AND status IN ('active', 'degraded') LIMIT $2";
    let rows = tx.fetch_all(sql, args![workspace, MOST_SPENDERS]).await?;
    let spender = |row: &Row| {
        Ok(Spender {
            connection: row.parse("id")?,
            integration: row.parse("integration_id")?,
            provider: row.text("provider")?,
        })
    };
    rows.iter().map(spender).collect()
}

fn count(row: &Row, column: &str) -> Result<u64, DbError> {
    Ok(row.int(column)?.unsigned_abs())
}
