//! Whether a connection works: the provider's cheapest call, with its token.

use catalog::jq::{self, Limits};
use catalog::oauth::Grant;
use db::Workspace;
use kernel::{Problem, codes};
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::Arc;
use utoipa::ToSchema;

use super::call::Heard;
use super::terms::{Terms, Values};
use crate::connection::{Cause, Connection, ConnectionStatus};
use crate::refresh::flight::{Want, usable};
use crate::store::connections::{self, Stored};
use crate::{Connect, Integration};

/// How a test of a connection went.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ConnectionTest {
    /// Whether the provider took the token.
    pub ok: bool,
    /// The status of its answer, if it gave one.
    pub status: Option<u16>,
    /// A stable code when it is not ok.
    pub code: Option<String>,
    /// A sentence for people.
    pub message: String,
}

/// What an answer says of the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Taken,
    /// It has expired.
    Expired,
    /// The access was taken back.
    Revoked,
    /// Nothing: it failed for another reason.
    Nothing,
}

impl Connect {
    /// Tests a connection and writes down what was found.
    pub(crate) async fn test_connection(
        &self,
        workspace: &Workspace,
        terms: &Arc<Terms>,
        stored: Arc<Stored>,
    ) -> Result<ConnectionTest, Problem> {
        usable(&stored.connection)?;
        let tested = self.try_out(workspace, terms, stored).await;
        Ok(match tested {
            Ok(test) => test,
            Err(problem) => ConnectionTest {
                ok: false,
                status: None,
                code: Some(problem.code.name.to_owned()),
                message: problem.detail,
            },
        })
    }

    async fn try_out(
        &self,
        workspace: &Workspace,
        terms: &Arc<Terms>,
        stored: Arc<Stored>,
    ) -> Result<ConnectionTest, Problem> {
        let name = terms.integration.service();
        let by_itself = matches!(terms.grant()?, Grant::ClientCredentials | Grant::JwtBearer);
        // An app's own token may be nobody's account. That it is granted another shows that it works.
        if by_itself && stored.connection.account.id.is_none() {
            let want = Want::Anew { than: stored.connection.generation };
            let stored = self.renewed(workspace, terms, stored, want).await?;
            self.note_verdict(workspace, terms, &stored.connection, Verdict::Taken).await?;
            let message = format!("{name} grants the app its own access.");
            return Ok(ConnectionTest { ok: true, status: None, code: None, message });
        }
        let mut stored = self.renewed(workspace, terms, stored, Want::Fresh).await?;
        let mut heard = self.knock(workspace, terms, &stored).await?;
        let mut verdict = self.verdict(&terms.integration, &heard);
        if verdict == Verdict::Expired && stored.connection.can_refresh {
            let want = Want::Other { than: stored.connection.generation };
            stored = self.renewed(workspace, terms, stored, want).await?;
            heard = self.knock(workspace, terms, &stored).await?;
            verdict = self.verdict(&terms.integration, &heard);
        }
        self.note_verdict(workspace, terms, &stored.connection, verdict).await?;
        let (code, message) = match verdict {
            Verdict::Taken => (None, format!("{name} answers for {}.", stored.connection.whose())),
            Verdict::Nothing => (
                Some(codes::FEED_UPSTREAM_STATUS.name),
                format!("{name} answered {}, which says nothing of the token.", heard.status),
            ),
            Verdict::Expired => (
                Some(codes::CONNECTION_EXPIRED.name),
                format!("{name} refuses the token; connect the account again."),
            ),
            Verdict::Revoked => (
                Some(codes::CONNECTION_REVOKED.name),
                format!("The access was taken back at {name}; connect the account again."),
            ),
        };
        Ok(ConnectionTest {
            ok: verdict == Verdict::Taken,
            status: Some(heard.status),
            code: code.map(str::to_owned),
            message,
        })
    }

    async fn knock(
        &self,
        workspace: &Workspace,
        terms: &Terms,
        stored: &Stored,
    ) -> Result<Heard, Problem> {
        let values = Values::of(&stored.connection, &stored.open(workspace).await?);
        let by_account = terms.oauth.account.as_ref().and_then(|account| account.request.as_ref());
        if let Some(request) = by_account {
            match self.call(workspace, terms, request, &values, true).await {
                // It hangs on a setting that is not there.
                Err(problem) if problem.code == &codes::FEED_TEMPLATE => {}
                other => return other,
            }
        }
        let Some(request) = &terms.integration.provider_def.test else {
            let detail = "The catalog knows no cheap call of this provider to test with.";
            return Err(Problem::new(&codes::OAUTH_UNSUPPORTED, detail));
        };
        self.call(workspace, terms, request, &values, true).await
    }

    /// What an answer says of the token.
    pub(crate) fn verdict(&self, integration: &Integration, heard: &Heard) -> Verdict {
        let provider = &integration.provider_def;
        let oauth = provider.oauth.as_ref();
        let holds = |program: Option<&String>| {
            let compiled = program.and_then(|text| self.0.cache.program(text).ok())?;
            let input = json!({ "status": heard.status, "body": heard.body });
            let said = jq::run_with(&compiled, input, json!({}), Limits::default()).ok()?;
            Some(said == Value::Bool(true))
        };
        if holds(oauth.and_then(|it| it.revoked.as_ref())) == Some(true) {
            return Verdict::Revoked;
        }
        let expired = holds(oauth.and_then(|it| it.expired.as_ref()));
        let expired = expired.unwrap_or(heard.status == 401);
        let success = || {
            let program = provider.success.as_ref();
            let compiled = program.and_then(|text| self.0.cache.program(text).ok());
            let run =
                |program| jq::run_with(&program, heard.body.clone(), json!({}), Limits::default());
            compiled.is_none_or(|program| run(program).is_ok_and(|said| said == Value::Bool(true)))
        };
        match heard.status {
            _ if expired => Verdict::Expired,
            200..=299 if success() => Verdict::Taken,
            _ => Verdict::Nothing,
        }
    }

    /// Writes down what the provider said of the token.
    pub(crate) async fn note_verdict(
        &self,
        workspace: &Workspace,
        terms: &Terms,
        it: &Connection,
        verdict: Verdict,
    ) -> Result<(), Problem> {
        let name = terms.integration.service();
        let mut tx = workspace.write().await?;
        match verdict {
            Verdict::Nothing => return Ok(()),
            Verdict::Taken => {
                connections::note_valid(&mut tx, it.workspace, it.id).await?;
                let renews = it.failures == 0;
                if it.status == ConnectionStatus::Degraded && renews {
                    let active = ConnectionStatus::Active;
                    connections::set_status(&mut tx, it, active, None).await?;
                    self.tell_recovery(&mut tx, it).await?;
                }
            }
            // New tokens that are refused at once are no sign of age: the provider is asked again later.
            Verdict::Expired if it.can_refresh => {
                let message = format!("{name} refuses the token that it has just granted.");
                let cause = Cause { code: "unauthorized".to_owned(), message };
                let degraded = ConnectionStatus::Degraded;
                connections::set_status(&mut tx, it, degraded, Some(&cause)).await?;
            }
            Verdict::Expired => {
                let why = format!("{name} no longer takes the token, which nothing can renew.");
                self.expire(&mut tx, it, name, &why).await?;
            }
            Verdict::Revoked => {
                let message = format!("The access was taken back at {name}.");
                let cause = Cause { code: "revoked".to_owned(), message };
                self.end(&mut tx, it, name, ConnectionStatus::Revoked, cause).await?;
            }
        }
        Ok(tx.commit().await?)
    }
}
