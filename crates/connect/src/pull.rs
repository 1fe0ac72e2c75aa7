//! The settings of a pull, of an integration or of one feed.

use catalog::{Format, jq, template};
use kernel::{ConnectionId, FieldError, Problem, WidgetConfigId, codes};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::time::Duration;
use utoipa::ToSchema;

use crate::{Whose, body};

/// How a service is asked: what is not said here, the integration or its provider says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PullConfig {
    /// The whole address; a template.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Under the base URL of the integration; a template.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The method; GET unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Parameters; templates.
    #[serde(skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = Object)]
    pub query: Map<String, Value>,
    /// Headers; templates.
    #[serde(skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = Object)]
    pub headers: Map<String, Value>,
    /// JSON with templates in its strings, or `{"$text": "…"}` for text as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// The artist or end user whose connection is used; empty for the workspace's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The connection that is used, where it is to be a certain one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub connection_id: Option<ConnectionId>,
    /// How to read the answer: `auto`, `json`, `feed`, `xml`, `csv`, `form` or `text`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub format: Option<Format>,
    /// jq from the answer to the document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transform: Option<String>,
    /// Seconds between two pulls.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    pub interval_secs: Option<u64>,
    /// The same as text: `30s`, `5m`, `1h`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<String>,
    /// A schedule in five or six fields, in place of an interval.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cron: Option<String>,
    /// The IANA time zone of the schedule; UTC unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// JSON Pointers to parts whose change alone makes no new version.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ignore: Vec<String>,
    /// Milliseconds that one request may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 300_000)]
    pub timeout: Option<u64>,
    /// Requests a minute at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    pub rate_limit: Option<u32>,
    /// How many versions are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 1000)]
    pub keep: Option<u32>,
    /// After how many failures in a row to tell somebody.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    pub notify_after: Option<u32>,
    /// The largest answer that is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 104_857_600)]
    pub max_bytes: Option<u64>,
}

/// The longest that a request may take, in milliseconds.
const MAX_TIMEOUT: u64 = 300_000;
/// The most versions that are kept.
pub(crate) const MAX_KEEP: u32 = 1_000;
/// The largest answer that can be asked for.
const MAX_BYTES: u64 = 100 << 20;
/// The longest interval: a year.
const MAX_INTERVAL: u64 = 366 * 24 * 3600;
/// Headers that the connection makes itself; setting them would have no effect.
const CONNECTION: [&str; 5] =
    ["host", "content-length", "transfer-encoding", "connection", "upgrade"];

impl PullConfig {
    /// Reads the settings from JSON; what cannot be read is named.
    ///
    /// # Errors
    /// `request.invalid` with a pointer.
    pub fn from_map(map: Map<String, Value>) -> Result<Self, Problem> {
        body::read(Value::Object(map), "")
    }

    /// The settings as JSON, without those that say nothing.
    pub fn to_map(&self) -> Map<String, Value> {
        body::to_map(self)
    }

    /// On whose behalf these settings ask.
    pub fn whose(&self, widget_config: Option<WidgetConfigId>) -> Whose {
        Whose {
            widget_config,
            connection: self.connection_id,
            subject: self.subject.clone(),
            ..Whose::default()
        }
    }

    /// How long to wait between two pulls, if that is said.
    pub fn interval(&self) -> Option<Duration> {
        let secs = self.interval_secs.or_else(|| self.interval.as_deref().and_then(read_interval));
        secs.map(Duration::from_secs)
    }

    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What is wrong with the settings, each pointer under `at`; empty when nothing is.
    pub fn problems(&self, at: &str) -> Vec<FieldError> {
        let mut found = Found { at, errors: Vec::new() };
        self.check_address(&mut found);
        self.check_templates(&mut found);
        self.check_schedule(&mut found);
        self.check_limits(&mut found);
        if let Some(error) = self.transform.as_deref().and_then(|it| jq::compile(it).err()) {
            found.add("/transform", error.to_string());
        }
        for (n, pointer) in self.ignore.iter().enumerate() {
            if !pointer.starts_with('/') {
                found.add(&format!("/ignore/{n}"), "a JSON Pointer begins with /");
            }
        }
        found.errors
    }

    /// The code that says best what is wrong.
    pub(crate) fn problem(errors: Vec<FieldError>) -> Problem {
        let of = |ends: &[&str]| {
            errors.iter().all(|it| ends.iter().any(|end| it.pointer.ends_with(end)))
        };
        let code = if of(&["/transform"]) {
            &codes::BAD_TRANSFORM
        } else if of(&["/cron", "/time_zone", "/interval", "/interval_secs"]) {
            &codes::BAD_SCHEDULE
        } else {
            &codes::INVALID
        };
        body::problem(code, errors)
    }

