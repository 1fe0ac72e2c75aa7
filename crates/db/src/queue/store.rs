//! The queue's SQL.

use kernel::{JobId, JobKind, Lane, NewJob, Timestamp, WorkspaceId};

use super::Job;
use crate::{Db, DbError, FOLLOW, Row, Signal, Tx, args, trace};

pub(crate) fn lane_number(lane: Lane) -> i64 {
    match lane {
        Lane::Fast => 0,
        Lane::Remote => 1,
    }
}

pub(crate) async fn enqueue(
    tx: &mut Tx,
    workspace: WorkspaceId,
    job: NewJob,
) -> Result<(), DbError> {
    let NewJob { kind, key, run_at, payload } = job;
    insert(tx, workspace, (kind.name, kind.lane), &key, run_at, &payload).await
}

/// Asks a follower to handle what waits for it.
pub(crate) async fn follow(tx: &mut Tx, workspace: WorkspaceId, kind: &str) -> Result<(), DbError> {
    let now = tx.now();
    insert(tx, workspace, (kind, Lane::Fast), FOLLOW, now, &serde_json::Value::Null).await
}

async fn insert(
    tx: &mut Tx,
    workspace: WorkspaceId,
    (kind, lane): (&str, Lane),
    key: &str,
    run_at: Timestamp,
    payload: &serde_json::Value,
) -> Result<(), DbError> {
    let id = JobId::generate(tx.now(), tx.db.entropy());
    tx.execute(
        "INSERT INTO jobs (workspace_id, id, kind, key, lane, payload, run_at, trace, fence, attempts) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0) \
         ON CONFLICT (workspace_id, kind, key) DO UPDATE SET payload = excluded.payload, \
           trace = excluded.trace, \
           run_at = CASE WHEN jobs.lease_until IS NULL AND excluded.run_at < jobs.run_at \
             THEN excluded.run_at ELSE jobs.run_at END, \
           again_at = CASE WHEN jobs.lease_until IS NOT NULL \
               AND (jobs.again_at IS NULL OR excluded.run_at < jobs.again_at) \
             THEN excluded.run_at ELSE jobs.again_at END",
        args![workspace, id, kind, key, lane_number(lane), payload, run_at, trace::current()],
    )
    .await?;
    tx.announce(Signal::Due(lane, workspace, run_at));
    Ok(())
}

pub(crate) async fn dequeue(
    tx: &mut Tx,
    workspace: WorkspaceId,
    kind: JobKind,
    key: &str,
) -> Result<(), DbError> {
    let sql = "DELETE FROM jobs WHERE workspace_id = $1 AND kind = $2 AND key = $3";
    tx.execute(sql, args![workspace, kind.name, key]).await.map(drop)
}

/// The next due time of every workspace in a lane.
pub(crate) async fn due_times(
    db: &Db,
    lane: Lane,
) -> Result<Vec<(WorkspaceId, Timestamp)>, DbError> {
    let mut tx = db.system(false).await?;
    let sql = "SELECT workspace_id, min(run_at) AS due FROM jobs WHERE lane = $1 \
               GROUP BY workspace_id";
    let rows = tx.fetch_all(sql, args![lane_number(lane)]).await?;
    rows.iter().map(|row| Ok((row.parse("workspace_id")?, row.time("due")?))).collect()
}

/// Takes up to `most` due jobs of a workspace and says when the next one is due.
pub(crate) async fn claim(
    db: &Db,
    lane: Lane,
    workspace: WorkspaceId,
    now: Timestamp,
    lease_until: Timestamp,
    most: usize,
) -> Result<(Vec<Job>, Option<Timestamp>), DbError> {
    let mut tx = db.system(true).await?;
    let sql = tx.dialect(
        "UPDATE jobs SET lease_until = $4, run_at = $4, fence = fence + 1, attempts = attempts + 1 \
         WHERE workspace_id = $1 AND id IN (SELECT id FROM jobs WHERE lane = $2 \
           AND workspace_id = $1 AND run_at <= $3 ORDER BY run_at LIMIT $5) \
         RETURNING id, kind, key, payload, trace, fence, attempts",
        "UPDATE jobs SET lease_until = $4, run_at = $4, fence = fence + 1, attempts = attempts + 1 \
         WHERE workspace_id = $1 AND id IN (SELECT id FROM jobs WHERE lane = $2 \
           AND workspace_id = $1 AND run_at <= $3 ORDER BY run_at LIMIT $5 FOR UPDATE SKIP LOCKED) \
         RETURNING id, kind, key, payload, trace, fence, attempts",
    );
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let values = args![workspace, lane_number(lane), now, lease_until, most];
    let rows = tx.fetch_all(sql, values).await?;
    let jobs: Vec<Job> =
        rows.iter().map(|row| job(row, workspace, now)).collect::<Result<_, _>>()?;
    let sql = "SELECT min(run_at) AS due FROM jobs WHERE lane = $1 AND workspace_id = $2";
    let next = tx.fetch_optional(sql, args![lane_number(lane), workspace]).await?;
    let next = next.map(|row| row.opt_time("due")).transpose()?.flatten();
    tx.commit().await?;
    Ok((jobs, next))
}

