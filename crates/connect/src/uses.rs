//! The audit of uses. Every use of a secret is told of; those of the same secret by the same actor for
//! the same purpose that come in one breath share an entry, which counts them. So a feed of ten thousand
//! pushes a second does not cost as many rows.

use db::{Batch, DbError, Tx, args};
use kernel::{AuditId, CredentialId, Entropy, IntegrationId, WorkspaceId};
use serde_json::json;
use std::collections::HashMap;

/// One use.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Use {
    pub(crate) workspace: WorkspaceId,
    pub(crate) actor: String,
    pub(crate) credential: CredentialId,
    pub(crate) integration: IntegrationId,
    pub(crate) purpose: &'static str,
}

/// Writes them, with ids made of this randomness.
pub(crate) struct Uses(pub(crate) Entropy);

/// The action in the audit log.
pub(crate) const USED: &str = "credential.used";

impl Batch for Uses {
    type Item = Use;
    type Answer = ();

    async fn write(&self, tx: &mut Tx, items: &[Use]) -> Result<Vec<()>, DbError> {
        let mut counts: HashMap<&Use, u64> = HashMap::new();
        for used in items {
            *counts.entry(used).or_default() += 1;
        }
        let at = tx.now();
        for (used, count) in counts {
            let detail = json!({
                "integration_id": used.integration,
                "purpose": used.purpose,
                "uses": count,
            });
            tx.execute(
                "INSERT INTO audit_entries (workspace_id, id, at, actor, action, subject, detail) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7)",
                args![
                    used.workspace,
                    AuditId::generate(at, &self.0),
                    at,
                    &used.actor,
                    USED,
                    used.credential.to_string(),
                    &detail
                ],
            )
            .await?;
        }
        Ok(vec![(); items.len()])
    }
}
