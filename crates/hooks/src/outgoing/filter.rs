//! Which events an endpoint wants: patterns of types, and a jq program over what is left.

use catalog::jq::{self, JqError, Limits, Program};
use kernel::Event;
use papaya::HashMap;
use serde_json::{Value, json};
use std::time::Duration;

/// Programs that are kept; beyond, all are forgotten and compiled anew.
const MOST: usize = 1_000;
const LIMITS: Limits =
    Limits { time: Duration::from_secs(2), steps: 3_000_000, memory: 256 << 20, output: 1 << 20 };

/// Compiled programs, by their text.
#[derive(Default)]
pub(crate) struct Filters(HashMap<String, Program>);

/// What a filter says of one event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    Yes,
    No,
    /// It failed; such an event is not told, and the webhook shows why.
    Failed(String),
}

/// Reads a filter.
///
/// # Errors
/// Where it cannot be read.
pub(crate) fn check(filter: &str) -> Result<(), JqError> {
    jq::compile(filter)?;
    jq::compile(&over_all(filter)).map(drop)
}

/// An event as a filter sees it.
pub(crate) fn input(event: &Event) -> Value {
    json!({
        "id": event.id, "type": event.kind, "subject": event.subject, "timestamp": event.at,
        "data": event.data,
    })
}

impl Filters {
    /// What a filter says of each event. It blocks: run it beside the runtime.
    pub(crate) fn ask(&self, filter: &str, events: Vec<Value>) -> Vec<Said> {
        let program = match self.program(filter) {
            Ok(program) => program,
            Err(error) => return vec![Said::Failed(error.to_string()); events.len()],
        };
        let count = events.len();
        match jq::run(&program, Value::Array(events.clone()), LIMITS) {
            Ok(Value::Array(said)) if said.len() == count => said.into_iter().map(read).collect(),
            // One of them may be too much for it: each gets limits of its own.
            Err(_) if count > 1 => {
                events.into_iter().flat_map(|event| self.ask(filter, vec![event])).collect()
            }
            Err(error) => vec![Said::Failed(error.to_string())],
            Ok(_) => vec![Said::Failed("it gave no answer".to_owned()); count],
        }
    }

    fn program(&self, filter: &str) -> Result<Program, JqError> {
        let known = self.0.pin();
        if let Some(program) = known.get(filter) {
            return Ok(program.clone());
        }
        let program = jq::compile(&over_all(filter))?;
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(filter.to_owned(), program.clone());
        Ok(program)
    }
}

/// The filter over a list of events. It wants an event when any of its outputs is neither false nor null,
/// so that `select(…)` and a condition both serve. The line ends a comment.
fn over_all(filter: &str) -> String {
    format!("map(try any(({filter}\n); .) catch {{failed: tostring}})")
}

fn read(said: Value) -> Said {
    match said {
        Value::Bool(true) => Said::Yes,
        Value::Bool(false) => Said::No,
        other => Said::Failed(other["failed"].as_str().unwrap_or("it gave no answer").to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(filter: &str) -> Vec<Said> {
        let events = [json!({ "data": { "n": 1 } }), json!({ "data": { "n": 2 } })];
        Filters::default().ask(filter, events.into())
    }

    #[test]
    fn a_condition_and_a_selection_both_serve() {
        for filter in [
            ".data.n > 1",
            "select(.data.n > 1)",
            ".data.n > 1 # the second",
            "def big: .data.n > 1; big",
            "(.data.n == 2), false",
            "if .data.n == 2 then .data else null end",
        ] {
            check(filter).unwrap();
            assert_eq!(ask(filter), [Said::No, Said::Yes], "{filter}");
        }
    }

    #[test]
    fn an_event_that_a_filter_fails_on_does_not_spoil_the_others() {
        let said = ask("if .data.n == 1 then error(\"no ones\") else true end");
        assert_eq!(said, [Said::Failed("no ones".to_owned()), Said::Yes]);
        let said = ask("if .data.n == 1 then (def f: f; f) else true end");
        assert!(matches!(&said[0], Said::Failed(why) if why.contains("too")), "{said:?}");
        assert_eq!(said[1], Said::Yes);
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for filter in [".data.", "nothing_like_it", ") or (", ""] {
            assert!(check(filter).is_err(), "{filter}");
        }
    }
}
