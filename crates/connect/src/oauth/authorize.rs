//! The way to a provider: the address to which a person is sent, or, where no person is needed, the
//! connection itself.

use accounts::gate::{Actor, Identity, not_found};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use catalog::oauth::{Grant, Pkce};
use db::Workspace;
use kernel::{ConnectLinkId, IntegrationId, OAuthStateId, Problem, codes};
use std::sync::Arc;
use vault::outbound::pkce_s256;

use super::state::{Hidden, LIFETIME, Pending};
use super::terms::{Terms, Values};
use super::token::Trouble;
use crate::connection::Connection;
use crate::{Connect, Integration, body};

/// Who is to be connected, and where they go afterwards.
#[derive(Clone, Debug, Default)]
pub struct ConnectDraft {
    /// Whose account it is to be; empty for the workspace's own.
    pub subject: String,
    /// Where the browser goes in the end.
    pub return_url: Option<String>,
    /// What is asked for beyond what the integration asks for: RFC 6749 calls it incremental.
    pub scopes: Vec<String>,
    /// Whether another account than the one before is welcome.
    pub any_account: bool,
}

/// What came of it.
pub enum Begun {
    /// A person must go there.
    Authorize(url::Url),
    /// Nobody needs to agree.
    Connected(Box<Connection>),
}

/// What an authorization is for and who began it.
pub(crate) struct Start<'a> {
    pub(crate) draft: &'a ConnectDraft,
    /// The hash of what the browser must show again.
    pub(crate) browser: Option<String>,
    pub(crate) link: Option<ConnectLinkId>,
    pub(crate) started_by: String,
}

impl ConnectDraft {
    /// Refuses what cannot be meant.
    ///
    /// # Errors
    /// `request.invalid`, with pointers.
    pub fn check(&self) -> Result<(), Problem> {
        if self.subject.chars().count() > 200 || self.subject.chars().any(char::is_control) {
            let message = "it has at most 200 letters and no line breaks";
            return Err(body::wrong(&codes::INVALID, "/subject", message));
        }
        let Some(text) = &self.return_url else { return Ok(()) };
        let is_web = |url: &url::Url| matches!(url.scheme(), "http" | "https") && url.has_host();
        match url::Url::parse(text) {
            Ok(url) if is_web(&url) && text.len() <= 2000 => Ok(()),
            _ => {
                let message = "it is a whole address that begins with http:// or https://";
                Err(body::wrong(&codes::INVALID, "/return_url", message))
            }
        }
    }
}

impl Connect {
    /// Where a provider sends the browser back to; to be registered with the app there.
    pub fn redirect_uri(&self) -> String {
        format!("{}/api/v1/oauth/callback", self.0.public_url)
    }

    /// Begins to connect an account.
    ///
    /// # Errors
    /// `request.not_found`, `oauth.unsupported`, `oauth.client_missing`, and what the provider says where
    /// no person is needed.
    pub async fn begin(
        &self,
        identity: &Identity,
        integration: IntegrationId,
        draft: &ConnectDraft,
        browser: Option<String>,
    ) -> Result<Begun, Problem> {
        draft.check()?;
        let workspace = &identity.workspace;
        let found = self.integration(workspace, integration).await?;
        let found = found.ok_or_else(|| not_found("integration"))?;
        if !found.enabled {
            let detail = "Switch the integration on before connecting an account.";
            return Err(Problem::new(&codes::INTEGRATION_DISABLED, detail));
        }
        let started_by = identity.actor.to_string();
        let start = Start { draft, browser, link: None, started_by };
        self.start(workspace, found, start, &identity.actor).await
    }

