//! jq programs over JSON, with limits that hold whatever the program does.
//!
//! The interpreter is `jaq`. A filter there is a lazy iterator, and one step of it may loop for ever, so the
//! limits cannot be checked between the outputs. They are checked inside instead: the interpreter looks up
//! its program through [`Metered`] at every term it evaluates, and computes with our own [`value::Value`],
//! whose operations count as well. What exceeds a limit unwinds through the program (which cannot catch it)
//! to the thread that runs it. That thread has a stack of its own, whose depth is checked in the same place.
//!
//! A program sees its input and `$config`. It cannot see the environment, the clock, files or further
//! inputs, and cannot write anywhere.

mod access;
mod arithmetic;
mod gather;
mod json;
mod meter;
mod natives;
mod order;
mod value;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use jaq_core::load::{Arena, File, Loader};
use jaq_core::{Compiler, Ctx, DataT, Filter, Lut, Vars, data::HasLut};
use kernel::{Code, codes};
use serde_json::Value as Json;

pub(crate) use gather::gatherable;
pub use gather::{Gather, Gathered};
use meter::Stop;
use value::Value;

/// Longer programs are refused; the parser recurses, at most once a byte.
const MAX_PROGRAM: usize = 32 << 10;
/// Address space for the stack of a run. Only what is used becomes memory. It is sized so that what the
/// steps allowed can chain up (closures, paths) is also dropped within it.
const STACK: usize = 1 << 30;
/// More steps than these are not to be had, whatever the limits say.
const MAX_STEPS: u64 = 5_000_000;
/// How long to wait for a run beyond its time, in case one operation on a large value takes that long.
const GRACE: Duration = Duration::from_secs(2);

/// What a run keeps to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Time on the clock.
    pub time: Duration,
    /// Terms evaluated and values touched; five million at most.
    pub steps: u64,
    /// Bytes of values alive at once.
    pub memory: usize,
    /// Bytes of the result, roughly as it is written.
    pub output: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { time: Duration::from_secs(2), steps: 3_000_000, memory: 256 << 20, output: 16 << 20 }
    }
}

/// Why a program gave no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JqError {
    /// It is not a program.
    #[error("the jq program cannot be read: {0}")]
    Syntax(String),
    /// It failed on this input.
    #[error("the jq program failed: {0}")]
    Failed(String),
    /// It has no output.
    #[error("the jq program gives nothing for this input; it must give one value")]
    Nothing,
    /// It has several outputs.
    #[error("the jq program gives more than one value; wrap it in [ ] to get them as a list")]
    Several,
    /// It ran for too long.
    #[error("the jq program takes too long")]
    Time,
    /// It holds too much at once.
    #[error("the jq program needs too much memory")]
    Memory,
    /// It recurses, or nests values, too deeply.
    #[error("the jq program recurses or nests too deeply")]
    Depth,
    /// Its result is too large.
    #[error("the result of the jq program is too large")]
    Output,
    /// The interpreter broke, or no thread could be had.
    #[error("the jq program could not be run: {0}")]
    Broken(String),
}

impl JqError {
    /// The stable code.
    pub fn code(&self) -> &'static Code {
        match self {
            Self::Syntax(_) => &codes::BAD_TRANSFORM,
            Self::Output => &codes::FEED_TOO_LARGE,
            Self::Broken(_) => &codes::INTERNAL,
            _ => &codes::FEED_TRANSFORM,
        }
    }
}

/// A program that compiles. Cheap to clone, and to be kept: compiling takes about a millisecond.
#[derive(Clone)]
pub struct Program(Arc<Filter<Language>>);

impl std::fmt::Debug for Program {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Program")
    }
}

/// Reads a program.
pub fn compile(program: &str) -> Result<Program, JqError> {
    if program.len() > MAX_PROGRAM {
        return Err(JqError::Syntax(format!("it is longer than {MAX_PROGRAM} bytes")));
    }
    let program = program.to_owned();
    on_own_stack(Limits::default(), move || parse(&program))
}

/// Runs a program on an input. It must give exactly one value.
pub fn run(program: &Program, input: Json, limits: Limits) -> Result<Json, JqError> {
    run_with(program, input, Json::Object(serde_json::Map::new()), limits)
}

