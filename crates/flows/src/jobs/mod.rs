//! The room's jobs, a file per kind.

pub(crate) mod dispatch;
pub(crate) mod run;
pub(crate) mod tick;

use kernel::{ExecutionId, JobKind, Lane, NewJob, Timestamp, WorkflowId};
use serde_json::json;

/// Drives the run whose id is the key.
pub(crate) const RUN: JobKind = JobKind { name: "workflow.run", lane: Lane::Remote };
/// Handles the events that workflows and waiting runs follow.
pub(crate) const DISPATCH: JobKind = JobKind { name: "workflow.dispatch", lane: Lane::Fast };
/// Starts a workflow at the times of a cron line.
pub(crate) const TICK: JobKind = JobKind { name: "workflow.tick", lane: Lane::Fast };

pub(crate) fn run_of(id: ExecutionId, run_at: Timestamp) -> NewJob {
    NewJob { kind: RUN, key: id.to_string(), run_at, payload: json!({}) }
}

pub(crate) fn tick_of(workflow: WorkflowId, trigger: &str, run_at: Timestamp) -> NewJob {
    let payload = json!({ "workflow_id": workflow, "trigger": trigger });
    NewJob { kind: TICK, key: tick_key(workflow, trigger), run_at, payload }
}

pub(crate) fn tick_key(workflow: WorkflowId, trigger: &str) -> String {
    format!("{workflow} {trigger}")
}
