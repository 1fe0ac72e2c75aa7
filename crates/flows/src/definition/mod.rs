//! What a workflow is: steps in order, what starts them, and on which terms. A definition that was read is
//! sound: every name is known, every expression compiles, everything has its bounds.

mod check;
mod kinds;
mod parse;
mod reader;
mod span;
mod steps;
mod trigger;

use kernel::{FieldError, Problem, codes};
use serde_json::Value;
use std::collections::HashMap;
use std::time::Duration;

pub use span::{parse_span, spell};
pub use steps::{
    Approval, Case, Code, ForEach, Http, Kind, OnError, Respond, Retry, Step, SubWorkflow, Switch,
    Transform, Wait,
};
pub use trigger::{Source, Trigger};

use crate::run::Path;

/// The most steps that a definition may hold, however deep.
pub const MOST_STEPS: usize = 1_000;
/// How deep steps may stand within steps.
pub const DEEPEST: usize = 16;
/// The longest that a definition may be, as JSON.
pub const MOST_BYTES: usize = 512 << 10;

/// A workflow as its author wrote it, read and checked.
#[derive(Clone, Debug)]
pub struct Definition {
    /// Its name, for people.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// JSON Schema of its input.
    pub input: Option<Value>,
    /// What starts it, besides people and programs that ask for it.
    pub triggers: Vec<Trigger>,
    /// What it does, in order.
    pub steps: Vec<Step>,
    /// What it results in; the output of its last step when nothing is said.
    pub output: Option<Value>,
    /// How many runs there may be at a time.
    pub concurrency: Option<Concurrency>,
    /// How long a run may take, waits included.
    pub timeout: Option<Duration>,
    /// How long a run is kept after its end.
    pub keep_days: u32,
    /// The definition itself, as it is stored and answered.
    pub source: Value,
    /// Where each step stands: its path with `[]` for the rounds of a loop.
    places: HashMap<String, String>,
}

/// How many runs there may be at a time.
#[derive(Clone, Debug, PartialEq)]
pub struct Concurrency {
    /// So many.
    pub limit: u32,
    /// Counted for each value of this template apart.
    pub key: Option<String>,
    /// What becomes of one too many.
    pub on_limit: OnLimit,
}

/// What becomes of a run too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnLimit {
    /// It waits for its turn.
    Queue,
    /// It is cancelled at once.
    Skip,
}

impl Definition {
    /// Reads a definition.
    ///
    /// # Errors
    /// `workflow.invalid`, naming each field that is wrong.
    pub fn read(source: &Value) -> Result<Self, Problem> {
        parse::definition(source).map_err(invalid)
    }

    /// The step at a path.
    pub fn step(&self, path: &Path) -> Option<&Step> {
        steps::find(&self.steps, path)
    }

    /// Where the step of that name stands, as far as it can be seen from `path`: in the same round of the
    /// loops that both stand in.
    pub fn place(&self, name: &str, path: &Path) -> Option<Path> {
        let mut pieces = self.places.get(name)?.split("[]");
        let mut place = pieces.next()?.to_owned();
        for piece in pieces {
            let inside = path.as_str().strip_prefix(&place)?.strip_prefix('[')?;
            let (round, _) = inside.split_once(']')?;
            place = format!("{place}[{round}]{piece}");
        }
        Some(Path::from(place))
    }

    /// The names of all steps.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.places.keys().map(String::as_str)
    }
}

fn invalid(errors: Vec<FieldError>) -> Problem {
    let first = errors.first().map(|it| format!("{}: {}", it.pointer, it.message));
    let detail = first.unwrap_or_default();
    Problem { errors, ..Problem::new(&codes::WORKFLOW_INVALID, detail) }
}

#[cfg(test)]
mod tests;
