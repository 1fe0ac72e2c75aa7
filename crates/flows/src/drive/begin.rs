//! Begins a step: fills in its templates, and either says at once what became of it or makes it ready to be
//! launched.

use db::DbError;
use kernel::{ExecutionId, Timestamp, WorkflowId, codes};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

use super::{Ask, Awaiting, Drive, Launch};
use crate::definition::{Approval, Case, Kind, Step, SubWorkflow, Transform, Wait, parse_span};
use crate::execution::{Execution, Parent};
use crate::expression;
use crate::run::{Choice, Event, Failure, MOST_OUTPUT, Outcome, Path, size};
use crate::start::Start;
use crate::step::RunSight;
use crate::store::workflows;

impl Drive {
    pub(super) async fn begin(&mut self, path: Path) -> Result<(), DbError> {
        let definition = self.definition.clone();
        let Some(step) = definition.step(&path) else { return Ok(()) };
        // The next step begins when what ended before it is committed. What is launched is so anyway.
        let is_launched = matches!(step.kind, Kind::Http(_) | Kind::Code(_) | Kind::Connector(_));
        if self.owes_commit && !is_launched {
            self.commit(super::Next::Hold).await?;
        }
        let event = match self.decide(&path, step).await {
            Ok(event) => event,
            Err(Trouble::Db(error)) => return Err(*error),
            Err(Trouble::Failed(failure)) => Event::Done(path, Err(failure)),
        };
        self.owes_commit |= matches!(event, Event::Done(..));
        self.advance(event);
        Ok(())
    }

    async fn decide(&mut self, path: &Path, step: &Step) -> Result<Event, Trouble> {
        if let Some(when) = &step.when
            && !self.is_true(path, when).await?
        {
            return Ok(Event::Skipped(path.clone()));
        }
        let here = path.clone();
        let enter = |choice, input| Ok(Event::Entered(here.clone(), choice, input));
        let done = |output| Ok(Event::Done(here.clone(), Ok(output)));
        match &step.kind {
            Kind::Condition { test, .. } => {
                let is_true = self.is_true(path, test).await?;
                let way = if is_true { "then" } else { "else" };
                enter(Choice::Way(way.to_owned()), json!({ "if": is_true }))
            }
            Kind::Switch(switch) => {
                let value = self.fill(path, &switch.value).await?;
                let mut way = "default".to_owned();
                for (n, Case { when, .. }) in switch.cases.iter().enumerate() {
                    if self.fill(path, when).await? == value {
                        way = format!("case{n}");
                        break;
                    }
                }
                enter(Choice::Way(way), json!({ "value": value }))
            }
            Kind::Parallel(_) => enter(Choice::Branches, Value::Null),
            Kind::ForEach(each) => {
                let items = self.fill(path, &each.items).await?;
                let Value::Array(items) = items else {
                    let message = "The items of a loop are a list, and this is none.";
                    return Err(Failure::new(&codes::STEP_EXPRESSION, message).into());
                };
                let input = json!({ "items": items });
                if size(&input) > MOST_OUTPUT {
                    let message = format!("The items take more than {} KiB.", MOST_OUTPUT >> 10);
                    return Err(Failure::new(&codes::STEP_TOO_LARGE, message).into());
                }
                enter(Choice::Items(Arc::new(items)), input)
            }
            Kind::Transform(Transform::Value(value)) => done(self.fill(path, value).await?),
            Kind::Transform(Transform::Jq(program)) => done(self.program(path, program).await?),
            Kind::Respond(respond) => {
                let template = json!({
                    "status": respond.status, "headers": respond.headers, "body": respond.body,
                });
                let response = self.fill(path, &template).await?;
                let status = response["status"].as_u64().filter(|it| (100..1000).contains(it));
                if status.is_none() {
                    let message = "The status of an answer is a number from 100 to 999.";
                    return Err(Failure::new(&codes::STEP_EXPRESSION, message).into());
                }
                self.respond(response.clone());
                done(response)
            }
            Kind::Wait(wait) => self.wait_for(path, wait).await,
            Kind::Approval(approval) => self.ask(path, step, approval).await,
            Kind::Workflow(sub) => self.start_child(path, sub).await,
            Kind::Http(_) | Kind::Code(_) | Kind::Connector(_) => {
                let (input, launch) = Launch::prepare(self, path, step).await?;
                self.launches.push(launch);
                Ok(Event::Started(path.clone(), input))
            }
        }
    }

    async fn wait_for(&mut self, path: &Path, wait: &Wait) -> Result<Event, Trouble> {
        let now = self.now();
        let wrong = |message: String| Failure::new(&codes::STEP_EXPRESSION, message);
        let (input, until) = match wait {
            Wait::For(span) => {
                let span = parse_span(&self.fill(path, span).await?).map_err(wrong)?;
                let until = now.plus(span);
                (json!({ "until": until }), Some(until))
            }
            Wait::Until(time) => {
                let time = self.fill(path, &Value::from(time.as_str())).await?;
                let until = time.as_str().and_then(Timestamp::parse);
                let until =
                    until.ok_or_else(|| wrong(format!("{time} is no time as RFC 3339 has it.")))?;
                (json!({ "until": until }), Some(until))
            }
            Wait::Event { kind, filter, timeout } => {
                self.pending.waits.push(Awaiting {
                    execution: self.execution.id,
                    path: path.to_string(),
                    follows: kind.clone(),
                    filter: filter.clone(),
                });
                (json!({ "event": kind }), timeout.map(|span| now.plus(span)))
            }
        };
        Ok(Event::Waits(path.clone(), input, until))
    }

