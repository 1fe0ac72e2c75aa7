//! `/api/v1/workflows/{id}/versions`: every version is kept, and can be had again.

use accounts::gate::{Answer, ApiJson, ApiPath, ApiQuery, Caller, List, may, not_found, page};
use kernel::{Timestamp, WorkflowId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::workflows::{WorkflowView, known, read, write};
use crate::store::workflows::{self, Version};

/// A version of a workflow.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkflowVersion, example = json!({
    "version": 2, "actor": "usr_01h455vb4pex5vsknk084sn02q", "at": "2026-01-01T00:00:00Z",
    "definition": { "name": "Welcome", "steps": [] }, "changes": []
}))]
pub(super) struct VersionView {
    version: i64,
    /// Who made it.
    actor: String,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    #[schema(value_type = Object)]
    definition: Value,
    /// What is another than in the version before; in lists it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    changes: Option<Vec<ChangeView>>,
}

/// What is another than before at one place.
#[derive(Serialize, ToSchema)]
pub(super) struct ChangeView {
    /// A JSON Pointer into the definition.
    pointer: String,
    /// `added`, `removed` or `changed`.
    kind: &'static str,
    #[schema(value_type = Value)]
    before: Option<Value>,
    #[schema(value_type = Value)]
    after: Option<Value>,
}

/// Which versions are wanted.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct VersionQuery {
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    cursor: Option<String>,
}

impl From<Version> for VersionView {
    fn from(version: Version) -> Self {
        let Version { version, definition, actor, at } = version;
        Self { version, actor, at, definition, changes: None }
    }
}

/// List versions
///
/// The newest first.
#[utoipa::path(get, path = "/api/v1/workflows/{id}/versions", tag = "Workflows",
    params(("id" = String, Path, description = "The workflow's id"), VersionQuery),
    responses((status = 200, body = List<VersionView>)), security(("api_key" = ["workflows:read"])))]
pub(super) async fn list(
    caller: Caller<may::WorkflowsRead>,
    ApiPath(id): ApiPath<WorkflowId>,
    ApiQuery(query): ApiQuery<VersionQuery>,
) -> Answer<ApiJson<List<VersionView>>> {
    let page = page(query.limit, query.cursor.as_deref())?;
    known(&mut caller.workspace.read().await?, &caller.workspace, id).await?;
    let found = workflows::versions(&caller.workspace, id, &page).await?;
    let views = found.into_iter().map(VersionView::from).collect();
    Ok(ApiJson(List::of(views, &page, |view: &VersionView| view.version.to_string())))
}

/// Get a version
///
/// With what has changed since the version before.
#[utoipa::path(get, path = "/api/v1/workflows/{id}/versions/{version}", tag = "Workflows",
    params(("id" = String, Path, description = "The workflow's id"),
        ("version" = i64, Path, description = "The version's number")),
    responses((status = 200, body = VersionView)), security(("api_key" = ["workflows:read"])))]
pub(super) async fn get(
    caller: Caller<may::WorkflowsRead>,
    ApiPath((id, version)): ApiPath<(WorkflowId, i64)>,
) -> Answer<ApiJson<VersionView>> {
    let workspace = caller.workspace.id();
    let mut tx = caller.workspace.read().await?;
    let found = workflows::version(&mut tx, workspace, id, version).await?;
    let found = found.ok_or_else(|| not_found("version"))?;
    let before = workflows::version(&mut tx, workspace, id, version - 1).await?;
    let before = before.map(|it| it.definition).unwrap_or_default();
    let mut changes = Vec::new();
    diff(&before, &found.definition, String::new(), &mut changes);
    Ok(ApiJson(VersionView { changes: Some(changes), ..found.into() }))
}

/// Restore a version
///
/// What it said becomes the newest version.
#[utoipa::path(post, path = "/api/v1/workflows/{id}/versions/{version}/restore", tag = "Workflows",
    params(("id" = String, Path, description = "The workflow's id"),
        ("version" = i64, Path, description = "The version's number")),
    responses((status = 200, body = WorkflowView)), security(("api_key" = ["workflows:write"])))]
pub(super) async fn restore(
    caller: Caller<may::WorkflowsWrite>,
    ApiPath((id, version)): ApiPath<(WorkflowId, i64)>,
) -> Answer<ApiJson<WorkflowView>> {
    let mut tx = caller.workspace.read().await?;
    let before = known(&mut tx, &caller.workspace, id).await?;
    let found = workflows::version(&mut tx, caller.workspace.id(), id, version).await?;
    drop(tx);
    let found = found.ok_or_else(|| not_found("version"))?;
    let definition = read(found.definition).await?;
    write(&caller, before, definition, None, "workflow.restored").await
}

/// More changes than these are told as one.
const MOST_CHANGES: usize = 200;

fn diff(before: &Value, after: &Value, at: String, into: &mut Vec<ChangeView>) {
    if before == after || into.len() >= MOST_CHANGES {
        return;
    }
    let below = |name: &str| format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
    match (before, after) {
        (Value::Object(old), Value::Object(new)) => {
            for (name, value) in old.iter().filter(|(name, _)| !new.contains_key(*name)) {
                into.push(change(below(name), Some(value), None));
            }
            for (name, value) in new {
                match old.get(name) {
                    Some(known) => diff(known, value, below(name), into),
                    None => into.push(change(below(name), None, Some(value))),
                }
            }
        }
        (Value::Array(old), Value::Array(new)) => {
            for at in 0..old.len().max(new.len()) {
                match (old.get(at), new.get(at)) {
                    (Some(old), Some(new)) => diff(old, new, below(&at.to_string()), into),
                    (old, new) => into.push(change(below(&at.to_string()), old, new)),
                }
            }
        }
        _ => into.push(change(at, Some(before).filter(|it| !it.is_null()), Some(after))),
    }
}

fn change(pointer: String, before: Option<&Value>, after: Option<&Value>) -> ChangeView {
    let kind = match (before, after) {
        (None, _) => "added",
        (_, None) => "removed",
        _ => "changed",
    };
    ChangeView { pointer, kind, before: before.cloned(), after: after.cloned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_change_is_told_where_it_is() {
        let before = json!({ "name": "a", "steps": [{ "x": 1 }, { "y": 1 }], "gone": 1 });
        let after = json!({ "name": "b", "steps": [{ "x": 2 }], "new": { "z": 1 } });
        let mut changes = Vec::new();
        diff(&before, &after, String::new(), &mut changes);
        let told: Vec<_> = changes.iter().map(|it| (it.pointer.as_str(), it.kind)).collect();
        assert_eq!(
            told,
            [
                ("/gone", "removed"),
                ("/name", "changed"),
                ("/steps/0/x", "changed"),
                ("/steps/1", "removed"),
                ("/new", "added"),
            ]
        );
    }
}
