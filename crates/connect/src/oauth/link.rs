//! Connect links: a page of this instance that leads to the provider, for whoever owns the account. It can
//! be mailed or embedded, ends by itself, and connects one subject only.

use accounts::gate::{Actor, Identity};
use db::args;
use kernel::{ConnectLinkId, IntegrationId, Problem, codes};
use std::sync::Arc;
use std::time::Duration;
use vault::{TokenHash, new_token};

use super::authorize::Start;
use crate::store::links::{self, Link};
use crate::{Begun, Connect, ConnectDraft, Integration};

/// What the page of a link says.
pub(crate) struct Invitation {
    /// Who asks.
    pub(crate) workspace: String,
    /// The colour that the workspace goes by, as `#rrggbb`.
    pub(crate) accent: Option<String>,
    /// What is to be connected.
    pub(crate) service: String,
    pub(crate) subject: String,
    pub(crate) scopes: Vec<String>,
    /// Whether an account was connected through it already.
    pub(crate) is_done: bool,
}

impl Connect {
    /// A new link.
    pub(crate) async fn link(
        &self,
        identity: &Identity,
        integration: IntegrationId,
        draft: &ConnectDraft,
        lifetime: Duration,
    ) -> Result<String, Problem> {
        let token = new_token("", self.0.db.entropy());
        let mut tx = identity.workspace.write().await?;
        let now = tx.now();
        let link = Link {
            id: ConnectLinkId::generate(now, self.0.db.entropy()),
            workspace: identity.workspace.id(),
            integration,
            subject: draft.subject.clone(),
            return_url: draft.return_url.clone(),
            started_by: identity.actor.to_string(),
            created_at: now,
            expires_at: now.plus(lifetime),
            connected_at: None,
        };
        links::forget(&mut tx, link.workspace).await?;
        links::insert(&mut tx, &link, TokenHash::of(token.expose())).await?;
        tx.commit().await?;
        Ok(format!("{}/connect/{}", self.0.public_url, token.expose()))
    }

    /// What the page of a link says.
    pub(crate) async fn invitation(&self, token: &str) -> Result<Invitation, Problem> {
        let (link, integration) = self.find_link(token).await?;
        let mut tx = self.0.db.workspace(link.workspace).read().await?;
        let sql = "SELECT name, accent FROM workspaces WHERE id = $1";
        let row = tx.fetch_optional(sql, args![link.workspace]).await?.ok_or_else(gone)?;
        let oauth = integration.provider_def.oauth.as_ref();
        Ok(Invitation {
            workspace: row.text("name")?,
            accent: row.opt_text("accent")?,
            service: integration.service().to_owned(),
            subject: link.subject,
            scopes: oauth.map(|oauth| oauth.scopes.default.clone()).unwrap_or_default(),
            is_done: link.connected_at.is_some(),
        })
    }

    /// The way on to the provider, for the browser with this mark.
    pub(crate) async fn follow_link(&self, token: &str, mark: String) -> Result<Begun, Problem> {
        let (link, integration) = self.find_link(token).await?;
        let draft = ConnectDraft {
            subject: link.subject,
            return_url: link.return_url,
            ..ConnectDraft::default()
        };
        let start = Start {
            draft: &draft,
            browser: Some(mark),
            link: Some(link.id),
            started_by: link.started_by,
        };
        let workspace = self.0.db.workspace(link.workspace);
        self.start(&workspace, integration, start, &Actor::House).await
    }

    async fn find_link(&self, token: &str) -> Result<(Link, Arc<Integration>), Problem> {
        let link = links::by_token(&self.0.db, TokenHash::of(token)).await?;
        let now = self.0.db.clock().now();
        let link = link.filter(|link| link.expires_at > now).ok_or_else(gone)?;
        let workspace = self.0.db.workspace(link.workspace);
        let integration = self.integration(&workspace, link.integration).await?;
        let integration = integration.filter(|it| it.enabled).ok_or_else(gone)?;
        Ok((link, integration))
    }
}

fn gone() -> Problem {
    let detail = "The link has ended or was never valid; ask whoever sent it for a new one.";
    Problem::new(&codes::LINK_GONE, detail)
}
