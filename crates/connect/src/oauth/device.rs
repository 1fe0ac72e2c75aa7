//! A person agrees on another device (RFC 8628): they are shown a code to type at the provider, and the
//! token endpoint is asked until they have.

use accounts::gate::{Actor, Identity, not_found};
use catalog::oauth::Grant;
use db::{Done, Handler, Job, JobError, Workspace};
use kernel::{IntegrationId, JobKind, Lane, NewJob, OAuthStateId, Problem, codes};
use serde::Serialize;
use serde_json::{Value, json};
use std::pin::Pin;
use std::time::Duration;
use utoipa::ToSchema;

use super::authorize::Start;
use super::callback::Keeping;
use super::state::{self, Hidden};
use super::terms::{Terms, Values};
use super::token::{Trouble, describe_answer, pairs};
use crate::{Connect, ConnectDraft};

/// Asks whether a person has agreed; the key is the authorization's id.
pub(crate) const KIND: JobKind = JobKind { name: "oauth.device", lane: Lane::Remote };

/// How often is asked unless the provider says (RFC 8628, 3.2).
const INTERVAL: u64 = 5;
/// How long a code holds unless the provider says.
const LIFETIME: u64 = 600;

/// What the person is shown.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "user_code": "WDJB-MJHT", "verification_uri": "https://github.com/login/device",
    "verification_uri_complete": null, "expires_in": 900, "interval": 5
}))]
pub(crate) struct DeviceCode {
    /// What they type.
    user_code: String,
    /// Where they type it.
    verification_uri: String,
    /// The same with the code in it, for a QR code.
    verification_uri_complete: Option<String>,
    /// For how many seconds the code holds.
    expires_in: u64,
    /// How many seconds pass between two questions of ours.
    interval: u64,
}

impl Connect {
    /// Asks for a code, and from then on for the token.
    pub(crate) async fn begin_on_device(
        &self,
        identity: &Identity,
        integration: IntegrationId,
        draft: &ConnectDraft,
    ) -> Result<DeviceCode, Problem> {
        draft.check()?;
        let workspace = &identity.workspace;
        let found = self.integration(workspace, integration).await?;
        let found = found.ok_or_else(|| not_found("integration"))?;
        let terms = self.terms(workspace, found, "oauth.device", &identity.actor).await?;
        if !terms.oauth.grants.contains(&Grant::DeviceCode) {
            let name = terms.integration.service();
            let detail = format!("{name} does not let people agree on another device.");
            return Err(Problem::new(&codes::OAUTH_UNSUPPORTED, detail));
        }
        let url = terms.url("device_url", terms.oauth.device_url.as_ref(), &Values::default())?;
        let scopes = terms.asked(&draft.scopes);
        let mut params = Vec::new();
        if !scopes.is_empty() {
            let joined = scopes.join(&terms.oauth.scopes.separator);
            params.push((terms.oauth.scopes.name.clone(), joined));
        }
        let heard = self.post(workspace, &terms, url, params).await?;
        let text = |name: &str| heard.body.get(name).and_then(Value::as_str).map(str::to_owned);
        let number = |name: &str| heard.body.get(name).and_then(Value::as_u64);
        // Google calls it by another name.
        let uri = text("verification_uri").or_else(|| text("verification_url"));
        let known = text("device_code").zip(text("user_code")).zip(uri);
        let Some(((device_code, user_code), verification_uri)) = known else {
            return Err(describe_answer(&terms, &heard));
        };
        let shown = DeviceCode {
            user_code,
            verification_uri,
            verification_uri_complete: text("verification_uri_complete"),
            expires_in: number("expires_in").unwrap_or(LIFETIME).clamp(30, 3600),
            interval: number("interval").unwrap_or(INTERVAL).clamp(1, 60),
        };
        let hidden = Hidden {
            device_code: Some(device_code),
            any_account: draft.any_account,
            ..Hidden::default()
        };
        let started_by = identity.actor.to_string();
        let start = Start { draft, browser: None, link: None, started_by };
        let mut pending = self.pending(workspace, &terms, start, scopes);
        pending.expires_at = pending.created_at.plus(Duration::from_secs(shown.expires_in));
        let mut tx = workspace.write().await?;
        pending.store(&mut tx, workspace, &hidden).await?;
        let job = NewJob {
            kind: KIND,
            key: pending.id.to_string(),
            run_at: tx.now().plus(Duration::from_secs(shown.interval)),
            payload: json!({ "interval": shown.interval }),
        };
        tx.enqueue(workspace.id(), job).await?;
        tx.commit().await?;
        Ok(shown)
    }
}

