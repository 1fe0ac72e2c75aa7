//! One action of a provider over an integration: its request filled in with what it is given, sent with
//! fresh tokens. What comes of it is for the room above to say.

use accounts::gate::Actor;
use catalog::{Action, Request};
use db::Workspace;
use egress::Response;
use http::{HeaderName, HeaderValue};
use kernel::{Problem, codes};
use serde_json::{Map, Value};
use std::sync::Arc;
use std::time::Duration;

use crate::prepare::Given;
use crate::{Connect, Credentials, Integration, Prepared, PullConfig, Whose};

/// An action, on whose behalf it is run, and what it is given.
pub struct Deed<'a> {
    /// Through which integration.
    pub integration: &'a Arc<Integration>,
    /// What is done.
    pub action: &'a Action,
    /// Its request, perhaps for a further page.
    pub request: &'a Request,
    /// What templates see as `{{input.…}}`.
    pub input: &'a Map<String, Value>,
    /// On whose behalf.
    pub whose: &'a Whose,
    /// What makes a repetition harmless, where the provider takes such a key.
    pub idempotency_key: Option<&'a str>,
    /// How long to wait in all.
    pub timeout: Option<Duration>,
    /// Who goes first.
    pub lane: egress::Lane,
    /// What for, for the audit log.
    pub purpose: &'static str,
    /// Who asks, for the audit log.
    pub actor: &'a Actor,
}

impl Connect {
    /// Sends what the action says.
    ///
    /// # Errors
    /// Those of [`Connect::access`], `integration.disabled`, `feed.template` for a value that does not fit,
    /// and what the way to the provider said.
    pub async fn act(
        &self,
        workspace: &Workspace,
        deed: &Deed<'_>,
    ) -> Result<(Prepared, Arc<Response>), Problem> {
        let Deed { integration, action, whose, purpose, actor, .. } = deed;
        let credentials = self.access(workspace, integration, whose, purpose, actor).await?;
        let key = key_header(action, deed.idempotency_key)?;
        let pull = PullConfig {
            timeout: deed.timeout.map(|it| u64::try_from(it.as_millis()).unwrap_or(u64::MAX)),
            ..PullConfig::default()
        };
        let prepare = |credentials: &Credentials| {
            let given = Given { input: Some(deed.input), ..Given::default() };
            let request = deed.request.clone();
            let mut prepared =
                self.prepare(workspace, integration, &pull, request, given, credentials)?;
            prepared.request.lane = deed.lane;
            if let Some((name, value)) = &key {
                prepared.request.headers.insert(name.clone(), value.clone());
            }
            self.read_as(&mut prepared, action)?;
            Ok(prepared)
        };
        let (prepared, response) =
            self.answered(workspace, integration, &credentials, prepare).await?;
        self.mark_answered(workspace, &credentials, &prepared, &response).await?;
        Ok((prepared, response))
    }

    /// The answer is read as the action says, where it says anything.
    fn read_as(&self, prepared: &mut Prepared, action: &Action) -> Result<(), Problem> {
        let program = |text: &String| self.program(text);
        let reading = &mut prepared.reading;
        reading.format = action.format.unwrap_or(reading.format);
        reading.transform = action.transform.as_ref().map(program).transpose()?;
        reading.error_code = action.error_code.as_ref().map(program).transpose()?;
        if let Some(success) = &action.success {
            reading.success = Some(program(success)?);
        }
        if let Some(message) = &action.error_message {
            reading.error_message = Some(program(message)?);
        }
        Ok(())
    }
}

fn key_header(
    action: &Action,
    key: Option<&str>,
) -> Result<Option<(HeaderName, HeaderValue)>, Problem> {
    let (Some(name), Some(key)) = (&action.idempotency_header, key) else { return Ok(None) };
    let unfit = || Problem::new(&codes::INVALID, "The idempotency key holds what no header may.");
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| unfit())?;
    Ok(Some((name, HeaderValue::from_str(key).map_err(|_| unfit())?)))
}
