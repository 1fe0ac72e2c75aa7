//! The token endpoint: what is asked for, and what its answers mean.

use catalog::oauth::{Answer, Grant, Granted, OAuth, RefreshModel, Refused};
use db::Workspace;
use kernel::{Problem, Secret, Timestamp, codes};
use serde_json::{Map, Value};
use std::time::Duration;

use super::call::Heard;
use super::mint;
use super::terms::{Terms, Values};
use crate::Connect;
use crate::connection::{Connection, ConnectionStatus, Tokens};

/// Why no token was granted.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// What was shown is no longer honoured.
    Gone(Problem),
    /// The provider refuses the app.
    Client(Problem),
    /// It may pass by itself.
    Passing(Problem),
    /// The person has not agreed yet (RFC 8628, 3.5).
    Waiting {
        /// Whether the provider wants to be asked less often.
        slower: bool,
    },
}

impl Trouble {
    pub(crate) fn problem(self) -> Problem {
        match self {
            Self::Gone(problem) | Self::Client(problem) | Self::Passing(problem) => problem,
            Self::Waiting { .. } => {
                Problem::new(&codes::NOT_AUTHORIZED, "The person has not agreed yet.")
            }
        }
    }
}

impl From<Problem> for Trouble {
    fn from(problem: Problem) -> Self {
        Self::Passing(problem)
    }
}

impl From<db::DbError> for Trouble {
    fn from(error: db::DbError) -> Self {
        Self::Passing(error.into())
    }
}

/// What was granted, and the answer that granted it. The answer holds secrets: it is looked at for whose
/// account it is, and dropped.
pub(crate) struct Won {
    pub(crate) granted: Granted,
    pub(crate) answer: Value,
}

impl Won {
    /// A token that came by itself.
    pub(crate) fn bare(token: Secret<String>) -> Self {
        let granted = Granted {
            access_token: token,
            refresh_token: None,
            expires_in: None,
            refresh_expires_in: None,
            scopes: None,
            secrets: Map::new(),
            capture: Map::new(),
        };
        Self { granted, answer: Value::Null }
    }
}

impl Connect {
    /// Exchanges a code, and the first token for one that lasts where the provider has such.
    pub(crate) async fn exchange(
        &self,
        workspace: &Workspace,
        terms: &Terms,
        code: &str,
        verifier: Option<&str>,
        redirect_uri: &str,
    ) -> Result<Won, Trouble> {
        let mut params = pairs([
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect_uri),
        ]);
        params.extend(verifier.map(|it| ("code_verifier".to_owned(), it.to_owned())));
        let short = self.token(workspace, terms, params).await?;
        let Some(exchange) = &terms.oauth.exchange else { return Ok(short) };
        let values = Values { token: first(&short.granted).expose(), ..Values::default() };
        let heard = self.call(workspace, terms, exchange, &values, false).await?;
        let mut lasting = judge(terms, heard)?;
        // What only the first answer said stays known.
        for (name, value) in short.granted.capture {
            lasting.granted.capture.entry(name).or_insert(value);
        }
        lasting.granted.scopes = lasting.granted.scopes.or(short.granted.scopes);
        Ok(Won { answer: short.answer, ..lasting })
    }

    /// Asks for a token without a person: with the app's own credentials, or a signed statement.
    pub(crate) async fn obtain(
        &self,
        workspace: &Workspace,
        terms: &Terms,
        grant: Grant,
    ) -> Result<Won, Trouble> {
        let mut params = match grant {
            Grant::Minted => {
                let signed = mint::sign(terms, self.0.db.entropy())?;
                let mut won = Won::bare(signed);
                won.granted.expires_in = terms.oauth.mint.as_ref().map(|mint| mint.lifetime_secs);
                return Ok(won);
            }
            Grant::JwtBearer => {
                let statement = mint::sign(terms, self.0.db.entropy())?;
                pairs([
                    ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
                    ("assertion", statement.expose()),
                ])
            }
            _ => pairs([("grant_type", "client_credentials")]),
        };
        let scopes = terms.oauth.scopes.default.join(&terms.oauth.scopes.separator);
        if grant == Grant::ClientCredentials && !scopes.is_empty() {
            params.push((terms.oauth.scopes.name.clone(), scopes));
        }
        self.token(workspace, terms, params).await
    }

    /// Asks for new tokens in place of these.
    pub(crate) async fn ask_anew(
        &self,
        workspace: &Workspace,
        terms: &Terms,
        connection: &Connection,
        tokens: &Tokens,
    ) -> Result<Won, Trouble> {
        let refresh = &terms.oauth.refresh;
        let grant = terms.grant()?;
        if tokens.refresh.is_none() && needs_nobody(grant) {
            return self.obtain(workspace, terms, grant).await;
        }
        let values = Values::of(connection, tokens);
        if let Some(request) = &refresh.request {
            let heard = self.call(workspace, terms, request, &values, false).await?;
            return judge(terms, heard);
        }
        let Some(token) = &tokens.refresh else {
            let detail = "The provider granted nothing to renew the token with.";
            return Err(Trouble::Gone(Problem::new(&codes::CONNECTION_EXPIRED, detail)));
        };
        let mut params =
            pairs([("grant_type", "refresh_token"), ("refresh_token", token.expose())]);
        params.extend(terms.params(&refresh.params, &values)?);
        let url = terms.url("token_url", terms.oauth.token_url.as_ref(), &values)?;
        judge(terms, self.post(workspace, terms, url, params).await?)
    }

    /// One call of the token endpoint.
    pub(crate) async fn token(
        &self,
        workspace: &Workspace,
        terms: &Terms,
        mut params: Vec<(String, String)>,
    ) -> Result<Won, Trouble> {
        let values = Values::default();
        params.extend(terms.params(&terms.oauth.token_params, &values)?);
        let url = terms.url("token_url", terms.oauth.token_url.as_ref(), &values)?;
        judge(terms, self.post(workspace, terms, url, params).await?)
    }
}

