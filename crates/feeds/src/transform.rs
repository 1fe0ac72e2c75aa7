//! A jq program over a document, within limits of time and size.

use catalog::jq::{self, JqError, Limits, Program};
use kernel::{Problem, codes};
use serde_json::Value;

/// A compiled program.
#[derive(Clone, Debug)]
pub(crate) struct Transform(Program);

impl Transform {
    /// Compiles a program.
    pub(crate) fn compile(program: &str) -> Result<Self, Problem> {
        jq::compile(program).map(Self).map_err(problem)
    }

    /// Runs it. It may take as long as the limits say: not for a thread that others wait on.
    pub(crate) fn run(&self, input: Value) -> Result<Value, Problem> {
        jq::run(&self.0, input, Limits::default()).map_err(problem)
    }

    /// The same, on a thread for such work.
    pub(crate) async fn run_aside(&self, input: Value) -> Result<Value, Problem> {
        let program = self.clone();
        let done = tokio::task::spawn_blocking(move || program.run(input)).await;
        done.unwrap_or_else(|_| {
            Err(Problem::new(&codes::FEED_TRANSFORM, "The program broke off; simplify it."))
        })
    }
}

fn problem(error: JqError) -> Problem {
    Problem::of(error.code(), &error)
}
