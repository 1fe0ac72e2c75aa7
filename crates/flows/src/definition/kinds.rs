//! Reads what a step does from its `config`.

use serde_json::Value;

use super::parse::Parser;
use super::reader::Fields;
use super::{
    Approval, Case, Code, ForEach, Http, Kind, Respond, Step, SubWorkflow, Switch, Transform, Wait,
};

/// The most rounds of a loop at a time.
const MOST_AT_ONCE: u32 = 50;

impl Parser {
    pub(super) fn kind(
        &mut self,
        kind: &str,
        config: &Value,
        at: &str,
        step_at: &str,
        place: &str,
        depth: usize,
    ) -> Option<Kind> {
        let mut fields = self.reader.object(config, at)?;
        let reader = &mut self.reader;
        let read = match kind {
            "connector" => return Some(Kind::Connector(fields.all().clone())),
            "http" => Kind::Http(Http {
                method: fields.text("method", reader).unwrap_or_else(|| "GET".to_owned()),
                url: fields.need_text("url", reader).unwrap_or_default(),
                headers: fields.map("headers", reader),
                query: fields.map("query", reader),
                body: fields.get("body").map(|(value, _)| value.clone()),
            }),
            "transform" => match (fields.text("jq", reader), fields.get("value")) {
                (Some(program), None) => Kind::Transform(Transform::Jq(program)),
                (None, Some((value, _))) => Kind::Transform(Transform::Value(value.clone())),
                _ => {
                    reader.wrong(at, "expected either jq or value");
                    return None;
                }
            },
            "code" => Kind::Code(Code {
                source: fields.need_text("source", reader).unwrap_or_default(),
                input: fields.get("input").map(|(value, _)| value.clone()),
            }),
            "condition" => {
                let test = fields.need_text("if", reader).unwrap_or_default();
                Kind::Condition {
                    test,
                    then: self.way(&mut fields, "then", place, depth),
                    otherwise: self.way(&mut fields, "else", place, depth),
                }
            }
            "switch" => self.switch(&mut fields, at, place, depth),
            "parallel" => self.parallel(&mut fields, place, depth),
            "for_each" => {
                let items = fields.need("items", reader).map(|(value, _)| value.clone());
                let name = fields.text("as", reader);
                let concurrency = fields.number("concurrency", 1..=MOST_AT_ONCE, reader);
                fields.need("steps", reader);
                let steps = match fields.get("steps") {
                    Some((value, at)) => self.row(value, &at, &format!("{place}[]"), depth + 1),
                    None => Vec::new(),
                };
                if steps.is_empty() {
                    self.reader.wrong(format!("{at}/steps"), "there is at least one step");
                }
                let concurrency = concurrency.unwrap_or(1) as usize;
                Kind::ForEach(ForEach { items: items?, name, concurrency, steps })
            }
            "wait" => self.wait(&mut fields, at)?,
            "approval" => Kind::Approval(Approval {
                message: fields.need_text("message", reader).unwrap_or_default(),
                to: fields.text("to", reader),
                timeout: fields.span("timeout", reader),
            }),
            "workflow" => Kind::Workflow(SubWorkflow {
                workflow_id: fields.need_text("workflow_id", reader).unwrap_or_default(),
                input: fields.get("input").map_or(Value::Null, |(value, _)| value.clone()),
                wait: fields.flag("wait", reader).unwrap_or(true),
            }),
            "respond" => Kind::Respond(Respond {
                status: fields.get("status").map_or(Value::from(200), |(value, _)| value.clone()),
                headers: fields.map("headers", reader),
                body: fields.get("body").map_or(Value::Null, |(value, _)| value.clone()),
            }),
            _ => {
                let message = "expected connector, http, transform, code, condition, switch, \
                               parallel, for_each, wait, approval, workflow or respond";
                reader.wrong(format!("{step_at}/type"), message);
                return None;
            }
        };
        fields.end(&mut self.reader);
        Some(read)
    }

    fn way(
        &mut self,
        fields: &mut Fields<'_>,
        name: &'static str,
        place: &str,
        depth: usize,
    ) -> Vec<Step> {
        let found = fields.get(name);
        found.map_or_else(Vec::new, |(value, at)| {
            self.row(value, &at, &format!("{place}.{name}"), depth + 1)
        })
    }

    fn switch(&mut self, fields: &mut Fields<'_>, at: &str, place: &str, depth: usize) -> Kind {
        let value = fields.need("value", &mut self.reader).map(|(value, _)| value.clone());
        let mut cases = Vec::new();
        if let Some((list, _)) = fields.need("cases", &mut self.reader) {
            for (n, item) in self.reader.array(list, &format!("{at}/cases")).iter().enumerate() {
                let at = format!("{at}/cases/{n}");
                let Some(mut case) = self.reader.object(item, &at) else {
                    cases.push(Case { when: Value::Null, steps: Vec::new() });
                    continue;
                };
                let when = case.all().get("when").cloned().unwrap_or_default();
                case.get("when");
                let steps = match case.need("steps", &mut self.reader) {
                    Some((value, at)) => {
                        self.row(value, &at, &format!("{place}.case{n}"), depth + 1)
                    }
                    None => Vec::new(),
                };
                case.end(&mut self.reader);
                cases.push(Case { when, steps });
            }
        }
        let default = self.way(fields, "default", place, depth);
        Kind::Switch(Switch { value: value.unwrap_or_default(), cases, default })
    }

    fn parallel(&mut self, fields: &mut Fields<'_>, place: &str, depth: usize) -> Kind {
        let mut branches = Vec::new();
        if let Some((value, at)) = fields.need("branches", &mut self.reader)
            && let Some(named) = self.reader.object(value, &at)
        {
            for (name, steps) in named.all() {
                let at = named.pointer(name);
                let known = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
                let is_name = !name.is_empty() && name.len() <= 100 && name.chars().all(known);
                if !is_name || name == crate::run::Path::HANDLER {
                    self.reader.wrong(&at, "a branch is named with a-z, 0-9 and _");
                }
                let steps = self.row(steps, &at, &format!("{place}.{name}"), depth + 1);
                branches.push((name.clone(), steps));
            }
            if branches.is_empty() {
                self.reader.wrong(at, "there is at least one branch");
            }
        }
        Kind::Parallel(branches)
    }

    fn wait(&mut self, fields: &mut Fields<'_>, at: &str) -> Option<Kind> {
        let span = fields.get("for");
        let until = fields.text("until", &mut self.reader);
        let event = fields.text("event", &mut self.reader);
        Some(Kind::Wait(match (span, until, event) {
            (Some((span, at)), None, None) => {
                if !crate::expression::is_template(span) {
                    self.reader.span(Some((span, at)));
                }
                Wait::For(span.clone())
            }
            (None, Some(until), None) => Wait::Until(until),
            (None, None, Some(kind)) => {
                self.pattern(&kind, &format!("{at}/event"));
                let filter = fields.text("filter", &mut self.reader);
                let timeout = fields.span("timeout", &mut self.reader);
                Wait::Event { kind, filter, timeout }
            }
            _ => {
                self.reader.wrong(at, "expected one of for, until and event");
                return None;
            }
        }))
    }
}
