//! With what a request is made: the credentials of an integration and, where its provider grants access by
//! OAuth, the tokens of one connection, fresh.

use accounts::gate::{Actor, not_found};
use catalog::AuthKind;
use db::{DbError, Workspace};
use kernel::{ConnectionId, CredentialId, IntegrationId, Problem, WidgetConfigId, codes};
use serde_json::{Map, Value};
use std::sync::Arc;

use crate::oauth::call::Heard;
use crate::oauth::check::Verdict;
use crate::oauth::terms::Terms;
use crate::refresh::flight::{Want, usable};
use crate::refresh::plan;
use crate::store::connections::{self, Stored};
use crate::{Connect, Credentials, Integration, aliases};

/// On whose behalf a request is made. What is `None` is left to the integration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Whose {
    /// The widget config whose own credentials come first.
    pub widget_config: Option<WidgetConfigId>,
    /// The credential that is used, in place of the integration's.
    pub credential: Option<CredentialId>,
    /// The connection whose tokens are used.
    pub connection: Option<ConnectionId>,
    /// The artist or end user whose connection is used; empty for the workspace's own.
    pub subject: Option<String>,
}

/// The tokens that go along with a request.
#[derive(Clone)]
pub(crate) struct Access {
    pub(crate) stored: Arc<Stored>,
    /// What templates see as `{{token.…}}`.
    pub(crate) token: Map<String, Value>,
    /// What templates see as `{{connection.…}}`.
    pub(crate) connection: Map<String, Value>,
}

/// Longer answers are documents and refuse nothing.
const MAX_REFUSAL: usize = 64 << 10;

impl Connect {
    /// The credentials for one use, which is audited, with the tokens of a connection where the provider
    /// wants them.
    ///
    /// # Errors
    /// Those of [`Connect::credentials`]; `connection.not_authorized` when nobody connected;
    /// `connection.expired` and its like; `connection.refresh_failed` when it may pass.
    pub async fn access(
        &self,
        workspace: &Workspace,
        integration: &Arc<Integration>,
        whose: &Whose,
        purpose: &'static str,
        actor: &Actor,
    ) -> Result<Credentials, Problem> {
        let opened = match whose.credential {
            Some(id) => self.named_credentials(workspace, integration, id, purpose, actor).await,
            None => {
                self.credentials(workspace, integration, whose.widget_config, purpose, actor).await
            }
        };
        let by_oauth = integration.provider_def.oauth.is_some();
        let mut credentials = match opened {
            // The app's own may be missing while the tokens are there.
            Err(problem) if by_oauth && problem.code == &codes::CREDENTIAL_MISSING => {
                Credentials::default()
            }
            other => other?,
        };
        if !by_oauth || !wants_token(integration, &credentials) {
            // Who names a connection means one of this integration.
            if whose.connection.is_some() {
                self.connection_of(workspace, integration, whose).await?;
            }
            return Ok(credentials);
        }
        let stored = self.connection_of(workspace, integration, whose).await?;
        let stored = self.fresh_tokens(workspace, integration, stored, &credentials).await?;
        credentials.access = Some(self.opened(workspace, stored).await?);
        Ok(credentials)
    }

    async fn fresh_tokens(
        &self,
        workspace: &Workspace,
        integration: &Arc<Integration>,
        stored: Arc<Stored>,
        credentials: &Credentials,
    ) -> Result<Arc<Stored>, Problem> {
        usable(&stored.connection)?;
        let now = self.0.db.clock().now();
        let oauth = integration.provider_def.oauth.as_ref();
        if oauth.is_some_and(|oauth| plan::is_fresh(oauth, &stored.connection, now)) {
            return Ok(stored);
        }
        let terms = Terms::new(self, workspace, integration.clone(), credentials.clone());
        self.renewed(workspace, &Arc::new(terms.await?), stored, Want::Fresh).await
    }

    async fn opened(&self, workspace: &Workspace, stored: Arc<Stored>) -> Result<Access, Problem> {
        let tokens = stored.open(workspace).await?;
        let connection = stored.connection.values();
        Ok(Access { token: tokens.expose(), connection, stored })
    }

    /// What an answer says of the tokens that it was asked with. Renewed ones, to ask once more with,
    /// when it refused those as expired.
    pub(crate) async fn renewed_after(
        &self,
        workspace: &Workspace,
        integration: &Arc<Integration>,
        credentials: &Credentials,
        response: &egress::Response,
    ) -> Result<Option<Credentials>, Problem> {
        let Some(access) = &credentials.access else { return Ok(None) };
        let status = response.head.status.as_u16();
        let oauth = integration.provider_def.oauth.as_ref();
        let reads_body = oauth.is_some_and(|it| it.expired.is_some() || it.revoked.is_some());
        if !reads_body && status != 401 {
            return Ok(None);
        }
        let is_short = reads_body && response.body.len() <= MAX_REFUSAL;
        let read = || serde_json::from_slice(&response.body).ok();
        let body = is_short.then(read).flatten().unwrap_or(Value::Null);
        let verdict = self.verdict(integration, &Heard { status, body });
        if matches!(verdict, Verdict::Taken | Verdict::Nothing) {
            return Ok(None);
        }
        let terms = Terms::new(self, workspace, integration.clone(), credentials.clone());
        let terms = Arc::new(terms.await?);
        let it = &access.stored.connection;
        match verdict {
            Verdict::Expired if it.can_refresh => {
                let want = Want::Other { than: it.generation };
                let renewed = self.renewed(workspace, &terms, access.stored.clone(), want).await?;
                if renewed.connection.generation == it.generation {
                    return Ok(None);
                }
                let access = Some(self.opened(workspace, renewed).await?);
                Ok(Some(Credentials { access, ..credentials.clone() }))
            }
            // One refusal may be about the question: the cheapest call decides.
            Verdict::Expired => {
                let test = self.test_connection(workspace, &terms, access.stored.clone()).await;
                test.map(|_| None)
            }
            verdict => {
                self.note_verdict(workspace, &terms, it, verdict).await?;
                Ok(None)
            }
        }
    }

