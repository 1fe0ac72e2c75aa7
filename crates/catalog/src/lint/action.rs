//! Whether the actions hold together, and whether each example is what would happen.

use serde_json::{Map, Value, json};

use super::{Finding, Linter, finding, strings};
use crate::action::{Action, Example, Paging};
use crate::answer::{Reading, Unread};
use crate::catalog::{Folder, yaml};
use crate::jq::{self, Limits, Program};
use crate::schema::{self, Schema};
use crate::template::{self, Body, Context};
use kernel::Timestamp;

/// Checks the files against their format.
pub(super) fn formats(id: &str, folder: &Folder, format: &Schema, findings: &mut Vec<Finding>) {
    let within = format!("providers/{id}/actions/");
    for file in folder.files().filter(|file| file.starts_with(&within)) {
        let Ok(Some(text)) = folder.text(file) else { continue };
        let Ok(action) = yaml::<Value>(file, text) else { continue };
        for error in format.validate(&action) {
            findings.push(finding(file, &error.pointer, &error.message));
        }
    }
}

impl Linter<'_> {
    pub(super) fn actions(&mut self, id: &str) {
        for action in self.provider.actions.values() {
            self.beside(format!("providers/{id}/actions/{}.yaml", action.action)).action(action);
        }
    }

    fn action(&mut self, action: &Action) {
        for (pointer, schema) in [("/input", &action.input), ("/output", &action.output)] {
            if let Err(error) = Schema::new(schema) {
                self.report(&format!("{pointer}{}", error.pointer), error.message);
            }
        }
        for (name, field) in schema::fields(&action.input) {
            if field.get("title").is_none_or(|title| title == "") {
                let at = format!("/input/properties/{name}");
                self.report(&at, "a field needs a `title`, which is its label");
            }
        }
        if action.request.is_some() == action.native.is_some() {
            self.report("/request", "an action has either a `request` or a `native` module");
        }
        if let Some(request) = &action.request {
            self.request("/request", request);
            if action.prepare.is_none() {
                self.inputs(action, &serde_json::to_value(request).unwrap_or_default());
            }
        }
        let paging = action.paging.as_ref();
        for (pointer, program) in [
            ("/prepare", action.prepare.as_ref()),
            ("/transform", action.transform.as_ref()),
            ("/success", action.success.as_ref()),
            ("/error_message", action.error_message.as_ref()),
            ("/error_code", action.error_code.as_ref()),
            ("/paging/next", paging.and_then(|paging| paging.next.as_ref())),
            ("/paging/items", paging.map(|paging| &paging.items)),
        ] {
            program.into_iter().for_each(|program| self.program(pointer, program));
        }
        if let Some(paging) = paging {
            if paging.next.is_some() == paging.size.is_some() {
                self.report("/paging", "pages have either a `next` or a `size` and numbers");
            }
            if action.transform.is_some() {
                self.report(
                    "/transform",
                    "has no effect with `paging`; `items` says what is taken",
                );
            }
            if !schema::fields(&action.input).any(|(name, _)| name == "limit") {
                self.report("/input", "a long list has a `limit`");
            }
        }
        if action.examples.is_empty() {
            self.report("/examples", "an action needs an example; it is its test");
        }
        for (at, example) in action.examples.iter().enumerate() {
            if let Err((member, message)) = self.happens(action, example) {
                self.report(&format!("/examples/{at}/{member}"), message);
            }
        }
    }

    /// The templates speak of what the input has.
    fn inputs(&mut self, action: &Action, request: &Value) {
        let mut unknown = Vec::new();
        strings(request, &mut |text| {
            for name in template::referenced(text) {
                let field = name.strip_prefix("input.").and_then(|path| path.split('.').next());
                let page = action.paging.as_ref().map(|paging| paging.parameter.as_str());
                let known = |field| {
                    Some(field) == page || schema::fields(&action.input).any(|(it, _)| it == field)
                };
                if field.is_some_and(|field| !known(field)) {
                    unknown.push(name);
                }
            }
        });
        for name in unknown {
            self.report("/request", format!("`{name}` is not declared"));
        }
    }

    /// Whether an example is what would happen; else which member of it is not, and why.
    fn happens(&self, action: &Action, example: &Example) -> Result<(), (&'static str, String)> {
        let input = Value::Object(example.input.clone());
        fits(&action.input, &input).map_err(|message| ("input", message))?;
        if action.native.is_some() {
            let output = example.output.as_ref().map(|output| fits(&action.output, output));
            return output.transpose().map(drop).map_err(|message| ("output", message));
        }
        let sent = self.sent(action, example).map_err(|message| ("request", message))?;
        let Some(expected) = &example.request else {
            return Err(("request", format!("say what goes out: {sent}")));
        };
        if !is_within(expected, &sent) {
            return Err(("request", format!("what goes out is {sent}")));
        }
        let Some(response) = &example.response else {
            return Err(("response", "say what is answered".to_owned()));
        };
        self.outcome(action, example, response)
    }

    fn outcome(
        &self,
        action: &Action,
        example: &Example,
        response: &Value,
    ) -> Result<(), (&'static str, String)> {
        let reading = self.reading(action).map_err(|message| ("response", message))?;
        let status = response.get("status").and_then(Value::as_u64).unwrap_or(200);
        let status = u16::try_from(status).unwrap_or_default();
        let body = match response.get("body") {
            Some(Value::String(text)) => text.clone(),
            Some(body) => body.to_string(),
            None => String::new(),
        };
        let read = reading.read(status, None, body.as_bytes());
        let made = read.and_then(|read| match &action.paging {
            Some(paging) => page(&reading, paging, read),
            None => Ok((reading.transformed(read)?, None)),
        });
        match (made, &example.error) {
            (Ok((_, next)), None) if next != example.next => {
                Err(("next", format!("what asks for the next page is {next:?}")))
            }
            (Ok((output, _)), None) => {
                fits(&action.output, &output).map_err(|message| ("response", message))?;
                match &example.output {
                    Some(expected) if *expected == output => Ok(()),
                    _ => Err(("output", format!("what comes of it is {output}"))),
                }
            }
            (Err(Unread::Refused { code, .. }), Some(expected))
                if code.as_ref() == Some(expected) =>
            {
                Ok(())
            }
            (Err(Unread::Refused { code, message, .. }), _) => {
                Err(("error", format!("it is refused with {code:?}: {message:?}")))
            }
            (Err(unread), _) => Err(("response", format!("it cannot be read: {unread:?}"))),
            (Ok((output, _)), Some(_)) => Err(("error", format!("it is no error, but {output}"))),
        }
    }

    fn reading(&self, action: &Action) -> Result<Reading, String> {
        let provider = self.provider;
        let program = |own: &Option<String>, usual: &Option<String>| {
            let compiled = own.as_ref().or(usual.as_ref()).map(|text| jq::compile(text));
            compiled.transpose().map_err(|error| error.to_string())
        };
        Ok(Reading {
            transform: program(&action.transform, &None)?,
            success: program(&action.success, &provider.success)?,
            error_message: program(&action.error_message, &provider.error_message)?,
            error_code: program(&action.error_code, &None)?,
            ..Reading::new(action.format.unwrap_or(provider.format))
        })
    }

    /// What goes out, without what proves who asks.
    fn sent(&self, action: &Action, example: &Example) -> Result<Value, String> {
        let request = action.request.clone().unwrap_or_default();
        let mut config = Value::Object(example.config.clone());
        schema::apply_defaults(&self.provider.config, &mut config);
        let mut input = Value::Object(example.input.clone());
        schema::apply_defaults(&action.input, &mut input);
        if let Some(prepare) = &action.prepare {
            let prepared = jq::compile(prepare).and_then(|program: Program| {
                jq::run_with(&program, input, config.clone(), Limits::default())
            });
            input = prepared.map_err(|error| error.to_string())?;
        }
        let (config, mut input) = (object(config), object(input));
        if let Some(paging) = &action.paging {
            input.extend(paging.first().map(|first| (paging.parameter.clone(), first)));
        }
        let credentials = given(&self.provider.credentials);
        let mut connection = self.captured();
        connection.extend(example.connection.clone());
        let context = Context {
            input: &input,
            connection: &connection,
            config_schema: Some(&self.provider.config),
            credentials_schema: Some(&self.provider.credentials),
            ..Context::new(&credentials, &config, Timestamp::default())
        };
        let rendered =
            template::render(&request, self.provider.base_url.as_deref(), None, &context)
                .map_err(|error| error.to_string())?;
        let headers: Map<String, Value> =
            rendered.headers.into_iter().map(|(name, value)| (name, json!(value))).collect();
        let body = match rendered.body {
            None => Value::Null,
            Some(Body::Json(body)) => body,
            Some(other) => json!(other.encoded()),
        };
        Ok(json!({
            "method": rendered.method, "url": rendered.url.as_str(), "headers": headers, "body": body,
        }))
    }

    fn captured(&self) -> Map<String, Value> {
        let names = super::grant::captured(self.provider);
        names.map(|name| (name.to_owned(), json!(name))).collect()
    }
}

