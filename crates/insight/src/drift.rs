//! What a platform stopped telling as it used to. An alarm is raised when it is first seen, and ends with
//! the return of the number.

use accounts::Severity;
use catalog::Provider;
use catalog::metrics::{Mapping, Missing, Read};
use connect::Connection;
use db::{DbError, Tx, Workspace};
use kernel::Timestamp;
use serde_json::json;

use crate::store;

/// A number that is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Drift {
    pub(crate) connection: kernel::ConnectionId,
    pub(crate) platform: String,
    pub(crate) subject: String,
    /// The name in the vocabulary.
    pub(crate) metric: String,
    /// What is wrong, with where it used to stand in the answer.
    pub(crate) problem: String,
    pub(crate) since: Timestamp,
    pub(crate) seen_at: Timestamp,
}

/// Writes down what is missing, ends what is back, and tells people of what is new.
pub(crate) async fn keep(
    tx: &mut Tx,
    workspace: &Workspace,
    connection: &Connection,
    provider: &Provider,
    read: &Read,
    is_partial: bool,
) -> Result<(), DbError> {
    let now = tx.now();
    let known = store::drifts::of(tx, workspace.id(), connection.id).await?;
    let mut opened = Vec::new();
    for missing in &read.missing {
        let drift = Drift {
            connection: connection.id,
            platform: connection.provider.clone(),
            subject: connection.subject.clone(),
            metric: missing.metric.to_string(),
            problem: problem(provider, missing),
            since: now,
            seen_at: now,
        };
        store::drifts::put(tx, workspace.id(), &drift).await?;
        if !known.contains(&drift.metric) {
            opened.push(drift);
        }
    }
    let is_missing = |name: &str| read.missing.iter().any(|one| one.metric.name() == name);
    let is_told = |name: &str| read.values.keys().any(|metric| metric.name() == name);
    // What could not be asked for is not back for that.
    let is_back = |name: &&String| is_told(name) || (!is_partial && !is_missing(name));
    for metric in known.iter().filter(is_back) {
        store::drifts::remove(tx, workspace.id(), connection.id, metric).await?;
        let data = json!({ "platform": connection.provider, "metric": metric });
        tx.emit(workspace.id(), "metrics.drift_ended", connection.id, data).await?;
    }
    tell(tx, workspace, connection, provider, &opened).await
}

async fn tell(
    tx: &mut Tx,
    workspace: &Workspace,
    connection: &Connection,
    provider: &Provider,
    opened: &[Drift],
) -> Result<(), DbError> {
    let Some(first) = opened.first() else { return Ok(()) };
    let listed: Vec<_> = opened
        .iter()
        .map(|drift| json!({ "metric": drift.metric, "problem": drift.problem }))
        .collect();
    let data = json!({
        "connection_id": connection.id, "platform": connection.provider,
        "subject": connection.subject, "metrics": listed,
    });
    tx.emit(workspace.id(), "metrics.drift", connection.id, data).await?;
    let title = match opened.len() {
        1 => format!("{} no longer tells {}", provider.name, first.metric),
        count => format!("{} no longer tells {count} numbers", provider.name),
    };
    let lines: Vec<_> =
        opened.iter().map(|drift| format!("{}: {}", drift.metric, drift.problem)).collect();
    let severity = Severity::Warning;
    accounts::notify(tx, workspace, severity, &title, &lines.join("\n"), connection.id).await?;
    Ok(())
}

/// What is wrong, with where the number used to stand.
fn problem(provider: &Provider, missing: &Missing) -> String {
    let mapping = provider.metrics.as_ref().and_then(|it| it.metrics.get(&missing.metric));
    match mapping.map(place) {
        Some(place) => format!("{} ({place})", missing.why),
        None => missing.why.clone(),
    }
}

fn place(mapping: &Mapping) -> String {
    let words: Vec<_> = mapping.value.split_whitespace().collect();
    words.join(" ").chars().take(200).collect()
}