    async fn ask(
        &mut self,
        path: &Path,
        step: &Step,
        approval: &Approval,
    ) -> Result<Event, Trouble> {
        let template = json!({ "message": approval.message, "to": approval.to });
        let input = self.fill(path, &template).await?;
        let text = |field: &str| match &input[field] {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        };
        self.pending.asks.push(Ask {
            step: step.name.clone(),
            message: text("message").unwrap_or_default(),
            to: text("to"),
        });
        let until = approval.timeout.map(|span| self.now().plus(span));
        Ok(Event::Waits(path.clone(), input, until))
    }

    /// The run that a step starts is written with the step's own record: it is never started twice.
    async fn start_child(&mut self, path: &Path, sub: &SubWorkflow) -> Result<Event, Trouble> {
        let template = json!({ "workflow_id": sub.workflow_id, "input": sub.input });
        let mut filled = self.fill(path, &template).await?;
        let none =
            || Failure::new(&codes::NOT_FOUND, "There is no such workflow in this workspace.");
        let id = filled["workflow_id"].as_str().and_then(|id| id.parse::<WorkflowId>().ok());
        let id = id.ok_or_else(none)?;
        let workspace = self.workspace.id();
        let mut tx = self.workspace.read().await?;
        let known = workflows::get(&mut tx, workspace, id).await?.ok_or_else(none)?;
        if !known.enabled {
            let message = "The workflow that the step starts is switched off.";
            return Err(Failure::new(&codes::WORKFLOW_DISABLED, message).into());
        }
        let found = self.flows.definition(&mut tx, workspace, id, known.version).await?;
        drop(tx);
        let definition = found.ok_or_else(none)?;
        let waits_at = if sub.wait { path.to_string() } else { String::new() };
        let start = Start {
            workflow: id,
            version: known.version,
            definition: &definition,
            trigger: json!({ "type": "workflow", "execution_id": self.execution.id }),
            input: filled["input"].take(),
            actor: self.execution.actor.clone(),
            depth: self.execution.depth + 1,
            parent: Some(Parent { execution: self.execution.id, path: waits_at }),
        };
        let child = start.prepare(self.now(), self.flows.db().entropy()).map_err(Failure::from)?;
        let child = Execution { trace: self.execution.trace, ..child };
        let shown = json!({ "workflow_id": id, "execution_id": child.id });
        let event = if sub.wait {
            Event::Waits(path.clone(), shown, None)
        } else {
            Event::Done(path.clone(), Ok(shown))
        };
        self.pending.children.push((definition.clone(), child));
        Ok(event)
    }

    async fn is_true(&self, path: &Path, test: &str) -> Result<bool, Failure> {
        let test = Value::String(expression::braced(test));
        Ok(expression::is_true(&self.fill(path, &test).await?))
    }

    /// Fills in a value as it is seen from a step. What takes an interpreter does not hold up other runs.
    pub(super) async fn fill(&self, path: &Path, template: &Value) -> Outcome {
        if !expression::is_template(template) {
            return Ok(template.clone());
        }
        let sight = RunSight { definition: &self.definition, run: &self.run, path };
        if expression::is_quick(template) {
            return expression::render(template, &sight);
        }
        let mut text = String::new();
        expression::texts(template, &mut text);
        let (seen, template) = (sight.context_for(&text), template.clone());
        blocking(move || expression::render(&template, &seen)).await
    }

    async fn program(&self, path: &Path, program: &str) -> Outcome {
        let sight = RunSight { definition: &self.definition, run: &self.run, path };
        let (seen, program) = (sight.context_for(program).0, program.to_owned());
        blocking(move || expression::run(&program, seen)).await
    }

    pub(super) fn execution_id(&self) -> ExecutionId {
        self.execution.id
    }
}

async fn blocking(work: impl FnOnce() -> Outcome + Send + 'static) -> Outcome {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|panic| {
        tracing::error!(%panic, "an expression broke");
        Err(Failure::new(&codes::INTERNAL, "This was our fault and is in the log."))
    })
}

/// Why a step does not begin.
pub(super) enum Trouble {
    /// We cannot tell: it is tried again.
    Db(Box<DbError>),
    /// It has failed.
    Failed(Failure),
}

impl From<DbError> for Trouble {
    fn from(error: DbError) -> Self {
        Self::Db(Box::new(error))
    }
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// How long an attempt at a step may take.
pub(super) fn time_of(step: &Step, usual: Duration, most: Duration) -> Duration {
    step.timeout.unwrap_or(usual).min(most)
}
