//! One durable run of a workflow.

use kernel::{ExecutionId, Timestamp, Trace, WorkflowId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::run::Failure;

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ExecutionState)]
pub enum State {
    /// It has not begun.
    Queued,
    /// A step is at work.
    Running,
    /// Every step that is not over waits.
    Waiting,
    /// It went well.
    Succeeded,
    /// It did not.
    Failed,
    /// It was called off.
    Cancelled,
}

impl State {
    const ALL: [(Self, &'static str); 6] = [
        (Self::Queued, "queued"),
        (Self::Running, "running"),
        (Self::Waiting, "waiting"),
        (Self::Succeeded, "succeeded"),
        (Self::Failed, "failed"),
        (Self::Cancelled, "cancelled"),
    ];

    /// The name in the table and in the API.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(state, _)| *state == self).map_or("", |(_, name)| name)
    }

    /// Whether it is over.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled)
    }
}

impl std::str::FromStr for State {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.iter().find(|(_, name)| *name == text);
        known.map(|(state, _)| *state).ok_or_else(|| format!("there is no state named {text}"))
    }
}

/// A run as it is stored, without its steps.
#[derive(Clone, Debug)]
pub(crate) struct Execution {
    pub(crate) id: ExecutionId,
    pub(crate) workflow: WorkflowId,
    pub(crate) version: i64,
    pub(crate) state: State,
    pub(crate) slot: Option<String>,
    pub(crate) admitted: bool,
    pub(crate) actor: String,
    pub(crate) trigger: Value,
    pub(crate) input: Value,
    pub(crate) output: Option<Value>,
    pub(crate) error: Option<Failure>,
    pub(crate) response: Option<Value>,
    pub(crate) parent: Option<Parent>,
    pub(crate) retry_of: Option<ExecutionId>,
    pub(crate) depth: u32,
    pub(crate) created_at: Timestamp,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) ended_at: Option<Timestamp>,
    pub(crate) deadline: Option<Timestamp>,
    pub(crate) keep_days: u32,
    pub(crate) trace: Option<Trace>,
}

/// The step that started a run.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Parent {
    pub(crate) execution: ExecutionId,
    /// The step that waits for its end; empty when none does.
    pub(crate) path: String,
}

impl Execution {
    /// What expressions see as `execution`.
    pub(crate) fn about(&self) -> Value {
        json!({
            "id": self.id, "workflow_id": self.workflow, "version": self.version,
            "created_at": self.created_at,
        })
    }

    /// What events tell of it. Never what it was given or resulted in.
    pub(crate) fn told(&self) -> Value {
        json!({
            "workflow_id": self.workflow, "version": self.version, "status": self.state,
            "trigger": self.trigger["type"], "error": self.error.as_ref().map(|it| json!({
                "code": it.code, "message": it.message, "step": it.step,
            })),
            "depth": self.depth,
        })
    }
}
