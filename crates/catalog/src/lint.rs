//! Whether a catalog holds together: every file against the format, every template against what it names,
//! every jq program compiled, every sample run, every icon harmless.

mod action;
mod grant;
mod icon;
mod numbers;
mod stray;

use std::collections::HashSet;
use std::path::Path;

use kernel::Timestamp;
use serde_json::Value;

use crate::catalog::{CatalogError, Folder, PARTS};
use crate::decode::{self, Options};
use crate::jq::{self, Limits};
use crate::provider::{Format, Provider, Request, Sample};
use crate::push::Way;
use crate::ratelimit::RateLimitSpec;
use crate::schema::{self, Schema};
use crate::template;

/// The format of provider files, as JSON Schema.
pub const PROVIDER_SCHEMA: &str = include_str!("../../../catalog/provider.schema.json");
/// The format of `oauth.yaml`, as JSON Schema.
pub const OAUTH_SCHEMA: &str = include_str!("../../../catalog/oauth.schema.json");
/// The format of `metrics.yaml`, as JSON Schema.
pub const METRICS_SCHEMA: &str = include_str!("../../../catalog/metrics.schema.json");
/// The format of a file in `actions/`, as JSON Schema.
pub const ACTION_SCHEMA: &str = include_str!("../../../catalog/action.schema.json");

/// The part of a provider that a format describes, and the format.
const FORMATS: [(&str, &str); 4] = [
    ("provider", PROVIDER_SCHEMA),
    ("oauth", OAUTH_SCHEMA),
    ("metrics", METRICS_SCHEMA),
    ("action", ACTION_SCHEMA),
];

/// Something that is wrong in a catalog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The file, within the catalog.
    pub file: String,
    /// JSON Pointer into it.
    pub pointer: String,
    /// What is wrong there.
    pub message: String,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}#{}: {}", self.file, self.pointer, self.message)
    }
}

/// Checks the providers in the binary.
pub fn embedded() -> Vec<Finding> {
    lint(&Folder::embedded())
}

/// Checks the providers of a folder that looks like `catalog/`.
pub fn dir(path: impl AsRef<Path>) -> Result<Vec<Finding>, CatalogError> {
    Folder::read(path.as_ref()).map(|folder| lint(&folder))
}

fn lint(folder: &Folder) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut formats = Vec::new();
    for (part, text) in FORMATS {
        let file = format!("{part}.schema.json");
        match serde_json::from_str(text).ok().as_ref().map(Schema::trusted) {
            Some(Ok(format)) => formats.push((part, format)),
            Some(Err(error)) => findings.push(finding(&file, &error.pointer, &error.message)),
            None => findings.push(finding(&file, "", "it is not JSON")),
        }
    }
    for id in folder.ids() {
        let file = format!("providers/{id}/provider.yaml");
        let document = match folder.document(id) {
            Ok(document) => document,
            Err(error) => {
                findings.push(finding(error.file(), "", &error.to_string()));
                continue;
            }
        };
        for (part, format) in &formats {
            let said = if *part == "provider" { Some(&document) } else { document.get(*part) };
            let file = format!("providers/{id}/{part}.yaml");
            for error in said.map(|said| format.validate(said)).unwrap_or_default() {
                findings.push(finding(&file, &error.pointer, &error.message));
            }
            if *part == "action" {
                action::formats(id, folder, format, &mut findings);
            }
        }
        match folder.provider(id) {
            Ok(provider) => {
                Linter { file, provider: &provider, findings: &mut findings }.all(id, folder)
            }
            Err(error) => findings.push(finding(error.file(), "", &error.to_string())),
        }
    }
    findings
}

struct Linter<'a> {
    file: String,
    provider: &'a Provider,
    findings: &'a mut Vec<Finding>,
}

