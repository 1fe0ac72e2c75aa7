//! A request that is ready to be sent, and how to read what comes back.

use catalog::jq::{self, Program};
use catalog::ratelimit::{self, Class, Daily};
use catalog::{Format, Provider, decode};
use egress::{Observation, Observer, Response};
use kernel::{Clock, Problem, codes};
use serde_json::Value;
use std::fmt;
use std::sync::Arc;

use crate::masking;

/// A request of an integration, complete, with what its answer is read by.
#[derive(Clone)]
pub struct Prepared {
    /// What to send. The feed, the validators and the lane are the caller's to add.
    pub request: egress::Request,
    /// How to read the answer.
    pub format: Format,
    /// jq from the answer to the document.
    pub transform: Option<Program>,
    /// jq that says whether a 2xx answer is a success in truth.
    pub success: Option<Program>,
    /// jq to the message for people in an answer that is an error.
    pub error_message: Option<Program>,
    /// What `$config` is in those programs.
    pub config: Value,
    pub(crate) proves: bool,
    pub(crate) hidden: Vec<String>,
}

impl fmt::Debug for Prepared {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Prepared({})", self.request.method)
    }
}

impl Prepared {
    /// The document in an answer: read, found to be a success, transformed. It computes; call it where
    /// that holds nobody up.
    ///
    /// # Errors
    /// What [`Prepared::read`] refuses, and `feed.transform_failed`.
    pub fn document(&self, response: &Response) -> Result<Value, Problem> {
        let read = self.read(response)?;
        match &self.transform {
            Some(program) => self.run(program, read),
            None => Ok(read),
        }
    }

    /// The answer as JSON, before the transform.
    ///
    /// # Errors
    /// `feed.upstream_status`, `feed.upstream_error` for an error inside a success, `feed.unreadable`.
    pub fn read(&self, response: &Response) -> Result<Value, Problem> {
        let status = response.head.status;
        let content_type = response.head.headers.get(http::header::CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok());
        let max_bytes =
            self.request.limits.map_or(decode::Options::default().max_bytes, |limits| {
                usize::try_from(limits.max_body).unwrap_or(usize::MAX)
            });
        let options = decode::Options { max_bytes, ..decode::Options::default() };
        if !status.is_success() {
            let body = decode::decode(&response.body, content_type, Format::Auto, &options);
            let detail = match body.ok().and_then(|body| self.message(body)) {
                Some(message) => format!("The provider answered {status}: {message}"),
                None => format!("The provider answered {status}."),
            };
            return Err(Problem::new(&codes::FEED_UPSTREAM_STATUS, detail));
        }
        let read = decode::decode(&response.body, content_type, self.format, &options)
            .map_err(|error| Problem::of(error.code(), &error))?;
        let Some(success) = &self.success else { return Ok(read) };
        if self.run(success, read.clone())? == Value::Bool(true) {
            return Ok(read);
        }
        let detail = match self.message(read) {
            Some(message) => format!("The provider reported an error: {message}"),
            None => "The provider reported an error and did not say which.".to_owned(),
        };
        Err(Problem::new(&codes::FEED_UPSTREAM_ERROR, detail))
    }

    /// What an answer says about the credentials: taken, refused, or nothing.
    pub fn verdict(&self, response: &Response) -> Option<bool> {
        match response.head.status.as_u16() {
            _ if !self.proves => None,
            200..=299 | 304 => Some(true),
            401 => Some(false),
            _ => None,
        }
    }

    fn run(&self, program: &Program, input: Value) -> Result<Value, Problem> {
        jq::run_with(program, input, self.config.clone(), jq::Limits::default())
            .map_err(|error| Problem::of(error.code(), &self.hide(&error.to_string())))
    }

    fn message(&self, body: Value) -> Option<String> {
        let said = match (&self.error_message, body) {
            (Some(program), body) => self.run(program, body).ok()?,
            (None, Value::String(text)) => Value::String(text),
            (None, _) => return None,
        };
        let text = said.as_str()?.trim();
        let short: String = text.chars().take(300).collect();
        (!short.is_empty()).then(|| self.hide(&short))
    }

    fn hide(&self, text: &str) -> String {
        let mut text = Value::from(text);
        masking::redact(&mut text, &self.hidden);
        text.as_str().unwrap_or_default().to_owned()
    }
}

/// Longer bodies are documents, not refusals.
const MAX_REFUSAL: usize = 64 << 10;

/// Reads limits from answers to calls of the class, in the provider's own words first. `days` are the daily
/// limits that the call counts against, under the keys of their budgets.
pub(crate) fn observer(
    provider: Arc<Provider>,
    class: Option<Class>,
    days: Vec<(String, Daily)>,
    clock: Clock,
) -> Observer {
    Arc::new(move |head, body| {
        let header = |name: &str| {
            let value = head.headers.get(name)?.to_str().ok()?;
            Some(value.to_owned())
        };
        // What says "slow down" is short; a document is not read twice for it.
        let short = body.filter(|bytes| bytes.len() <= MAX_REFUSAL);
        let json = short.and_then(|bytes| serde_json::from_slice::<Value>(bytes).ok());
        let answer = ratelimit::Answer {
            status: head.status.as_u16(),
            header: &header,
            body: json.as_ref(),
        };
        let spec = provider.rate_limit.as_ref();
        let seen = ratelimit::observe(spec, class.as_ref(), &answer, clock.now());
        let spent = days.iter().filter(|(_, daily)| daily.is_spent(&answer));
        Observation {
            limit: seen.limit,
            remaining: seen.remaining,
            reset_at: seen.reset_at,
            retry_after: seen.retry_after,
            limited: seen.limited,
            is_share: seen.is_share,
            should_retry: seen.should_retry,
            spent: spent.map(|(key, _)| key.clone()).collect(),
        }
    })
}