    pub(crate) async fn start(
        &self,
        workspace: &Workspace,
        integration: Arc<Integration>,
        start: Start<'_>,
        actor: &Actor,
    ) -> Result<Begun, Problem> {
        let terms = self.terms(workspace, integration, "oauth.authorize", actor).await?;
        match terms.grant()? {
            Grant::AuthorizationCode => {
                self.authorize_url(workspace, &terms, start).await.map(Begun::Authorize)
            }
            Grant::OAuth1 | Grant::SignedSession => {
                self.signed_url(workspace, &terms, start).await.map(Begun::Authorize)
            }
            Grant::DeviceCode => {
                let detail = "Begin at POST …/connect/device: the person agrees on another device.";
                Err(Problem::new(&codes::OAUTH_UNSUPPORTED, detail))
            }
            grant @ (Grant::ClientCredentials | Grant::JwtBearer | Grant::Minted) => {
                let won = self.obtain(workspace, &terms, grant).await;
                let won = won.map_err(Trouble::problem)?;
                let connected = self.keep(workspace, &terms, won, start.into()).await?;
                Ok(Begun::Connected(Box::new(connected)))
            }
        }
    }

    async fn authorize_url(
        &self,
        workspace: &Workspace,
        terms: &Terms,
        start: Start<'_>,
    ) -> Result<url::Url, Problem> {
        let oauth = &terms.oauth;
        let values = Values::default();
        let entropy = self.0.db.entropy();
        let verifier =
            (oauth.pkce != Pkce::None).then(|| URL_SAFE_NO_PAD.encode(entropy.bytes::<32>()));
        let scopes = terms.asked(&start.draft.scopes);
        let redirect_uri = self.redirect_uri();
        let hidden = Hidden {
            verifier: verifier.clone(),
            redirect_uri: redirect_uri.clone(),
            any_account: start.draft.any_account,
            ..Hidden::default()
        };
        let mut url = terms.url("authorize_url", oauth.authorize_url.as_ref(), &values)?;
        let pending = self.pending(workspace, terms, start, scopes.clone());
        let state = pending.sign(workspace)?;
        self.remember(workspace, &pending, &hidden).await?;
        let extra = terms.params(&oauth.authorize_params, &values)?;
        {
            let mut query = url.query_pairs_mut();
            query.append_pair("response_type", "code");
            query.append_pair(&oauth.client.id_name, terms.client_id()?);
            query.append_pair("redirect_uri", &redirect_uri);
            if !scopes.is_empty() {
                query.append_pair(&oauth.scopes.name, &scopes.join(&oauth.scopes.separator));
            }
            if let Some(second) = oauth.scopes.second.as_ref().filter(|it| !it.default.is_empty()) {
                query.append_pair(&second.name, &second.default.join(&oauth.scopes.separator));
            }
            query.append_pair("state", &state);
            if let Some(verifier) = &verifier {
                let (challenge, method) = match oauth.pkce {
                    Pkce::Plain => (verifier.clone(), "plain"),
                    _ => (pkce_s256(verifier), "S256"),
                };
                query.append_pair("code_challenge", &challenge);
                query.append_pair("code_challenge_method", method);
            }
            query.extend_pairs(extra);
        }
        Ok(url)
    }

    /// An authorization that is about to be written down.
    pub(crate) fn pending(
        &self,
        workspace: &Workspace,
        terms: &Terms,
        start: Start<'_>,
        scopes: Vec<String>,
    ) -> Pending {
        let now = self.0.db.clock().now();
        Pending {
            id: OAuthStateId::generate(now, self.0.db.entropy()),
            workspace: workspace.id(),
            integration: terms.integration.id,
            subject: start.draft.subject.clone(),
            browser: start.browser,
            link: start.link,
            return_url: start.draft.return_url.clone(),
            scopes,
            started_by: start.started_by,
            created_at: now,
            expires_at: now.plus(LIFETIME),
        }
    }

    pub(crate) async fn remember(
        &self,
        workspace: &Workspace,
        pending: &Pending,
        hidden: &Hidden,
    ) -> Result<(), Problem> {
        let mut tx = workspace.write().await?;
        pending.store(&mut tx, workspace, hidden).await?;
        Ok(tx.commit().await?)
    }
}
