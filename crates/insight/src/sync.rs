//! Reads the numbers of one account and keeps them as the row of its day.

use catalog::metrics::{Metrics, Read};
use connect::Connection;
use db::Workspace;
use kernel::{Problem, codes, looks_secret};
use serde_json::{Map, Value, json};
use std::sync::Arc;

use crate::asking::{Answers, Asker};
use crate::series::{Day, date};
use crate::{Insight, drift, store};

/// Answers longer than this are not kept beside the numbers.
const MOST_RAW: usize = 128 << 10;

impl Insight {
    /// Asks, reads, and keeps: the row, what is no longer told, the time. How many numbers there are.
    ///
    /// # Errors
    /// Why the platform could not be asked; `provider.unsupported` when the catalog knows no numbers of it.
    pub(crate) async fn sync(
        &self,
        workspace: &Workspace,
        connection: &Connection,
        asker: Asker<'_>,
    ) -> Result<usize, Problem> {
        let Some(provider) = self.provider(&connection.provider).cloned() else {
            let detail = format!("The catalog knows no numbers of {:?}.", connection.provider);
            return Err(Problem::new(&codes::PROVIDER_UNSUPPORTED, detail));
        };
        let Some(metrics) = provider.metrics.clone() else { return Ok(0) };
        let answers = self.ask(workspace, connection, &metrics, asker).await?;
        let now = self.db().clock().now();
        let Answers { found, is_partial } = answers;
        let found = Arc::new(found);
        let read = reading(metrics, found.clone(), now).await?;
        let mut day = Day {
            subject: connection.subject.clone(),
            platform: connection.provider.clone(),
            date: date(now),
            connection: connection.id,
            metrics: Map::new(),
            estimated: Map::new(),
            fetched_at: now,
        };
        day.fill(&read);

        let mut tx = workspace.write().await?;
        // Somebody may have disconnected it while the platform was asked.
        if !store::connections::is_there(&mut tx, workspace.id(), connection.id).await? {
            return Ok(0);
        }
        if is_partial
            && let Some(earlier) = store::series::get(&mut tx, workspace.id(), &day).await?
        {
            day.complete(&earlier);
        }
        store::series::put(&mut tx, workspace.id(), &day, &raw(&found)).await?;
        self.connect().note_synced(&mut tx, workspace.id(), connection.id).await?;
        drift::keep(&mut tx, workspace, connection, &provider, &read, is_partial).await?;
        let data = json!({
            "connection_id": connection.id, "platform": day.platform, "subject": day.subject,
            "date": day.date, "metrics": read.values.len(),
        });
        tx.emit(workspace.id(), "metrics.updated", connection.id, data).await?;
        tx.commit().await?;
        self.connect().note_sync(workspace, connection.integration_id, Ok(())).await?;
        Ok(read.values.len())
    }
}

/// Mappings compute, within limits; nobody is held up meanwhile.
async fn reading(
    metrics: Metrics,
    found: Arc<Map<String, Value>>,
    now: kernel::Timestamp,
) -> Result<Read, Problem> {
    let reading = tokio::task::spawn_blocking(move || metrics.read(&found, now));
    reading.await.map_err(|error| Problem::of(&codes::INTERNAL, &error))
}

/// The answers as they are kept beside the numbers: without what looks like a secret, and without what is
/// too long.
fn raw(found: &Map<String, Value>) -> Value {
    let mut left = MOST_RAW;
    let mut kept = Map::new();
    for (name, answer) in found {
        let mut answer = answer.clone();
        mask(&mut answer);
        let length = answer.to_string().len();
        if length <= left {
            left -= length;
            kept.insert(name.clone(), answer);
        }
    }
    Value::Object(kept)
}

fn mask(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if looks_secret(name) && value.is_string() {
                    *value = kernel::MASK.into();
                } else {
                    mask(value);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(mask),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_raw_is_short_and_holds_no_secret() {
        let found = json!({
            "account": {"followers": 3, "pages": [{"access_token": "EAAB"}]},
            "large": "x".repeat(MOST_RAW),
        });
        let kept = raw(found.as_object().unwrap());
        assert_eq!(
            kept,
            json!({"account": {"followers": 3, "pages": [{"access_token": kernel::MASK}]}})
        );
    }
}
