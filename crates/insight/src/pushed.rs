//! Hears that something was pushed, and asks for the account it was about. The inbox is where this room and
//! the one that takes pushes meet; what is pushed in a row is looked at once.

use db::{Change, Signal};
use kernel::{IntegrationId, NewJob, WorkspaceId};
use serde_json::json;
use std::time::Duration;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::Insight;
use crate::jobs::pushed::KIND;

/// Pushes come in bursts.
const GATHER: Duration = Duration::from_secs(1);

/// What the inbox says when something was accepted for an integration.
const INBOUND: &str = "inbound";

pub(crate) async fn follow(insight: Insight, mut signals: Receiver<Signal>) {
    loop {
        let (workspace, id) = match signals.recv().await {
            Ok(Signal::Changed(Change::Noun { noun, workspace, id })) if noun == INBOUND => {
                (workspace, id)
            }
            Ok(_) | Err(RecvError::Lagged(_)) => continue,
            Err(RecvError::Closed) => return,
        };
        let Ok(integration) = id.parse::<IntegrationId>() else { continue };
        if let Err(error) = look_at(&insight, workspace, integration).await {
            tracing::warn!(%error, %integration, "a push asks for no numbers");
        }
    }
}

async fn look_at(
    insight: &Insight,
    workspace: WorkspaceId,
    id: IntegrationId,
) -> Result<(), db::DbError> {
    let workspace = insight.db().workspace(workspace);
    let integration = insight.connect().integration(&workspace, id).await?;
    let names_accounts = integration.is_some_and(|it| {
        it.provider_def.metrics.as_ref().is_some_and(|it| it.pushed_accounts.is_some())
    });
    if !names_accounts {
        return Ok(());
    }
    let mut tx = workspace.write().await?;
    let run_at = tx.now().plus(GATHER);
    let job = NewJob { kind: KIND, key: id.to_string(), run_at, payload: json!({}) };
    tx.enqueue(workspace.id(), job).await?;
    tx.commit().await
}
