//! What follows from what happens.

use kernel::{Timestamp, codes};
use serde_json::Value;
use std::sync::Arc;

use super::rows::handler;
use super::{
    Choice, Effect, Event, Failure, Inside, MOST_BYTES, MOST_OUTPUT, MOST_RECORDS, Outcome, Path,
    Record, Rounds, Run, Sequence, Status, size,
};
use crate::definition::{Definition, Kind, OnError, Wait, spell};

impl Run {
    /// Takes note of what happened, and says what is to be done about it.
    pub fn advance(
        &mut self,
        definition: &Definition,
        event: Event,
        now: Timestamp,
    ) -> Vec<Effect> {
        if self.ended {
            return Vec::new();
        }
        let mut turn = Turn { run: self, definition, now, effects: Vec::new() };
        match event {
            Event::Resume => turn.resume(&Sequence::ROOT),
            Event::Started(path, input) => turn.started(&path, input),
            Event::Skipped(path) => turn.skipped(&path),
            Event::Entered(path, choice, input) => turn.entered(&path, choice, input),
            Event::Waits(path, input, until) => turn.waits(&path, input, until),
            Event::Done(path, outcome) => turn.done(&path, outcome),
            Event::Told(path, outcome) => turn.told(&path, outcome),
            Event::Tick => turn.tick(),
            Event::Expired(failure) => turn.end(Err(failure)),
        }
        turn.effects
    }
}

pub(super) struct Turn<'a> {
    pub(super) run: &'a mut Run,
    pub(super) definition: &'a Definition,
    now: Timestamp,
    effects: Vec<Effect>,
}

