//! Secrets that a provider hands over in a handshake.

use accounts::gate::{Actor, Identity};
use db::{Change, Workspace};
use kernel::{Problem, ScopeSet, Secret, WidgetConfigId};
use serde_json::{Map, Value, json};

use super::changed::IntegrationChanged;
use super::{keep, tell};
use crate::cache::CREDENTIAL;
use crate::store::credentials;
use crate::{Connect, CredentialOwner, CredentialScope, Integration};

impl Connect {
    /// Stores a secret that the provider handed over in a handshake, unless there is one already, and
    /// says whether it was stored.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn capture_secret(
        &self,
        workspace: &Workspace,
        integration: &Integration,
        widget_config: Option<WidgetConfigId>,
        field: &str,
        secret: &Secret<String>,
    ) -> Result<bool, Problem> {
        let identity = house(workspace);
        let own = integration.credential_scope == CredentialScope::Widget;
        let owner = match widget_config.filter(|_| own) {
            Some(config) => CredentialOwner::Widget(config),
            None => CredentialOwner::Workspace,
        };
        let mut tx = workspace.write().await?;
        let config = owner.widget_config();
        let there = credentials::of_owner(&mut tx, workspace.id(), integration.id, config).await?;
        let mut fields = match &there {
            Some(there) => there.open(workspace.db()).await?,
            None => Map::new(),
        };
        if fields.get(field).and_then(Value::as_str).is_some_and(|text| !text.is_empty()) {
            return Ok(false);
        }
        fields.insert(field.to_owned(), Value::from(secret.expose().as_str()));
        let done = keep(&mut tx, workspace, integration, owner, there, &fields).await?;
        if let Some((action, id)) = done {
            let detail = json!({ "integration_id": integration.id, "captured": field });
            tell(&mut tx, &identity, action, id, detail).await?;
            let change = IntegrationChanged::default();
            let which = (integration.provider.as_str(), integration.id);
            self.follow(&mut tx, workspace.id(), which, &change).await?;
            tx.commit().await?;
            self.0.cache.forget(&Change::noun(CREDENTIAL, workspace.id(), id));
        }
        Ok(true)
    }
}

/// Patchbay itself.
fn house(workspace: &Workspace) -> Identity {
    Identity {
        workspace: workspace.clone(),
        actor: Actor::House,
        scopes: ScopeSet::default(),
        role: None,
        instance_owner: false,
        remote_addr: None,
    }
}
