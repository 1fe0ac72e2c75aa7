//! The steps. What is in a template is kept as the author wrote it, and filled in when its time comes.

use serde_json::{Map, Value};
use std::time::Duration;

use crate::run::{Inside, Path};

/// One step.
#[derive(Clone, Debug)]
pub struct Step {
    /// What others call it.
    pub name: String,
    /// What it does.
    pub kind: Kind,
    /// It is left out unless this is true.
    pub when: Option<String>,
    /// How long one attempt may take.
    pub timeout: Option<Duration>,
    /// Whether and when it is tried again.
    pub retry: Option<Retry>,
    /// What follows when it fails for good.
    pub on_error: OnError,
    /// What proves to the other side that an attempt is the same as the one before; made from the run and
    /// the step when nothing is said.
    pub idempotency_key: Option<String>,
    /// Its number in the order of the definition.
    pub order: usize,
}

/// What a step does.
#[derive(Clone, Debug)]
pub enum Kind {
    /// Runs an action of an integration.
    Connector(Map<String, Value>),
    /// Sends a request.
    Http(Http),
    /// Makes a value of values.
    Transform(Transform),
    /// Runs JavaScript.
    Code(Code),
    /// Goes one way or the other.
    Condition {
        /// Decides.
        test: String,
        /// When it is true.
        then: Vec<Step>,
        /// When it is not.
        otherwise: Vec<Step>,
    },
    /// Goes one of several ways.
    Switch(Switch),
    /// Goes several ways at once.
    Parallel(Vec<(String, Vec<Step>)>),
    /// Does the same for each of a list.
    ForEach(ForEach),
    /// Waits.
    Wait(Wait),
    /// Asks a person.
    Approval(Approval),
    /// Runs another workflow.
    Workflow(SubWorkflow),
    /// Answers who waits for the run.
    Respond(Respond),
}

/// A request. All of it may hold templates.
#[derive(Clone, Debug)]
pub struct Http {
    /// GET when nothing is said.
    pub method: String,
    /// Where to.
    pub url: String,
    /// Headers, as they are sent.
    pub headers: Map<String, Value>,
    /// Query parameters, added to those of the URL.
    pub query: Map<String, Value>,
    /// JSON, or a text as it is.
    pub body: Option<Value>,
}

/// A value of values.
#[derive(Clone, Debug)]
pub enum Transform {
    /// By a jq program over everything that templates see.
    Jq(String),
    /// By filling in templates.
    Value(Value),
}

/// JavaScript.
#[derive(Clone, Debug)]
pub struct Code {
    /// The program.
    pub source: String,
    /// What it sees as `input`; the run's input when nothing is said.
    pub input: Option<Value>,
}

/// One of several ways.
#[derive(Clone, Debug)]
pub struct Switch {
    /// What decides.
    pub value: Value,
    /// The first whose value is the same.
    pub cases: Vec<Case>,
    /// When none is.
    pub default: Vec<Step>,
}

/// A way of a switch.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its value.
    pub when: Value,
    /// What is done.
    pub steps: Vec<Step>,
}

/// The same for each of a list.
#[derive(Clone, Debug)]
pub struct ForEach {
    /// The list.
    pub items: Value,
    /// What an item is called, besides `item`.
    pub name: Option<String>,
    /// How many rounds at a time.
    pub concurrency: usize,
    /// What is done in each.
    pub steps: Vec<Step>,
}

/// What is waited for.
#[derive(Clone, Debug)]
pub enum Wait {
    /// A span of time.
    For(Value),
    /// A point in time.
    Until(String),
    /// Something that happens.
    Event {
        /// A kind, or its beginning and a `*`.
        kind: String,
        /// jq over the event; true means that this is the one.
        filter: Option<String>,
        /// For how long at most.
        timeout: Option<Duration>,
    },
}

/// What a person is asked.
#[derive(Clone, Debug)]
pub struct Approval {
    /// What they read.
    pub message: String,
    /// Whom it concerns, for people to see.
    pub to: Option<String>,
    /// For how long at most.
    pub timeout: Option<Duration>,
}

