//! A cron line's time has come. Times that were missed while nothing ran are made up for by one run.

use db::{Done, Handler, Job, JobError};
use kernel::{JobKind, WorkflowId};
use serde_json::{Value, json};
use std::pin::Pin;

use super::TICK;
use crate::Flows;
use crate::definition::{Definition, Source, Trigger};
use crate::dispatch::input_of;
use crate::start::{self, Start};
use crate::store::{triggers, workflows};

pub(crate) struct TickJob(pub(crate) Flows);

impl Handler for TickJob {
    fn kind(&self) -> JobKind {
        TICK
    }

    fn run(&self, job: Job) -> Pin<Box<dyn Future<Output = Result<Done, JobError>> + Send + '_>> {
        Box::pin(self.tick(job))
    }
}

impl TickJob {
    async fn tick(&self, job: Job) -> Result<Done, JobError> {
        let flows = &self.0;
        let workspace = flows.db().workspace(job.workspace);
        let id = job.payload["workflow_id"].as_str().and_then(|id| id.parse::<WorkflowId>().ok());
        let key = job.payload["trigger"].as_str().unwrap_or_default().to_owned();
        let Some(id) = id else { return Ok(Done::Remove) };
        let mut tx = workspace.read().await?;
        let known = workflows::get(&mut tx, workspace.id(), id).await?;
        let due = triggers::next_at(&mut tx, workspace.id(), id, &key).await?;
        let (Some(known), Some(due)) = (known, due) else { return Ok(Done::Remove) };
        let definition = flows.definition(&mut tx, workspace.id(), id, known.version).await?;
        drop(tx);
        let Some(definition) = definition else { return Ok(Done::Remove) };
        let Some((trigger, schedule)) = cron(&definition, &key) else { return Ok(Done::Remove) };

        let now = flows.db().clock().now();
        let told = json!({ "type": "cron", "scheduled_at": due, "time": now });
        let new = if now >= due {
            let input = input_of(trigger, json!({}), &told);
            let start = Start {
                workflow: id,
                version: known.version,
                definition: &definition,
                trigger: told,
                input: input.unwrap_or(Value::Null),
                actor: Start::house(),
                depth: 0,
                parent: None,
            };
            match start.prepare(now, flows.db().entropy()) {
                Ok(new) => Some(new),
                Err(problem) => {
                    tracing::warn!(%problem, workflow = %id, "a cron line starts no run");
                    None
                }
            }
        } else {
            None
        };
        // From the time that it is, not from the time that it was due: what was missed is missed once.
        let next = if now >= due { schedule.next(now) } else { Some(due) };
        let mut tx = workspace.write().await?;
        if let Some(new) = new {
            start::begin(&mut tx, workspace.id(), &definition, new).await?;
        }
        triggers::set_next(&mut tx, workspace.id(), id, &key, next).await?;
        match next {
            Some(at) => job.run_again(&mut tx, at).await?,
            None => job.finish(&mut tx).await?,
        }
        tx.commit().await?;
        Ok(Done::Settled)
    }
}

fn cron<'a>(
    definition: &'a Definition,
    key: &str,
) -> Option<(&'a Trigger, &'a crate::schedule::Schedule)> {
    let trigger = definition.triggers.iter().find(|it| it.key() == key)?;
    match &trigger.source {
        Source::Cron { schedule, .. } => Some((trigger, schedule)),
        _ => None,
    }
}
