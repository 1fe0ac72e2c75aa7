//! Reads a definition from JSON.

use kernel::FieldError;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::time::Duration;

use super::reader::{Fields, Reader};
use super::{
    Concurrency, DEEPEST, Definition, Kind, MOST_BYTES, MOST_STEPS, OnError, OnLimit, Retry,
    Source, Step, Trigger, check,
};
use crate::schedule::Schedule;

/// How long a run is kept after its end, unless something else is said.
const KEEP_DAYS: u32 = 30;
const MOST_TRIGGERS: usize = 50;

pub(super) fn definition(source: &Value) -> Result<Definition, Vec<FieldError>> {
    let mut parser = Parser::default();
    let read = parser.definition(source);
    match read {
        Some(definition) if parser.reader.errors.is_empty() => Ok(definition),
        _ => Err(parser.reader.errors),
    }
}

#[derive(Default)]
pub(super) struct Parser {
    pub(super) reader: Reader,
    /// Where each step stands in the run, and in the definition.
    places: HashMap<String, String>,
    steps: usize,
}

impl Parser {
    fn definition(&mut self, source: &Value) -> Option<Definition> {
        if source.to_string().len() > MOST_BYTES {
            self.reader.wrong("", format!("a definition has {MOST_BYTES} bytes at most"));
            return None;
        }
        let mut fields = self.reader.object(source, "")?;
        let name = fields.need_text("name", &mut self.reader).unwrap_or_default();
        if name.trim().is_empty() || name.chars().count() > 200 {
            self.reader.wrong("/name", "must have 1 to 200 characters");
        }
        let description = fields.text("description", &mut self.reader).unwrap_or_default();
        let input = fields.get("input").map(|(schema, at)| {
            self.schema(schema, &at);
            schema.clone()
        });
        let triggers = self.triggers(&mut fields);
        let steps = match fields.need("steps", &mut self.reader) {
            Some((value, at)) => self.row(value, &at, "", 0),
            None => Vec::new(),
        };
        let output = fields.get("output").map(|(value, _)| value.clone());
        let concurrency =
            fields.get("concurrency").and_then(|(value, at)| self.concurrency(value, &at));
        let timeout = fields.span("timeout", &mut self.reader);
        let keep_days = fields.number("keep_days", 0..=3650, &mut self.reader);
        fields.end(&mut self.reader);
        let definition = Definition {
            name,
            description,
            input,
            triggers,
            steps,
            output,
            concurrency,
            timeout,
            keep_days: keep_days.unwrap_or(KEEP_DAYS),
            source: source.clone(),
            places: std::mem::take(&mut self.places),
        };
        check::expressions(&definition, &mut self.reader);
        Some(definition)
    }

    fn schema(&mut self, schema: &Value, at: &str) {
        if let Err(error) = catalog::schema::Schema::new(schema) {
            self.reader.wrong(format!("{at}{}", error.pointer), error.message);
        }
        for pointer in catalog::schema::sensitive(schema) {
            let message = "what a run is given is kept with it, so it can be no secret: keep it as the \
                           credential of an integration";
            self.reader.wrong(format!("{at}/properties{pointer}"), message);
        }
    }

    fn concurrency(&mut self, value: &Value, at: &str) -> Option<Concurrency> {
        let mut fields = self.reader.object(value, at)?;
        fields.need("limit", &mut self.reader);
        let limit = fields.number("limit", 1..=10_000, &mut self.reader).unwrap_or(1);
        let key = fields.text("key", &mut self.reader);
        let on_limit = match fields.text("on_limit", &mut self.reader).as_deref() {
            None | Some("queue") => OnLimit::Queue,
            Some("skip") => OnLimit::Skip,
            Some(_) => {
                self.reader.wrong(format!("{at}/on_limit"), "expected \"queue\" or \"skip\"");
                OnLimit::Queue
            }
        };
        fields.end(&mut self.reader);
        Some(Concurrency { limit, key, on_limit })
    }