/// The items of one page, and what asks for the next.
fn page(reading: &Reading, paging: &Paging, read: Value) -> Result<(Value, Option<Value>), Unread> {
    let run = |text: &str, read| reading.run(&jq::compile(text).map_err(Unread::Program)?, read);
    let said = paging.next.as_ref().map_or(Ok(Value::Null), |next| run(next, read.clone()))?;
    let items = run(&paging.items, read)?;
    let next = paging.after(1, items.as_array().map_or(1, Vec::len), said);
    Ok((items, next))
}

/// A value for each field that templates may speak of: its example, else its own name.
fn given(schema: &Value) -> Map<String, Value> {
    let value = |name: &String, field: &Value| match field.pointer("/examples/0") {
        Some(example) => example.clone(),
        None => json!(name),
    };
    schema::fields(schema).map(|(name, field)| (name.clone(), value(name, field))).collect()
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

fn fits(schema: &Value, value: &Value) -> Result<(), String> {
    let errors = schema::validate(schema, value).map_err(|error| error.to_string())?;
    match errors.first() {
        None => Ok(()),
        Some(error) => Err(format!("{}: {}", error.pointer, error.message)),
    }
}

/// Whether what is expected is there; of objects at the top (the headers) it may name a part.
fn is_within(expected: &Value, sent: &Value) -> bool {
    let Value::Object(members) = expected else { return false };
    members.iter().all(|(name, value)| match (name.as_str(), value) {
        ("headers", Value::Object(some)) => {
            some.iter().all(|(name, value)| sent["headers"].get(name) == Some(value))
        }
        _ => sent.get(name) == Some(value),
    }) && (sent["body"].is_null() || members.contains_key("body"))
}
