//! Outputs that are not as the catalog says. That is no failure: the answer is given, and the workspace told,
//! once an hour for each action.

use catalog::{Action, schema};
use connect::Integration;
use db::Workspace;
use kernel::{FieldError, IntegrationId, Problem, Timestamp};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The event that tells of it.
const EVENT: &str = "action.drift";
/// It is told by its first few fields.
const MOST_FIELDS: usize = 5;
/// The same is told once in this time.
const QUIET: Duration = Duration::from_secs(3_600);
/// More that were told, and they begin anew.
const MOST_TOLD: usize = 10_000;

/// What was told lately.
#[derive(Default)]
pub(crate) struct Drifts(Mutex<HashMap<(IntegrationId, String), Timestamp>>);

impl Drifts {
    /// Where an output does not fit its schema.
    ///
    /// # Errors
    /// When the event cannot be written.
    pub(crate) async fn compare(
        &self,
        workspace: &Workspace,
        integration: &Integration,
        action: &Action,
        output: &Value,
    ) -> Result<Vec<FieldError>, Problem> {
        let errors = schema::validate(&action.output, output).unwrap_or_default();
        let errors: Vec<_> = errors.into_iter().take(MOST_FIELDS).collect();
        let now = workspace.db().clock().now();
        if !errors.is_empty() && self.is_news(integration.id, &action.action, now) {
            let data = json!({
                "integration_id": integration.id, "provider": integration.provider_def.id,
                "action": action.action, "errors": errors,
            });
            let mut tx = workspace.write().await?;
            tx.emit(workspace.id(), EVENT, integration.id, data).await?;
            tx.commit().await?;
        }
        Ok(errors)
    }

    fn is_news(&self, integration: IntegrationId, action: &str, now: Timestamp) -> bool {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() >= MOST_TOLD {
            told.clear();
        }
        let key = (integration, action.to_owned());
        let is_news = told.get(&key).is_none_or(|at| now.since(*at) >= QUIET);
        if is_news {
            told.insert(key, now);
        }
        is_news
    }
}
