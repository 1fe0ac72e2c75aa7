//! `POST /api/v1/workflows/validate`.

use accounts::gate::{Answer, ApiJson, Caller, may};
use kernel::codes;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::workflows;

/// A definition to look at.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "definition": { "name": "Draft", "steps": [] } }))]
pub(super) struct Draft {
    #[schema(value_type = Value)]
    definition: Value,
}

/// What is wrong with a definition.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "valid": false, "errors": [{ "pointer": "/steps", "message": "a workflow has at least one step" }]
}))]
pub(super) struct Verdict {
    valid: bool,
    errors: Vec<Complaint>,
}

/// What is wrong with one field.
#[derive(Serialize, ToSchema)]
pub(super) struct Complaint {
    /// A JSON Pointer into the definition.
    pointer: String,
    message: String,
}

/// Check a definition
///
/// Nothing is kept.
#[utoipa::path(post, path = "/api/v1/workflows/validate", tag = "Workflows", request_body = Draft,
    responses((status = 200, body = Verdict)), security(("api_key" = ["workflows:read"])))]
pub(super) async fn validate(
    caller: Caller<may::WorkflowsRead>,
    ApiJson(draft): ApiJson<Draft>,
) -> Answer<ApiJson<Verdict>> {
    drop(caller);
    let mut definition = draft.definition;
    if let Value::Object(map) = &mut definition {
        map.shift_remove("enabled");
    }
    let errors = match workflows::read(definition).await {
        Ok(_) => Vec::new(),
        Err(problem) if problem.code == &codes::WORKFLOW_INVALID => problem.errors,
        Err(problem) => return Err(problem.into()),
    };
    let errors: Vec<_> = errors
        .into_iter()
        .map(|error| Complaint { pointer: error.pointer, message: error.message })
        .collect();
    Ok(ApiJson(Verdict { valid: errors.is_empty(), errors }))
}
