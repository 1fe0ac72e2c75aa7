//! Starting a run: the row and the job that drives it, in the transaction of what asks for it.

use accounts::gate::Actor;
use db::{DbError, Tx};
use kernel::{Entropy, ExecutionId, Problem, Timestamp, WorkflowId, WorkspaceId, codes};
use serde_json::{Value, json};

use crate::definition::{Definition, OnLimit};
use crate::execution::{Execution, Parent, State};
use crate::expression::{self, Context};
use crate::jobs::run_of;
use crate::run::{Failure, size};
use crate::store::{ending, executions, workflows};

/// The most bytes that a run may be given.
pub(crate) const MOST_INPUT: usize = 512 << 10;
/// How many runs may stand in a row, each started by the one before.
pub(crate) const DEEPEST: u32 = 10;

/// What asks for a run.
pub(crate) struct Start<'a> {
    pub(crate) workflow: WorkflowId,
    pub(crate) version: i64,
    pub(crate) definition: &'a Definition,
    pub(crate) trigger: Value,
    pub(crate) input: Value,
    pub(crate) actor: String,
    pub(crate) depth: u32,
    pub(crate) parent: Option<Parent>,
}

impl Start<'_> {
    /// A run that the house starts by itself.
    pub(crate) fn house() -> String {
        Actor::House.to_string()
    }

    /// The run, not yet written. It is to be made outside of a transaction: the limit's key may need an
    /// interpreter.
    ///
    /// # Errors
    /// When the input does not fit, or runs stand too deep.
    pub(crate) fn prepare(self, now: Timestamp, entropy: &Entropy) -> Result<Execution, Problem> {
        if self.depth > DEEPEST {
            let detail = format!("Runs may start one another {DEEPEST} deep.");
            return Err(Problem::new(&codes::WORKFLOW_TOO_DEEP, detail));
        }
        let input = check_input(self.definition, self.input)?;
        let slot = self.definition.concurrency.as_ref().map(|concurrency| {
            let seen = Context(json!({ "input": input, "trigger": self.trigger }));
            let key = concurrency.key.as_deref().unwrap_or_default();
            let key = expression::render_text(key, &seen)?;
            Ok::<_, Failure>(format!("{}:{key}", self.workflow))
        });
        let slot = slot.transpose().map_err(|failure| {
            let detail = format!("The key of the limit: {}", failure.message);
            Problem::new(&codes::WORKFLOW_INPUT, detail)
        })?;
        Ok(Execution {
            id: ExecutionId::generate(now, entropy),
            workflow: self.workflow,
            version: self.version,
            state: State::Queued,
            slot,
            admitted: true,
            actor: self.actor,
            trigger: self.trigger,
            input,
            output: None,
            error: None,
            response: None,
            parent: self.parent,
            retry_of: None,
            depth: self.depth,
            created_at: now,
            started_at: None,
            ended_at: None,
            deadline: self.definition.timeout.map(|span| now.plus(span)),
            keep_days: self.definition.keep_days,
            trace: db::trace::current(),
        })
    }
}

/// The input with its defaults, if it fits.
fn check_input(definition: &Definition, mut input: Value) -> Result<Value, Problem> {
    if size(&input) > MOST_INPUT {
        let detail = format!("A run is given {} KiB at most.", MOST_INPUT >> 10);
        return Err(Problem::new(&codes::WORKFLOW_INPUT, detail));
    }
    let Some(schema) = &definition.input else { return Ok(input) };
    catalog::schema::apply_defaults(schema, &mut input);
    let errors = catalog::schema::validate(schema, &input)
        .map_err(|error| Problem::of(&codes::WORKFLOW_INVALID, &error))?;
    if errors.is_empty() {
        return Ok(input);
    }
    let mut problem = Problem::new(&codes::WORKFLOW_INPUT, "The input does not fit the workflow.");
    for error in errors {
        problem = problem.field(format!("/input{}", error.pointer), error.message);
    }
    Err(problem)
}

/// Writes a run and asks for the job that drives it, unless it is one too many: then it waits for its turn,
/// or is over at once.
pub(crate) async fn begin(
    tx: &mut Tx,
    workspace: WorkspaceId,
    definition: &Definition,
    mut new: Execution,
) -> Result<Execution, DbError> {
    admit(tx, workspace, definition, &mut new).await?;
    executions::insert(tx, workspace, &new).await?;
    if new.state.is_over() {
        ending::end(tx, workspace, &new).await?;
    } else if new.admitted {
        tx.enqueue(workspace, run_of(new.id, new.created_at)).await?;
    }
    let mut told = new.told();
    told["status"] = json!("queued");
    tx.emit(workspace, "execution.started", new.id, told).await?;
    Ok(new)
}

/// Says whether its turn has come.
pub(crate) async fn admit(
    tx: &mut Tx,
    workspace: WorkspaceId,
    definition: &Definition,
    new: &mut Execution,
) -> Result<(), DbError> {
    let (Some(slot), Some(concurrency)) = (&new.slot, &definition.concurrency) else {
        return Ok(());
    };
    workflows::lock(tx, workspace, new.workflow).await?;
    if executions::admitted(tx, workspace, slot).await? < i64::from(concurrency.limit) {
        return Ok(());
    }
    new.admitted = false;
    if concurrency.on_limit == OnLimit::Skip {
        new.state = State::Cancelled;
        new.ended_at = Some(new.created_at);
        let message = "As many runs as may be are under way, and one more is left out.";
        new.error = Some(Failure::new(&codes::WORKFLOW_AT_LIMIT, message));
    }
    Ok(())
}