pub(crate) struct DeviceJob(pub(crate) Connect);

impl Handler for DeviceJob {
    fn kind(&self) -> JobKind {
        KIND
    }

    fn run(&self, job: Job) -> Pin<Box<dyn Future<Output = Result<Done, JobError>> + Send + '_>> {
        Box::pin(self.ask(job))
    }
}

impl DeviceJob {
    async fn ask(&self, job: Job) -> Result<Done, JobError> {
        let connect = &self.0;
        let workspace = connect.0.db.workspace(job.workspace);
        let id: OAuthStateId =
            job.key.parse().map_err(|_| JobError(format!("{} is no authorization", job.key)))?;
        let Some((pending, hidden)) = state::peek(&workspace, id).await? else {
            return Ok(Done::Remove);
        };
        let Some(code) =
            hidden.device_code.filter(|_| pending.expires_at > connect.0.db.clock().now())
        else {
            return self.end(&workspace, id, "expired_token").await;
        };
        let found = connect.integration(&workspace, pending.integration).await?;
        let Some(integration) = found.filter(|it| it.enabled) else {
            return self.end(&workspace, id, "integration_off").await;
        };
        let actor = Actor::House;
        let terms = connect.terms(&workspace, integration, "oauth.device", &actor).await;
        let terms = terms.map_err(|problem| JobError(problem.detail))?;
        match self.token(&workspace, &terms, &code).await {
            Ok(won) => {
                let keeping = Keeping {
                    subject: pending.subject,
                    asked: pending.scopes,
                    link: pending.link,
                    started_by: pending.started_by,
                    any_account: hidden.any_account,
                };
                let kept = connect.keep(&workspace, &terms, won, keeping).await;
                let end = kept.err().map_or("connected", |problem| problem.code.name);
                self.end(&workspace, id, end).await
            }
            Err(Trouble::Waiting { slower }) => self.again(job, &workspace, slower).await,
            // What may pass is asked again until the code ends.
            Err(Trouble::Passing(_)) => self.again(job, &workspace, true).await,
            Err(Trouble::Gone(problem) | Trouble::Client(problem)) => {
                self.end(&workspace, id, problem.code.name).await
            }
        }
    }

    async fn token(
        &self,
        workspace: &Workspace,
        terms: &Terms,
        code: &str,
    ) -> Result<super::token::Won, Trouble> {
        let params = pairs([
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ("device_code", code),
        ]);
        self.0.token(workspace, terms, params).await
    }

    /// Asks again after the interval; five seconds more each time the provider wants it slower.
    async fn again(&self, job: Job, workspace: &Workspace, slower: bool) -> Result<Done, JobError> {
        let known = job.payload["interval"].as_u64().unwrap_or(INTERVAL);
        let interval = if slower { (known + 5).min(60) } else { known };
        let mut tx = workspace.write().await?;
        let run_at = tx.now().plus(Duration::from_secs(interval));
        let key = job.key.clone();
        tx.dequeue(job.workspace, KIND, &key).await?;
        let payload = json!({ "interval": interval });
        tx.enqueue(job.workspace, NewJob { kind: KIND, key, run_at, payload }).await?;
        tx.commit().await?;
        Ok(Done::Settled)
    }

    async fn end(
        &self,
        workspace: &Workspace,
        id: OAuthStateId,
        how: &str,
    ) -> Result<Done, JobError> {
        let mut tx = workspace.write().await?;
        state::forget(&mut tx, id).await?;
        tx.emit(workspace.id(), "connection.device_ended", id, json!({ "outcome": how })).await?;
        tx.commit().await?;
        Ok(Done::Remove)
    }
}
