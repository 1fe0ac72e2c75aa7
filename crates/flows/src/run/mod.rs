//! The state of a run, and what follows from what happens to it. Pure: no clock, no database, no network.
//!
//! [`Run::advance`] takes one event and answers with effects. All that it decides stands in the records, one
//! for each step that was reached; so a run that is read back from any committed state goes on from there
//! ([`Event::Resume`]), and no step that has ended begins again.

mod advance;
mod again;
mod path;
mod rows;

use kernel::{Code, Problem, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

pub use again::again;
pub use path::{Inside, Path, Sequence};

use crate::definition::Definition;

/// The most steps that a run may reach; each round of a loop counts.
pub const MOST_RECORDS: usize = 10_000;
/// The most bytes that a step may result in.
pub const MOST_OUTPUT: usize = 256 << 10;
/// The most bytes that all steps of a run may result in.
pub const MOST_BYTES: usize = 16 << 20;

/// Why a step, or a run, has failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// The stable code.
    pub code: String,
    /// What happened, as a sentence.
    pub message: String,
    /// The step that it began with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// What the other side said.
    #[serde(default, skip_serializing_if = "nothing")]
    pub detail: Box<Value>,
    /// Whether the same may go well later.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub retryable: bool,
}

impl Failure {
    /// A failure that would be the same again.
    pub fn new(code: &Code, message: impl Into<String>) -> Self {
        let (code, message) = (code.name.to_owned(), message.into());
        Self { code, message, step: None, detail: Box::default(), retryable: false }
    }

    /// One that may pass.
    #[must_use]
    pub fn passing(self) -> Self {
        Self { retryable: true, ..self }
    }

    /// With what the other side said.
    #[must_use]
    pub fn with(self, detail: Value) -> Self {
        Self { detail: Box::new(detail), ..self }
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        let retryable = problem.retry_after.is_some() || problem.code.status >= 500;
        let message = match problem.errors.first() {
            Some(error) => format!("{} {}: {}", problem.detail, error.pointer, error.message),
            None => problem.detail,
        };
        Self { retryable, ..Self::new(problem.code, message) }
    }
}

fn nothing(detail: &Value) -> bool {
    detail.is_null()
}

/// How a step, or a run, went.
pub type Outcome = Result<Value, Failure>;

/// Where a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It is at work, or steps within it are.
    Running,
    /// It waits: for a time, an event, a person, another run, or its next attempt.
    Waiting,
    /// It went well.
    Succeeded,
    /// It did not.
    Failed,
    /// Its condition said no.
    Skipped,
    /// It was called off.
    Cancelled,
}

impl Status {
    const ALL: [(Self, &'static str); 6] = [
        (Self::Running, "running"),
        (Self::Waiting, "waiting"),
        (Self::Succeeded, "succeeded"),
        (Self::Failed, "failed"),
        (Self::Skipped, "skipped"),
        (Self::Cancelled, "cancelled"),
    ];

    /// The name in the table and in the API.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(status, _)| *status == self).map_or("", |(_, name)| name)
    }

    /// Whether it is over.
    pub fn is_over(self) -> bool {
        !matches!(self, Self::Running | Self::Waiting)
    }
}

impl std::str::FromStr for Status {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.iter().find(|(_, name)| *name == text);
        known.map(|(status, _)| *status).ok_or_else(|| format!("no step is {text}"))
    }
}

/// What a step that holds others has chosen.
#[derive(Clone, Debug, PartialEq)]
pub enum Choice {
    /// One way.
    Way(String),
    /// All branches at once.
    Branches,
    /// A round for each item.
    Items(Arc<Vec<Value>>),
    /// The steps that see to its failure.
    Handler,
}

/// What is known of one step of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: &'static str,
    /// Where it stands.
    pub status: Status,
    /// What it has chosen, if it holds others.
    pub choice: Option<Choice>,
    /// How often it was tried.
    pub attempts: u32,
    /// What it was given, as it may be shown.
    pub input: Value,
    /// What it resulted in.
    pub output: Arc<Value>,
    /// Why it failed, or why the last attempt did.
    pub error: Option<Failure>,
    /// When something is to be done about it without anybody asking.
    pub wake_at: Option<Timestamp>,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Its number in the order in which steps were reached.
    pub number: usize,
}

/// A run.
#[derive(Clone, Debug)]
pub struct Run {
    /// What it was given.
    pub input: Arc<Value>,
    /// What started it.
    pub trigger: Arc<Value>,
    /// What can be told of it: its id, its workflow, when it began.
    pub about: Arc<Value>,
    records: HashMap<Path, Record>,
    /// The steps that are not over and hold no others that are at work.
    open: BTreeSet<Path>,
    /// Those whose records have changed since they were last taken.
    changed: BTreeSet<Path>,
    /// How far loops are. Found again when a run resumes.
    rounds: HashMap<Path, Rounds>,
    /// What the outputs take together.
    bytes: usize,
    ended: bool,
}

/// How far a loop is.
#[derive(Clone, Copy, Debug, Default)]
struct Rounds {
    begun: usize,
    over: usize,
}

