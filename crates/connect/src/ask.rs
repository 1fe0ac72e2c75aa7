//! One question to a provider and its answer: with the right credentials and fresh tokens, and once more
//! where the provider found the tokens expired before we did.

use accounts::gate::Actor;
use db::Workspace;
use egress::Response;
use kernel::Problem;
use serde_json::{Map, Value};
use std::sync::Arc;

use crate::{Connect, Credentials, Integration, Prepared, PullConfig, Whose};

/// What is asked, of whom, and in whose name.
pub struct Question<'a> {
    /// Through which integration.
    pub integration: &'a Arc<Integration>,
    /// Settings over the integration's.
    pub pull: &'a PullConfig,
    /// What templates see as `{{config.…}}`, over the integration's.
    pub options: &'a Map<String, Value>,
    /// On whose behalf.
    pub whose: Whose,
    /// What for, for the audit log.
    pub purpose: &'static str,
    /// Who asks, for the audit log.
    pub actor: &'a Actor,
}

impl Connect {
    /// Asks. `dress` adds to the request what is the caller's to know: the feed, validators, the lane.
    ///
    /// # Errors
    /// Those of [`Connect::access`] and [`Connect::request`], and what the way to the provider said.
    pub async fn ask(
        &self,
        workspace: &Workspace,
        question: &Question<'_>,
        dress: impl Fn(&mut egress::Request) + Send,
    ) -> Result<(Prepared, Arc<Response>), Problem> {
        let Question { integration, pull, options, whose, purpose, actor } = question;
        let credentials = self.access(workspace, integration, whose, purpose, actor).await?;
        let prepare = move |credentials: &Credentials| {
            let prepared = self.request(workspace, integration, pull, options, credentials);
            prepared.map(|mut prepared| {
                dress(&mut prepared.request);
                prepared
            })
        };
        let (prepared, response) =
            self.answered(workspace, integration, &credentials, prepare).await?;
        self.mark_answered(workspace, &credentials, &prepared, &response).await?;
        Ok((prepared, response))
    }

    /// Notes what an answer says of stored credentials. What is granted has a health of its own.
    pub(crate) async fn mark_answered(
        &self,
        workspace: &Workspace,
        credentials: &Credentials,
        prepared: &Prepared,
        response: &Response,
    ) -> Result<(), Problem> {
        let verdict = prepared.verdict(response).filter(|_| credentials.access.is_none());
        if let (Some(id), Some(valid)) = (credentials.id, verdict) {
            self.mark_credential(workspace, id, valid).await?;
        }
        Ok(())
    }

    /// Sends what `prepare` makes of the credentials, and once more with renewed tokens where the provider
    /// found these expired before we did.
    pub(crate) async fn answered(
        &self,
        workspace: &Workspace,
        integration: &Arc<Integration>,
        credentials: &Credentials,
        prepare: impl Fn(&Credentials) -> Result<Prepared, Problem> + Send,
    ) -> Result<(Prepared, Arc<Response>), Problem> {
        let (prepared, response) = self.sent(prepare(credentials)?).await?;
        match self.renewed_after(workspace, integration, credentials, &response).await? {
            Some(renewed) => self.sent(prepare(&renewed)?).await,
            None => Ok((prepared, response)),
        }
    }

    async fn sent(&self, prepared: Prepared) -> Result<(Prepared, Arc<Response>), Problem> {
        let sent = self.0.egress.send(prepared.request.clone()).await;
        Ok((prepared, sent.map_err(|error| error.problem())?))
    }
}
