//! Giving up an endpoint, and taking it up again.

use connect::Todo;
use db::{DbError, Tx, Workspace};
use kernel::WebhookId;
use serde_json::json;

use super::store::webhooks;
use super::webhook::{Cause, Settings, Status};
use super::{Outgoing, enqueue};

/// The task that a person has when an endpoint was given up.
const TASK: &str = "webhook.disabled";

impl Outgoing {
    /// Tells the endpoint nothing any more, and a person why: once.
    pub(crate) async fn disable(
        &self,
        workspace: &Workspace,
        id: WebhookId,
        settings: &Settings,
        cause: &Cause,
    ) -> Result<(), DbError> {
        let mut tx = workspace.write().await?;
        let whose = workspace.id();
        if !webhooks::set_status(&mut tx, whose, id, Status::Disabled, Some(cause)).await? {
            return Ok(());
        }
        webhooks::follow(&mut tx, whose).await?;
        let data = json!({ "name": settings.name, "url": settings.url, "cause": cause });
        tx.emit(whose, "webhook.disabled", id, data).await?;
        let todo = Todo {
            kind: TASK,
            about: id.to_string(),
            subject: String::new(),
            title: format!("Repair the webhook {}", settings.name),
            description: format!(
                "{} What waited for it is in its dead letters; switch it on again and replay them.",
                cause.message
            ),
            priority: "high",
            impact: 8,
        };
        self.0.connect.ask_people(&mut tx, whose, todo).await?;
        // Its job gives up what waits.
        enqueue(&mut tx, whose, id).await?;
        tx.commit().await?;
        self.0.metrics.disabled.inc();
        Ok(())
    }

    /// Tells it again; what was paused goes out.
    pub(crate) async fn activate(
        &self,
        tx: &mut Tx,
        workspace: &Workspace,
        id: WebhookId,
        by: &str,
    ) -> Result<bool, DbError> {
        let whose = workspace.id();
        if !webhooks::set_status(tx, whose, id, Status::Active, None).await? {
            return Ok(false);
        }
        webhooks::follow(tx, whose).await?;
        self.0.connect.close_tasks(tx, whose, &id.to_string(), by).await?;
        enqueue(tx, whose, id).await?;
        Ok(true)
    }
}
