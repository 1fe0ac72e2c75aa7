//! Counting what there is and what passes.

use db::{DbError, Workspace, args};
use kernel::{InboundId, RequestLogId, Timestamp};

/// What there is in a workspace.
pub(crate) struct Totals {
    pub(crate) integrations: i64,
    pub(crate) widgets: i64,
    pub(crate) players: i64,
    pub(crate) inbound_events: i64,
}

pub(crate) async fn totals(workspace: &Workspace) -> Result<Totals, DbError> {
    let row = workspace
        .read()
        .await?
        .fetch_optional(
            "SELECT (SELECT count(*) FROM integrations WHERE workspace_id = $1) AS integrations, \
               (SELECT count(*) FROM widget_configs WHERE workspace_id = $1) AS widgets, \
               (SELECT count(*) FROM players WHERE workspace_id = $1) AS players, \
               (SELECT count(*) FROM inbound_events WHERE workspace_id = $1) AS inbound_events",
            args![workspace.id()],
        )
        .await?;
    let count = |column: &str| row.as_ref().map_or(Ok(0), |row| row.int(column));
    Ok(Totals {
        integrations: count("integrations")?,
        widgets: count("widgets")?,
        players: count("players")?,
        inbound_events: count("inbound_events")?,
    })
}

/// What passed in one minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Minute {
    pub(crate) minute: Timestamp,
    pub(crate) pulls: i64,
    pub(crate) pushes: i64,
    pub(crate) errors: i64,
}

const MINUTE: i64 = 60_000_000;

/// What passed between two times, a row a minute. Ids begin with their time, so the primary keys are the index.
pub(crate) async fn minutes(
    workspace: &Workspace,
    (since, now): (Timestamp, Timestamp),
) -> Result<Vec<Minute>, DbError> {
    let rows = workspace
        .read()
        .await?
        .fetch_all(
            "SELECT minute, CAST(sum(pulls) AS BIGINT) AS pulls, \
               CAST(sum(pushes) AS BIGINT) AS pushes, CAST(sum(errors) AS BIGINT) AS errors FROM ( \
               SELECT at / $4 AS minute, count(*) AS pulls, 0 AS pushes, \
                 count(CASE WHEN NOT success THEN 1 END) AS errors \
               FROM request_logs WHERE workspace_id = $1 AND id >= $2 GROUP BY at / $4 \
               UNION ALL \
               SELECT received_at / $4 AS minute, 0 AS pulls, count(*) AS pushes, 0 AS errors \
               FROM inbound_events WHERE workspace_id = $1 AND id >= $3 \
               GROUP BY received_at / $4 \
             ) AS passed GROUP BY minute ORDER BY minute",
            args![
                workspace.id(),
                RequestLogId::first_at(since),
                InboundId::first_at(since),
                MINUTE
            ],
        )
        .await?;
    let minute = |row: &db::Row| {
        Ok(Minute {
            minute: Timestamp::from_micros(row.int("minute")?.saturating_mul(MINUTE)),
            pulls: row.int("pulls")?,
            pushes: row.int("pushes")?,
            errors: row.int("errors")?,
        })
    };
    let passed: Vec<Minute> = rows.iter().map(minute).collect::<Result<_, DbError>>()?;
    Ok(filled(passed, since, now))
}

/// The same with the minutes in which nothing passed, so that a chart shows them as such.
fn filled(passed: Vec<Minute>, since: Timestamp, now: Timestamp) -> Vec<Minute> {
    let (first, last) = (since.micros() / MINUTE, now.micros() / MINUTE);
    let mut passed = passed.into_iter().peekable();
    let mut all = Vec::new();
    for number in first..=last {
        let minute = Timestamp::from_micros(number.saturating_mul(MINUTE));
        let found = passed.next_if(|passed| passed.minute <= minute);
        all.push(found.unwrap_or(Minute { minute, pulls: 0, pushes: 0, errors: 0 }));
    }
    all
}
