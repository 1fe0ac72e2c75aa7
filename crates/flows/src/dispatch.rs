//! What follows from an event: which workflows it starts, and which waiting runs it is told to.

use catalog::Format;
use catalog::decode::{self, Options};
use db::{DbError, Tx, Workspace};
use kernel::{Event, WorkspaceId};
use serde_json::{Value, json};
use std::sync::Arc;

use crate::Flows;
use crate::definition::{Definition, Source, Trigger};
use crate::execution::Execution;
use crate::expression::{self, Context, passes};
use crate::run::Failure;
use crate::start::Start;
use crate::store::triggers::{self, Awaiting};
use crate::store::{ending, executions, workflows};

/// What follows from an event.
pub(crate) struct Follows {
    pub(crate) event: String,
    pub(crate) starts: Vec<(Arc<Definition>, Execution)>,
    pub(crate) tells: Vec<(Awaiting, Value)>,
}

pub(crate) async fn follow(
    flows: &Flows,
    workspace: &Workspace,
    event: &Event,
) -> Result<Follows, DbError> {
    let mut tx = workspace.read().await?;
    let waiting = triggers::awaiting(&mut tx, workspace.id(), &event.kind).await?;
    let following = triggers::following(&mut tx, workspace.id()).await?;
    let mut concerned: Vec<Concerned> = Vec::new();
    for (id, pattern) in following {
        let is_known = concerned.iter().any(|(known, ..)| *known == id);
        if is_known || !db::matches(&pattern, &event.kind) || is_of(event, id) {
            continue;
        }
        let Some(known) = workflows::get(&mut tx, workspace.id(), id).await? else { continue };
        let definition = flows.definition(&mut tx, workspace.id(), id, known.version).await?;
        if let Some(definition) = definition {
            concerned.push((id, known.version, definition));
        }
    }
    drop(tx);
    let pushed = match event.kind.as_str() {
        db::INBOUND_RECEIVED => pushed(workspace, event).await?,
        _ => None,
    };
    let (event, flows) = (event.clone(), flows.clone());
    let decided =
        tokio::task::spawn_blocking(move || decide(&flows, event, pushed, concerned, waiting));
    decided.await.map_err(|panic| DbError::Refused(panic.to_string()))
}

type Concerned = (kernel::WorkflowId, i64, Arc<Definition>);

/// Runs filters, which are jq and may take their time.
fn decide(
    flows: &Flows,
    event: Event,
    pushed: Option<Value>,
    concerned: Vec<Concerned>,
    waiting: Vec<Awaiting>,
) -> Follows {
    let happened = json!({
        "id": event.id, "kind": event.kind, "subject": event.subject, "at": event.at, "data": event.data,
    });
    let lets_pass = |filter: &Option<String>, value: &Value| {
        filter.as_deref().is_none_or(|filter| passes(filter, value.clone()))
    };
    let depth = event.data["depth"].as_u64().and_then(|it| u32::try_from(it).ok());
    let mut starts = Vec::new();
    for (id, version, definition) in concerned {
        for trigger in &definition.triggers {
            let Some((told, value)) = told(trigger, &event, &happened, pushed.as_ref()) else {
                continue;
            };
            if !lets_pass(&trigger.filter, &value) {
                continue;
            }
            let begun = input_of(trigger, value, &told).and_then(|input| {
                let start = Start {
                    workflow: id,
                    version,
                    definition: &definition,
                    trigger: told,
                    input,
                    actor: Start::house(),
                    depth: depth.map_or(0, |depth| depth + 1),
                    parent: None,
                };
                Ok(start.prepare(flows.db().clock().now(), flows.db().entropy())?)
            });
            match begun {
                Ok(new) => {
                    let trace = event.trace.or(new.trace);
                    starts.push((definition.clone(), Execution { trace, ..new }));
                }
                Err(failure) => {
                    let why = failure.message;
                    tracing::warn!(why, workflow = %id, event = %event.id, "an event starts no run");
                }
            }
        }
    }
    let tells = waiting.into_iter().filter(|it| lets_pass(&it.filter, &happened));
    let tells = tells.map(|it| (it, happened.clone())).collect();
    Follows { event: event.id.to_string(), starts, tells }
}

/// What a trigger tells a run, and what its filter looks at; `None` when the event is none of its own.
fn told(
    trigger: &Trigger,
    event: &Event,
    happened: &Value,
    pushed: Option<&Value>,
) -> Option<(Value, Value)> {
    let of = |name: &str| event.data[name].as_str();
    match &trigger.source {
        Source::Cron { .. } => None,
        Source::Inbound { integration, event_type } => {
            let is_wanted = event_type.as_deref().is_none_or(|it| of("event_type") == Some(it));
            let is_its = of("integration_id") == Some(integration.to_string().as_str());
            let pushed = pushed.filter(|_| is_wanted && is_its)?;
            Some((pushed.clone(), pushed["payload"].clone()))
        }
        Source::Feed(feed) => {
            let is_its = event.kind == "feed.updated" && event.subject == feed.to_string();
            let told = json!({ "type": "feed", "feed_id": feed, "event": happened });
            is_its.then(|| (told, happened.clone()))
        }
        Source::Event(pattern) => {
            let is_its = db::matches(pattern, &event.kind);
            is_its.then(|| (json!({ "type": "event", "event": happened }), happened.clone()))
        }
    }
}

/// What a run is given: what its trigger says, or what happened.
pub(crate) fn input_of(trigger: &Trigger, value: Value, told: &Value) -> Result<Value, Failure> {
    match &trigger.input {
        Some(template) => {
            let seen = Context(json!({ "trigger": told, "input": value }));
            expression::render(template, &seen)
        }
        None => Ok(value),
    }
}

/// What was pushed, opened.
async fn pushed(workspace: &Workspace, event: &Event) -> Result<Option<Value>, DbError> {
    let Ok(id) = event.subject.parse() else { return Ok(None) };
    let Some(push) = workspace.inbound_event(id).await? else { return Ok(None) };
    let body = workspace.inbound_body(&push).await?;
    let kind = Some(push.content_type.as_str());
    let payload = decode::decode(&body, kind, Format::Auto, &Options::default());
    let payload =
        payload.unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&body).into_owned()));
    Ok(Some(json!({
        "type": "inbound", "integration_id": push.integration, "inbound_event_id": push.id,
        "provider": push.provider, "event_id": push.event_id, "event_type": push.event_type,
        "received_at": push.received_at, "headers": push.headers, "payload": payload,
    })))
}

/// A run of a workflow does not start that workflow.
fn is_of(event: &Event, id: kernel::WorkflowId) -> bool {
    event.data["workflow_id"].as_str() == Some(id.to_string().as_str())
}

/// Tells a waiting run that what it waited for has happened.
pub(crate) async fn tell(
    tx: &mut Tx,
    workspace: WorkspaceId,
    awaiting: &Awaiting,
    event: &str,
    told: Value,
) -> Result<(), DbError> {
    let Awaiting { execution, path, .. } = awaiting;
    executions::signal(tx, workspace, *execution, event, path, &Ok(told)).await?;
    triggers::unwait(tx, workspace, *execution, path).await?;
    ending::wake(tx, workspace, *execution).await
}