/// Something that happens to a run.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// It begins, or goes on after it was read back.
    Resume,
    /// A step is about to be tried.
    Started(Path, Value),
    /// The condition of a step said no.
    Skipped(Path),
    /// A step that holds others has chosen.
    Entered(Path, Choice, Value),
    /// A step waits, until then at most.
    Waits(Path, Value, Option<Timestamp>),
    /// An attempt at a step has ended.
    Done(Path, Outcome),
    /// What a waiting step waited for has come.
    Told(Path, Outcome),
    /// Time has passed.
    Tick,
    /// Its time is up.
    Expired(Failure),
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// See to this step: fill in its templates, and say what became of it.
    Begin(Path),
    /// Nobody is interested any longer in what this step is at.
    Abort(Path),
    /// The run is over. A success is what its last step resulted in.
    End(Outcome),
}

impl Run {
    /// A run that has not begun.
    pub fn new(input: Value, trigger: Value, about: Value) -> Self {
        Self::of(input, trigger, about, Vec::new())
    }

    /// A run as it was committed.
    pub fn of(input: Value, trigger: Value, about: Value, known: Vec<(Path, Record)>) -> Self {
        let bytes = known.iter().map(|(_, record)| size(&record.output)).sum();
        Self {
            input: Arc::new(input),
            trigger: Arc::new(trigger),
            about: Arc::new(about),
            records: known.into_iter().collect(),
            open: BTreeSet::new(),
            changed: BTreeSet::new(),
            rounds: HashMap::new(),
            bytes,
            ended: false,
        }
    }

    /// What is known of a step.
    pub fn record(&self, path: &Path) -> Option<&Record> {
        self.records.get(path)
    }

    /// All that is known.
    pub fn records(&self) -> impl Iterator<Item = (&Path, &Record)> {
        self.records.iter()
    }

    /// The steps that are not over and hold no others.
    pub fn open(&self) -> impl Iterator<Item = (&Path, &Record)> {
        self.open.iter().filter_map(|path| Some((path, self.records.get(path)?)))
    }

    /// The records that have changed since this was last asked.
    pub fn take_changed(&mut self) -> Vec<Path> {
        std::mem::take(&mut self.changed).into_iter().collect()
    }

    /// When the next thing is to be done that nobody asks for.
    pub fn wake_at(&self) -> Option<Timestamp> {
        self.open().filter_map(|(_, record)| record.wake_at).min()
    }

    /// Whether it is over.
    pub fn has_ended(&self) -> bool {
        self.ended
    }

    /// Whether a step that was to begin still is: neither it nor what it stands in is over.
    pub fn is_wanted(&self, path: &Path) -> bool {
        let is_over = |path: &Path| self.records.get(path).is_some_and(|it| it.status.is_over());
        let mut here = path.clone();
        loop {
            if self.ended || is_over(&here) {
                return false;
            }
            let (row, _) = here.place();
            let Some((outer, _)) = row.outer() else { return true };
            here = outer.clone();
        }
    }

    /// The round that a step stands in: its item, and the item's number.
    pub fn item(&self, path: &Path) -> Option<(&Value, usize)> {
        self.loops(path).last().map(|(_, item, round)| (item, round))
    }

    /// The loops around a step, from the outermost: the loop, the item and its number.
    pub fn loops<'a>(&'a self, path: &Path) -> impl Iterator<Item = (Path, &'a Value, usize)> {
        let mut row = Sequence::ROOT;
        let legs: Vec<_> = path.legs().collect();
        let mut found = Vec::new();
        for (at, inside) in legs {
            let here = row.at(at);
            let Some(inside) = inside else { break };
            if let (Inside::Round(round), Some(record)) = (&inside, self.records.get(&here))
                && let Some(Choice::Items(items)) = &record.choice
                && let Some(item) = items.get(*round)
            {
                found.push((here.clone(), item, *round));
            }
            row = here.inside(inside);
        }
        found.into_iter()
    }

    /// The failure that the steps around this one are seeing to.
    pub fn error(&self, path: &Path) -> Option<&Failure> {
        let mut path = path.clone();
        loop {
            let (row, _) = path.place();
            let (outer, inside) = row.outer()?.clone();
            if inside == Inside::Way(Path::HANDLER.to_owned()) {
                return self.records.get(&outer)?.error.as_ref();
            }
            path = outer;
        }
    }

    /// What a definition says of the step at a path.
    fn step<'a>(definition: &'a Definition, path: &Path) -> &'a crate::definition::Step {
        // A definition is never changed once it has a version, so a path that it gave leads back.
        definition.step(path).unwrap_or(&definition.steps[0])
    }
}

/// Roughly what a value takes.
pub fn size(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len() + 8,
        Value::Array(items) => 8 + items.iter().map(size).sum::<usize>(),
        Value::Object(map) => 8 + fields(map),
        _ => 8,
    }
}

fn fields(map: &Map<String, Value>) -> usize {
    map.iter().map(|(name, value)| name.len() + 8 + size(value)).sum()
}

#[cfg(test)]
mod tests;