fn job(row: &Row, workspace: WorkspaceId, now: Timestamp) -> Result<Job, DbError> {
    Ok(Job {
        workspace,
        id: row.parse("id")?,
        kind: row.text("kind")?,
        key: row.text("key")?,
        payload: row.json("payload")?,
        due: now,
        trace: row.opt_parse("trace")?,
        attempts: u32::try_from(row.int("attempts")?).unwrap_or(u32::MAX),
        fence: row.int("fence")?,
    })
}

/// Whoever held a lease in this file is gone: there is one process, and it has just started.
pub(crate) async fn recover(db: &Db, now: Timestamp) -> Result<u64, DbError> {
    let mut tx = db.system(true).await?;
    let sql = "UPDATE jobs SET lease_until = NULL, run_at = $1 WHERE lease_until IS NOT NULL";
    let found = tx.execute(sql, args![now]).await?;
    tx.commit().await?;
    Ok(found)
}

pub(crate) async fn finish(tx: &mut Tx, job: &Job) -> Result<(), DbError> {
    let sql = "DELETE FROM jobs WHERE workspace_id = $1 AND id = $2 AND fence = $3 \
               AND again_at IS NULL";
    if tx.execute(sql, args![job.workspace, job.id, job.fence]).await? == 1 {
        return Ok(());
    }
    run_again(tx, job, Timestamp::from_micros(i64::MAX)).await
}

/// In PostgreSQL the row is locked, so that nobody claims it before the commit; in SQLite there is one writer.
pub(crate) async fn hold(tx: &mut Tx, job: &Job) -> Result<(), DbError> {
    let sql = tx.dialect(
        "SELECT 1 AS held FROM jobs WHERE workspace_id = $1 AND id = $2 AND fence = $3",
        "SELECT 1 AS held FROM jobs WHERE workspace_id = $1 AND id = $2 AND fence = $3 FOR UPDATE",
    );
    let held = tx.fetch_optional(sql, args![job.workspace, job.id, job.fence]).await?;
    held.map(drop).ok_or(DbError::LeaseLost)
}

pub(crate) async fn run_again(tx: &mut Tx, job: &Job, at: Timestamp) -> Result<(), DbError> {
    let row = tx
        .fetch_optional(
            "UPDATE jobs SET run_at = CASE WHEN again_at IS NOT NULL AND again_at < $4 \
               THEN again_at ELSE $4 END, again_at = NULL, lease_until = NULL, attempts = 0 \
             WHERE workspace_id = $1 AND id = $2 AND fence = $3 RETURNING run_at, lane",
            args![job.workspace, job.id, job.fence, at],
        )
        .await?
        .ok_or(DbError::LeaseLost)?;
    announce(tx, job, &row)
}

/// Puts a failed job off without forgetting how often it was tried.
pub(crate) async fn put_off(
    tx: &mut Tx,
    job: &Job,
    at: Timestamp,
    error: &str,
) -> Result<(), DbError> {
    let row = tx
        .fetch_optional(
            "UPDATE jobs SET run_at = CASE WHEN again_at IS NOT NULL AND again_at < $4 \
               THEN again_at ELSE $4 END, again_at = NULL, lease_until = NULL, last_error = $5 \
             WHERE workspace_id = $1 AND id = $2 AND fence = $3 RETURNING run_at, lane",
            args![job.workspace, job.id, job.fence, at, error],
        )
        .await?
        .ok_or(DbError::LeaseLost)?;
    announce(tx, job, &row)
}

fn announce(tx: &mut Tx, job: &Job, row: &Row) -> Result<(), DbError> {
    let lane = if row.int("lane")? == lane_number(Lane::Fast) { Lane::Fast } else { Lane::Remote };
    let due = row.time("run_at")?;
    tx.announce(Signal::Due(lane, job.workspace, due));
    Ok(())
}

/// Extends the lease of a job that takes long.
pub(crate) async fn renew(db: &Db, job: &Job, until: Timestamp) -> Result<(), DbError> {
    let mut tx = db.system(true).await?;
    let sql = "UPDATE jobs SET run_at = $4, lease_until = $4 \
               WHERE workspace_id = $1 AND id = $2 AND fence = $3";
    let held = tx.execute(sql, args![job.workspace, job.id, job.fence, until]).await?;
    tx.commit().await?;
    if held == 0 { Err(DbError::LeaseLost) } else { Ok(()) }
}

/// Gives a job back untouched, for another worker or the next start.
pub(crate) async fn hand_back(db: &Db, job: &Job) -> Result<(), DbError> {
    let mut tx = db.system(true).await?;
    let now = tx.now();
    let row = tx
        .fetch_optional(
            "UPDATE jobs SET run_at = $4, lease_until = NULL, attempts = attempts - 1 \
             WHERE workspace_id = $1 AND id = $2 AND fence = $3 RETURNING run_at, lane",
            args![job.workspace, job.id, job.fence, now],
        )
        .await?;
    if let Some(row) = row {
        announce(&mut tx, job, &row)?;
    }
    tx.commit().await
}
