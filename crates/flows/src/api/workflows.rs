//! `/api/v1/workflows`.

use accounts::audit;
use accounts::gate::{
    Answer, ApiJson, ApiPath, ApiQuery, Caller, Failure, List, may, not_found, page,
};
use axum::extract::State;
use db::{Tx, Workspace};
use http::StatusCode;
use kernel::{PageRequest, Problem, Timestamp, WorkflowId, codes};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::{IntoParams, ToSchema};

use crate::Flows;
use crate::definition::{Definition, Trigger};
use crate::store::workflows::{self, Workflow};
use crate::store::{ending, executions, triggers};

/// A workflow: what it is called, what starts it, and what it does, as its author wrote it.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "id": "wf_01h455vb4pex5vsknk084sn02q", "name": "Welcome", "description": "", "enabled": true,
    "version": 1, "triggers": [{ "type": "cron", "cron": "0 9 * * 1-5", "time_zone": "Europe/Berlin" }],
    "steps": [{ "name": "greet", "type": "transform", "config": { "value": "Hello {{ input.name }}" } }],
    "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z"
}))]
pub(super) struct WorkflowView {
    #[schema(value_type = String)]
    id: WorkflowId,
    enabled: bool,
    /// Counts the changes of the definition.
    version: i64,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    #[serde(flatten)]
    #[schema(value_type = Object)]
    definition: Map<String, Value>,
}

impl From<Workflow> for WorkflowView {
    fn from(workflow: Workflow) -> Self {
        let Workflow { id, enabled, version, created_at, updated_at, definition, .. } = workflow;
        let mut definition = match definition {
            Value::Object(map) => map,
            _ => Map::new(),
        };
        for field in ["triggers", "description"] {
            let empty = if field == "triggers" { json!([]) } else { json!("") };
            definition.entry(field).or_insert(empty);
        }
        Self { id, enabled, version, created_at, updated_at, definition }
    }
}

/// What a workflow is and does. Errors name the field by a JSON Pointer.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({
    "name": "Order to chat",
    "steps": [
        { "name": "total", "type": "transform", "config": { "jq": ".input.items | map(.price) | add" } },
        { "name": "tell", "type": "http", "config": {
            "method": "POST", "url": "https://chat.example/hook",
            "body": { "text": "A new order of {{ steps.total.output }} €" }
        }, "retry": { "attempts": 3, "delay": "1s" } }
    ],
    "output": "{{ steps.total.output }}"
}))]
#[expect(dead_code, reason = "it describes what the parser of definitions reads")]
pub(super) struct WorkflowDefinition {
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    description: Option<String>,
    /// Whether its triggers start it and it may be executed.
    #[schema(default = true)]
    enabled: Option<bool>,
    /// JSON Schema of the input.
    #[schema(value_type = Option<Object>)]
    input: Option<Value>,
    /// `cron`, `inbound`, `feed` and `event`.
    #[schema(value_type = Option<Vec<Object>>)]
    triggers: Option<Vec<Value>>,
    /// In order: `{name, type, config, if, timeout, retry, on_error, idempotency_key}` each.
    #[schema(value_type = Vec<Object>)]
    steps: Vec<Value>,
    /// What a run results in; what its last step results in when nothing is said.
    #[schema(value_type = Value)]
    output: Option<Value>,
    /// `{limit, key, on_limit: queue | skip}`.
    #[schema(value_type = Option<Object>)]
    concurrency: Option<Value>,
    /// How long a run may take: a text such as `1h`, or milliseconds.
    #[schema(value_type = Value)]
    timeout: Option<Value>,
    /// How many days a run is kept after its end.
    #[schema(default = 30)]
    keep_days: Option<u32>,
}

/// Which workflows are wanted.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WorkflowQuery {
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    cursor: Option<String>,
    /// Whose name contains this.
    search: Option<String>,
    enabled: Option<bool>,
}

/// List workflows
///
/// The newest first.
#[utoipa::path(get, path = "/api/v1/workflows", tag = "Workflows", params(WorkflowQuery),
    responses((status = 200, body = List<WorkflowView>)), security(("api_key" = ["workflows:read"])))]
