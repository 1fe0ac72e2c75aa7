//! Drives a run: loads its state once, does what [`Run::advance`] says, and commits what came of it before it
//! goes on. What is at work is in tasks; what was committed is in the database; there is nothing else.

mod begin;
mod launch;

pub(crate) use launch::run_program;

use db::{DbError, Done, Job, JobError, Workspace};
use kernel::{ExecutionId, Timestamp, codes};
use serde_json::Value;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use tokio::task::{AbortHandle, Id, JoinError, JoinSet};

use crate::Flows;
use crate::definition::Definition;
use crate::execution::{Execution, State};
use crate::listeners::Listener;
use crate::run::{Effect, Event, Failure, Outcome, Path, Run};
use crate::store::commit::{Ask, Commit, Held, Next};
use crate::store::triggers::Awaiting;
use crate::store::{executions, steps};
use launch::Launch;

/// A run whose process ended so often in the middle of it is what ends the process.
const MOST_CRASHES: u32 = 15;

/// A run on its way.
pub(crate) struct Drive {
    flows: Flows,
    workspace: Workspace,
    job: Job,
    execution: Execution,
    definition: Arc<Definition>,
    run: Run,
    /// What is to be done next.
    effects: VecDeque<Effect>,
    /// What begins as soon as it is committed that it does.
    launches: Vec<Launch>,
    tasks: JoinSet<Outcome>,
    at_work: HashMap<Id, Path>,
    aborts: HashMap<Path, AbortHandle>,
    /// What is committed next, besides what has changed in the run.
    pending: Pending,
    told: Listener,
    /// Whether the run itself is another than what is committed.
    is_changed: bool,
    /// Whether a step has ended since the last commit.
    owes_commit: bool,
}

#[derive(Default)]
struct Pending {
    children: Vec<(Arc<Definition>, Execution)>,
    waits: Vec<Awaiting>,
    asks: Vec<Ask>,
    heard: Vec<String>,
}

impl Drive {
    /// Reads a run; `None` when there is nothing to be done about it.
    pub(crate) async fn load(
        flows: &Flows,
        job: Job,
        id: ExecutionId,
    ) -> Result<Option<Self>, DbError> {
        let workspace = flows.db().workspace(job.workspace);
        // Before it is read: what is said after that is heard.
        let told = flows.driving().listen(id);
        let mut tx = workspace.read().await?;
        let found = executions::get(&mut tx, workspace.id(), id).await?;
        let Some(execution) = found.filter(|it| !it.state.is_over() && it.admitted) else {
            return Ok(None);
        };
        let (workflow, version) = (execution.workflow, execution.version);
        let found = flows.definition(&mut tx, workspace.id(), workflow, version).await?;
        let Some(definition) = found else { return Ok(None) };
        let known = steps::of(&mut tx, workspace.id(), id).await?;
        drop(tx);
        let (input, trigger) = (execution.input.clone(), execution.trigger.clone());
        let run = Run::of(input, trigger, execution.about(), known);
        Ok(Some(Self {
            flows: flows.clone(),
            workspace,
            job,
            execution,
            definition,
            run,
            effects: VecDeque::new(),
            launches: Vec::new(),
            tasks: JoinSet::new(),
            at_work: HashMap::new(),
            aborts: HashMap::new(),
            pending: Pending::default(),
            told,
            is_changed: false,
            owes_commit: false,
        }))
    }

    /// Drives it until nothing is left to do but wait.
    pub(crate) async fn run(mut self) -> Result<Done, JobError> {
        match self.drive().await {
            Ok(()) => Ok(Done::Settled),
            // It was called off, or somebody else has it: what is at work here ends with the tasks.
            Err(DbError::LeaseLost) => Ok(Done::Settled),
            Err(error) => Err(error.into()),
        }
    }

    async fn drive(&mut self) -> Result<(), DbError> {
        if self.job.attempts > MOST_CRASHES {
            let message = "The process ended again and again in the middle of this run.";
            self.advance(Event::Expired(Failure::new(&codes::EXECUTION_INTERRUPTED, message)));
        }
        if self.execution.state != State::Running {
            self.execution.state = State::Running;
            self.is_changed = true;
            self.execution.started_at.get_or_insert(self.now());
        }
        self.advance(Event::Resume);
        self.hear().await?;
        loop {
            self.pass_time();
            self.act().await?;
            if self.run.has_ended() {
                return self.commit(Next::Done).await;
            }
            if self.launches.is_empty() && self.tasks.is_empty() {
                self.execution.state = State::Waiting;
                self.is_changed = true;
                let next = self.wake_at().map_or(Next::Done, Next::At);
                return self.commit(next).await;
            }
            // Nothing leaves the house before it is committed that it does.
            if !self.launches.is_empty() || self.owes_commit {
                self.commit(Next::Hold).await?;
            }
            self.launch();
            self.wait().await?;
        }
    }

    /// Takes note of what happened.
    fn advance(&mut self, event: Event) {
        let now = self.now();
        let effects = self.run.advance(&self.definition, event, now);
        self.effects.extend(effects);
    }

