//! Lists of integrations, for the rooms above.

use db::{DbError, Tx, Workspace};
use kernel::{CredentialId, IntegrationId, PageRequest, Timestamp, WidgetId, WorkspaceId};
use std::sync::Arc;

use crate::store::integrations::{self, Filter, Listed};
use crate::{Connect, CredentialState, Integration, schemas};

/// What is known of an integration's own credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CredentialNote {
    /// Which; `None` when there is none.
    pub id: Option<CredentialId>,
    /// Whether it works, as far as is known.
    pub state: CredentialState,
    /// When the provider last said so.
    pub validated_at: Option<Timestamp>,
}

impl Connect {
    /// A page of integrations: the `limit + 1` first that fit.
    ///
    /// # Errors
    /// [`DbError`] when they cannot be read; so for all below.
    pub async fn integrations(
        &self,
        workspace: &Workspace,
        filter: &Filter,
        page: &PageRequest,
    ) -> Result<Vec<Listed>, DbError> {
        let mut tx = workspace.read().await?;
        integrations::list(&mut tx, self.catalog(), workspace.id(), filter, page).await
    }

    /// An integration as a transaction sees it, for who writes by what it says.
    pub async fn integration_within(
        &self,
        tx: &mut Tx,
        workspace: WorkspaceId,
        id: IntegrationId,
    ) -> Result<Option<Integration>, DbError> {
        let found = integrations::get(tx, self.catalog(), workspace, id).await?;
        Ok(found.map(|found| found.integration))
    }

    /// The integrations of a widget, oldest first.
    pub async fn of_widget(
        &self,
        workspace: &Workspace,
        widget: WidgetId,
    ) -> Result<Vec<Arc<Integration>>, DbError> {
        let mut tx = workspace.read().await?;
        let found =
            integrations::of_widget(&mut tx, self.catalog(), workspace.id(), widget).await?;
        Ok(found.into_iter().map(|one| Arc::new(one.integration)).collect())
    }

    /// What is known of the credential that an integration uses for its workspace.
    pub async fn credential_note(
        &self,
        workspace: &Workspace,
        integration: &Integration,
    ) -> Result<CredentialNote, DbError> {
        let stored = self.read_stored(workspace, integration, None).await?;
        Ok(match stored {
            Some(stored) => CredentialNote {
                id: Some(stored.credential.id),
                state: stored.credential.state(),
                validated_at: stored.credential.validated_at,
            },
            None => {
                let is_needed = schemas::requires_any(&integration.credential_rules());
                let state =
                    if is_needed { CredentialState::Missing } else { CredentialState::NotNeeded };
                CredentialNote { id: None, state, validated_at: None }
            }
        })
    }
}
