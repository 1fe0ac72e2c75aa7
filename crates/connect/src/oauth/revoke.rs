//! Giving access back at the provider (RFC 7009 and its relatives).

use accounts::gate::Actor;
use catalog::oauth::Grant;
use db::Workspace;
use serde_json::{Value, json};

use super::call::{Heard, basic};
use super::terms::Values;
use crate::Connect;
use crate::store::connections::Stored;

/// Whether the provider took the access back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Revocation {
    /// It did.
    Done,
    /// It has no way to; the tokens end by themselves.
    NotOffered,
    /// It was asked and did not.
    Failed,
}

impl Connect {
    /// Asks the provider to take the access back. What cannot be asked does not keep the connection here.
    pub(crate) async fn give_back(
        &self,
        workspace: &Workspace,
        stored: &Stored,
        actor: &Actor,
    ) -> Revocation {
        match self.ask_to_revoke(workspace, stored, actor).await {
            Ok(done) => done,
            Err(problem) => {
                let connection = stored.connection.id;
                tracing::warn!(%connection, code = problem.code.name, "access was not given back");
                Revocation::Failed
            }
        }
    }

    async fn ask_to_revoke(
        &self,
        workspace: &Workspace,
        stored: &Stored,
        actor: &Actor,
    ) -> Result<Revocation, kernel::Problem> {
        let it = &stored.connection;
        let Some(integration) = self.integration(workspace, it.integration_id).await? else {
            return Ok(Revocation::NotOffered);
        };
        let terms = self.terms(workspace, integration, "oauth.revoke", actor).await?;
        let mut values = Values::of(it, &stored.open(workspace).await?);
        if let (Grant::OAuth1, Some(oauth1)) = (terms.grant()?, &terms.oauth.oauth1) {
            let Some(request) = &oauth1.revoke else { return Ok(Revocation::NotOffered) };
            return Ok(done(&self.call(workspace, &terms, request, &values, true).await?));
        }
        let Some(revoke) = &terms.oauth.revoke else { return Ok(Revocation::NotOffered) };
        // Without a refresh token there is the access token to give back.
        let access = values.token.get("access_token").cloned().unwrap_or_default();
        values.token.entry("refresh_token").or_insert(access);
        // The generic provider may have no address for it.
        let url = revoke.request.url.as_ref();
        if url.is_some_and(|url| terms.url("revoke_url", Some(url), &values).is_err()) {
            return Ok(Revocation::NotOffered);
        }
        let form = revoke.request.body.as_ref().and_then(|body| body.get("$form"));
        let heard = match (revoke.client_auth, form) {
            (true, Some(Value::Object(form))) => {
                let params = terms.params(form, &values)?;
                let url = terms.address("revoke_url", &revoke.request, &values)?;
                self.post(workspace, &terms, url, params).await?
            }
            (client_auth, _) => {
                let mut request = revoke.request.clone();
                if client_auth {
                    let pair = basic(terms.client_id()?, terms.client_secret());
                    let header = json!(format!("Basic {pair}"));
                    request.headers.insert("Authorization".to_owned(), header);
                }
                self.call(workspace, &terms, &request, &values, true).await?
            }
        };
        Ok(done(&heard))
    }
}

fn done(heard: &Heard) -> Revocation {
    match heard.status {
        200..=299 => Revocation::Done,
        _ => Revocation::Failed,
    }
}
