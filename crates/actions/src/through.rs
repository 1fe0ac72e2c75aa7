//! Through what an action is run: an integration, named or found.

use accounts::gate::not_found;
use connect::{Integration, IntegrationFilter, Whose};
use db::Workspace;
use kernel::{ConnectionId, CredentialId, IntegrationId, PageRequest, Problem, codes};
use std::sync::Arc;

use crate::Actions;

/// What is said of through what. One of the first four is enough; a provider alone is enough where the
/// workspace has one integration of it.
#[derive(Clone, Debug, Default)]
pub struct Through {
    /// The integration.
    pub integration: Option<IntegrationId>,
    /// Or the connection, whose tokens are used.
    pub connection: Option<ConnectionId>,
    /// Or the credential, which is used in place of the integration's.
    pub credential: Option<CredentialId>,
    /// Or the provider.
    pub provider: Option<String>,
    /// The artist or end user whose connection is used.
    pub subject: Option<String>,
}

impl Actions {
    /// The integration, and on whose behalf.
    ///
    /// # Errors
    /// `request.not_found`; `integration.ambiguous` when a provider alone does not say which;
    /// `integration.missing` when the workspace has none of it; `request.invalid` when nothing is said, or
    /// the provider is another than that of what is named.
    pub async fn through(
        &self,
        workspace: &Workspace,
        said: &Through,
    ) -> Result<(Arc<Integration>, Whose), Problem> {
        let whose = Whose {
            connection: said.connection,
            credential: said.credential,
            subject: said.subject.clone(),
            ..Whose::default()
        };
        let found = match (said.integration, said.connection, said.credential, &said.provider) {
            (Some(id), ..) => self.integration(workspace, id).await?,
            (None, Some(id), ..) => {
                let behind = self.connect().integration_behind(workspace, id).await?;
                self.integration(workspace, behind.ok_or_else(|| not_found("connection"))?).await?
            }
            (None, None, Some(id), _) => {
                self.connect().integration_of_credential(workspace, id).await?
            }
            (None, None, None, Some(provider)) => self.only(workspace, provider).await?,
            (None, None, None, None) => {
                let detail = "Say through what: an integration, a connection, a credential or a \
                              provider.";
                return Err(Problem::new(&codes::INVALID, detail));
            }
        };
        match &said.provider {
            Some(provider) if *provider != found.provider_def.id => {
                let detail = format!(
                    "{:?} is of the provider {}, not of {provider}.",
                    found.name, found.provider_def.id
                );
                Err(Problem::new(&codes::INVALID, detail))
            }
            _ => Ok((found, whose)),
        }
    }

    async fn integration(
        &self,
        workspace: &Workspace,
        id: IntegrationId,
    ) -> Result<Arc<Integration>, Problem> {
        let found = self.connect().integration(workspace, id).await?;
        found.ok_or_else(|| not_found("integration"))
    }

    /// The only integration of a provider that is in use.
    async fn only(
        &self,
        workspace: &Workspace,
        provider: &str,
    ) -> Result<Arc<Integration>, Problem> {
        let filter = IntegrationFilter {
            provider: provider.to_owned(),
            enabled: Some(true),
            ..IntegrationFilter::default()
        };
        let page = PageRequest { limit: 2, after: None };
        let found = self.connect().integrations(workspace, &filter, &page).await?;
        match found.as_slice() {
            [only] => self.integration(workspace, only.integration.id).await,
            [] => {
                let detail = format!(
                    "There is no integration of {provider} in use here; make one, or name a credential."
                );
                Err(Problem::new(&codes::INTEGRATION_MISSING, detail))
            }
            _ => {
                let detail =
                    format!("There are several integrations of {provider}; name one by its id.");
                Err(Problem::new(&codes::INTEGRATION_AMBIGUOUS, detail))
            }
        }
    }
}