    /// The connection that is meant: the one that is named, the subject's, the workspace's own, or the
    /// only one there is.
    pub(crate) async fn connection_of(
        &self,
        workspace: &Workspace,
        integration: &Integration,
        whose: &Whose,
    ) -> Result<Arc<Stored>, Problem> {
        if let Some(id) = whose.connection {
            let found = self.connection(workspace, id).await?;
            let fits = |it: &Arc<Stored>| it.connection.integration_id == integration.id;
            return found.filter(fits).ok_or_else(|| not_found("connection"));
        }
        let found = self.of_subject(workspace, integration.id, whose.subject.as_deref()).await?;
        found.ok_or_else(|| {
            let who = match whose.subject.as_deref() {
                None | Some("") => String::new(),
                Some(subject) => format!(" for {subject:?}"),
            };
            let detail = format!(
                "Nobody has connected an account of {:?}{who} yet; POST …/integrations/{}/connect \
                 answers where to do it.",
                integration.name, integration.id
            );
            Problem::new(&codes::NOT_AUTHORIZED, detail)
        })
    }

    /// The integration that a connection is behind.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn integration_behind(
        &self,
        workspace: &Workspace,
        id: ConnectionId,
    ) -> Result<Option<IntegrationId>, Problem> {
        Ok(self.connection(workspace, id).await?.map(|it| it.connection.integration_id))
    }

    /// The connection that an integration's own requests use, where its provider grants access by OAuth.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn connection_used(
        &self,
        workspace: &Workspace,
        integration: &Integration,
    ) -> Result<Option<ConnectionId>, DbError> {
        if integration.provider_def.oauth.is_none() {
            return Ok(None);
        }
        let used = self.of_subject(workspace, integration.id, None).await?;
        Ok(used.map(|used| used.connection.id))
    }

    /// A connection by its id, from memory.
    pub(crate) async fn connection(
        &self,
        workspace: &Workspace,
        id: ConnectionId,
    ) -> Result<Option<Arc<Stored>>, DbError> {
        if let Some((owner, kept)) = self.0.cache.connection(id) {
            return Ok((owner == workspace.id()).then_some(kept));
        }
        let mark = self.0.cache.mark();
        let mut tx = workspace.read().await?;
        let found = connections::get(&mut tx, workspace.id(), id).await?.map(Arc::new);
        if let Some(found) = &found {
            self.0.cache.keep_connection(mark, workspace.id(), found);
        }
        Ok(found)
    }

    async fn of_subject(
        &self,
        workspace: &Workspace,
        integration: IntegrationId,
        subject: Option<&str>,
    ) -> Result<Option<Arc<Stored>>, DbError> {
        let key = (integration, subject.map(str::to_owned));
        if let Some(id) = self.0.cache.connection_id(&key) {
            return self.connection(workspace, id).await;
        }
        let mark = self.0.cache.mark();
        let mut tx = workspace.read().await?;
        let owner = workspace.id();
        let wanted = subject.unwrap_or_default();
        let mut found = connections::of_subject(&mut tx, owner, integration, wanted).await?;
        if found.is_none() && subject.is_none() {
            found = connections::only_one(&mut tx, owner, integration).await?;
        }
        let found = found.map(Arc::new);
        if let Some(found) = &found {
            self.0.cache.keep_connection(mark, owner, found);
            self.0.cache.keep_connection_id(mark, owner, key, found.connection.id);
        }
        Ok(found)
    }
}

/// Whether the way of authentication that the credentials choose is a token's.
fn wants_token(integration: &Integration, credentials: &Credentials) -> bool {
    let known = aliases::credentials(&credentials.fields, &integration.config);
    let chosen = integration.provider_def.auth_for(&known);
    match chosen.map(|auth| auth.kind) {
        Some(AuthKind::OAuth2) => true,
        // Without credentials of its own, the instance's app is what it was connected through.
        None | Some(AuthKind::None) => {
            integration.provider_def.auth.iter().any(|auth| auth.kind == AuthKind::OAuth2)
                && integration.provider_def.auth.iter().all(|auth| auth.kind != AuthKind::None)
        }
        Some(_) => false,
    }
}
