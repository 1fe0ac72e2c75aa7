//! A secret that comes with the provider's handshake. The first one stays: who comes later may be anybody.

use accounts::gate::{Actor, Identity};
use connect::{CredentialChange, CredentialDraft};
use kernel::{Problem, ScopeSet, Secret, codes};
use serde_json::{Map, Value};
use std::net::IpAddr;

use crate::Hooks;
use crate::endpoints::Key;

impl Hooks {
    /// Stores it in that field of the endpoint's credential, and says whether the field was empty.
    pub(crate) async fn capture(
        &self,
        key: Key,
        sender: Option<IpAddr>,
        field: &str,
        secret: &Secret<String>,
    ) -> Result<bool, Problem> {
        let _alone = self.0.capturing.lock().await;
        // Looked at anew: another one may have come first.
        let endpoint = self.endpoint(key).await?;
        let Some(endpoint) = endpoint.filter(|endpoint| endpoint.secret(field).is_none()) else {
            return Ok(false);
        };
        let identity = Identity {
            workspace: endpoint.workspace.clone(),
            actor: Actor::House,
            scopes: ScopeSet::default(),
            role: None,
            instance_owner: false,
            remote_addr: sender,
        };
        let fields = Map::from_iter([(field.to_owned(), Value::from(secret.expose().as_str()))]);
        let connect = self.connect();
        let stored = match endpoint.credential {
            Some(id) => {
                let change = CredentialChange { fields: Some(fields), ..Default::default() };
                connect.change_credential(&identity, id, change).await
            }
            None => {
                let draft = CredentialDraft {
                    integration_id: Some(endpoint.integration.id),
                    widget_config_id: endpoint.widget_config(),
                    fields,
                    ..CredentialDraft::default()
                };
                connect.create_credential(&identity, draft).await
            }
        };
        match stored {
            Ok(_) => Ok(true),
            // Another node was faster, or what is stored is not for this workspace to change.
            Err(problem) if [&codes::CONFLICT, &codes::MISSING_ROLE].contains(&problem.code) => {
                Ok(false)
            }
            Err(problem) => Err(problem),
        }
    }
}
