//! Steps that are JavaScript. The engine has the language and nothing else: no files, no network, no modules,
//! no timers. Time, memory, stack and output are bounded, and a program that is called off stops.

use kernel::codes;
use rquickjs::{CatchResultExt as _, CaughtError, Context, Ctx, Function, Runtime, Value as Js};
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::run::{Failure, MOST_OUTPUT, Outcome};

/// The longest program, in bytes.
pub const LONGEST: usize = 64 << 10;
/// How long a program takes at most when its step does not say.
pub const TIMEOUT: Duration = Duration::from_secs(5);
/// And when it does.
pub const MOST_TIME: Duration = Duration::from_secs(60);

const MEMORY: usize = 32 << 20;
const STACK: usize = 512 << 10;
/// What a value that is thrown may say.
const MOST_MESSAGE: usize = 1_000;

/// Runs a program. `seen` is an object whose fields become global names. It blocks: run it where that does
/// no harm.
///
/// # Errors
/// `step.code_failed`, `step.timed_out`, or `step.too_large`.
pub fn run(source: &str, seen: &Value, timeout: Duration, stop: Arc<AtomicBool>) -> Outcome {
    let broken = |error: rquickjs::Error| {
        Failure::new(&codes::STEP_CODE, format!("The engine did not start: {error}."))
    };
    let runtime = Runtime::new().map_err(broken)?;
    runtime.set_memory_limit(MEMORY);
    runtime.set_max_stack_size(STACK);
    let begun = Instant::now();
    let is_late = Arc::new(AtomicBool::new(false));
    let late = is_late.clone();
    runtime.set_interrupt_handler(Some(Box::new(move || {
        let over = begun.elapsed() > timeout;
        late.fetch_or(over, Ordering::Relaxed);
        over || stop.load(Ordering::Relaxed)
    })));
    let context = Context::full(&runtime).map_err(broken)?;
    let written = context.with(|ctx| match evaluate(&ctx, source, seen) {
        Ok(text) => Ok(text),
        Err(error) => Err(say(error)),
    });
    if is_late.load(Ordering::Relaxed) {
        let message =
            format!("The program did not end within {}.", crate::definition::spell(timeout));
        return Err(Failure::new(&codes::STEP_TIMED_OUT, message));
    }
    let written = written.map_err(|said| Failure::new(&codes::STEP_CODE, said))?;
    if written.len() > MOST_OUTPUT {
        let message = format!("The program gives {} bytes; {MOST_OUTPUT} are kept.", written.len());
        return Err(Failure::new(&codes::STEP_TOO_LARGE, message));
    }
    Ok(serde_json::from_str(&written).unwrap_or_default())
}

/// What the program gives, as JSON text.
fn evaluate<'js>(ctx: &Ctx<'js>, source: &str, seen: &Value) -> Result<String, CaughtError<'js>> {
    let globals = ctx.globals();
    let mut input = Js::new_null(ctx.clone());
    for (name, value) in seen.as_object().into_iter().flatten() {
        let value: Js<'js> = ctx.json_parse(value.to_string()).catch(ctx)?;
        if name == "input" {
            input = value.clone();
        }
        globals.set(name.as_str(), value).catch(ctx)?;
    }
    let (source, is_function) = scripted(source);
    let mut given: Js<'js> = ctx.eval(source).catch(ctx)?;
    if is_function {
        let function: Function<'js> = globals.get(EXPORT).catch(ctx)?;
        given = function.call((input,)).catch(ctx)?;
    }
    if let Some(promise) = given.as_promise() {
        given = promise.finish().catch(ctx)?;
    }
    let written = ctx.json_stringify(given).catch(ctx)?;
    written.map_or(Ok("null".to_owned()), |text| text.to_string().catch(ctx))
}

const EXPORT: &str = "__patchbay_default";

/// The program as a script: there are no modules, but `export default` is how people write functions.
fn scripted(source: &str) -> (String, bool) {
    let begins = source.match_indices("export default").map(|(at, _)| at).find(|at| {
        let line = source[..*at].rsplit('\n').next().unwrap_or_default();
        line.trim().is_empty() || line.trim_end().ends_with(';')
    });
    match begins {
        Some(at) => {
            let (before, after) = (&source[..at], &source[at + "export default".len()..]);
            (format!("{before}globalThis.{EXPORT} = {after}"), true)
        }
        None => (source.to_owned(), false),
    }
}

fn say(error: CaughtError<'_>) -> String {
    let said = match &error {
        CaughtError::Exception(thrown) => {
            let message = thrown.message().unwrap_or_default();
            let at = thrown.stack().unwrap_or_default();
            let at = at.lines().next().map(|line| line.trim().to_owned()).unwrap_or_default();
            if at.is_empty() { message } else { format!("{message} ({at})") }
        }
        CaughtError::Value(value) => format!("It threw {value:?}"),
        CaughtError::Error(error) => error.to_string(),
    };
    let said: String = said.chars().take(MOST_MESSAGE).collect();
    if said.is_empty() {
        "The program failed.".to_owned()
    } else {
        format!("The program failed: {said}.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(source: &str) -> Outcome {
        let seen = json!({ "input": { "n": 2, "list": [3, 1, 2] }, "steps": {} });
        run(source, &seen, Duration::from_millis(500), Arc::default())
    }

    #[test]
    fn the_last_expression_or_the_default_function_is_the_result() {
        for (source, result) in [
            ("1 + input.n", json!(3)),
            ("const x = input.list.sort(); ({ x })", json!({ "x": [1, 2, 3] })),
            ("export default function (input) { return input.n * 2 }", json!(4)),
            ("const f = 2;\nexport default (input) => ({ n: input.n + f })", json!({ "n": 4 })),
            ("undefined", json!(null)),
            (
                "export default async function (input) { return await Promise.resolve(input.n) }",
                json!(2),
            ),
        ] {
            assert_eq!(check(source), Ok(result), "{source}");
        }
    }

    #[test]
    fn it_reaches_nothing_and_ends() {
        for (source, code) in [
            ("while (true) {}", "step.timed_out"),
            ("const f = () => f(); f()", "step.code_failed"),
            ("let a = []; while (true) a.push(new Array(100000).fill(1))", "step.code_failed"),
            ("'x'.repeat(1e6)", "step.too_large"),
            ("fetch('http://a.example')", "step.code_failed"),
            ("require('fs')", "step.code_failed"),
            ("import('fs')", "step.code_failed"),
            ("std.open('/etc/passwd')", "step.code_failed"),
            ("throw new Error('no')", "step.code_failed"),
            ("throw 'no'", "step.code_failed"),
            ("const a = {}; a.a = a; a", "step.code_failed"),
            ("new Promise(() => {})", "step.code_failed"),
            ("][", "step.code_failed"),
        ] {
            let failure = check(source).unwrap_err();
            assert_eq!(failure.code, code, "{source}: {}", failure.message);
        }
    }
}
