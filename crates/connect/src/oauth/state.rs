//! An authorization under way: who began it and what the browser brings back is checked against. Its name
//! in the browser is signed, holds for ten minutes and works once.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use db::{Db, DbError, Row, Tx, Workspace, args};
use kernel::{ConnectLinkId, IntegrationId, OAuthStateId, Problem, Timestamp, WorkspaceId, codes};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long a person has to agree.
pub(crate) const LIFETIME: Duration = Duration::from_secs(600);

/// What the row is sealed as.
const NOUN: &str = "oauth_state";
/// What the signature in the browser is sealed as.
const SIGNED: &str = "oauth_state_name";

const SELECT: &str = "SELECT workspace_id, id, integration_id, subject, sealed, browser, link_id, \
     return_url, scopes, started_by, created_at, expires_at FROM oauth_states WHERE id = $1";

/// An authorization under way.
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    pub(crate) id: OAuthStateId,
    pub(crate) workspace: WorkspaceId,
    pub(crate) integration: IntegrationId,
    pub(crate) subject: String,
    /// What the browser must show again.
    pub(crate) browser: Option<String>,
    pub(crate) link: Option<ConnectLinkId>,
    pub(crate) return_url: Option<String>,
    /// What was asked for.
    pub(crate) scopes: Vec<String>,
    /// Who began it, for the audit log.
    pub(crate) started_by: String,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Timestamp,
}

/// What only we know of it.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Hidden {
    /// The verifier of PKCE.
    pub(crate) verifier: Option<String>,
    pub(crate) redirect_uri: String,
    /// The secret of an OAuth 1.0a request token.
    pub(crate) token_secret: Option<String>,
    /// What the token endpoint is asked with while a person agrees on another device.
    pub(crate) device_code: Option<String>,
    /// Whether another account than before is welcome.
    pub(crate) any_account: bool,
}

impl Pending {
    /// Its name in the browser.
    pub(crate) fn sign(&self, workspace: &Workspace) -> Result<String, DbError> {
        let signature = workspace.seal(SIGNED, &self.id, b"")?;
        Ok(format!("{}.{}", self.id, URL_SAFE_NO_PAD.encode(signature)))
    }

    pub(crate) async fn store(
        &self,
        tx: &mut Tx,
        workspace: &Workspace,
        hidden: &Hidden,
    ) -> Result<(), DbError> {
        let plain = serde_json::to_vec(hidden).unwrap_or_default();
        let sealed = workspace.seal(NOUN, &self.id, &plain)?;
        tx.execute("DELETE FROM oauth_states WHERE expires_at < $1", args![self.created_at])
            .await?;
        tx.execute(
            "INSERT INTO oauth_states (workspace_id, id, integration_id, subject, sealed, browser, \
               link_id, return_url, scopes, started_by, created_at, expires_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
            args![
                self.workspace,
                self.id,
                self.integration,
                &self.subject,
                sealed,
                self.browser.clone(),
                self.link,
                self.return_url.clone(),
                &serde_json::json!(self.scopes),
                &self.started_by,
                self.created_at,
                self.expires_at
            ],
        )
        .await
        .map(drop)
    }
}

/// Takes the authorization of that name, which is then used up. A browser that is not the one that began
/// it does not use it up.
///
/// # Errors
/// `oauth.state_invalid`, `oauth.state_expired`, `oauth.other_browser`.
pub(crate) async fn take(
    db: &Db,
    name: &str,
    browser: &[String],
) -> Result<(Pending, Hidden), Problem> {
    let unknown = || {
        let detail = "This authorization was not begun here, or was used already; begin again.";
        Problem::new(&codes::OAUTH_STATE, detail)
    };
    let (id, signature) = name.split_once('.').ok_or_else(unknown)?;
    let id: OAuthStateId = id.parse().map_err(|_| unknown())?;
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| unknown())?;

    let mut tx = db.system(true).await?;
    let row = tx.fetch_optional(SELECT, args![id]).await?.ok_or_else(unknown)?;
    let pending = pending(&row)?;
    let workspace = db.workspace(pending.workspace);
    // Ids can be guessed, signatures cannot.
    workspace.open(SIGNED, &id, &signature).await.map_err(|_| unknown())?;
    if pending.browser.as_ref().is_some_and(|bound| !browser.contains(bound)) {
        let detail = "Finish in the browser in which you began, or begin again in this one.";
        return Err(Problem::new(&codes::OAUTH_SESSION, detail));
    }
    let gone = tx.execute("DELETE FROM oauth_states WHERE id = $1", args![id]).await?;
    tx.commit().await?;
    if gone == 0 {
        return Err(unknown());
    }
    if pending.expires_at <= db.clock().now() {
        let detail = "More than ten minutes passed at the provider; begin again.";
        return Err(Problem::new(&codes::OAUTH_EXPIRED, detail));
    }
    let plain = workspace.open(NOUN, &id, &row.blob("sealed")?).await?;
    let hidden = serde_json::from_slice(&plain).map_err(|_| unknown())?;
    Ok((pending, hidden))
}

/// An authorization of the workspace that goes on.
pub(crate) async fn peek(
    workspace: &Workspace,
    id: OAuthStateId,
) -> Result<Option<(Pending, Hidden)>, DbError> {
    let row = workspace.read().await?.fetch_optional(SELECT, args![id]).await?;
    let Some(row) = row else { return Ok(None) };
    let pending = pending(&row)?;
    if pending.workspace != workspace.id() {
        return Ok(None);
    }
    let plain = workspace.open(NOUN, &id, &row.blob("sealed")?).await?;
    let hidden = serde_json::from_slice(&plain).unwrap_or_default();
    Ok(Some((pending, hidden)))
}

/// Ends one.
pub(crate) async fn forget(tx: &mut Tx, id: OAuthStateId) -> Result<(), DbError> {
    tx.execute("DELETE FROM oauth_states WHERE id = $1", args![id]).await.map(drop)
}

fn pending(row: &Row) -> Result<Pending, DbError> {
    Ok(Pending {
        id: row.parse("id")?,
        workspace: row.parse("workspace_id")?,
        integration: row.parse("integration_id")?,
        subject: row.text("subject")?,
        browser: row.opt_text("browser")?,
        link: row.opt_parse("link_id")?,
        return_url: row.opt_text("return_url")?,
        scopes: row.json("scopes")?,
        started_by: row.text("started_by")?,
        created_at: row.time("created_at")?,
        expires_at: row.time("expires_at")?,
    })
}
