//! Workflows and their versions.

use db::{DbError, Row, Tx, Workspace, args};
use kernel::{PageRequest, Timestamp, WorkflowId, WorkspaceId};
use serde_json::Value;

/// A workflow as it is now.
#[derive(Clone, Debug)]
pub(crate) struct Workflow {
    pub(crate) id: WorkflowId,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) enabled: bool,
    pub(crate) version: i64,
    pub(crate) definition: Value,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// One version of what a workflow does.
#[derive(Clone, Debug)]
pub(crate) struct Version {
    pub(crate) version: i64,
    pub(crate) definition: Value,
    pub(crate) actor: String,
    pub(crate) at: Timestamp,
}

const SELECT: &str = "SELECT w.id, w.name, w.description, w.enabled, w.version, v.definition, \
     w.created_at, w.updated_at FROM workflows w JOIN workflow_versions v \
     ON v.workspace_id = w.workspace_id AND v.workflow_id = w.id AND v.version = w.version";

/// The newest first.
pub(crate) async fn list(
    workspace: &Workspace,
    search: &str,
    enabled: Option<bool>,
    page: &PageRequest,
) -> Result<Vec<Workflow>, DbError> {
    let switched = match enabled {
        None => "",
        Some(true) => "AND w.enabled",
        Some(false) => "AND NOT w.enabled",
    };
    let sql = format!(
        "{SELECT} WHERE w.workspace_id = $1 AND ($2 = '' OR lower(w.name) LIKE $2 ESCAPE '\\') \
         AND ($3 = '' OR w.id < $3) {switched} ORDER BY w.id DESC LIMIT $4"
    );
    let pattern = if search.is_empty() {
        String::new()
    } else {
        let escaped = search.to_lowercase().replace('\\', "\\\\");
        format!("%{}%", escaped.replace('%', "\\%").replace('_', "\\_"))
    };
    let after = page.after.clone().unwrap_or_default();
    let values = args![workspace.id(), pattern, after, page.limit + 1];
    workspace.read().await?.fetch_all(&sql, values).await?.iter().map(workflow).collect()
}

pub(crate) async fn get(
    tx: &mut Tx,
    workspace: WorkspaceId,
    id: WorkflowId,
) -> Result<Option<Workflow>, DbError> {
    let sql = format!("{SELECT} WHERE w.workspace_id = $1 AND w.id = $2");
    tx.fetch_optional(&sql, args![workspace, id]).await?.as_ref().map(workflow).transpose()
}

/// The same, and nobody else changes it, or counts its runs, until the end of the transaction.
pub(crate) async fn lock(
    tx: &mut Tx,
    workspace: WorkspaceId,
    id: WorkflowId,
) -> Result<(), DbError> {
    let sql = "SELECT id FROM workflows WHERE workspace_id = $1 AND id = $2";
    let locking = format!("{sql} FOR UPDATE");
    let sql = tx.dialect(sql, locking.as_str());
    tx.fetch_optional(sql, args![workspace, id]).await.map(drop)
}

pub(crate) async fn insert(
    tx: &mut Tx,
    workspace: WorkspaceId,
    new: &Workflow,
    actor: &str,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO workflows \
           (workspace_id, id, name, description, enabled, version, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7)",
        args![
            workspace,
            new.id,
            &new.name,
            &new.description,
            new.enabled,
            new.version,
            new.created_at
        ],
    )
    .await?;
    insert_version(tx, workspace, new, actor).await
}

/// Writes it as it is now; a version that was not there is added.
pub(crate) async fn update(
    tx: &mut Tx,
    workspace: WorkspaceId,
    known: &Workflow,
    is_new_version: bool,
    actor: &str,
) -> Result<(), DbError> {
    tx.execute(
        "UPDATE workflows SET name = $3, description = $4, enabled = $5, version = $6, \
         updated_at = $7 WHERE workspace_id = $1 AND id = $2",
        args![
            workspace,
            known.id,
            &known.name,
            &known.description,
            known.enabled,
            known.version,
            known.updated_at
        ],
    )
    .await?;
    if is_new_version {
        insert_version(tx, workspace, known, actor).await?;
    }
    Ok(())
}

async fn insert_version(
    tx: &mut Tx,
    workspace: WorkspaceId,
    known: &Workflow,
    actor: &str,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO workflow_versions (workspace_id, workflow_id, version, definition, actor, at) \
         VALUES ($1, $2, $3, $4, $5, $6)",
        args![workspace, known.id, known.version, &known.definition, actor, known.updated_at],
    )
    .await
    .map(drop)
}

pub(crate) async fn delete(
    tx: &mut Tx,
    workspace: WorkspaceId,
    id: WorkflowId,
) -> Result<(), DbError> {
    let versions = "DELETE FROM workflow_versions WHERE workspace_id = $1 AND workflow_id = $2";
    tx.execute(versions, args![workspace, id]).await?;
    let sql = "DELETE FROM workflows WHERE workspace_id = $1 AND id = $2";
    tx.execute(sql, args![workspace, id]).await.map(drop)
}

/// The newest first.
pub(crate) async fn versions(
    workspace: &Workspace,
    id: WorkflowId,
    page: &PageRequest,
) -> Result<Vec<Version>, DbError> {
    let before: i64 = page.after.as_ref().and_then(|it| it.parse().ok()).unwrap_or(i64::MAX);
    let sql = "SELECT version, definition, actor, at FROM workflow_versions \
               WHERE workspace_id = $1 AND workflow_id = $2 AND version < $3 \
               ORDER BY version DESC LIMIT $4";
    let values = args![workspace.id(), id, before, page.limit + 1];
    workspace.read().await?.fetch_all(sql, values).await?.iter().map(read_version).collect()
}

pub(crate) async fn version(
    tx: &mut Tx,
    workspace: WorkspaceId,
    id: WorkflowId,
    version: i64,
) -> Result<Option<Version>, DbError> {
    let sql = "SELECT version, definition, actor, at FROM workflow_versions \
               WHERE workspace_id = $1 AND workflow_id = $2 AND version = $3";
    let row = tx.fetch_optional(sql, args![workspace, id, version]).await?;
    row.as_ref().map(read_version).transpose()
}

fn workflow(row: &Row) -> Result<Workflow, DbError> {
    Ok(Workflow {
        id: row.parse("id")?,
        name: row.text("name")?,
        description: row.text("description")?,
        enabled: row.flag("enabled")?,
        version: row.int("version")?,
        definition: row.json("definition")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}

fn read_version(row: &Row) -> Result<Version, DbError> {
    Ok(Version {
        version: row.int("version")?,
        definition: row.json("definition")?,
        actor: row.text("actor")?,
        at: row.time("at")?,
    })
}
