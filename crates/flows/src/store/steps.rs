//! What is known of the steps of runs.

use db::{DbError, Row, Tx, args};
use kernel::{ExecutionId, WorkspaceId};
use serde_json::Value;
use std::sync::Arc;

use crate::run::{Choice, Path, Record};

/// In the order in which they were reached.
pub(crate) async fn of(
    tx: &mut Tx,
    workspace: WorkspaceId,
    execution: ExecutionId,
) -> Result<Vec<(Path, Record)>, DbError> {
    let sql = "SELECT path, number, name, kind, status, choice, attempts, input, output, error, \
                 wake_at, started_at, ended_at FROM execution_steps \
               WHERE workspace_id = $1 AND execution_id = $2 ORDER BY number";
    tx.fetch_all(sql, args![workspace, execution]).await?.iter().map(record).collect()
}

pub(crate) async fn put(
    tx: &mut Tx,
    workspace: WorkspaceId,
    execution: ExecutionId,
    path: &Path,
    record: &Record,
) -> Result<(), DbError> {
    let error = record.error.as_ref().and_then(|it| serde_json::to_string(it).ok());
    tx.execute(
        "INSERT INTO execution_steps (workspace_id, execution_id, path, number, name, kind, status, \
           choice, attempts, input, output, error, wake_at, started_at, ended_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) \
         ON CONFLICT (workspace_id, execution_id, path) DO UPDATE SET status = excluded.status, \
           choice = excluded.choice, attempts = excluded.attempts, input = excluded.input, \
           output = excluded.output, error = excluded.error, wake_at = excluded.wake_at, \
           started_at = excluded.started_at, ended_at = excluded.ended_at",
        args![
            workspace,
            execution,
            path.as_str(),
            record.number,
            &record.name,
            record.kind,
            record.status.name(),
            record.choice.as_ref().map(write_choice),
            record.attempts,
            &record.input,
            &*record.output,
            error,
            record.wake_at,
            record.started_at,
            record.ended_at
        ],
    )
    .await
    .map(drop)
}

/// The items of a loop stand in its input.
fn write_choice(choice: &Choice) -> String {
    match choice {
        Choice::Way(way) => format!("way:{way}"),
        Choice::Branches => "branches".to_owned(),
        Choice::Items(_) => "items".to_owned(),
        Choice::Handler => "handler".to_owned(),
    }
}

fn read_choice(text: &str, input: &Value) -> Option<Choice> {
    match text {
        "branches" => Some(Choice::Branches),
        "handler" => Some(Choice::Handler),
        "items" => {
            let items = input["items"].as_array().cloned().unwrap_or_default();
            Some(Choice::Items(Arc::new(items)))
        }
        other => other.strip_prefix("way:").map(|way| Choice::Way(way.to_owned())),
    }
}

fn record(row: &Row) -> Result<(Path, Record), DbError> {
    let input: Value = row.json("input")?;
    let choice = row.opt_text("choice")?.and_then(|text| read_choice(&text, &input));
    let record = Record {
        name: row.text("name")?,
        kind: kind(&row.text("kind")?),
        status: row.parse("status")?,
        choice,
        attempts: u32::try_from(row.int("attempts")?).unwrap_or_default(),
        input,
        output: Arc::new(row.json("output")?),
        error: row.opt_json("error")?,
        wake_at: row.opt_time("wake_at")?,
        started_at: row.time("started_at")?,
        ended_at: row.opt_time("ended_at")?,
        number: usize::try_from(row.int("number")?).unwrap_or_default(),
    };
    Ok((Path::from(row.text("path")?), record))
}

fn kind(name: &str) -> &'static str {
    const KINDS: [&str; 12] = [
        "connector",
        "http",
        "transform",
        "code",
        "condition",
        "switch",
        "parallel",
        "for_each",
        "wait",
        "approval",
        "workflow",
        "respond",
    ];
    KINDS.into_iter().find(|kind| *kind == name).unwrap_or_default()
}
