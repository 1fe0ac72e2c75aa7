//! A request that is ready to be sent, and how to read what comes back.

use catalog::Provider;
use catalog::answer::{Reading, Unread};
use catalog::ratelimit::{self, Class, Daily};
use egress::{Observation, Observer, Response};
use kernel::{Clock, Problem, codes};
use serde_json::Value;
use std::fmt;
use std::sync::Arc;

use crate::masking;

/// A request of an integration, complete, with how its answer is read.
#[derive(Clone)]
pub struct Prepared {
    /// What to send. The feed, the validators and the lane are the caller's to add.
    pub request: egress::Request,
    /// How to read the answer.
    pub reading: Reading,
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
        self.reading.transformed(read).map_err(|unread| self.problem(unread))
    }

    /// The answer as JSON, before the transform.
    ///
    /// # Errors
    /// `feed.upstream_status`, `feed.upstream_error` for an error inside a success, `feed.unreadable`.
    pub fn read(&self, response: &Response) -> Result<Value, Problem> {
        self.heard(response).map_err(|unread| self.problem(unread))
    }

    /// The same, with what the provider itself said where it refused.
    ///
    /// # Errors
    /// [`Unread`].
    pub fn heard(&self, response: &Response) -> Result<Value, Unread> {
        let content_type = response.head.headers.get(http::header::CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok());
        self.reading.read(response.head.status.as_u16(), content_type, &response.body)
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

    /// Why there is nothing to read, in words that hold nothing secret.
    pub fn problem(&self, unread: Unread) -> Problem {
        match unread {
            Unread::Refused { status, message, .. } => {
                let message = message.map(|message| self.hide(&message));
                let is_error = !(200..300).contains(&status);
                let status = http::StatusCode::from_u16(status).unwrap_or_default();
                let (code, detail) = match (is_error, message) {
                    (true, Some(said)) => (
                        &codes::FEED_UPSTREAM_STATUS,
                        format!("The provider answered {status}: {said}"),
                    ),
                    (true, None) => {
                        (&codes::FEED_UPSTREAM_STATUS, format!("The provider answered {status}."))
                    }
                    (false, Some(said)) => (
                        &codes::FEED_UPSTREAM_ERROR,
                        format!("The provider reported an error: {said}"),
                    ),
                    (false, None) => (
                        &codes::FEED_UPSTREAM_ERROR,
                        "The provider reported an error and did not say which.".to_owned(),
                    ),
                };
                Problem::new(code, detail)
            }
            Unread::Format(error) => Problem::of(error.code(), &error),
            Unread::Program(error) => Problem::of(error.code(), &self.hide(&error.to_string())),
        }
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
