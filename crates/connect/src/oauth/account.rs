//! After a token was granted: what later requests need to know, and whose account it is.

use catalog::jq::{self, Limits};
use db::Workspace;
use kernel::{Problem, codes};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

use super::terms::{Terms, Values};
use crate::Connect;
use crate::connection::AccountInfo;

impl Connect {
    /// Asks what the catalog says is to be asked with a new token. What is found is added to the values.
    pub(crate) async fn look_around(
        &self,
        workspace: &Workspace,
        terms: &Terms,
        values: &mut Values,
    ) -> Result<(), Problem> {
        for step in &terms.oauth.discover {
            let heard = self.call(workspace, terms, &step.request, values, true).await?;
            let name = terms.integration.service();
            if !(200..300).contains(&heard.status) {
                let detail = format!(
                    "{name} granted a token and then answered {} when asked about the account.",
                    heard.status
                );
                return Err(Problem::new(&codes::OAUTH_EXCHANGE, detail));
            }
            pick(self, terms, &step.capture, &heard.body, &mut values.connection)?;
            pick(self, terms, &step.secrets, &heard.body, &mut values.token)?;
        }
        Ok(())
    }

    /// Whose account it is. A provider that does not say is no reason to refuse.
    pub(crate) async fn whose(
        &self,
        workspace: &Workspace,
        terms: &Terms,
        values: &Values,
        answer: Value,
    ) -> Result<AccountInfo, Problem> {
        let Some(account) = &terms.oauth.account else { return Ok(AccountInfo::default()) };
        let said = match &account.request {
            // An address that hangs on an absent setting is not asked.
            Some(request) => match self.call(workspace, terms, request, values, true).await {
                Ok(heard) if (200..300).contains(&heard.status) => heard.body,
                Ok(_) => return Ok(AccountInfo::default()),
                // Nor is one that answers no more today.
                Err(problem)
                    if [
                        &codes::FEED_TEMPLATE,
                        &codes::EGRESS_QUOTA_SPENT,
                        &codes::EGRESS_RATE_LIMITED,
                    ]
                    .contains(&problem.code) =>
                {
                    return Ok(AccountInfo::default());
                }
                Err(problem) => return Err(problem),
            },
            None => answer,
        };
        let find = |program: &str| run(self, terms, program, said.clone()).unwrap_or_default();
        let text = |program: &str| match find(program) {
            Value::String(text) if !text.is_empty() => Some(text),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        let more = match account.more.as_deref().map(find) {
            Some(Value::Object(more)) => more,
            _ => Map::new(),
        };
        Ok(AccountInfo {
            id: text(&account.id),
            name: account.name.as_deref().and_then(text),
            more,
        })
    }
}

fn pick(
    connect: &Connect,
    terms: &Terms,
    wanted: &BTreeMap<String, String>,
    body: &Value,
    into: &mut Map<String, Value>,
) -> Result<(), Problem> {
    for (name, program) in wanted {
        let found = run(connect, terms, program, body.clone())?;
        if !found.is_null() {
            into.insert(name.clone(), found);
        }
    }
    Ok(())
}

fn run(connect: &Connect, terms: &Terms, program: &str, input: Value) -> Result<Value, Problem> {
    let compiled = connect.0.cache.program(program);
    let program = compiled.map_err(|error| Problem::new(error.code(), error.to_string()))?;
    let config = Value::Object(terms.config.clone());
    jq::run_with(&program, input, config, Limits::default())
        .map_err(|error| Problem::new(error.code(), error.to_string()))
}
