//! Running one action.

use accounts::gate::Actor;
use catalog::action::Paging;
use catalog::answer::Unread;
use catalog::{Action, Request};
use connect::{Deed, Integration, Prepared, Whose};
use db::Workspace;
use egress::Response;
use kernel::{FieldError, Problem, codes};
use serde_json::{Map, Value};
use std::sync::Arc;
use std::time::Duration;

use crate::{Actions, Through, input};

/// An action that is to be run.
pub struct Call<'a> {
    /// Through what.
    pub through: Through,
    /// Its name.
    pub action: &'a str,
    /// What it is given.
    pub input: Map<String, Value>,
    /// What makes a repetition harmless, where the provider takes such a key.
    pub idempotency_key: Option<String>,
    /// How long to wait in all.
    pub timeout: Option<Duration>,
    /// Who goes first.
    pub lane: egress::Lane,
    /// What for, for the audit log.
    pub purpose: &'static str,
    /// Who asks, for the audit log.
    pub actor: &'a Actor,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The output.
    pub output: Value,
    /// The status of the provider's answer; the last one's, of several pages.
    pub status: u16,
    /// Where the output is not as the catalog says: the provider has changed, or the catalog is wrong.
    pub drift: Vec<FieldError>,
}

/// Pages are gathered up to so many bytes.
const MOST_GATHERED: usize = 32 << 20;

/// One run under way.
struct Run<'a> {
    call: &'a Call<'a>,
    integration: &'a Arc<Integration>,
    action: &'a Arc<Action>,
    whose: &'a Whose,
    /// What templates see as `{{input.…}}`.
    input: Map<String, Value>,
    /// How many items of a long list are wanted.
    limit: Option<usize>,
}

impl Actions {
    /// Runs an action: checks the input, sends, reads, checks the output.
    ///
    /// # Errors
    /// Those of [`Actions::through`]; `action.unknown`; `action.bad_input`; `action.failed` with what the
    /// provider said and what to do about it; and those of [`connect::Connect::act`].
    pub async fn run(&self, workspace: &Workspace, call: Call<'_>) -> Result<Outcome, Problem> {
        let (integration, whose) = self.through(workspace, &call.through).await?;
        let known = integration.provider_def.actions.get(call.action);
        let action = known.ok_or_else(|| unknown(&integration, call.action))?;
        let input = input::checked(action, call.input.clone())?;
        let limit = input.get("limit").and_then(Value::as_u64);
        let limit = limit.and_then(|limit| usize::try_from(limit).ok());
        let input = match &action.prepare {
            Some(program) => {
                let program = self.connect().program(program)?;
                input::prepared(program, input, integration.config.clone()).await?
            }
            None => input,
        };
        let run =
            Run { call: &call, integration: &integration, action, whose: &whose, input, limit };
        let request = action.request.clone().unwrap_or_default();
        let (output, status) = match &action.paging {
            None => self.asked(workspace, &run, &request).await?,
            Some(paging) => self.gathered(workspace, run, &request, paging).await?,
        };
        let drift = self.drifts().compare(workspace, &integration, action, &output).await?;
        Ok(Outcome { output, status, drift })
    }

    /// One answer, read and transformed.
    async fn asked(
        &self,
        workspace: &Workspace,
        run: &Run<'_>,
        request: &Request,
    ) -> Result<(Value, u16), Problem> {
        let (prepared, response) = self.sent(workspace, run, request).await?;
        let status = response.head.status.as_u16();
        let action = run.action.clone();
        let read = computed(move || {
            let read = prepared.heard(&response);
            let read = read.and_then(|read| prepared.reading.transformed(read));
            read.map_err(|unread| failed(&action, &prepared, unread))
        });
        Ok((read.await?, status))
    }

    /// All pages of a list, up to what is wanted and to what the catalog says.
    async fn gathered(
        &self,
        workspace: &Workspace,
        mut run: Run<'_>,
        request: &Request,
        paging: &Paging,
    ) -> Result<(Value, u16), Problem> {
        let next = paging.next.as_ref().map(|next| self.connect().program(next)).transpose()?;
        let items = self.connect().program(&paging.items)?;
        let limit = run.limit.unwrap_or(usize::MAX);
        let (mut all, mut bytes, mut status) = (Vec::new(), 0, 0);
        run.input.extend(paging.first().map(|first| (paging.parameter.clone(), first)));
        for page in 1..=paging.most {
            let (prepared, response) = self.sent(workspace, &run, request).await?;
            status = response.head.status.as_u16();
            bytes += response.body.len();
            if bytes > MOST_GATHERED {
                let detail = "The pages hold more than 32 MiB together; ask for a part of them.";
                return Err(Problem::new(&codes::FEED_TOO_LARGE, detail));
            }
            let (action, next, items) = (run.action.clone(), next.clone(), items.clone());
            let read = computed(move || {
                let read = prepared.heard(&response).and_then(|read| {
                    let said = next.map(|next| prepared.reading.run(&next, read.clone()));
                    Ok((prepared.reading.run(&items, read)?, said.transpose()?))
                });
                read.map_err(|unread| failed(&action, &prepared, unread))
            });
            let (found, said) = read.await?;
            let before = all.len();
            match found {
                Value::Array(found) => all.extend(found),
                other => all.push(other),
            }
            let next = paging.after(page, all.len() - before, said.unwrap_or_default());
            match next {
                Some(next) if all.len() < limit => {
                    run.input.insert(paging.parameter.clone(), next);
                }
                _ => break,
            }
        }
        all.truncate(limit);
        Ok((Value::Array(all), status))
    }

    async fn sent(
        &self,
        workspace: &Workspace,
        run: &Run<'_>,
        request: &Request,
    ) -> Result<(Prepared, Arc<Response>), Problem> {
        let Call { idempotency_key, timeout, lane, purpose, actor, .. } = run.call;
        let deed = Deed {
            integration: run.integration,
            action: run.action,
            request,
            input: &run.input,
            whose: run.whose,
            idempotency_key: idempotency_key.as_deref(),
            timeout: *timeout,
            lane: *lane,
            purpose,
            actor,
        };
        self.connect().act(workspace, &deed).await
    }
}

/// Computes where that holds nobody up.
pub(crate) async fn computed<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Problem::of(&codes::INTERNAL, &error))?
}

/// What the provider said, and what to do about it.
fn failed(action: &Action, prepared: &Prepared, unread: Unread) -> Problem {
    let code = match &unread {
        Unread::Refused { code, .. } => code.clone(),
        _ => return prepared.problem(unread),
    };
    let said = prepared.problem(unread).detail;
    let advice = code.as_ref().and_then(|code| action.errors.get(code));
    let said = match code {
        Some(code) if !said.contains(&code) => format!("{said} ({code})"),
        _ => said,
    };
    let detail = match advice {
        Some(advice) => format!("{}. {advice}", said.trim_end_matches('.')),
        None => said,
    };
    Problem::new(&codes::ACTION_FAILED, detail)
}

fn unknown(integration: &Integration, action: &str) -> Problem {
    let provider = &integration.provider_def;
    let known: Vec<_> = provider.actions.keys().map(String::as_str).collect();
    let detail = match known.as_slice() {
        [] => format!("{} has no actions.", provider.name),
        known => format!("{} has no action {action:?}, but {}.", provider.name, known.join(", ")),
    };
    Problem::new(&codes::ACTION_UNKNOWN, detail)
}