/// What an answer of the token endpoint means.
fn judge(terms: &Terms, heard: Heard) -> Result<Won, Trouble> {
    let name = terms.integration.service();
    if heard.status >= 500 || matches!(heard.status, 408 | 425) {
        let detail =
            format!("{name} answered {} when asked for a token; try again later.", heard.status);
        return Err(Trouble::Passing(Problem::new(&codes::OAUTH_EXCHANGE, detail)));
    }
    let refused = match Answer::read(&terms.oauth, heard.status, &heard.body) {
        Ok(granted) => return Ok(Won { granted, answer: heard.body }),
        Err(refused) => refused,
    };
    if matches!(heard.body, Value::String(_) | Value::Null) {
        let detail = format!("{name} answered {} with no token in it.", heard.status);
        return Err(Trouble::Passing(Problem::new(&codes::OAUTH_ANSWER, detail)));
    }
    let said = describe(&refused);
    Err(match refused.error.as_str() {
        "authorization_pending" => Trouble::Waiting { slower: false },
        "slow_down" => Trouble::Waiting { slower: true },
        "access_denied" | "expired_token" | "authorization_declined" => {
            Trouble::Gone(Problem::new(&codes::OAUTH_DENIED, format!("{name} says no: {said}.")))
        }
        _ if refused.is_invalid_grant => Trouble::Gone(Problem::new(
            &codes::CONNECTION_EXPIRED,
            format!(
                "{name} no longer honours what it granted ({said}); connect the account again."
            ),
        )),
        "invalid_client" | "unauthorized_client" | "incorrect_client_credentials" => {
            Trouble::Client(Problem::new(
                &codes::OAUTH_CLIENT_REFUSED,
                format!("{name} refuses the OAuth client ({said}); check its id and secret."),
            ))
        }
        _ => Trouble::Passing(Problem::new(
            &codes::OAUTH_EXCHANGE,
            format!("{name} granted no token: {said}."),
        )),
    })
}

/// What is wrong with an answer that holds no device code.
pub(crate) fn describe_answer(terms: &Terms, heard: &Heard) -> Problem {
    let name = terms.integration.service();
    let said = match Answer::read(&terms.oauth, heard.status, &heard.body) {
        Err(refused) => describe(&refused),
        Ok(_) => "it answered something else".to_owned(),
    };
    Problem::new(&codes::OAUTH_EXCHANGE, format!("{name} gave no code for another device: {said}."))
}

/// What the provider said, short and in one line: a page of HTML is no message.
fn describe(refused: &Refused) -> String {
    let text = match &refused.description {
        Some(description) => format!("{}: {description}", refused.error),
        None => refused.error.clone(),
    };
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.trim_end_matches('.').chars().take(300).collect()
}

/// Whether a new token can be had without a person at any time.
fn needs_nobody(grant: Grant) -> bool {
    matches!(grant, Grant::ClientCredentials | Grant::JwtBearer | Grant::Minted)
}

pub(crate) fn pairs<const N: usize>(known: [(&str, &str); N]) -> Vec<(String, String)> {
    known.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// What was granted the first time, as tokens.
pub(crate) fn first(granted: &Granted) -> Tokens {
    Tokens {
        access: granted.access_token.clone(),
        refresh: granted.refresh_token.clone(),
        more: granted.secrets.clone(),
    }
}

/// The tokens after a renewal: an answer without a refresh token leaves the one we have.
pub(crate) fn merged(granted: &Granted, before: &Tokens) -> Tokens {
    let mut tokens = first(granted);
    tokens.refresh = tokens.refresh.or_else(|| before.refresh.clone());
    for (name, value) in &before.more {
        tokens.more.entry(name.clone()).or_insert_with(|| value.clone());
    }
    tokens
}

/// What a connection is after these tokens were granted.
pub(crate) fn settle(
    it: &mut Connection,
    oauth: &OAuth,
    granted: &Granted,
    tokens: &Tokens,
    grant: Grant,
    now: Timestamp,
) {
    let end = |secs: Option<u64>, usual: Option<u64>| {
        // Zero and absurdly long lifetimes are no statement.
        let secs = secs.filter(|secs| *secs > 0 && *secs < 100 * 365 * 86_400).or(usual)?;
        Some(now.plus(Duration::from_secs(secs)))
    };
    it.generation += 1;
    it.granted_at = now;
    // What OAuth 1.0a grants holds until it is taken back.
    let usual = oauth.lifetime_secs.filter(|_| grant != Grant::OAuth1);
    it.expires_at = end(granted.expires_in, usual);
    if granted.refresh_token.is_some() || granted.refresh_expires_in.is_some() {
        it.refresh_expires_at = end(granted.refresh_expires_in, oauth.refresh_lifetime_secs);
    }
    it.can_refresh = match oauth.refresh.model {
        _ if needs_nobody(grant) => true,
        RefreshModel::None => false,
        RefreshModel::ClientCredentials | RefreshModel::Extending => true,
        RefreshModel::Stable | RefreshModel::Rotating => tokens.refresh.is_some(),
    };
    if let Some(scopes) = &granted.scopes {
        it.scopes.clone_from(scopes);
    }
    for (name, value) in &granted.capture {
        it.captured.insert(name.clone(), value.clone());
    }
    if it.status != ConnectionStatus::Active {
        it.status_since = now;
    }
    it.status = ConnectionStatus::Active;
    it.cause = None;
    it.failures = 0;
    it.failing_since = None;
    it.updated_at = now;
}