impl Turn<'_> {
    pub(super) fn begin(&mut self, path: Path) {
        if self.run.records.len() >= MOST_RECORDS && !self.run.records.contains_key(&path) {
            let message =
                format!("A run has {MOST_RECORDS} steps at most, the rounds of loops included.");
            return self.end(Err(Failure::new(&codes::EXECUTION_TOO_LARGE, message)));
        }
        self.effects.push(Effect::Begin(path));
    }

    /// The record of a step, made if it is reached for the first time.
    fn record(&mut self, path: &Path) -> &mut Record {
        self.run.changed.insert(path.clone());
        let number = self.run.records.len();
        let (definition, now) = (self.definition, self.now);
        self.run.records.entry(path.clone()).or_insert_with(|| {
            let step = Run::step(definition, path);
            Record {
                name: step.name.clone(),
                kind: step.kind.name(),
                status: Status::Running,
                choice: None,
                attempts: 0,
                input: Value::Null,
                output: Arc::default(),
                error: None,
                wake_at: None,
                started_at: now,
                ended_at: None,
                number,
            }
        })
    }

    fn started(&mut self, path: &Path, input: Value) {
        // One that was at it when the process ended is at the same attempt still.
        let is_same = self.run.records.get(path).is_some_and(|it| {
            it.status == Status::Running && it.attempts > 0 && it.wake_at.is_none()
        });
        let record = self.record(path);
        record.status = Status::Running;
        record.wake_at = None;
        record.input = input;
        if !is_same {
            record.attempts += 1;
        }
        self.run.open.insert(path.clone());
    }

    fn skipped(&mut self, path: &Path) {
        let now = self.now;
        let record = self.record(path);
        record.status = Status::Skipped;
        record.ended_at = Some(now);
        self.after(path);
    }

    fn waits(&mut self, path: &Path, input: Value, until: Option<Timestamp>) {
        let record = self.record(path);
        record.status = Status::Waiting;
        record.attempts = 1;
        record.input = input;
        record.wake_at = until;
        self.run.open.insert(path.clone());
    }

    fn entered(&mut self, path: &Path, choice: Choice, input: Value) {
        let record = self.record(path);
        record.status = Status::Running;
        record.attempts = 1;
        record.input = input;
        record.choice = Some(choice.clone());
        match choice {
            Choice::Way(way) => self.resume(&path.inside(Inside::Way(way))),
            Choice::Handler => self.resume(&path.inside(handler())),
            Choice::Branches => {
                for row in self.branches(path) {
                    if self.run.ended || self.is_closed(path) {
                        return;
                    }
                    if self.length(&row) > 0 {
                        self.begin(row.at(0));
                    }
                }
                self.branch_ended(path);
            }
            Choice::Items(_) => {
                self.run.rounds.insert(path.clone(), Rounds::default());
                self.next_rounds(path);
            }
        }
    }

    fn done(&mut self, path: &Path, outcome: Outcome) {
        let is_at_it = self.run.open.contains(path)
            || self.run.records.get(path).is_none_or(|it| it.status == Status::Running);
        if !is_at_it {
            return;
        }
        match outcome {
            Ok(output) => self.succeed(path, output),
            Err(failure) => self.attempt_failed(path, failure),
        }
    }

    fn told(&mut self, path: &Path, outcome: Outcome) {
        let waits = self.run.open.contains(path)
            && self.run.records.get(path).is_some_and(|it| it.status == Status::Waiting);
        if waits {
            match outcome {
                Ok(output) => self.succeed(path, output),
                Err(failure) => self.fail(path, failure),
            }
        }
    }

    fn tick(&mut self) {
        let now = self.now;
        let is_due = |record: &Record| record.wake_at.is_some_and(|at| at <= now);
        let due: Vec<Path> =
            self.run.open().filter(|(_, it)| is_due(it)).map(|(path, _)| path.clone()).collect();
        for path in due {
            if self.run.ended || !self.run.open.contains(&path) {
                continue;
            }
            let step = Run::step(self.definition, &path);
            match &step.kind {
                Kind::Wait(Wait::For(_) | Wait::Until(_)) => {
                    self.succeed(&path, Value::Null);
                }
                Kind::Wait(_) | Kind::Approval(_) | Kind::Workflow(_) => {
                    let started = self.run.records.get(&path).map_or(now, |it| it.started_at);
                    let message = format!("Nothing came within {}.", spell(now.since(started)));
                    self.fail(&path, Failure::new(&codes::STEP_TIMED_OUT, message));
                }
                _ => {
                    self.run.open.remove(&path);
                    self.begin(path);
                }
            }
        }
    }

    fn succeed(&mut self, path: &Path, output: Value) {
        let bytes = size(&output);
        if bytes > MOST_OUTPUT {
            let message = format!(
                "The step results in about {} KiB, which is more than the {} KiB that are kept.",
                bytes >> 10,
                MOST_OUTPUT >> 10
            );
            return self.fail(path, Failure::new(&codes::STEP_TOO_LARGE, message));
        }
        self.run.bytes += bytes;
        self.close(path, Status::Succeeded, Arc::new(output), None);
        if self.run.bytes > MOST_BYTES {
            let message = format!("All steps of a run may result in {} MiB.", MOST_BYTES >> 20);
            return self.end(Err(Failure::new(&codes::EXECUTION_TOO_LARGE, message)));
        }
        self.after(path);
    }

    fn attempt_failed(&mut self, path: &Path, failure: Failure) {
        let attempts = self.record(path).attempts;
        let retry = Run::step(self.definition, path).retry.filter(|_| failure.retryable);
        match retry.and_then(|retry| retry.after(attempts)) {
            Some(wait) => {
                let wake_at = self.now.plus(wait);
                let record = self.record(path);
                record.status = Status::Waiting;
                record.error = Some(failure);
                record.wake_at = Some(wake_at);
                self.run.open.insert(path.clone());
            }
            None => self.fail(path, failure),
        }
    }

    /// A step has failed for good.
    pub(super) fn fail(&mut self, path: &Path, mut failure: Failure) {
        self.abort_within(path);
        let step = Run::step(self.definition, path);
        failure.step.get_or_insert_with(|| step.name.clone());
        let is_handling = matches!(
            self.run.records.get(path).and_then(|it| it.choice.as_ref()),
            Some(Choice::Handler)
        );
        match &step.on_error {
            OnError::Handle(_) if !is_handling => {
                self.run.open.remove(path);
                let record = self.record(path);
                record.status = Status::Running;
                record.wake_at = None;
                record.error = Some(failure);
                record.choice = Some(Choice::Handler);
                self.resume(&path.inside(handler()));
            }
            OnError::Continue => {
                self.close(path, Status::Failed, Arc::default(), Some(failure));
                self.after(path);
            }
            _ => {
                self.close(path, Status::Failed, Arc::default(), Some(failure.clone()));
                let (row, _) = path.place();
                self.fail_row(&row, failure);
            }
        }
    }

    pub(super) fn close(
        &mut self,
        path: &Path,
        status: Status,
        output: Arc<Value>,
        error: Option<Failure>,
    ) {
        let now = self.now;
        self.run.open.remove(path);
        let record = self.record(path);
        record.status = status;
        record.output = output;
        record.error = error;
        record.wake_at = None;
        record.ended_at = Some(now);
    }

    /// Calls off what is at work within a step.
    fn abort_within(&mut self, path: &Path) {
        let inner = |it: &&Path| it.is_within(path);
        let within: Vec<Path> = self.run.open.iter().filter(inner).cloned().collect();
        if within.is_empty() {
            return;
        }
        let records = self.run.records.iter();
        let unfinished =
            records.filter(|(it, record)| it.is_within(path) && !record.status.is_over());
        let unfinished: Vec<Path> = unfinished.map(|(it, _)| it.clone()).collect();
        for inner in unfinished {
            self.close(&inner, Status::Cancelled, Arc::default(), None);
        }
        self.effects.extend(within.into_iter().map(Effect::Abort));
        // What was to begin within it does not.
        self.effects.retain(|it| !matches!(it, Effect::Begin(inner) if inner.is_within(path)));
    }

    pub(super) fn end(&mut self, outcome: Outcome) {
        let open: Vec<Path> = self.run.open.iter().cloned().collect();
        self.effects.clear();
        let records = self.run.records.iter();
        let unfinished = records.filter(|(_, record)| !record.status.is_over());
        let unfinished: Vec<Path> = unfinished.map(|(path, _)| path.clone()).collect();
        for path in unfinished {
            self.close(&path, Status::Cancelled, Arc::default(), None);
        }
        self.effects.extend(open.into_iter().map(Effect::Abort));
        self.run.ended = true;
        self.effects.push(Effect::End(outcome));
    }
}
