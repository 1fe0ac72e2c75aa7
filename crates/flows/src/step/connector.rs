//! Steps that run an action of an integration. This room does not know how: it is given a [`Runner`].

use db::Workspace;
use futures::future::BoxFuture;
use kernel::{Problem, codes};
use serde_json::{Map, Value};
use std::time::Duration;

use crate::run::Failure;

/// What is asked of an integration.
#[derive(Clone, Debug, PartialEq)]
pub struct ConnectorCall {
    /// The integration, when it is named.
    pub integration_id: Option<String>,
    /// Else: the one of this provider.
    pub provider: Option<String>,
    /// The credential to use, when it is not the integration's own.
    pub credential_id: Option<String>,
    /// The connection to use.
    pub connection_id: Option<String>,
    /// Whose account to use.
    pub subject: Option<String>,
    /// The action.
    pub action: String,
    /// What it is given.
    pub input: Value,
    /// The same for each attempt at the same step of the same run.
    pub idempotency_key: String,
    /// How long it may take.
    pub timeout: Duration,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct ConnectorOutcome {
    /// What the action resulted in.
    pub output: Value,
}

/// Runs actions.
pub trait Runner: Send + Sync {
    /// Runs one.
    fn run<'a>(
        &'a self,
        workspace: &'a Workspace,
        call: ConnectorCall,
    ) -> BoxFuture<'a, Result<ConnectorOutcome, Problem>>;
}

/// Reads the config of a step, its templates filled in. What is none of ours is the action's input.
pub(crate) fn call(
    mut config: Map<String, Value>,
    idempotency_key: String,
    timeout: Duration,
) -> Result<ConnectorCall, Failure> {
    let mut take = |names: &[&str]| {
        let found = names.iter().find_map(|name| config.shift_remove(*name));
        found.and_then(|value| value.as_str().map(str::to_owned))
    };
    let provider = take(&["connectorType", "connector_type", "provider"]);
    let integration_id = take(&["integration_id", "integrationId"]);
    let credential_id = take(&["credentialId", "credential_id"]);
    let connection_id = take(&["connection_id", "connectionId"]);
    let subject = take(&["subject"]);
    let action = take(&["action"]);
    let input = match config.shift_remove("input") {
        Some(Value::Object(input)) if config.is_empty() => Value::Object(input),
        Some(input) => {
            config.insert("input".to_owned(), input);
            Value::Object(config)
        }
        None => Value::Object(config),
    };
    let Some(action) = action else {
        return Err(Failure::new(&codes::INVALID, "The step names no action."));
    };
    let named = [&provider, &integration_id, &connection_id, &credential_id];
    if named.iter().all(|it| it.is_none()) {
        let message = "The step names neither an integration nor a provider.";
        return Err(Failure::new(&codes::INVALID, message));
    }
    Ok(ConnectorCall {
        integration_id,
        provider,
        credential_id,
        connection_id,
        subject,
        action,
        input,
        idempotency_key,
        timeout,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_form_that_clients_know_is_read() {
        let config = json!({
            "connectorType": "slack", "action": "send_message", "credentialId": "cred_1",
            "channel": "#general", "text": "Hello"
        });
        let Value::Object(config) = config else { panic!() };
        let call = call(config, "k".into(), Duration::from_secs(1)).unwrap();
        assert_eq!(call.provider.as_deref(), Some("slack"));
        assert_eq!(call.credential_id.as_deref(), Some("cred_1"));
        assert_eq!(call.input, json!({ "channel": "#general", "text": "Hello" }));
    }
}
