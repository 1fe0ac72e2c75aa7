//! Looks at every expression of a definition: whether it compiles, and whether what it names is there.

use serde_json::Value;

use super::reader::Reader;
use super::{Definition, Kind, OnError, Step, Transform, Wait};
use crate::expression::{self, Seen};

pub(super) fn expressions(definition: &Definition, reader: &mut Reader) {
    let names: Vec<&str> = definition.names().collect();
    let mut check = Check { names: &names, reader, loops: Vec::new() };
    // Where one could not be read, the others do not stand where they stood.
    let written = definition.source["triggers"].as_array().map_or(0, Vec::len);
    let triggers = definition.triggers.iter().filter(|_| written == definition.triggers.len());
    for (n, trigger) in triggers.enumerate() {
        let at = format!("/triggers/{n}");
        check.optional(trigger.input.as_ref(), &format!("{at}/input"));
        check.filter(trigger.filter.as_deref(), &format!("{at}/filter"));
    }
    check.row(&definition.steps, "/steps");
    check.optional(definition.output.as_ref(), "/output");
    if let Some(key) = definition.concurrency.as_ref().and_then(|it| it.key.as_ref()) {
        check.text(key, "/concurrency/key");
    }
}

struct Check<'a> {
    names: &'a [&'a str],
    reader: &'a mut Reader,
    /// What items are called in the loops around.
    loops: Vec<String>,
}

impl Check<'_> {
    fn row(&mut self, steps: &[Step], at: &str) {
        for (n, step) in steps.iter().enumerate() {
            self.step(step, &format!("{at}/{n}"));
        }
    }

    fn step(&mut self, step: &Step, at: &str) {
        if let Some(when) = &step.when {
            self.condition(when, &format!("{at}/if"));
        }
        if let Some(key) = &step.idempotency_key {
            self.text(key, &format!("{at}/idempotency_key"));
        }
        self.kind(&step.kind, &format!("{at}/config"));
        if let OnError::Handle(steps) = &step.on_error {
            self.row(steps, &format!("{at}/on_error"));
        }
    }

    fn kind(&mut self, kind: &Kind, at: &str) {
        match kind {
            Kind::Connector(config) => config.iter().for_each(|(name, value)| {
                self.value(value, &format!("{at}/{name}"));
            }),
            Kind::Http(http) => {
                self.text(&http.method, &format!("{at}/method"));
                self.text(&http.url, &format!("{at}/url"));
                for (field, map) in [("headers", &http.headers), ("query", &http.query)] {
                    for (name, value) in map {
                        self.value(value, &format!("{at}/{field}/{name}"));
                    }
                }
                self.optional(http.body.as_ref(), &format!("{at}/body"));
            }
            Kind::Transform(Transform::Jq(program)) => self.program(program, &format!("{at}/jq")),
            Kind::Transform(Transform::Value(value)) => self.value(value, &format!("{at}/value")),
            Kind::Code(code) => {
                if code.source.len() > crate::step::code::LONGEST {
                    let message = format!("has {} bytes at most", crate::step::code::LONGEST);
                    self.reader.wrong(format!("{at}/source"), message);
                }
                self.optional(code.input.as_ref(), &format!("{at}/input"));
            }
            Kind::Condition { test, then, otherwise } => {
                self.condition(test, &format!("{at}/if"));
                self.row(then, &format!("{at}/then"));
                self.row(otherwise, &format!("{at}/else"));
            }
            Kind::Switch(switch) => {
                self.value(&switch.value, &format!("{at}/value"));
                for (n, case) in switch.cases.iter().enumerate() {
                    self.value(&case.when, &format!("{at}/cases/{n}/when"));
                    self.row(&case.steps, &format!("{at}/cases/{n}/steps"));
                }
                self.row(&switch.default, &format!("{at}/default"));
            }
            Kind::Parallel(branches) => {
                for (name, steps) in branches {
                    self.row(steps, &format!("{at}/branches/{name}"));
                }
            }
            Kind::ForEach(each) => {
                self.value(&each.items, &format!("{at}/items"));
                self.loops.push(each.name.clone().unwrap_or_else(|| "item".to_owned()));
                self.row(&each.steps, &format!("{at}/steps"));
                self.loops.pop();
            }
            Kind::Wait(Wait::For(span)) => self.value(span, &format!("{at}/for")),
            Kind::Wait(Wait::Until(time)) => self.text(time, &format!("{at}/until")),
            Kind::Wait(Wait::Event { filter, .. }) => {
                self.filter(filter.as_deref(), &format!("{at}/filter"));
            }
            Kind::Approval(approval) => {
                self.text(&approval.message, &format!("{at}/message"));
                if let Some(to) = &approval.to {
                    self.text(to, &format!("{at}/to"));
                }
            }
            Kind::Workflow(sub) => {
                self.text(&sub.workflow_id, &format!("{at}/workflow_id"));
                self.value(&sub.input, &format!("{at}/input"));
            }
            Kind::Respond(respond) => {
                self.value(&respond.status, &format!("{at}/status"));
                for (name, value) in &respond.headers {
                    self.value(value, &format!("{at}/headers/{name}"));
                }
                self.value(&respond.body, &format!("{at}/body"));
            }
        }
    }

    fn optional(&mut self, value: Option<&Value>, at: &str) {
        if let Some(value) = value {
            self.value(value, at);
        }
    }

    fn value(&mut self, value: &Value, at: &str) {
        match value {
            Value::String(text) => self.text(text, at),
            Value::Array(items) => {
                for (n, item) in items.iter().enumerate() {
                    self.value(item, &format!("{at}/{n}"));
                }
            }
            Value::Object(map) => {
                for (name, value) in map {
                    let name = name.replace('~', "~0").replace('/', "~1");
                    self.value(value, &format!("{at}/{name}"));
                }
            }
            _ => {}
        }
    }

    fn text(&mut self, text: &str, at: &str) {
        if let Err(message) = expression::check(text, &self.seen()) {
            self.reader.wrong(at, message);
        }
    }

    /// Where an expression stands alone, its braces may be left out.
    fn condition(&mut self, text: &str, at: &str) {
        self.text(&expression::braced(text), at);
    }

    fn program(&mut self, program: &str, at: &str) {
        if let Err(message) = expression::check_program(program, &self.seen()) {
            self.reader.wrong(at, message);
        }
    }

    fn filter(&mut self, filter: Option<&str>, at: &str) {
        if let Some(Err(error)) = filter.map(expression::filter) {
            self.reader.wrong(at, error);
        }
    }

    fn seen(&self) -> Seen<'_> {
        Seen { steps: self.names, loops: &self.loops }
    }
}
