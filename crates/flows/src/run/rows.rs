//! Rows of steps, one after the other: where they go on, what follows the end of one, and what that means for
//! the step that they stand in.

use kernel::codes;
use serde_json::Value;
use std::sync::Arc;

use super::advance::Turn;
use super::{Choice, Failure, Inside, MOST_BYTES, Path, Rounds, Run, Sequence, Status, size};
use crate::definition::Kind;

impl Turn<'_> {
    /// Goes on where a row stands.
    pub(super) fn resume(&mut self, row: &Sequence) {
        let length = self.length(row);
        for at in 0..length {
            let path = row.at(at);
            let Some(record) = self.run.records.get(&path) else {
                return self.begin(path);
            };
            match record.status {
                Status::Succeeded | Status::Skipped => {}
                Status::Failed if Run::step(self.definition, &path).is_forgiving() => {}
                // The failure was committed, but not what follows from it.
                Status::Failed | Status::Cancelled => {
                    let failure = record.error.clone();
                    return self.fail_row(row, failure.unwrap_or_else(interrupted));
                }
                Status::Running | Status::Waiting => return self.resume_step(path),
            }
        }
        self.row_ended(row);
    }

    fn resume_step(&mut self, path: Path) {
        let Some(record) = self.run.records.get(&path) else { return };
        let status = record.status;
        match record.choice.clone() {
            None if status == Status::Waiting => {
                self.run.open.insert(path);
            }
            // It is tried once more, and it is the same attempt.
            None => self.begin(path),
            Some(Choice::Way(way)) => self.resume(&path.inside(Inside::Way(way))),
            Some(Choice::Handler) => self.resume(&path.inside(handler())),
            Some(Choice::Branches) => {
                for row in self.branches(&path) {
                    if !self.is_over(&row) {
                        self.resume(&row);
                    }
                }
                self.branch_ended(&path);
            }
            Some(Choice::Items(items)) => {
                // Rounds begin in order, but the later may be committed to have begun before the earlier.
                let has_begun = |round: &usize| {
                    let first = path.inside(Inside::Round(*round)).at(0);
                    self.run.records.contains_key(&first)
                };
                let begun = (0..items.len()).rev().find(has_begun).map_or(0, |last| last + 1);
                let row = |round| path.inside(Inside::Round(round));
                let at_work: Vec<_> =
                    (0..begun).map(row).filter(|row| !self.is_over(row)).collect();
                let over = begun - at_work.len();
                self.run.rounds.insert(path.clone(), Rounds { begun, over });
                at_work.iter().for_each(|row| self.resume(row));
                self.next_rounds(&path);
            }
        }
    }

    /// A row cannot go on.
    pub(super) fn fail_row(&mut self, row: &Sequence, failure: Failure) {
        match row.outer().cloned() {
            None => self.end(Err(failure)),
            // What sees to a failure has failed itself: that is what the step fails with.
            Some((outer, _)) if self.is_closed(&outer) => {}
            Some((outer, _)) => self.fail(&outer, failure),
        }
    }

    /// What follows a step in its row.
    pub(super) fn after(&mut self, path: &Path) {
        if self.run.ended {
            return;
        }
        let (row, at) = path.place();
        if at + 1 < self.length(&row) {
            self.begin(row.at(at + 1));
        } else {
            self.row_ended(&row);
        }
    }

    fn row_ended(&mut self, row: &Sequence) {
        let output = self.last_output(row);
        let Some((outer, inside)) = row.outer().cloned() else {
            return self.end(Ok((*output).clone()));
        };
        if self.is_closed(&outer) {
            return;
        }
        let choice = self.run.records.get(&outer).and_then(|it| it.choice.clone());
        match (choice, inside) {
            (Some(Choice::Handler), _) => {
                let error = self.run.records.get(&outer).and_then(|it| it.error.clone());
                self.close(&outer, Status::Failed, output, error);
                self.after(&outer);
            }
            (Some(Choice::Branches), _) => self.branch_ended(&outer),
            (Some(Choice::Items(_)), _) => {
                self.run.rounds.entry(outer.clone()).or_default().over += 1;
                self.next_rounds(&outer);
            }
            _ => {
                self.close(&outer, Status::Succeeded, output, None);
                self.after(&outer);
            }
        }
    }

    pub(super) fn branch_ended(&mut self, path: &Path) {
        let rows = self.branches(path);
        if self.is_closed(path) || !rows.iter().all(|row| self.is_over(row)) {
            return;
        }
        let outputs = rows.iter().filter_map(|row| match row.outer() {
            Some((_, Inside::Way(way))) => Some((way.clone(), (*self.last_output(row)).clone())),
            _ => None,
        });
        let output = Value::Object(outputs.collect());
        self.gathered(path, output);
    }

    /// Begins as many rounds of a loop as may be under way, and ends it with the last.
    pub(super) fn next_rounds(&mut self, path: &Path) {
        if self.is_closed(path) || self.run.ended {
            return;
        }
        let Some(Choice::Items(items)) =
            self.run.records.get(path).and_then(|it| it.choice.clone())
        else {
            return;
        };
        let Kind::ForEach(each) = &Run::step(self.definition, path).kind else { return };
        let mut rounds = self.run.rounds.get(path).copied().unwrap_or_default();
        while rounds.begun < items.len() && rounds.begun - rounds.over < each.concurrency {
            let first = path.inside(Inside::Round(rounds.begun)).at(0);
            rounds.begun += 1;
            self.run.rounds.insert(path.clone(), rounds);
            self.begin(first);
            if self.run.ended {
                return;
            }
        }
        if rounds.over == items.len() {
            let rows = (0..items.len()).map(|round| path.inside(Inside::Round(round)));
            let outputs = rows.map(|row| (*self.last_output(&row)).clone()).collect();
            self.gathered(path, Value::Array(outputs));
        }
    }

    fn gathered(&mut self, path: &Path, output: Value) {
        // What is gathered was counted where it came from.
        let bytes = size(&output);
        if bytes > MOST_BYTES / 4 {
            let message = "What the steps within result in is too much to be gathered.";
            return self.fail(path, Failure::new(&codes::STEP_TOO_LARGE, message));
        }
        self.close(path, Status::Succeeded, Arc::new(output), None);
        self.after(path);
    }

    pub(super) fn length(&self, row: &Sequence) -> usize {
        match row.outer() {
            None => self.definition.steps.len(),
            Some((outer, inside)) => {
                Run::step(self.definition, outer).within(inside).map_or(0, <[_]>::len)
            }
        }
    }

    /// Whether each step of a row is over: the last one is.
    fn is_over(&self, row: &Sequence) -> bool {
        let Some(last) = self.length(row).checked_sub(1) else { return true };
        self.run.records.get(&row.at(last)).is_some_and(|it| it.status.is_over())
    }

    pub(super) fn is_closed(&self, path: &Path) -> bool {
        self.run.records.get(path).is_some_and(|it| it.status.is_over())
    }

    fn last_output(&self, row: &Sequence) -> Arc<Value> {
        let last = self.length(row).checked_sub(1).and_then(|at| self.run.records.get(&row.at(at)));
        last.map(|it| it.output.clone()).unwrap_or_default()
    }

    pub(super) fn branches(&self, path: &Path) -> Vec<Sequence> {
        let Kind::Parallel(branches) = &Run::step(self.definition, path).kind else {
            return Vec::new();
        };
        branches.iter().map(|(name, _)| path.inside(Inside::Way(name.clone()))).collect()
    }
}

pub(super) fn handler() -> Inside {
    Inside::Way(Path::HANDLER.to_owned())
}

fn interrupted() -> Failure {
    Failure::new(&codes::EXECUTION_INTERRUPTED, "The step was called off.")
}