/// Runs a program with a `$config` of its own.
pub fn run_with(
    program: &Program,
    input: Json,
    config: Json,
    limits: Limits,
) -> Result<Json, JqError> {
    let filter = Arc::clone(&program.0);
    on_own_stack(limits, move || {
        let config = Value::from_json(config);
        let ctx = Ctx::<Language>::new(Metered(&filter.lut), Vars::new([config]));
        let mut outputs = filter.id.run((ctx, Value::from_json(input)));
        let first = outputs.next().ok_or(JqError::Nothing)?.map_err(failed)?;
        match outputs.next() {
            None => first.into_json(limits.output),
            Some(Ok(_)) => Err(JqError::Several),
            Some(Err(error)) => Err(failed(error)),
        }
    })
}

fn failed(exception: jaq_core::Exn<'_, Value>) -> JqError {
    let text = match exception.get_err() {
        Ok(error) => match error.into_val() {
            Value::Str(text) => text.to_string(),
            other => other.to_string(),
        },
        Err(_) => "it breaks out of itself".to_owned(),
    };
    JqError::Failed(text.chars().take(500).collect())
}

fn parse(code: &str) -> Result<Program, JqError> {
    let arena = Arena::default();
    let modules = Loader::new(natives::definitions())
        .load(&arena, File { code, path: () })
        .map_err(|errors| JqError::Syntax(load_message(code, errors)))?;
    let filter = Compiler::default()
        .with_global_vars(["$config"])
        .with_funs(natives::functions())
        .compile(modules)
        .map_err(|errors| JqError::Syntax(undefined(&errors)))?;
    Ok(Program(Arc::new(filter)))
}

fn load_message(code: &str, errors: jaq_core::load::Errors<&str, ()>) -> String {
    use jaq_core::load::Error;
    let place = |part: &str| {
        let at = (part.as_ptr() as usize).checked_sub(code.as_ptr() as usize);
        match at.and_then(|at| code.get(..at)) {
            Some(before) if !part.is_empty() => {
                let found: String = part.chars().take(20).collect();
                format!(" at character {}, before `{found}`", before.chars().count() + 1)
            }
            _ => " at the end".to_owned(),
        }
    };
    let first = errors.into_iter().next().map(|(_, error)| match error {
        Error::Io(_) => "modules cannot be imported here".to_owned(),
        Error::Lex(errors) => errors.first().map_or_else(String::new, |(expected, found)| {
            format!("expected {}{}", expected.as_str(), place(found))
        }),
        Error::Parse(errors) => errors.first().map_or_else(String::new, |(expected, found)| {
            format!("expected {}{}", expected.as_str(), place(found))
        }),
    });
    first.unwrap_or_default()
}

fn undefined(errors: &jaq_core::compile::Errors<&str, ()>) -> String {
    let first = errors.iter().flat_map(|(_, errors)| errors).next();
    first.map_or_else(String::new, |(name, kind)| format!("there is no {} `{name}`", kind.as_str()))
}

/// Runs something under the meter, on a thread with a large stack. A stop of the meter arrives here as an
/// unwinding, past anything the program could do about it.
fn on_own_stack<T: Send + 'static>(
    limits: Limits,
    work: impl FnOnce() -> Result<T, JqError> + Send + 'static,
) -> Result<T, JqError> {
    let (sender, receiver) = channel();
    let measured = move || {
        meter::start(Limits { steps: limits.steps.min(MAX_STEPS), ..limits });
        let outcome = catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload| {
            Err(match payload.downcast_ref::<Stop>() {
                Some(Stop::Time) => JqError::Time,
                Some(Stop::Memory) => JqError::Memory,
                Some(Stop::Depth) => JqError::Depth,
                None => JqError::Broken("the interpreter gave up".to_owned()),
            })
        });
        // The receiver is gone only when it no longer waits.
        let _ = sender.send(outcome);
    };
    thread::Builder::new()
        .name("jq".to_owned())
        .stack_size(STACK)
        .spawn(measured)
        .map_err(|error| JqError::Broken(error.to_string()))?;
    receiver.recv_timeout(limits.time.saturating_add(GRACE)).unwrap_or_else(|error| match error {
        RecvTimeoutError::Timeout => Err(JqError::Time),
        RecvTimeoutError::Disconnected => Err(JqError::Broken("the thread ended".to_owned())),
    })
}

/// Binds the interpreter to our values and our meter.
struct Language;

impl DataT for Language {
    type V<'a> = Value;
    type Data<'a> = Metered<'a>;
}

/// The way to the program, which counts how often it is taken.
#[derive(Clone)]
struct Metered<'a>(&'a Lut<Language>);

impl<'a> HasLut<'a, Language> for Metered<'a> {
    fn lut(&self) -> &'a Lut<Language> {
        meter::tick();
        self.0
    }
}

#[cfg(test)]
mod tests;
