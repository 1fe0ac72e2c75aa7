//! `{{ … }}`: jq over what a run knows. It sees `input`, `steps`, `trigger`, `item`, `index`, `error` and
//! `execution`, and nothing else: no credential can be reached. Most expressions are a mere path, which is
//! followed without an interpreter.

mod context;
mod parse;
mod program;

use catalog::jq::{self, JqError, Limits, Program};
use kernel::codes;
use serde_json::Value;
use std::sync::LazyLock;
use std::time::Duration;

pub(crate) use context::follow;
pub use context::{Context, Sight};
pub use parse::{Key, Part, parts};

use crate::run::Failure;

/// What every expression may name.
pub const ROOTS: [&str; 7] = ["input", "steps", "trigger", "item", "index", "error", "execution"];

/// An expression may take so long, and give so much.
const LIMITS: Limits =
    Limits { time: Duration::from_secs(2), steps: 3_000_000, memory: 128 << 20, output: 4 << 20 };

/// What can be named where an expression stands.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// The names of all steps.
    pub steps: &'a [&'a str],
    /// What items are called in the loops around.
    pub loops: &'a [String],
}

/// Whether it has anything to fill in.
pub fn is_template(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains("{{"),
        Value::Array(items) => items.iter().any(is_template),
        Value::Object(map) => map.values().any(is_template),
        _ => false,
    }
}

/// The text as a template: where an expression stands alone, its braces may be left out.
pub fn braced(text: &str) -> String {
    if text.contains("{{") { text.to_owned() } else { format!("{{{{ {text} }}}}") }
}

/// Says what is wrong with a text that may hold templates.
///
/// # Errors
/// A sentence.
pub fn check(text: &str, seen: &Seen<'_>) -> Result<(), String> {
    for part in parts(text)? {
        match part {
            Part::Text(_) => {}
            Part::Path(keys) => check_path(&keys, seen)?,
            Part::Jq(source) => check_program(&source, seen)?,
        }
    }
    Ok(())
}

/// Says what is wrong with a program over everything that templates see.
///
/// # Errors
/// A sentence.
pub fn check_program(source: &str, seen: &Seen<'_>) -> Result<(), String> {
    if let Some(name) = program::secret_in(source) {
        return Err(no_secrets(name));
    }
    for name in program::steps_in(source) {
        known_step(&name, seen)?;
    }
    let loops: Vec<&str> = seen.loops.iter().map(String::as_str).collect();
    compile(source, &loops).map(drop).map_err(|error| error.to_string())
}

fn check_path(keys: &[Key], seen: &Seen<'_>) -> Result<(), String> {
    let Some(Key::Name(root)) = keys.first() else { return Ok(()) };
    if ["credentials", "credential", "secrets", "env"].contains(&root.as_str()) {
        return Err(no_secrets(root));
    }
    if !ROOTS.contains(&root.as_str()) && !seen.loops.iter().any(|name| name == root) {
        return Err(format!("there is no {root} here; an expression sees {}", ROOTS.join(", ")));
    }
    match (root.as_str(), keys.get(1)) {
        ("steps", Some(Key::Name(name))) => known_step(name, seen),
        _ => Ok(()),
    }
}

fn known_step(name: &str, seen: &Seen<'_>) -> Result<(), String> {
    if seen.steps.contains(&name) {
        return Ok(());
    }
    Err(format!("there is no step named {name}"))
}

fn no_secrets(name: &str) -> String {
    format!(
        "{name} cannot be reached from a workflow; let a connector step use the credentials of an \
         integration"
    )
}

/// Whether it can be filled in without an interpreter.
pub fn is_quick(value: &Value) -> bool {
    match value {
        Value::String(text) => {
            parts(text).is_ok_and(|parts| parts.iter().all(|part| !matches!(part, Part::Jq(_))))
        }
        Value::Array(items) => items.iter().all(is_quick),
        Value::Object(map) => map.values().all(is_quick),
        _ => true,
    }
}

