//! How workflows run actions: the rooms do not know each other, so this tells `flows` what `actions` does.

use accounts::gate::Actor;
use actions::{Actions, Call, Through};
use db::Workspace;
use flows::{ConnectorCall, ConnectorOutcome, Runner};
use futures::future::BoxFuture;
use kernel::{Problem, codes};
use serde_json::{Map, Value};
use std::str::FromStr;

/// Actions as the steps of workflows.
#[derive(Clone)]
pub struct Connectors(pub Actions);

impl Runner for Connectors {
    fn run<'a>(
        &'a self,
        workspace: &'a Workspace,
        call: ConnectorCall,
    ) -> BoxFuture<'a, Result<ConnectorOutcome, Problem>> {
        Box::pin(async move {
            let call = Call {
                through: Through {
                    integration: id(call.integration_id.as_deref(), "integration_id")?,
                    connection: id(call.connection_id.as_deref(), "connection_id")?,
                    credential: id(call.credential_id.as_deref(), "credentialId")?,
                    provider: call.provider,
                    subject: call.subject,
                },
                action: &call.action,
                input: object(call.input)?,
                idempotency_key: Some(call.idempotency_key),
                timeout: Some(call.timeout),
                lane: egress::Lane::Background,
                purpose: "workflow",
                actor: &Actor::House,
            };
            let done = self.0.run(workspace, call).await?;
            Ok(ConnectorOutcome { output: done.output })
        })
    }
}

fn id<T: FromStr>(said: Option<&str>, name: &str) -> Result<Option<T>, Problem>
where
    T::Err: std::fmt::Display,
{
    let read = |text: &str| {
        let told = |error: T::Err| {
            let detail = format!("The step's {name} is no id: {error}.");
            Problem::new(&codes::INVALID, detail)
        };
        text.parse().map_err(told)
    };
    said.map(read).transpose()
}

fn object(input: Value) -> Result<Map<String, Value>, Problem> {
    match input {
        Value::Object(map) => Ok(map),
        _ => Err(Problem::new(&codes::INVALID, "The input of an action is an object.")),
    }
}