    fn check_address(&self, found: &mut Found<'_>) {
        if self.url.is_some() && self.path.is_some() {
            found.add("/path", "it has no effect beside url; leave one of them out");
        }
        if let Some(url) = &self.url
            && !url.starts_with("{{")
            && !url.starts_with("http://")
            && !url.starts_with("https://")
        {
            found.add("/url", "an address begins with http:// or https://");
        }
        let Some(method) = &self.method else { return };
        if !["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
            .contains(&method.to_ascii_uppercase().as_str())
        {
            found.add("/method", "it is GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS");
        }
        let bodiless = ["GET", "HEAD"].iter().any(|known| method.eq_ignore_ascii_case(known));
        if bodiless && self.body.as_ref().is_some_and(|body| !body.is_null()) {
            found.add("/body", "it has no effect with this method; use POST");
        }
    }

    fn check_templates(&self, found: &mut Found<'_>) {
        for (at, text) in [("/url", &self.url), ("/path", &self.path)] {
            if let Some(text) = text {
                found.template(at, text);
            }
        }
        for (name, value) in &self.query {
            let at = format!("/query/{}", crate::masking::escape(name));
            found.templates(&at, value);
        }
        for (name, value) in &self.headers {
            let at = format!("/headers/{}", crate::masking::escape(name));
            if name != "*" && http::HeaderName::from_bytes(name.as_bytes()).is_err() {
                found.add(&at, "it is not the name of a header");
            }
            if CONNECTION.iter().any(|known| name.eq_ignore_ascii_case(known)) {
                found.add(&at, "it is made from the address and the body and cannot be set");
            }
            if value.as_str().is_some_and(|text| text.contains(['\r', '\n', '\0'])) {
                found.add(&at, "a header has no line breaks");
            }
            found.templates(&at, value);
        }
        if let Some(body) = &self.body {
            found.templates("/body", body);
        }
    }

    fn check_schedule(&self, found: &mut Found<'_>) {
        let interval = self.interval_secs.is_some() || self.interval.is_some();
        if self.interval_secs.is_some() && self.interval.is_some() {
            found.add("/interval", "it has no effect beside interval_secs; leave one of them out");
        }
        if self.cron.is_some() && interval {
            found.add("/cron", "a schedule and an interval contradict each other; leave one out");
        }
        if self.time_zone.is_some() && self.cron.is_none() {
            found.add("/time_zone", "it has no effect without cron");
        }
        if self.interval_secs.is_some_and(|secs| !(1..=MAX_INTERVAL).contains(&secs)) {
            found.add("/interval_secs", "it is from 1 second to a year");
        }
        if let Some(text) = &self.interval
            && !read_interval(text).is_some_and(|secs| (1..=MAX_INTERVAL).contains(&secs))
        {
            found.add("/interval", "write it as 30s, 5m, 1h or 1d; at least a second");
        }
        if let Some(error) = self.cron.as_deref().and_then(cron_problem) {
            found.add("/cron", error);
        }
        if let Some(zone) = &self.time_zone
            && jiff::tz::TimeZone::get(zone).is_err()
        {
            found.add("/time_zone", "it is not a time zone such as Europe/Rome");
        }
    }

    fn check_limits(&self, found: &mut Found<'_>) {
        let mut within = |at: &str, value: Option<u64>, most: u64| {
            if value.is_some_and(|value| !(1..=most).contains(&value)) {
                found.add(at, format!("it is from 1 to {most}"));
            }
        };
        within("/timeout", self.timeout, MAX_TIMEOUT);
        within("/rate_limit", self.rate_limit.map(u64::from), 1_000_000);
        within("/keep", self.keep.map(u64::from), u64::from(MAX_KEEP));
        within("/notify_after", self.notify_after.map(u64::from), 1_000_000);
        within("/max_bytes", self.max_bytes, MAX_BYTES);
    }
}

fn cron_problem(text: &str) -> Option<String> {
    let fields = text.split_whitespace().count();
    if text.starts_with('@') || !(5..=6).contains(&fields) {
        return Some("it has five fields, or six with seconds first".to_owned());
    }
    let parser = croner::parser::CronParser::builder().seconds(croner::parser::Seconds::Optional);
    let unreadable = "a field is out of range, or not of cron's form; the fields are minute, hour, day of \
                      the month, month, day of the week";
    parser.build().parse(text).err().map(|_| unreadable.to_owned())
}

/// Seconds in `30s`, `5m`, `1h`, `1d`.
fn read_interval(text: &str) -> Option<u64> {
    let text = text.trim();
    let unit = text.chars().last()?;
    let number: u64 = text[..text.len() - unit.len_utf8()].parse().ok()?;
    let secs = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 24 * 3600,
        _ => return None,
    };
    number.checked_mul(secs)
}

