//! An action as a caller sees it.

use catalog::Action;
use catalog::action::Example;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// One thing that a provider can do.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "name": "send_message", "title": "Send a message", "description": "Posts a message to a channel.",
    "docs": "https://docs.slack.dev/reference/methods/chat.postMessage", "effect": "write",
    "scopes": ["chat:write"], "idempotent": false, "input_schema": {"type": "object"},
    "output_schema": {"type": "object"}, "errors": {"channel_not_found": "Use the channel's ID."},
    "examples": [{"title": "A text", "input": {"channel": "C1", "text": "hello"}, "output": {"ts": "1.2"}}]
}))]
pub(super) struct ActionView {
    name: String,
    title: String,
    description: String,
    docs: Option<String>,
    /// `read`, `write` or `delete`.
    effect: &'static str,
    /// What a connection must have been granted.
    scopes: Vec<String>,
    /// Whether a repeated run with the same `Idempotency-Key` is harmless at the provider, too.
    idempotent: bool,
    input_schema: Value,
    output_schema: Value,
    /// What to do about an error, by the provider's own code.
    errors: BTreeMap<String, String>,
    examples: Vec<ExampleView>,
}

/// An example.
#[derive(Serialize, ToSchema)]
struct ExampleView {
    title: String,
    #[schema(value_type = Object)]
    input: Value,
    output: Option<Value>,
    error: Option<String>,
}

impl ActionView {
    pub(super) fn of(action: &Action) -> Self {
        Self {
            name: action.action.clone(),
            title: action.title.clone(),
            description: action.summary.clone(),
            docs: action.docs.clone(),
            effect: action.effect.name(),
            scopes: action.scopes.clone(),
            idempotent: action.idempotency_header.is_some(),
            input_schema: action.input.clone(),
            output_schema: action.output.clone(),
            errors: action.errors.clone(),
            examples: action.examples.iter().map(ExampleView::of).collect(),
        }
    }
}

impl ExampleView {
    fn of(example: &Example) -> Self {
        let Example { title, input, output, error, .. } = example.clone();
        Self { title, input: Value::Object(input), output, error }
    }
}