pub(super) async fn list(
    caller: Caller<may::WorkflowsRead>,
    ApiQuery(query): ApiQuery<WorkflowQuery>,
) -> Answer<ApiJson<List<WorkflowView>>> {
    let page: PageRequest = page(query.limit, query.cursor.as_deref())?;
    let search = query.search.unwrap_or_default();
    let found = workflows::list(&caller.workspace, &search, query.enabled, &page).await?;
    let views = found.into_iter().map(WorkflowView::from).collect();
    Ok(ApiJson(List::of(views, &page, |view: &WorkflowView| view.id.to_string())))
}

/// Make a workflow
#[utoipa::path(post, path = "/api/v1/workflows", tag = "Workflows",
    request_body = WorkflowDefinition, responses((status = 201, body = WorkflowView)),
    security(("api_key" = ["workflows:write"])))]
pub(super) async fn create(
    State(flows): State<Flows>,
    caller: Caller<may::WorkflowsWrite>,
    ApiJson(source): ApiJson<Value>,
) -> Answer<(StatusCode, ApiJson<WorkflowView>)> {
    let (enabled, source) = split(source)?;
    let definition = read(source).await?;
    let mut tx = caller.workspace.write().await?;
    let now = tx.now();
    let workflow = Workflow {
        id: WorkflowId::generate(now, flows.db().entropy()),
        name: definition.name.clone(),
        description: definition.description.clone(),
        enabled: enabled.unwrap_or(true),
        version: 1,
        definition: definition.source.clone(),
        created_at: now,
        updated_at: now,
    };
    let workspace = caller.workspace.id();
    workflows::insert(&mut tx, workspace, &workflow, &caller.actor.to_string()).await?;
    set_triggers(&mut tx, &caller.workspace, &workflow, &definition.triggers).await?;
    let detail = json!({ "name": workflow.name, "version": 1 });
    audit::record(&mut tx, &caller, "workflow.created", workflow.id, detail).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, ApiJson(workflow.into())))
}

/// Get a workflow
#[utoipa::path(get, path = "/api/v1/workflows/{id}", tag = "Workflows",
    params(("id" = String, Path, description = "The workflow's id")),
    responses((status = 200, body = WorkflowView)), security(("api_key" = ["workflows:read"])))]
pub(super) async fn get(
    caller: Caller<may::WorkflowsRead>,
    ApiPath(id): ApiPath<WorkflowId>,
) -> Answer<ApiJson<WorkflowView>> {
    let mut tx = caller.workspace.read().await?;
    Ok(ApiJson(known(&mut tx, &caller.workspace, id).await?.into()))
}

/// Change a workflow
///
/// Fields that are absent stay as they are; `null` takes one away. What it does becomes a new version; runs
/// under way end with the version that they began with, and triggers that stay keep their place.
#[utoipa::path(patch, path = "/api/v1/workflows/{id}", tag = "Workflows", request_body(
        content = Object, example = json!({ "enabled": false })),
    params(("id" = String, Path, description = "The workflow's id")),
    responses((status = 200, body = WorkflowView)), security(("api_key" = ["workflows:write"])))]
pub(super) async fn change(
    caller: Caller<may::WorkflowsWrite>,
    ApiPath(id): ApiPath<WorkflowId>,
    ApiJson(source): ApiJson<Value>,
) -> Answer<ApiJson<WorkflowView>> {
    let (enabled, changes) = split(source)?;
    let mut tx = caller.workspace.read().await?;
    let before = known(&mut tx, &caller.workspace, id).await?;
    drop(tx);
    let mut merged = before.definition.clone();
    if let (Value::Object(merged), Value::Object(changes)) = (&mut merged, changes) {
        for (field, value) in changes {
            match value {
                Value::Null => drop(merged.shift_remove(&field)),
                value => drop(merged.insert(field, value)),
            }
        }
    }
    let definition = read(merged).await?;
    write(&caller, before, definition, enabled, "workflow.updated").await
}

/// Delete a workflow
///
/// Its runs under way are cancelled; those that are over are kept for as long as it said.
#[utoipa::path(delete, path = "/api/v1/workflows/{id}", tag = "Workflows",
    params(("id" = String, Path, description = "The workflow's id")),
    responses((status = 204, description = "It is gone")),
    security(("api_key" = ["workflows:write"])))]