impl Linter<'_> {
    fn all(&mut self, id: &str, folder: &Folder) {
        self.identity(id);
        self.schemas();
        self.templates();
        self.programs();
        self.modes();
        self.icon();
        self.samples();
        self.oauth(id, folder);
        self.metrics(id, folder);
        self.actions(id);
        self.strays(id, folder);
    }

    /// The same for a file beside the provider file.
    fn beside(&mut self, file: String) -> Linter<'_> {
        Linter { file, provider: self.provider, findings: self.findings }
    }

    fn report(&mut self, pointer: &str, message: impl AsRef<str>) {
        self.findings.push(finding(&self.file, pointer, message.as_ref()));
    }

    fn identity(&mut self, id: &str) {
        if self.provider.schema != 1 {
            self.report("/schema", "only version 1 is known");
        }
        if self.provider.id != id {
            self.report("/id", format!("must be the folder's name, `{id}`"));
        }
        if let Some(limits) = &self.provider.rate_limit {
            self.limits(limits);
        }
    }

    fn limits(&mut self, limits: &RateLimitSpec) {
        let of_classes = limits.classes.iter().filter_map(|class| class.daily.as_ref());
        for daily in limits.daily.iter().chain(of_classes) {
            if daily.next_reset(Timestamp::default()).is_none() {
                let message = "`resets` is a time, `time_zone` the name of a zone";
                self.report("/rate_limit/daily", message);
            }
        }
        let mut names = HashSet::new();
        for (at, class) in limits.classes.iter().enumerate() {
            if !names.insert(&class.name) {
                self.report(&format!("/rate_limit/classes/{at}/name"), "another class has it too");
            }
        }
    }

    fn schemas(&mut self) {
        for (pointer, schema) in
            [("/credentials", &self.provider.credentials), ("/config", &self.provider.config)]
        {
            if let Err(error) = Schema::new(schema) {
                self.report(&format!("{pointer}{}", error.pointer), error.message);
            }
            for (name, field) in schema::fields(schema) {
                let at = format!("{pointer}/properties/{name}");
                if field.get("title").is_none_or(|title| title == "") {
                    self.report(&at, "a field needs a `title`, which is its label");
                }
                let marked = !schema::sensitive(field).is_empty();
                if pointer == "/credentials" && kernel::looks_secret(name) && !marked {
                    self.report(&at, "looks like a secret; mark it with `x-sensitive: true`");
                }
                if pointer == "/config" && (marked || kernel::looks_secret(name)) {
                    self.report(&at, "a secret belongs into `credentials`");
                }
            }
        }
    }

    fn templates(&mut self) {
        let provider = self.provider;
        if let Some(base) = &provider.base_url {
            self.template("/base_url", base);
        }
        for (at, auth) in provider.auth.iter().enumerate() {
            auth.templates().for_each(|text| self.template(&format!("/auth/{at}"), text));
        }
        for (pointer, request) in [("/request", &provider.request), ("/test", &provider.test)] {
            if let Some(request) = request {
                self.request(pointer, request);
            }
        }
    }

    fn request(&mut self, pointer: &str, request: &Request) {
        for text in [&request.path, &request.url].into_iter().flatten() {
            self.template(pointer, text);
        }
        self.values(pointer, request.query.values().chain(request.headers.values()));
        self.values(pointer, &request.body);
        if request.url.is_none() && self.provider.base_url.is_none() {
            self.report(pointer, "has neither a `url` nor a `base_url` to hang its path on");
        }
    }

    fn template(&mut self, pointer: &str, text: &str) {
        if let Err(error) = template::check(pointer, text) {
            self.report(pointer, error.to_string());
        }
        for name in template::referenced(text) {
            let mut words = name.split('.');
            let (root, field) = (words.next(), words.next().unwrap_or_default());
            let declared =
                |schema| schema::fields(schema).any(|(known, _): (&String, _)| known == field);
            let known = match root {
                Some("credentials") => declared(&self.provider.credentials),
                Some("config") => declared(&self.provider.config),
                Some("token") => grant::tokens(self.provider).any(|known| known == field),
                Some("connection") => grant::captured(self.provider).any(|known| known == field),
                Some("days_ago") => field.parse::<u32>().is_ok(),
                _ => true,
            };
            if !known {
                self.report(pointer, format!("`{name}` is not declared"));
            }
        }
    }

    fn values<'v>(&mut self, pointer: &str, values: impl IntoIterator<Item = &'v Value>) {
        values
            .into_iter()
            .for_each(|value| strings(value, &mut |text| self.template(pointer, text)));
    }

    fn program(&mut self, pointer: &str, program: &str) {
        if let Err(error) = jq::compile(program) {
            self.report(pointer, error.to_string());
        }
    }

    /// One that is gathered with others.
    fn gathered(&mut self, pointer: &str, program: &str) {
        if let Err(error) = jq::gatherable(program) {
            self.report(pointer, error.to_string());
        }
    }

    fn programs(&mut self) {
        let provider = self.provider;
        for (pointer, program) in [
            ("/transform", &provider.transform),
            ("/success", &provider.success),
            ("/error_message", &provider.error_message),
        ] {
            program.iter().for_each(|program| self.program(pointer, program));
        }
    }

    /// What a mode needs is there, and what no mode uses is not.
    fn modes(&mut self) {
        let provider = self.provider;
        if provider.pulls() {
            if provider.request.is_none() {
                self.report("/request", "a provider that is pulled needs a request");
            }
            if provider.samples.is_empty() {
                self.report("/modes", "a provider that is pulled needs a sample in `samples/`");
            }
        } else if provider.modes.is_empty() && provider.actions.is_empty() {
            self.report("/modes", "a provider is asked, tells, or has actions");
        } else if provider.request.is_some() || provider.interval_secs.is_some() {
            self.report("/modes", "`request` and `interval_secs` have no effect without `pull`");
        }
        if provider.pushes() != provider.push.is_some() {
            self.report("/push", "`push` in `modes` and a push part go together");
        }
        let Some(push) = &provider.push else { return };
        for problem in push.problems() {
            self.report("/push", problem);
        }
        let known: Vec<&String> =
            schema::fields(&provider.credentials).map(|(name, _)| name).collect();
        for field in push.credential_fields() {
            if !known.iter().any(|name| *name == field) {
                self.report("/push", format!("`credentials.{field}` is not declared"));
            }
        }
        push.ways().iter().for_each(|way| self.way(way));
    }

    /// What can be asked for can be filled in and read.
    fn way(&mut self, way: &Way) {
        let pointer = format!("/push/subscribe/{}", way.name);
        let mut texts = vec![way.topic.clone()];
        texts.extend(way.needs.iter().map(|name| format!("{{{{{name}}}}}")));
        way.lease_secs.iter().for_each(|lease| strings(lease, &mut |it| texts.push(it.to_owned())));
        texts.iter().for_each(|text| self.template(&pointer, text));
        for (part, request) in way.requests() {
            let pointer = format!("{pointer}/{part}");
            self.request(&pointer, request);
            let mut texts: Vec<String> =
                [&request.path, &request.url].into_iter().flatten().cloned().collect();
            let values =
                request.query.values().chain(request.headers.values()).chain(&request.body);
            values.for_each(|value| strings(value, &mut |it| texts.push(it.to_owned())));
            for name in texts.iter().flat_map(|text| template::referenced(text)) {
                let own = name.strip_prefix("subscription.");
                if own.is_some_and(|own| !way.given().any(|known| known == own)) {
                    self.report(&pointer, format!("`{name}` is not declared"));
                }
            }
        }
        way.programs().for_each(|program| self.program(&pointer, program));
    }

    fn icon(&mut self) {
        if let Err(message) = icon::check(&self.provider.icon_svg) {
            self.report("/icon", message);
        }
    }

    fn samples(&mut self) {
        for sample in &self.provider.samples {
            match outcome(self.provider, sample) {
                Ok(document) if document == sample.expect => {}
                Ok(document) => {
                    let message = format!("the outcome is not what is expected, but {document}");
                    self.findings.push(finding(&sample.file, "/expect", &message));
                }
                Err(message) => self.findings.push(finding(&sample.file, "/response", &message)),
            }
        }
    }

    /// Files that nothing reads are mistakes in a name.
    fn strays(&mut self, id: &str, folder: &Folder) {
        let root = format!("providers/{id}/");
        let known = |name: &str| {
            let sample = name.strip_prefix("samples/").and_then(|name| name.strip_suffix(".json"));
            let read = |sample: &str| match sample.split_once('/') {
                None => true,
                Some(("token", one)) => self.provider.oauth.is_some() && !one.contains('/'),
                Some(("metrics", one)) => self.provider.metrics.is_some() && !one.contains('/'),
                Some(_) => false,
            };
            let action = name.strip_prefix("actions/").and_then(|name| name.strip_suffix(".yaml"));
            name == "provider.yaml"
                || action.is_some_and(|name| self.provider.actions.contains_key(name))
                || PARTS.iter().any(|part| name.strip_suffix(".yaml") == Some(part))
                || name == self.provider.icon
                || sample.is_some_and(read)
        };
        for file in folder.files() {
            if file.strip_prefix(&root).is_some_and(|name| !known(name)) {
                self.findings.push(finding(file, "", "nothing reads this file"));
            }
        }
    }
}