/// Another workflow.
#[derive(Clone, Debug)]
pub struct SubWorkflow {
    /// Which.
    pub workflow_id: String,
    /// Its input.
    pub input: Value,
    /// Whether its end is waited for.
    pub wait: bool,
}

/// What is answered.
#[derive(Clone, Debug)]
pub struct Respond {
    /// The HTTP status.
    pub status: Value,
    /// Headers.
    pub headers: Map<String, Value>,
    /// The body.
    pub body: Value,
}

/// Whether and when a step is tried again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Retry {
    /// Attempts in all.
    pub attempts: u32,
    /// Before the second.
    pub delay: Duration,
    /// Each further delay is so many times as long.
    pub factor: f64,
    /// But no longer than this.
    pub max_delay: Duration,
}

impl Retry {
    /// How long to wait after so many attempts; `None` when that was the last.
    pub fn after(&self, attempts: u32) -> Option<Duration> {
        if attempts >= self.attempts {
            return None;
        }
        let grown = self.factor.powi(i32::try_from(attempts.saturating_sub(1)).unwrap_or(i32::MAX));
        let wait = (self.delay.as_secs_f64() * grown).min(self.max_delay.as_secs_f64());
        Some(Duration::try_from_secs_f64(wait).unwrap_or(self.max_delay))
    }
}

/// What follows when a step fails for good.
#[derive(Clone, Debug)]
pub enum OnError {
    /// What it stands in fails too.
    Fail,
    /// The next step begins all the same.
    Continue,
    /// These steps see to it, and then the next begins.
    Handle(Vec<Step>),
}

impl Kind {
    /// Its name in a definition.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Connector(_) => "connector",
            Self::Http(_) => "http",
            Self::Transform(_) => "transform",
            Self::Code(_) => "code",
            Self::Condition { .. } => "condition",
            Self::Switch(_) => "switch",
            Self::Parallel(_) => "parallel",
            Self::ForEach(_) => "for_each",
            Self::Wait(_) => "wait",
            Self::Approval(_) => "approval",
            Self::Workflow(_) => "workflow",
            Self::Respond(_) => "respond",
        }
    }

    /// The steps on one of its ways.
    pub fn way(&self, name: &str) -> Option<&[Step]> {
        let steps = match (self, name) {
            (Self::Condition { then, .. }, "then") => then,
            (Self::Condition { otherwise, .. }, "else") => otherwise,
            (Self::Switch(switch), "default") => &switch.default,
            (Self::Switch(switch), case) => {
                let at: usize = case.strip_prefix("case")?.parse().ok()?;
                &switch.cases.get(at)?.steps
            }
            (Self::Parallel(branches), name) => {
                &branches.iter().find(|(branch, _)| branch == name)?.1
            }
            _ => return None,
        };
        Some(steps)
    }
}

impl Step {
    /// The steps within this one.
    pub fn within(&self, inside: &Inside) -> Option<&[Step]> {
        match (inside, &self.kind) {
            (Inside::Round(_), Kind::ForEach(each)) => Some(&each.steps),
            (Inside::Way(way), _) if way == Path::HANDLER => match &self.on_error {
                OnError::Handle(steps) => Some(steps),
                _ => None,
            },
            (Inside::Way(way), kind) => kind.way(way),
            _ => None,
        }
    }

    /// Whether the run goes on when this step has failed.
    pub fn is_forgiving(&self) -> bool {
        !matches!(self.on_error, OnError::Fail)
    }
}

pub(super) fn find<'a>(steps: &'a [Step], path: &Path) -> Option<&'a Step> {
    let mut steps = steps;
    let mut legs = path.legs().peekable();
    loop {
        let (at, inside) = legs.next()?;
        let step = steps.get(at)?;
        match inside {
            Some(inside) => steps = step.within(&inside)?,
            None => return Some(step),
        }
    }
}