/// Every expression in it, one after the other, for finding what they mention.
pub fn texts(value: &Value, into: &mut String) {
    match value {
        Value::String(text) if text.contains("{{") => {
            into.push_str(text);
            into.push('\n');
        }
        Value::Array(items) => items.iter().for_each(|item| texts(item, into)),
        Value::Object(map) => map.values().for_each(|value| texts(value, into)),
        _ => {}
    }
}

/// Fills in a value.
///
/// # Errors
/// `step.expression_failed`.
pub fn render(value: &Value, sight: &impl Sight) -> Result<Value, Failure> {
    Ok(match value {
        Value::String(text) => render_text(text, sight)?,
        Value::Array(items) => {
            Value::Array(items.iter().map(|item| render(item, sight)).collect::<Result<_, _>>()?)
        }
        Value::Object(map) => {
            let each = map.iter().map(|(name, value)| Ok((name.clone(), render(value, sight)?)));
            Value::Object(each.collect::<Result<_, Failure>>()?)
        }
        other => other.clone(),
    })
}

/// Fills in a text. One that is a single template keeps the type of its value.
///
/// # Errors
/// `step.expression_failed`.
pub fn render_text(text: &str, sight: &impl Sight) -> Result<Value, Failure> {
    if !text.contains("{{") {
        return Ok(Value::from(text));
    }
    let parts = parts(text).map_err(|error| Failure::new(&codes::STEP_EXPRESSION, error))?;
    if let [part] = parts.as_slice() {
        return evaluate(part, sight);
    }
    let mut filled = String::with_capacity(text.len());
    for part in &parts {
        match evaluate(part, sight)? {
            Value::Null => {}
            Value::String(text) => filled.push_str(&text),
            other => filled.push_str(&other.to_string()),
        }
    }
    Ok(Value::String(filled))
}

fn evaluate(part: &Part, sight: &impl Sight) -> Result<Value, Failure> {
    match part {
        Part::Text(text) => Ok(Value::from(text.as_str())),
        Part::Path(keys) => Ok(sight.look(keys)),
        Part::Jq(source) => run(source, sight.context()),
    }
}

/// Runs a program over a context.
///
/// # Errors
/// `step.expression_failed`.
pub fn run(source: &str, context: Value) -> Result<Value, Failure> {
    let failed = |error: JqError| Failure::new(&codes::STEP_EXPRESSION, error.to_string());
    let names = context.as_object().into_iter().flatten().map(|(name, _)| name.as_str());
    let loops: Vec<&str> = names.filter(|name| !ROOTS.contains(name)).collect();
    let program = compile(source, &loops).map_err(failed)?;
    jq::run(&program, context, LIMITS).map_err(failed)
}

/// A filter: jq over one value, of which only `true` (or what counts as it) lets pass.
///
/// # Errors
/// A sentence that says why it does not compile.
pub fn filter(source: &str) -> Result<Program, String> {
    compiled(source, || source.to_owned()).map_err(|error| error.to_string())
}

/// Whether a filter lets a value pass. What it fails on does not.
pub fn passes(source: &str, value: Value) -> bool {
    let verdict = filter(source).ok().and_then(|it| jq::run(&it, value, LIMITS).ok());
    verdict.as_ref().is_some_and(is_true)
}

/// As jq has it: everything but `false` and `null`.
pub fn is_true(value: &Value) -> bool {
    !matches!(value, Value::Null | Value::Bool(false))
}

/// `loops` are what items are called in the loops around.
fn compile(source: &str, loops: &[&str]) -> Result<Program, JqError> {
    compiled(&format!("{{{{{loops:?}{source}"), || program::over_context(source, loops))
}

/// Compiling takes about a millisecond, and the same few programs run again and again.
static PROGRAMS: LazyLock<moka::sync::Cache<String, Program>> =
    LazyLock::new(|| moka::sync::Cache::new(2_000));

fn compiled(key: &str, source: impl FnOnce() -> String) -> Result<Program, JqError> {
    if let Some(known) = PROGRAMS.get(key) {
        return Ok(known);
    }
    let program = jq::compile(&source())?;
    PROGRAMS.insert(key.to_owned(), program.clone());
    Ok(program)
}

#[cfg(test)]
mod tests;