/// What becomes of a recorded answer.
fn outcome(provider: &Provider, sample: &Sample) -> Result<Value, String> {
    let bytes = match (&sample.response, provider.format) {
        (Value::String(text), format) if format != Format::Json => text.clone(),
        (response, _) => response.to_string(),
    };
    let kind = sample.content_type.as_deref();
    let document = decode::decode(bytes.as_bytes(), kind, provider.format, &Options::default())
        .map_err(|error| error.to_string())?;
    let Some(transform) = &provider.transform else { return Ok(document) };
    let mut config = sample.config.clone().unwrap_or_else(|| Value::Object(Default::default()));
    schema::apply_defaults(&provider.config, &mut config);
    jq::compile(transform)
        .and_then(|program| jq::run_with(&program, document, config, Limits::default()))
        .map_err(|error| error.to_string())
}

fn strings(value: &Value, found: &mut dyn FnMut(&str)) {
    match value {
        Value::String(text) => found(text),
        Value::Array(items) => items.iter().for_each(|item| strings(item, found)),
        Value::Object(map) => map.values().for_each(|item| strings(item, found)),
        _ => {}
    }
}

fn finding(file: &str, pointer: &str, message: &str) -> Finding {
    Finding { file: file.to_owned(), pointer: pointer.to_owned(), message: message.to_owned() }
}

#[cfg(test)]
mod tests;