struct Found<'a> {
    at: &'a str,
    errors: Vec<FieldError>,
}

impl Found<'_> {
    fn add(&mut self, pointer: &str, message: impl Into<String>) {
        let pointer = format!("{}{pointer}", self.at);
        self.errors.push(FieldError { pointer, message: message.into() });
    }

    fn template(&mut self, pointer: &str, text: &str) {
        if let Err(error) = template::check(pointer, text) {
            let message = error.to_string();
            let told = message.strip_prefix(pointer).unwrap_or(&message);
            self.add(pointer, told.trim_start_matches(": "));
        }
    }

    fn templates(&mut self, pointer: &str, value: &Value) {
        match value {
            Value::String(text) => self.template(pointer, text),
            Value::Array(items) => {
                for (n, item) in items.iter().enumerate() {
                    self.templates(&format!("{pointer}/{n}"), item);
                }
            }
            Value::Object(map) => {
                for (name, item) in map {
                    self.templates(&format!("{pointer}/{}", crate::masking::escape(name)), item);
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(given: Value) -> Vec<String> {
        let given = given.as_object().cloned().unwrap();
        match PullConfig::from_map(given) {
            Ok(pull) => pull.problems("/pull").into_iter().map(|it| it.pointer).collect(),
            Err(problem) => problem.errors.into_iter().map(|it| it.pointer).collect(),
        }
    }

    #[test]
    fn good_settings_are_taken() {
        for good in [
            json!({}),
            json!({"path": "/me", "interval": "30s", "ignore": ["/at"], "timeout": 5000}),
            json!({"cron": "*/5 * * * *", "time_zone": "Europe/Rome"}),
            json!({"cron": "0 */5 * * * *"}),
            json!({"method": "post", "body": {"q": "{{config.q}}"}, "headers": {"X-A": "b"}}),
            json!({"url": "{{config.feed_url}}", "transform": ".items[0]", "format": "feed"}),
        ] {
            assert_eq!(check(good.clone()), [""; 0], "{good}");
        }
    }

    #[test]
    fn bad_settings_are_named() {
        for (bad, pointer) in [
            (json!({"intervall": 3}), "/intervall"),
            (json!({"interval_secs": 0}), "/pull/interval_secs"),
            (json!({"interval_secs": -1}), "/interval_secs"),
            (json!({"interval": "soon"}), "/pull/interval"),
            (json!({"interval": "0s"}), "/pull/interval"),
            (json!({"interval": "99999999999999999999d"}), "/pull/interval"),
            (json!({"interval": "é"}), "/pull/interval"),
            (json!({"interval": "5m", "interval_secs": 5}), "/pull/interval"),
            (json!({"cron": "* * * * *", "interval_secs": 5}), "/pull/cron"),
            (json!({"cron": "61 * * * *"}), "/pull/cron"),
            (json!({"cron": "@daily"}), "/pull/cron"),
            (json!({"cron": "* * *"}), "/pull/cron"),
            (json!({"cron": "* * * * *", "time_zone": "Mars/Crater"}), "/pull/time_zone"),
            (json!({"time_zone": "UTC"}), "/pull/time_zone"),
            (json!({"method": "GET", "body": {}}), "/pull/body"),
            (json!({"method": "BREW"}), "/pull/method"),
            (json!({"headers": {"X-A": "a\r\nX-B: c"}}), "/pull/headers/X-A"),
            (json!({"headers": {"a b": "c"}}), "/pull/headers/a b"),
            (json!({"headers": {"Host": "c"}}), "/pull/headers/Host"),
            (json!({"query": {"q": "{{nothing.x}}"}}), "/pull/query/q"),
            (json!({"query": {"q": "{{config.x"}}), "/pull/query/q"),
            (json!({"url": "ftp://x"}), "/pull/url"),
            (json!({"url": "https://x", "path": "/y"}), "/pull/path"),
            (json!({"transform": ".a |"}), "/pull/transform"),
            (json!({"ignore": ["at"]}), "/pull/ignore/0"),
            (json!({"timeout": 0}), "/pull/timeout"),
            (json!({"keep": 5000}), "/pull/keep"),
            (json!({"max_bytes": 0}), "/pull/max_bytes"),
            (json!({"rate_limit": 0}), "/pull/rate_limit"),
            (json!({"format": "yaml"}), "/format"),
        ] {
            assert_eq!(check(bad.clone()), [pointer], "{bad}");
        }
    }
}