pub(super) async fn delete(
    caller: Caller<may::WorkflowsWrite>,
    ApiPath(id): ApiPath<WorkflowId>,
) -> Answer<StatusCode> {
    let workspace = caller.workspace.id();
    let mut tx = caller.workspace.write().await?;
    let workflow = known(&mut tx, &caller.workspace, id).await?;
    loop {
        let open = executions::open_of(&mut tx, workspace, id, 200).await?;
        if open.is_empty() {
            break;
        }
        for run in open {
            let run = ending::called_off(&mut tx, workspace, run).await?;
            ending::end(&mut tx, workspace, &run).await?;
        }
    }
    triggers::replace(&mut tx, workspace, id, &[]).await?;
    workflows::delete(&mut tx, workspace, id).await?;
    let detail = json!({ "name": workflow.name });
    audit::record(&mut tx, &caller, "workflow.deleted", id, detail).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Writes a workflow whose definition may be another than before.
pub(super) async fn write(
    caller: &Caller<may::WorkflowsWrite>,
    before: Workflow,
    definition: Definition,
    enabled: Option<bool>,
    action: &str,
) -> Answer<ApiJson<WorkflowView>> {
    let mut tx = caller.workspace.write().await?;
    let workspace = caller.workspace.id();
    workflows::lock(&mut tx, workspace, before.id).await?;
    let current = known(&mut tx, &caller.workspace, before.id).await?;
    if current.version != before.version {
        let detail = "Somebody else has changed the workflow meanwhile; read it again.";
        return Err(Problem::new(&codes::CONFLICT, detail).into());
    }
    let is_new = definition.source != before.definition;
    let workflow = Workflow {
        name: definition.name.clone(),
        description: definition.description.clone(),
        enabled: enabled.unwrap_or(current.enabled),
        version: current.version + i64::from(is_new),
        definition: definition.source.clone(),
        updated_at: tx.now(),
        ..current
    };
    workflows::update(&mut tx, workspace, &workflow, is_new, &caller.actor.to_string()).await?;
    set_triggers(&mut tx, &caller.workspace, &workflow, &definition.triggers).await?;
    let detail = json!({ "name": workflow.name, "version": workflow.version });
    audit::record(&mut tx, caller, action, workflow.id, detail).await?;
    tx.commit().await?;
    Ok(ApiJson(workflow.into()))
}

/// One that is switched off listens to nothing.
async fn set_triggers(
    tx: &mut Tx,
    workspace: &Workspace,
    workflow: &Workflow,
    wanted: &[Trigger],
) -> Result<(), Problem> {
    let wanted = if workflow.enabled { wanted } else { &[] };
    Ok(triggers::replace(tx, workspace.id(), workflow.id, wanted).await?)
}

pub(super) async fn known(
    tx: &mut Tx,
    workspace: &Workspace,
    id: WorkflowId,
) -> Result<Workflow, Failure> {
    let found = workflows::get(tx, workspace.id(), id).await?;
    found.ok_or_else(|| not_found("workflow").into())
}

/// Whether it is switched on is none of what it does.
fn split(source: Value) -> Result<(Option<bool>, Value), Problem> {
    let Value::Object(mut map) = source else {
        return Err(Problem::new(&codes::INVALID, "The body is an object."));
    };
    let enabled = match map.shift_remove("enabled") {
        None => None,
        Some(Value::Bool(enabled)) => Some(enabled),
        Some(_) => {
            let problem = Problem::new(&codes::WORKFLOW_INVALID, "The definition cannot be so.");
            return Err(problem.field("/enabled", "expected true or false"));
        }
    };
    Ok((enabled, Value::Object(map)))
}

/// Reads a definition where it holds nobody up: its expressions are compiled.
pub(super) async fn read(source: Value) -> Result<Definition, Problem> {
    let read = tokio::task::spawn_blocking(move || Definition::read(&source)).await;
    read.unwrap_or_else(|panic| {
        tracing::error!(%panic, "a definition broke its reader");
        Err(Problem::new(&codes::INTERNAL, "This was our fault and is in the log."))
    })
}
