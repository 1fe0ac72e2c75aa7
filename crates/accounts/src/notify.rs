//! Telling people something, in the transaction of what it is about.

use db::{DbError, Tx, Workspace};
use kernel::{NewJob, NotificationId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::store::notification::{self, Stored};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good to know.
    Info,
    /// Will need somebody.
    Warning,
    /// Needs somebody.
    Error,
}

impl Severity {
    const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// Leaves a notification for the people of a workspace and emits `notification.created`.
///
/// # Errors
/// [`DbError`] when it cannot be written.
pub async fn notify(
    tx: &mut Tx,
    workspace: &Workspace,
    severity: Severity,
    title: &str,
    body: &str,
    subject: impl ToString,
) -> Result<NotificationId, DbError> {
    let created_at = tx.now();
    let id = NotificationId::generate(created_at, workspace.db().entropy());
    let stored = Stored {
        id,
        severity: severity.name().to_owned(),
        title: title.to_owned(),
        body: body.to_owned(),
        subject: subject.to_string(),
        created_at,
        read_at: None,
    };
    notification::insert(tx, workspace.id(), &stored).await?;
    let data = serde_json::json!({
        "severity": severity, "title": title, "subject": stored.subject
    });
    tx.emit(workspace.id(), "notification.created", id, data).await?;
    // What somebody has to see to is mailed, where there is a mail server.
    if severity != Severity::Info {
        let (kind, key) = (crate::jobs::mail::KIND, id.to_string());
        let job = NewJob { kind, key, run_at: created_at, payload: serde_json::json!({}) };
        tx.enqueue(workspace.id(), job).await?;
    }
    Ok(id)
}
