//! The way back: what a browser brings from a provider becomes a connection, or a clear refusal. It is
//! verified before any of it is used.

use accounts::gate::Actor;
use catalog::oauth::Grant;
use db::Workspace;
use kernel::{ConnectLinkId, ConnectionId, Problem, codes};
use serde::Deserialize;
use serde_json::json;

use super::authorize::Start;
use super::state::{self, Hidden, Pending};
use super::terms::{Terms, Values};
use super::token::{Trouble, Won, first, settle};
use crate::Connect;
use crate::connection::{AccountInfo, Connection, ConnectionStatus, Tokens};
use crate::store::{connections, links, tasks};
use crate::write::changed::IntegrationChanged;

/// What the browser brings. Everything in it is anybody's word.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Brought {
    /// The name of the authorization.
    pub state: Option<String>,
    /// The code to be exchanged.
    pub code: Option<String>,
    /// Who says so (RFC 9207).
    pub iss: Option<String>,
    /// Why there is no code.
    pub error: Option<String>,
    /// The same for people.
    pub error_description: Option<String>,
    /// OAuth 1.0a: the request token.
    pub oauth_token: Option<String>,
    /// OAuth 1.0a: what proves that a person agreed.
    pub oauth_verifier: Option<String>,
    /// OAuth 1.0a at X: the request token that a person refused.
    pub denied: Option<String>,
    /// A signed session's token.
    pub token: Option<String>,
}

/// How it ended.
pub struct Landed {
    /// Where the browser is to go, if anybody said.
    pub return_url: Option<String>,
    /// The connection, or why there is none.
    pub outcome: Result<Connection, Problem>,
}

/// For whom and on whose word a connection is kept.
pub(crate) struct Keeping {
    pub(crate) subject: String,
    pub(crate) asked: Vec<String>,
    pub(crate) link: Option<ConnectLinkId>,
    pub(crate) started_by: String,
    pub(crate) any_account: bool,
}

impl From<Start<'_>> for Keeping {
    fn from(start: Start<'_>) -> Self {
        Self {
            subject: start.draft.subject.clone(),
            asked: Vec::new(),
            link: start.link,
            started_by: start.started_by,
            any_account: start.draft.any_account,
        }
    }
}

impl Connect {
    /// Ends an authorization. `browser` is what the browser shows of itself, hashed; `provider` the one
    /// that the path names, where it names one.
    pub async fn land(
        &self,
        brought: Brought,
        provider: Option<&str>,
        browser: &[String],
    ) -> Landed {
        let name = brought.state.as_deref().unwrap_or_default();
        let (pending, hidden) = match state::take(&self.0.db, name, browser).await {
            Ok(taken) => taken,
            Err(problem) => return Landed { return_url: None, outcome: Err(problem) },
        };
        let return_url = pending.return_url.clone();
        let outcome = self.finish_authorization(brought, provider, pending, hidden).await;
        Landed { return_url, outcome }
    }

    async fn finish_authorization(
        &self,
        brought: Brought,
        provider: Option<&str>,
        pending: Pending,
        hidden: Hidden,
    ) -> Result<Connection, Problem> {
        let workspace = self.0.db.workspace(pending.workspace);
        let integration = self.integration(&workspace, pending.integration).await?;
        let Some(integration) = integration.filter(|it| it.enabled) else {
            let detail = "The integration was removed or switched off meanwhile.";
            return Err(Problem::new(&codes::OAUTH_STATE, detail));
        };
        let terms = self.terms(&workspace, integration, "oauth.exchange", &Actor::House).await?;
        same_provider(&terms, &brought, provider)?;
        if brought.denied.is_some() {
            return Err(denied(&terms, "access_denied", None));
        }
        if let Some(error) = &brought.error {
            return Err(denied(&terms, error, brought.error_description.as_deref()));
        }
        let won = match terms.grant()? {
            Grant::OAuth1 | Grant::SignedSession => {
                self.signed_exchange(&workspace, &terms, &brought, &hidden).await?
            }
            _ => {
                let code = brought.code.as_deref().filter(|code| !code.is_empty());
                let Some(code) = code else {
                    let detail = "The provider sent the browser back without a code; begin again.";
                    return Err(Problem::new(&codes::OAUTH_STATE, detail));
                };
                let verifier = hidden.verifier.as_deref();
                let exchanged =
                    self.exchange(&workspace, &terms, code, verifier, &hidden.redirect_uri).await;
                exchanged.map_err(|trouble| match trouble {
                    // It was a code and not a connection that is no longer honoured.
                    Trouble::Gone(problem) => Problem { code: &codes::OAUTH_EXCHANGE, ..problem },
                    other => other.problem(),
                })?
            }
        };
        let keeping = Keeping {
            subject: pending.subject,
            asked: pending.scopes,
            link: pending.link,
            started_by: pending.started_by,
            any_account: hidden.any_account,
        };
        self.keep(&workspace, &terms, won, keeping).await
    }

