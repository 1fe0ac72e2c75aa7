//! What takes its time runs in a task of its own: requests, programs, actions.

use futures::future::BoxFuture;
use kernel::codes;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::Drive;
use super::begin::{Trouble, time_of};
use crate::definition::{Code, Kind, Step, spell};
use crate::run::{Failure, Outcome, Path};
use crate::step::http::{self, Filled};
use crate::step::{self, RunSight, code};

/// How long an action takes at most when its step does not say.
const ACTION_TIMEOUT: Duration = Duration::from_secs(60);
/// And when it does.
const MOST_TIME: Duration = Duration::from_secs(3600);

/// Something that is ready to begin.
pub(super) struct Launch {
    pub(super) path: Path,
    timeout: Duration,
    work: Work,
}

/// The work, which begins when it is asked for.
type Work = Box<dyn FnOnce() -> BoxFuture<'static, Outcome> + Send + Sync>;

impl Launch {
    /// Fills in what a step needs; what may be shown of it, and the work.
    pub(super) async fn prepare(
        drive: &Drive,
        path: &Path,
        step: &Step,
    ) -> Result<(Value, Self), Trouble> {
        let (input, timeout, work) = match &step.kind {
            Kind::Http(wanted) => {
                let filled = drive.fill(path, &Filled::template(wanted)).await?;
                let filled = Filled::of(filled);
                let (shown, timeout) = (filled.shown(), time_of(step, http::TIMEOUT, MOST_TIME));
                let key = key_of(drive, path, step).await?;
                let (egress, workspace) = (drive.flows.egress().clone(), drive.workspace.clone());
                let work: Work = Box::new(move || {
                    Box::pin(async move { filled.send(&egress, &workspace, key, timeout).await })
                });
                (shown, timeout, work)
            }
            Kind::Code(wanted) => program(drive, path, step, wanted).await?,
            Kind::Connector(config) => {
                let config = Value::Object(config.clone());
                let Value::Object(config) = drive.fill(path, &config).await? else {
                    return Err(Failure::new(&codes::INVALID, "The config is an object.").into());
                };
                let shown = Value::Object(step::masked(&config));
                let timeout = time_of(step, ACTION_TIMEOUT, MOST_TIME);
                let key = key_of(drive, path, step).await?;
                let call = step::call(config, key, timeout)?;
                let (runner, workspace) = (drive.flows.runner().clone(), drive.workspace.clone());
                let work: Work = Box::new(move || {
                    Box::pin(async move {
                        let ran = runner.run(&workspace, call).await;
                        ran.map(|outcome| outcome.output).map_err(Failure::from)
                    })
                });
                (shown, timeout, work)
            }
            _ => return Err(Failure::new(&codes::INTERNAL, "The step is not launched.").into()),
        };
        Ok((input, Self { path: path.clone(), timeout, work }))
    }

    async fn run(self) -> Outcome {
        // The work keeps its own time where it can say more about it.
        let patience = self.timeout + Duration::from_millis(500);
        tokio::time::timeout(patience, (self.work)()).await.unwrap_or_else(|_| {
            let message = format!("The step did not end within {}.", spell(self.timeout));
            Err(Failure::new(&codes::STEP_TIMED_OUT, message).passing())
        })
    }
}

impl Drive {
    /// Lets begin what was committed to begin.
    pub(super) fn launch(&mut self) {
        for launch in std::mem::take(&mut self.launches) {
            let path = launch.path.clone();
            let work = launch.run();
            let abort = match self.execution.trace.or_else(db::trace::current) {
                Some(trace) => self.tasks.spawn(db::trace::within(trace, work)),
                None => self.tasks.spawn(work),
            };
            self.at_work.insert(abort.id(), path.clone());
            self.aborts.insert(path, abort);
        }
    }
}

type Prepared = (Value, Duration, Work);

async fn program(
    drive: &Drive,
    path: &Path,
    step: &Step,
    wanted: &Code,
) -> Result<Prepared, Failure> {
    let input = match &wanted.input {
        Some(template) => drive.fill(path, template).await?,
        None => (*drive.run.input).clone(),
    };
    let sight = RunSight { definition: &drive.definition, run: &drive.run, path };
    let mut seen = sight.context_for(&wanted.source).0;
    seen["input"] = input.clone();
    let timeout = time_of(step, code::TIMEOUT, code::MOST_TIME);
    let source = wanted.source.clone();
    let work: Work =
        Box::new(move || Box::pin(async move { run_program(source, seen, timeout).await }));
    Ok((json!({ "input": input }), timeout, work))
}

/// Runs a program where it holds nobody up.
pub(crate) async fn run_program(source: String, seen: Value, timeout: Duration) -> Outcome {
    let stop = Stop(Arc::new(AtomicBool::new(false)));
    let flag = stop.0.clone();
    let ran = tokio::task::spawn_blocking(move || code::run(&source, &seen, timeout, flag)).await;
    ran.unwrap_or_else(|panic| {
        tracing::error!(%panic, "a program broke");
        Err(Failure::new(&codes::INTERNAL, "This was our fault and is in the log."))
    })
}

/// Stops a program when nobody waits for it any longer.
struct Stop(Arc<AtomicBool>);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The same for each attempt at the same step of the same run.
async fn key_of(drive: &Drive, path: &Path, step: &Step) -> Result<String, Failure> {
    let Some(template) = &step.idempotency_key else {
        return Ok(format!("{}:{path}", drive.execution_id()));
    };
    match drive.fill(path, &Value::from(template.as_str())).await? {
        Value::String(key) => Ok(key),
        other => Ok(other.to_string()),
    }
}
