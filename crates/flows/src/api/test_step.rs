//! `POST /api/v1/workflows/test-step`.

use accounts::gate::{Answer, ApiJson, Caller, may, present};
use axum::extract::State;
use kernel::codes;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::time::{Duration, Instant};
use utoipa::ToSchema;

use super::workflows;
use crate::Flows;
use crate::definition::{Kind, Step, Transform};
use crate::expression::{self, Context};
use crate::run::{Failure, Outcome};
use crate::step::http::{self, Filled};
use crate::step::{self, code};

/// A step to try, and what it sees.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "step": { "name": "greet", "type": "transform", "config": { "value": "Hello {{ input.name }}" } },
    "context": { "input": { "name": "Ada" } }
}))]
pub(super) struct Trial {
    #[schema(value_type = Object)]
    step: Value,
    /// What expressions see as `input`.
    #[serde(default)]
    #[schema(value_type = Value)]
    input: Value,
    /// Everything else that they see: `steps`, `trigger`, `item`.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Object>, nullable = false)]
    context: Option<Map<String, Value>>,
}

/// How it went.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({ "status": "succeeded", "output": "Hello Ada", "error": null, "duration_ms": 1 }))]
pub(super) struct Tried {
    /// `succeeded` or `failed`.
    status: &'static str,
    #[schema(value_type = Value)]
    output: Option<Value>,
    #[schema(value_type = Value)]
    error: Option<Failure>,
    duration_ms: u64,
}

/// Try a step
///
/// It is done for real: a request is sent, an action is run. Steps that hold others, wait or ask are not
/// tried alone.
#[utoipa::path(post, path = "/api/v1/workflows/test-step", tag = "Workflows", request_body = Trial,
    responses((status = 200, body = Tried)), security(("api_key" = ["workflows:execute"])))]
pub(super) async fn test_step(
    State(flows): State<Flows>,
    caller: Caller<may::WorkflowsExecute>,
    ApiJson(trial): ApiJson<Trial>,
) -> Answer<ApiJson<Tried>> {
    let mut seen = trial.context.unwrap_or_default();
    seen.entry("input").or_insert(trial.input);
    // The other steps that it names are there by name alone.
    let mut steps = vec![trial.step];
    let others = seen.get("steps").and_then(Value::as_object).into_iter().flatten();
    let name = steps[0]["name"].as_str().unwrap_or_default().to_owned();
    let named = others.filter(|(other, _)| **other != name);
    steps.extend(named.map(
        |(name, _)| json!({ "name": name, "type": "transform", "config": { "value": null } }),
    ));
    let definition = workflows::read(json!({ "name": "trial", "steps": steps })).await?;
    let begun = Instant::now();
    let outcome = run(&flows, &caller.workspace, &definition.steps[0], Value::Object(seen)).await;
    let duration_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    let (status, output, error) = match outcome {
        Ok(output) => ("succeeded", Some(output), None),
        Err(failure) => ("failed", None, Some(failure)),
    };
    Ok(ApiJson(Tried { status, output, error, duration_ms }))
}

async fn run(flows: &Flows, workspace: &db::Workspace, step: &Step, seen: Value) -> Outcome {
    let key = format!(
        "trial:{}",
        kernel::EventId::generate(flows.db().clock().now(), flows.db().entropy())
    );
    let time = |usual: Duration| step.timeout.unwrap_or(usual).min(Duration::from_secs(60));
    match &step.kind {
        Kind::Transform(Transform::Value(value)) => fill(value.clone(), seen).await,
        Kind::Transform(Transform::Jq(program)) => {
            let program = program.clone();
            blocking(move || expression::run(&program, seen)).await
        }
        Kind::Code(wanted) => {
            let mut seen = seen;
            if let Some(input) = &wanted.input {
                seen["input"] = fill(input.clone(), seen.clone()).await?;
            }
            crate::drive::run_program(wanted.source.clone(), seen, time(code::TIMEOUT)).await
        }
        Kind::Http(wanted) => {
            let filled = Filled::of(fill(Filled::template(wanted), seen).await?);
            filled.send(flows.egress(), workspace, key, time(http::TIMEOUT)).await
        }
        Kind::Connector(config) => {
            let Value::Object(config) = fill(Value::Object(config.clone()), seen).await? else {
                return Err(Failure::new(&codes::INVALID, "The config is an object."));
            };
            let call = step::call(config, key, time(http::TIMEOUT))?;
            let ran = flows.runner().run(workspace, call).await;
            ran.map(|outcome| outcome.output).map_err(Failure::from)
        }
        other => {
            let message = format!("A step of type {} is not tried alone.", other.name());
            Err(Failure::new(&codes::INVALID, message))
        }
    }
}

async fn fill(template: Value, seen: Value) -> Outcome {
    blocking(move || expression::render(&template, &Context(seen))).await
}

async fn blocking(work: impl FnOnce() -> Outcome + Send + 'static) -> Outcome {
    let ran = tokio::task::spawn_blocking(work).await;
    ran.unwrap_or_else(|_| Err(Failure::new(&codes::INTERNAL, "This was our fault.")))
}
