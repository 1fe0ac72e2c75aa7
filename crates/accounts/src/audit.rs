//! The audit log: who touched what, when and from where. An entry is written in the transaction of the
//! change it tells of, so there is never one without the other.

use db::{DbError, Tx, Workspace, args};
use kernel::AuditId;
use serde_json::Value;
use std::net::IpAddr;

use crate::gate::{Actor, Identity};

/// Writes an entry: the action with its noun first (`credential.rotated`), the id of what it was done
/// to, and what else is worth knowing; never a secret.
///
/// # Errors
/// [`DbError`] when it cannot be written; the change must not be committed then.
pub async fn record(
    tx: &mut Tx,
    identity: &Identity,
    action: &str,
    subject: impl ToString,
    detail: Value,
) -> Result<(), DbError> {
    write(tx, &identity.workspace, identity.into(), action, subject, detail).await
}

/// The same in the name of somebody who is not asking now: what a browser brings back ends what they began.
///
/// # Errors
/// As for [`record`].
pub async fn record_for(
    tx: &mut Tx,
    workspace: &Workspace,
    actor: &str,
    action: &str,
    subject: impl ToString,
    detail: Value,
) -> Result<(), DbError> {
    entry(tx, workspace, (actor, None), action, subject, detail).await
}

/// Who did something, where there is no [`Identity`] (yet): signing in, setting up.
#[derive(Clone, Copy)]
pub(crate) struct By {
    pub(crate) actor: Actor,
    pub(crate) remote_addr: Option<IpAddr>,
}

impl By {
    /// Patchbay itself.
    pub(crate) const HOUSE: Self = Self { actor: Actor::House, remote_addr: None };
}

impl From<&Identity> for By {
    fn from(identity: &Identity) -> Self {
        Self { actor: identity.actor, remote_addr: identity.remote_addr }
    }
}

pub(crate) async fn write(
    tx: &mut Tx,
    workspace: &Workspace,
    by: By,
    action: &str,
    subject: impl ToString,
    detail: Value,
) -> Result<(), DbError> {
    let from = by.remote_addr.map(|addr| addr.to_string());
    entry(tx, workspace, (&by.actor.to_string(), from), action, subject, detail).await
}

async fn entry(
    tx: &mut Tx,
    workspace: &Workspace,
    (actor, from): (&str, Option<String>),
    action: &str,
    subject: impl ToString,
    detail: Value,
) -> Result<(), DbError> {
    let at = tx.now();
    let id = AuditId::generate(at, workspace.db().entropy());
    tx.execute(
        "INSERT INTO audit_entries \
         (workspace_id, id, at, actor, action, subject, detail, remote_addr) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        args![workspace.id(), id, at, actor, action, subject.to_string(), &detail, from],
    )
    .await
    .map(drop)
}