    /// Does what is to be done, until only time, tasks and others can tell more.
    async fn act(&mut self) -> Result<(), DbError> {
        while let Some(effect) = self.effects.pop_front() {
            match effect {
                Effect::Begin(path) if self.run.is_wanted(&path) => self.begin(path).await?,
                Effect::Begin(_) => {}
                Effect::Abort(path) => self.abort(&path),
                Effect::End(outcome) => self.end(outcome).await,
            }
        }
        Ok(())
    }

    fn abort(&mut self, path: &Path) {
        self.launches.retain(|launch| launch.path != *path);
        if let Some(abort) = self.aborts.remove(path) {
            abort.abort();
        }
    }

    async fn end(&mut self, outcome: Outcome) {
        let outcome = match (outcome, &self.definition.output) {
            (Ok(_), Some(template)) => {
                let template = template.clone();
                self.fill(&Path::from("output"), &template).await
            }
            (outcome, _) => outcome,
        };
        self.execution.ended_at = Some(self.now());
        match outcome {
            Ok(output) => {
                self.execution.state = State::Succeeded;
                self.execution.output = Some(output);
            }
            Err(failure) => {
                self.execution.state = State::Failed;
                self.execution.error = Some(failure);
            }
        }
    }

    /// Commits what has changed.
    async fn commit(&mut self, next: Next) -> Result<(), DbError> {
        let changed = self.run.take_changed();
        let steps = changed
            .into_iter()
            .filter_map(|path| Some((path.clone(), self.run.record(&path)?.clone())))
            .collect();
        let pending = std::mem::take(&mut self.pending);
        let commit = Commit {
            job: self.job.clone(),
            execution: self.execution.clone(),
            is_changed: std::mem::take(&mut self.is_changed),
            steps,
            children: pending.children,
            waits: pending.waits,
            asks: pending.asks,
            heard: pending.heard,
            next,
        };
        self.owes_commit = false;
        match self.flows.commits().write(commit).await? {
            Held::Yes => Ok(()),
            Held::Lost => Err(DbError::LeaseLost),
        }
    }

    /// Waits for what happens next.
    async fn wait(&mut self) -> Result<(), DbError> {
        let now = self.now();
        let time = self.wake_at().map(|at| at.since(now));
        tokio::select! {
            Some(ended) = self.tasks.join_next_with_id() => {
                self.ended(ended);
                // What has ended meanwhile is committed with it.
                while let Some(ended) = self.tasks.try_join_next_with_id() {
                    self.ended(ended);
                }
            }
            () = self.told.heard() => self.hear().await?,
            () = sleep(time), if time.is_some() => {}
        }
        Ok(())
    }

    fn ended(&mut self, ended: Result<(Id, Outcome), JoinError>) {
        let (id, outcome) = match ended {
            Ok((id, outcome)) => (id, outcome),
            Err(error) if error.is_cancelled() => {
                self.at_work.remove(&error.id());
                return;
            }
            Err(panic) => {
                tracing::error!(%panic, execution = %self.execution.id, "a step broke");
                let message = "This was our fault and is in the log.";
                (panic.id(), Err(Failure::new(&codes::INTERNAL, message)))
            }
        };
        if let Some(path) = self.at_work.remove(&id) {
            self.aborts.remove(&path);
            self.owes_commit = true;
            self.advance(Event::Done(path, outcome));
        }
    }

    /// Takes note of what others have told the run, and of whether it is still ours.
    async fn hear(&mut self) -> Result<(), DbError> {
        let mut tx = self.workspace.read().await?;
        let id = self.execution.id;
        let found = executions::get(&mut tx, self.workspace.id(), id).await?;
        if found.is_none_or(|it| it.state.is_over()) {
            return Err(DbError::LeaseLost);
        }
        let told = executions::signals(&mut tx, self.workspace.id(), id).await?;
        drop(tx);
        for (signal, path, outcome) in told {
            if !self.pending.heard.contains(&signal) {
                self.pending.heard.push(signal);
                self.owes_commit = true;
                self.advance(Event::Told(Path::from(path), outcome));
            }
        }
        Ok(())
    }

    fn pass_time(&mut self) {
        let now = self.now();
        if self.execution.deadline.is_some_and(|deadline| deadline <= now) {
            let message = "The run took longer than its workflow allows.";
            self.advance(Event::Expired(Failure::new(&codes::EXECUTION_TIMED_OUT, message)));
        } else if self.run.wake_at().is_some_and(|at| at <= now) {
            self.owes_commit = true;
            self.advance(Event::Tick);
        }
    }

    fn wake_at(&self) -> Option<Timestamp> {
        [self.run.wake_at(), self.execution.deadline].into_iter().flatten().min()
    }

    fn now(&self) -> Timestamp {
        self.flows.db().clock().now()
    }

    /// What an answer to a waiting caller is to be.
    fn respond(&mut self, response: Value) {
        self.execution.response.get_or_insert(response);
        self.is_changed = true;
    }
}

async fn sleep(time: Option<std::time::Duration>) {
    if let Some(time) = time {
        tokio::time::sleep(time).await;
    }
}