    fn triggers(&mut self, fields: &mut Fields<'_>) -> Vec<Trigger> {
        let Some((value, at)) = fields.get("triggers") else { return Vec::new() };
        let items = self.reader.array(value, &at);
        if items.len() > MOST_TRIGGERS {
            self.reader.wrong(&at, format!("a workflow has {MOST_TRIGGERS} triggers at most"));
        }
        let mut triggers: Vec<Trigger> = Vec::new();
        for (n, item) in items.iter().enumerate().take(MOST_TRIGGERS) {
            let at = format!("{at}/{n}");
            let Some(trigger) = self.trigger(item, &at) else { continue };
            if triggers.iter().any(|known| known.key() == trigger.key()) {
                self.reader.wrong(at, "the same trigger stands twice");
            }
            triggers.push(trigger);
        }
        triggers
    }

    fn trigger(&mut self, value: &Value, at: &str) -> Option<Trigger> {
        let mut fields = self.reader.object(value, at)?;
        let kind = fields.need_text("type", &mut self.reader)?;
        let source = match kind.as_str() {
            "cron" => self.cron(&mut fields, at),
            "inbound" => {
                let id = self.id(&mut fields, "integration_id");
                let event_type = fields.text("event_type", &mut self.reader);
                id.map(|integration| Source::Inbound { integration, event_type })
            }
            "feed" => self.id(&mut fields, "feed_id").map(Source::Feed),
            "event" => {
                let kind = fields.need_text("kind", &mut self.reader);
                kind.filter(|kind| self.pattern(kind, &format!("{at}/kind"))).map(Source::Event)
            }
            _ => {
                let message = "expected cron, inbound, feed or event";
                self.reader.wrong(format!("{at}/type"), message);
                return None;
            }
        };
        let filter = match source {
            Some(Source::Cron { .. }) => None,
            _ => fields.text("filter", &mut self.reader),
        };
        let input = fields.get("input").map(|(value, _)| value.clone());
        fields.end(&mut self.reader);
        Some(Trigger { source: source?, filter, input })
    }

    fn cron(&mut self, fields: &mut Fields<'_>, at: &str) -> Option<Source> {
        let line = fields.need_text("cron", &mut self.reader)?;
        let time_zone = fields.text("time_zone", &mut self.reader);
        let time_zone = time_zone.unwrap_or_else(|| "UTC".to_owned());
        match Schedule::parse(&line, &time_zone) {
            Ok(schedule) => Some(Source::Cron { line, time_zone, schedule }),
            Err(message) => {
                let field = if message.contains("zone") { "time_zone" } else { "cron" };
                self.reader.wrong(format!("{at}/{field}"), message);
                None
            }
        }
    }

    fn id<T: std::str::FromStr>(&mut self, fields: &mut Fields<'_>, name: &'static str) -> Option<T>
    where
        T::Err: std::fmt::Display,
    {
        let text = fields.need_text(name, &mut self.reader)?;
        text.parse()
            .map_err(|error: T::Err| self.reader.wrong(fields.pointer(name), error.to_string()))
            .ok()
    }

    /// The kind of an event, or its beginning and a `*`.
    pub(super) fn pattern(&mut self, kind: &str, at: &str) -> bool {
        let name = kind.strip_suffix('*').unwrap_or(kind);
        let known =
            |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ['.', '_'].contains(&c);
        let fits = !kind.is_empty() && kind.len() <= 100 && name.chars().all(known);
        if !fits {
            self.reader.wrong(at, "expected the kind of an event, such as feed.updated or feed.*");
        }
        fits
    }

    /// Steps in a row. `place` is that of the row in a run.
    pub(super) fn row(&mut self, value: &Value, at: &str, place: &str, depth: usize) -> Vec<Step> {
        if depth > DEEPEST {
            self.reader.wrong(at, format!("steps may stand {DEEPEST} deep at most"));
            return Vec::new();
        }
        let mut steps = Vec::new();
        for (n, item) in self.reader.array(value, at).iter().enumerate() {
            self.steps += 1;
            if self.steps > MOST_STEPS {
                if self.steps == MOST_STEPS + 1 {
                    self.reader.wrong(at, format!("a workflow has {MOST_STEPS} steps at most"));
                }
                return steps;
            }
            let place = if place.is_empty() { n.to_string() } else { format!("{place}.{n}") };
            let step = self.step(item, &format!("{at}/{n}"), &place, depth);
            // What is complained of later stands where it stands.
            steps.push(step.unwrap_or_else(unreadable));
        }
        if depth == 0 && steps.is_empty() && self.reader.errors.is_empty() {
            self.reader.wrong(at, "a workflow has at least one step");
        }
        steps
    }

