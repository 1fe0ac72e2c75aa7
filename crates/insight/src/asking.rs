//! Asks a platform everything that its numbers are read from, each question after those that it needs.

use accounts::gate::Actor;
use catalog::jq::{self, Limits};
use catalog::metrics::{Call, Metrics};
use connect::{Connection, Query};
use db::Workspace;
use kernel::{Problem, codes};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

use crate::Insight;

/// What a platform answered.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    /// Under the names of the questions.
    pub(crate) found: Map<String, Value>,
    /// Whether one that may fail did: what hangs on it is not known to be gone.
    pub(crate) is_partial: bool,
}

/// In whose name, and how urgent it is.
#[derive(Clone, Copy)]
pub(crate) struct Asker<'a> {
    pub(crate) actor: &'a Actor,
    pub(crate) lane: egress::Lane,
}

impl Insight {
    /// Asks everything.
    ///
    /// # Errors
    /// What the first question said that must not fail.
    pub(crate) async fn ask(
        &self,
        workspace: &Workspace,
        connection: &Connection,
        metrics: &Metrics,
        asker: Asker<'_>,
    ) -> Result<Answers, Problem> {
        artist_known(connection, metrics)?;
        let mut answers = Answers::default();
        let (mut captured, options) = (Map::new(), Map::new());
        let mut asked = BTreeSet::new();
        while let Some((name, call)) = next(&metrics.calls, &asked) {
            asked.insert(name.clone());
            let is_possible = call.after.iter().all(|it| answers.found.contains_key(it));
            if !is_possible && call.optional {
                answers.is_partial = true;
                continue;
            }
            let query = Query {
                connection,
                request: &call.request,
                captured: &captured,
                options: &options,
                lane: asker.lane,
                purpose: "metrics.sync",
                actor: asker.actor,
            };
            match self.connect().query(workspace, &query).await {
                Ok(answer) => {
                    capture(&call.capture, &answer, &mut captured);
                    answers.found.insert(name.clone(), answer);
                }
                Err(problem) if call.optional => {
                    tracing::debug!(%name, code = problem.code.name, "an optional question failed");
                    answers.is_partial = true;
                }
                Err(problem) => return Err(problem),
            }
        }
        Ok(answers)
    }
}

/// The first question that was not asked and needs none of those that were not.
fn next<'a>(
    calls: &'a BTreeMap<String, Call>,
    asked: &BTreeSet<String>,
) -> Option<(&'a String, &'a Call)> {
    let is_ready = |call: &Call| {
        call.after.iter().all(|name| asked.contains(name) || !calls.contains_key(name))
    };
    calls.iter().find(|(name, call)| !asked.contains(*name) && is_ready(call))
}

fn capture(wanted: &BTreeMap<String, String>, answer: &Value, into: &mut Map<String, Value>) {
    for (name, program) in wanted {
        let found = jq::compile(program)
            .and_then(|program| jq::run(&program, answer.clone(), Limits::default()));
        // What is absent is told by the template that needs it.
        if let Ok(value) = found
            && !value.is_null()
        {
            into.insert(name.clone(), value);
        }
    }
}

/// Which artist an account stands for is for a person to say, where the platform does not.
fn artist_known(connection: &Connection, metrics: &Metrics) -> Result<(), Problem> {
    let Some(artist) = &metrics.artist else { return Ok(()) };
    let named = format!("{{{{connection.{}}}}}", artist.captured_as);
    let needs_it = |call: &Call| {
        let text = serde_json::to_string(&call.request).unwrap_or_default();
        !call.optional && text.contains(&named)
    };
    if connection.captured.contains_key(&artist.captured_as)
        || !metrics.calls.values().any(needs_it)
    {
        return Ok(());
    }
    let detail = format!(
        "Say which artist this account stands for: POST /api/v1/connections/{id}/artist-candidates lists \
         whom the platform knows, PUT /api/v1/connections/{id}/artist keeps the choice.",
        id = connection.id
    );
    Err(Problem::new(&codes::ARTIST_MISSING, detail))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn questions_come_after_those_that_they_need() {
        let calls: BTreeMap<String, Call> = serde_json::from_value(json!({
            "a": {"request": {"path": "/a"}, "after": ["b"]},
            "b": {"request": {"path": "/b"}, "after": ["c"]},
            "c": {"request": {"path": "/c"}},
            "d": {"request": {"path": "/d"}, "after": ["d"]},
        }))
        .unwrap();
        let (mut asked, mut order) = (BTreeSet::new(), String::new());
        while let Some((name, _)) = next(&calls, &asked) {
            order += name;
            asked.insert(name.clone());
        }
        assert_eq!(order, "cba", "and a circle ends nothing but itself");
    }

    #[test]
    fn what_is_captured_is_what_is_there() {
        let wanted = [("a", ".a"), ("b", ".none"), ("c", "error")];
        let wanted = wanted.map(|(name, program)| (name.to_owned(), program.to_owned())).into();
        let mut captured = Map::new();
        capture(&wanted, &json!({"a": 1}), &mut captured);
        assert_eq!(Value::Object(captured), json!({"a": 1}));
    }
}
