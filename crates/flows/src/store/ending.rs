//! What follows from the end of a run, in the transaction that ends it.

use db::{Change, DbError, Tx, args};
use kernel::{EventId, ExecutionId, NewJob, WorkspaceId, codes};
use serde_json::{Value, json};

use super::{executions, triggers};
use crate::execution::{Execution, State};
use crate::jobs::{RUN, run_of};
use crate::run::{Failure, Outcome};

/// Writes the end of a run, and hands on what others waited for: the step that started it, the next in its
/// slot, whoever follows events. Runs that it has started for itself end with it.
pub(crate) async fn end(
    tx: &mut Tx,
    workspace: WorkspaceId,
    ended: &Execution,
) -> Result<(), DbError> {
    let mut rest = vec![ended.clone()];
    while let Some(run) = rest.pop() {
        executions::update(tx, workspace, &run).await?;
        triggers::unwait(tx, workspace, run.id, "").await?;
        let signals = "DELETE FROM execution_signals WHERE workspace_id = $1 AND execution_id = $2";
        tx.execute(signals, args![workspace, run.id]).await?;
        hand_on(tx, workspace, &run).await?;
        for child in executions::open_children(tx, workspace, run.id).await? {
            rest.push(called_off(tx, workspace, child).await?);
        }
    }
    Ok(())
}

async fn hand_on(tx: &mut Tx, workspace: WorkspaceId, run: &Execution) -> Result<(), DbError> {
    if let Some(parent) = run.parent.as_ref().filter(|it| !it.path.is_empty()) {
        let id = run.id.to_string();
        executions::signal(tx, workspace, parent.execution, &id, &parent.path, &outcome(run))
            .await?;
        wake(tx, workspace, parent.execution).await?;
    }
    if let Some(slot) = run.slot.as_ref().filter(|_| run.admitted)
        && let Some(next) = executions::admit_next(tx, workspace, slot).await?
    {
        let now = tx.now();
        tx.enqueue(workspace, run_of(next, now)).await?;
    }
    let mut told = run.told();
    let took = run.ended_at.zip(run.started_at).map(|(end, begin)| end.since(begin));
    told["duration_ms"] =
        json!(took.map(|took| u64::try_from(took.as_millis()).unwrap_or(u64::MAX)));
    tx.emit(workspace, "execution.ended", run.id, told).await?;
    tx.changed(Change::noun(crate::NOUN, workspace, run.id));
    Ok(())
}

fn outcome(run: &Execution) -> Outcome {
    match (run.state, run.error.clone()) {
        (State::Succeeded, _) => Ok(run.output.clone().unwrap_or(Value::Null)),
        (_, Some(failure)) => Err(Failure { retryable: false, ..failure }),
        _ => Err(Failure::new(&codes::EXECUTION_CANCELLED, "The run was cancelled.")),
    }
}

/// Calls a run off: its job is taken away, so that whoever holds it can write no more.
pub(crate) async fn called_off(
    tx: &mut Tx,
    workspace: WorkspaceId,
    mut run: Execution,
) -> Result<Execution, DbError> {
    let now = tx.now();
    tx.dequeue(workspace, RUN, &run.id.to_string()).await?;
    let steps = "UPDATE execution_steps SET status = 'cancelled', ended_at = $3, wake_at = NULL \
                 WHERE workspace_id = $1 AND execution_id = $2 AND ended_at IS NULL";
    tx.execute(steps, args![workspace, run.id, now]).await?;
    run.state = State::Cancelled;
    run.ended_at = Some(now);
    run.error = Some(Failure::new(&codes::EXECUTION_CANCELLED, "The run was cancelled."));
    tx.changed(Change::noun(crate::SIGNAL, workspace, run.id));
    Ok(run)
}

/// Lets a run take note of what it was told.
pub(crate) async fn wake(
    tx: &mut Tx,
    workspace: WorkspaceId,
    id: ExecutionId,
) -> Result<(), DbError> {
    let now = tx.now();
    let job: NewJob = run_of(id, now);
    tx.enqueue(workspace, job).await?;
    tx.changed(Change::noun(crate::SIGNAL, workspace, id));
    Ok(())
}

/// An id for something that a run is told.
pub(crate) fn signal_id(tx: &Tx, entropy: &kernel::Entropy) -> String {
    EventId::generate(tx.now(), entropy).to_string()
}
