//! What a provider can do, as data: a file each in `providers/<id>/actions/`, named like the action. Its
//! examples are its test and its documentation.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

use crate::provider::{Format, Request};

/// One thing a provider can do.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Action {
    /// The file's name, in lower case with underscores: `send_message`.
    pub action: String,
    /// What people call it.
    pub title: String,
    /// One or two sentences: what it does and when to use it.
    pub summary: String,
    /// Where the provider's makers describe it.
    #[serde(default)]
    pub docs: Option<String>,
    /// What it does to the world.
    pub effect: Effect,
    /// The scopes that a grant needs for it.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// JSON Schema of the input, an object.
    pub input: Value,
    /// JSON Schema of the output. An answer that does not fit is a sign of drift, not a failure.
    #[serde(default = "anything")]
    pub output: Value,
    /// jq from the input to what templates see as `{{input.…}}`, where that is not the input itself.
    #[serde(default)]
    pub prepare: Option<String>,
    /// The request; its templates also see `{{input.…}}`.
    #[serde(default)]
    pub request: Option<Request>,
    /// Or the module that does it, where a request as data cannot say it: `smtp.send_email`.
    #[serde(default)]
    pub native: Option<String>,
    /// How to read the answer; the provider's way unless given.
    #[serde(default)]
    pub format: Option<Format>,
    /// jq from the answer to the output.
    #[serde(default)]
    pub transform: Option<String>,
    /// jq that says whether a 2xx answer is a success in truth; the provider's unless given.
    #[serde(default)]
    pub success: Option<String>,
    /// jq to the message for people in an answer that is an error; the provider's unless given.
    #[serde(default)]
    pub error_message: Option<String>,
    /// jq to the provider's own code in an answer that is an error.
    #[serde(default)]
    pub error_code: Option<String>,
    /// What to do about an error, by the provider's own code.
    #[serde(default)]
    pub errors: BTreeMap<String, String>,
    /// The header in which the provider takes a key that makes a repeated request harmless.
    #[serde(default)]
    pub idempotency_header: Option<String>,
    /// How the rest of a long list is asked for.
    #[serde(default)]
    pub paging: Option<Paging>,
    /// What is asked and what comes of it.
    #[serde(default)]
    pub examples: Vec<Example>,
}

/// What an action does to the world. Programs that act for people ask before they change or remove.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// Nothing changes.
    Read,
    /// Something is made or changed.
    Write,
    /// Something is gone for good.
    Delete,
}

/// How the rest of a long list is asked for: the same request once more, with one value changed. An input
/// field `limit` is how many items are wanted in all.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Paging {
    /// jq over the answer to the next value; null when there is no more. Left out, pages are numbered from 1.
    #[serde(default)]
    pub next: Option<String>,
    /// How many items a page has where pages are numbered: one with fewer is the last.
    #[serde(default)]
    pub size: Option<u32>,
    /// What templates see the value as: `{{input.…}}`, absent for the first page unless pages are numbered.
    pub parameter: String,
    /// jq over the answer to its items. The output is then the list of all.
    pub items: String,
    /// At most so many pages.
    #[serde(default = "some_pages")]
    pub most: u32,
}

/// An example: what is asked, what goes out, what is answered, what comes of it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// What it shows.
    pub title: String,
    /// The input.
    pub input: Map<String, Value>,
    /// The integration's configuration.
    #[serde(default)]
    pub config: Map<String, Value>,
    /// What was captured when somebody connected.
    #[serde(default)]
    pub connection: Map<String, Value>,
    /// What goes out: `method`, `url`, `headers` (those that matter), `body` (JSON, or a form's text).
    #[serde(default)]
    pub request: Option<Value>,
    /// What is answered: `status` (200 unless given), `headers`, `body`.
    #[serde(default)]
    pub response: Option<Value>,
    /// What comes of it; of a list, from this page.
    #[serde(default)]
    pub output: Option<Value>,
    /// What asks for the next page, where there is one.
    #[serde(default)]
    pub next: Option<Value>,
    /// Or the provider's own code of the error that comes of it.
    #[serde(default)]
    pub error: Option<String>,
}

impl Paging {
    /// What asks for the page after the one of this number, which had so many items; `said` is what `next`
    /// made of the answer.
    pub fn after(&self, page: u32, items: usize, said: Value) -> Option<Value> {
        match (self.size, said) {
            (Some(size), _) if self.next.is_none() => {
                (items >= size as usize).then(|| Value::from(page.saturating_add(1)))
            }
            (_, Value::Null | Value::Bool(false)) => None,
            (_, Value::String(text)) if text.is_empty() => None,
            (_, said) => Some(said),
        }
    }

    /// What the first page is asked for with.
    pub fn first(&self) -> Option<Value> {
        self.next.is_none().then(|| Value::from(1))
    }
}

impl Effect {
    /// The name in files and in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Delete => "delete",
        }
    }
}

const fn some_pages() -> u32 {
    20
}

fn anything() -> Value {
    Value::Bool(true)
}