    /// Keeps what was granted as the connection of its subject: a new one, or the one that is there, with
    /// its id, its feeds and its history.
    pub(crate) async fn keep(
        &self,
        workspace: &Workspace,
        terms: &Terms,
        won: Won,
        keeping: Keeping,
    ) -> Result<Connection, Problem> {
        let granted = won.granted;
        let mut tokens = first(&granted);
        let mut values = Values {
            token: tokens.expose(),
            connection: granted.capture.clone(),
            ..Values::default()
        };
        self.look_around(workspace, terms, &mut values).await?;
        let account = self.whose(workspace, terms, &values, won.answer).await?;
        tokens = Tokens::from_fields(values.token).unwrap_or(tokens);

        let mut tx = workspace.write().await?;
        let (now, id) = (tx.now(), terms.integration.id);
        let known = connections::of_subject(&mut tx, workspace.id(), id, &keeping.subject).await?;
        let is_new = known.is_none();
        let mut stored = match known {
            Some(known) => {
                same_account(&known.connection, &account, &keeping)?;
                known
            }
            None => connections::Stored {
                connection: self.fresh(workspace, terms, &keeping.subject, now),
                sealed: Vec::new(),
            },
        };
        let it = &mut stored.connection;
        // What a person chose for this account stays chosen.
        let chosen = std::mem::take(&mut it.captured);
        it.captured = values.connection;
        if !is_new && it.account.id == account.id {
            chosen.into_iter().for_each(|(name, value)| {
                it.captured.entry(name).or_insert(value);
            });
        }
        it.account = account;
        it.validated_at = Some(now);
        it.scopes.clone_from(&keeping.asked);
        settle(it, &terms.oauth, &granted, &tokens, terms.grant()?, now);
        it.missing_scopes =
            keeping.asked.iter().filter(|scope| !it.scopes.contains(scope)).cloned().collect();
        stored.seal(workspace, &tokens)?;
        connections::put(&mut tx, &stored).await?;
        let it = stored.connection;
        self.schedule(&mut tx, &terms.oauth, &it).await?;
        self.tell_connected(&mut tx, &it).await?;
        tasks::close(&mut tx, workspace.id(), &it.id.to_string(), &keeping.started_by).await?;
        if let Some(link) = keeping.link {
            links::note_connected(&mut tx, workspace.id(), link).await?;
        }
        let kind = if is_new { "connection.created" } else { "connection.reconnected" };
        let data = json!({
            "integration_id": id, "provider": it.provider, "subject": it.subject,
            "account": it.account.name, "scopes": it.scopes, "by": keeping.started_by,
        });
        let by = &keeping.started_by;
        accounts::audit::record_for(&mut tx, workspace, by, kind, it.id, data.clone()).await?;
        tx.emit(workspace.id(), kind, it.id, data).await?;
        let change = IntegrationChanged::default();
        self.follow(&mut tx, workspace.id(), (&it.provider, id), &change).await?;
        tx.commit().await?;
        Ok(it)
    }

    fn fresh(
        &self,
        workspace: &Workspace,
        terms: &Terms,
        subject: &str,
        now: kernel::Timestamp,
    ) -> Connection {
        Connection {
            id: ConnectionId::generate(now, self.0.db.entropy()),
            workspace: workspace.id(),
            integration_id: terms.integration.id,
            provider: terms.integration.provider_def.id.clone(),
            subject: subject.to_owned(),
            status: ConnectionStatus::Active,
            cause: None,
            status_since: now,
            account: AccountInfo::default(),
            captured: Default::default(),
            scopes: Vec::new(),
            missing_scopes: Vec::new(),
            generation: 0,
            can_refresh: false,
            granted_at: now,
            expires_at: None,
            refresh_expires_at: None,
            refreshed_at: None,
            failures: 0,
            failing_since: None,
            validated_at: None,
            synced_at: None,
            created_at: now,
            updated_at: now,
        }
    }
}

/// The provider in the path and the issuer in the answer are those that were asked (RFC 9207).
fn same_provider(terms: &Terms, brought: &Brought, provider: Option<&str>) -> Result<(), Problem> {
    let wrong = |detail: String| Err(Problem::new(&codes::OAUTH_ISSUER, detail));
    let asked = &terms.integration.provider_def.id;
    if let Some(provider) = provider.filter(|provider| provider != asked) {
        return wrong(format!(
            "The authorization was begun at {asked}, the answer is {provider:?}'s."
        ));
    }
    match (&terms.issuer, &brought.iss) {
        (Some(issuer), Some(iss)) if issuer.trim_end_matches('/') != iss.trim_end_matches('/') => {
            wrong(format!("The authorization was begun at {issuer}, the answer is of {iss:?}."))
        }
        _ => Ok(()),
    }
}

fn denied(terms: &Terms, error: &str, description: Option<&str>) -> Problem {
    let name = terms.integration.service();
    let clean = |text: &str| -> String {
        text.chars().filter(|letter| !letter.is_control()).take(200).collect()
    };
    if matches!(error, "access_denied" | "user_denied" | "user_cancelled_authorize") {
        let detail =
            format!("The access to {name} was not granted; connect again to change your mind.");
        return Problem::new(&codes::OAUTH_DENIED, detail);
    }
    let said = match description {
        Some(description) => format!("{}: {}", clean(error), clean(description)),
        None => clean(error),
    };
    let detail = format!("{name} did not grant access ({}).", said.trim_end_matches('.'));
    Problem::new(&codes::OAUTH_DENIED, detail)
}

/// A reconnect is of the account that was connected: other numbers under the same history would lie.
fn same_account(
    known: &Connection,
    account: &AccountInfo,
    keeping: &Keeping,
) -> Result<(), Problem> {
    let is_other = known.account.id.is_some() && account.id.is_some();
    if !is_other || known.account.id == account.id || keeping.any_account {
        return Ok(());
    }
    let name = |account: &AccountInfo| {
        account.name.clone().or_else(|| account.id.clone()).unwrap_or_default()
    };
    let detail = format!(
        "This is the account {:?}; the connection is of {:?}. Sign in there as that one, or connect with \
         `any_account` to replace it.",
        name(account),
        name(&known.account)
    );
    Err(Problem::new(&codes::OTHER_ACCOUNT, detail))
}