    fn step(&mut self, value: &Value, at: &str, place: &str, depth: usize) -> Option<Step> {
        let order = self.steps;
        let mut fields = self.reader.object(value, at)?;
        let name = fields.need_text("name", &mut self.reader).unwrap_or_default();
        self.name(&name, &format!("{at}/name"), place);
        let kind = fields.need_text("type", &mut self.reader).unwrap_or_default();
        let empty = Value::Object(Map::new());
        let (config, config_at) =
            fields.get("config").unwrap_or_else(|| (&empty, format!("{at}/config")));
        let kind = self.kind(&kind, config, &config_at, at, place, depth);
        let when = fields.text("if", &mut self.reader);
        let timeout = fields.span("timeout", &mut self.reader);
        if timeout.is_some_and(|span| span.is_zero()) {
            self.reader.wrong(format!("{at}/timeout"), "must be longer than nothing");
        }
        let retry = fields.get("retry").and_then(|(value, at)| self.retry(value, &at));
        let on_error = match fields.get("on_error") {
            None => OnError::Fail,
            Some((Value::String(text), _)) if text == "fail" => OnError::Fail,
            Some((Value::String(text), _)) if text == "continue" => OnError::Continue,
            Some((steps @ Value::Array(_), at)) => {
                OnError::Handle(self.row(steps, &at, &format!("{place}.on_error"), depth + 1))
            }
            Some((_, at)) => {
                self.reader.wrong(at, "expected \"fail\", \"continue\" or a list of steps");
                OnError::Fail
            }
        };
        let idempotency_key = fields.text("idempotency_key", &mut self.reader);
        fields.end(&mut self.reader);
        let kind = kind?;
        let sends = matches!(kind, Kind::Connector(_) | Kind::Http(_));
        let tries = sends || matches!(kind, Kind::Code(_));
        if !tries && retry.is_some() {
            let message = format!("a step of type {} is not tried again", kind.name());
            self.reader.wrong(format!("{at}/retry"), message);
        }
        if !sends && idempotency_key.is_some() {
            let message = format!("a step of type {} sends nothing", kind.name());
            self.reader.wrong(format!("{at}/idempotency_key"), message);
        }
        if !tries && timeout.is_some() {
            let message = format!("a step of type {} has no timeout of its own here", kind.name());
            self.reader.wrong(format!("{at}/timeout"), message);
        }
        Some(Step { name, kind, when, timeout, retry, on_error, idempotency_key, order })
    }

    fn name(&mut self, name: &str, at: &str, place: &str) {
        let known = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let begins = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_');
        if !begins || name.len() > 100 || !name.chars().all(known) {
            let message = "must have 1 to 100 of a-z, 0-9 and _, not beginning with a digit";
            self.reader.wrong(at, message);
        } else if self.places.insert(name.to_owned(), place.to_owned()).is_some() {
            self.reader.wrong(at, format!("two steps are named {name}"));
        }
    }

    fn retry(&mut self, value: &Value, at: &str) -> Option<Retry> {
        let mut fields = self.reader.object(value, at)?;
        fields.need("attempts", &mut self.reader);
        let attempts = fields.number("attempts", 1..=50, &mut self.reader).unwrap_or(1);
        let delay = fields.span("delay", &mut self.reader).unwrap_or(Duration::from_secs(1));
        let factor = fields.get("factor").map_or(2.0, |(value, at)| {
            let factor = value.as_f64().filter(|it| (1.0..=10.0).contains(it));
            factor.unwrap_or_else(|| {
                self.reader.wrong(at, "expected a number from 1 to 10");
                1.0
            })
        });
        let max_delay = fields.span("max_delay", &mut self.reader);
        let max_delay = max_delay.unwrap_or(Duration::from_secs(300)).max(delay);
        fields.end(&mut self.reader);
        Some(Retry { attempts, delay, factor, max_delay })
    }
}

/// In the place of a step that was complained of.
fn unreadable() -> Step {
    Step {
        name: String::new(),
        kind: Kind::Parallel(Vec::new()),
        when: None,
        timeout: None,
        retry: None,
        on_error: OnError::Fail,
        idempotency_key: None,
        order: 0,
    }
}
