//! How much keys were used, as far as it is written.

use db::{DbError, Tx, args};
use kernel::{ApiKeyId, WorkspaceId};

use crate::usage::Count;

/// Sums over all days, by method and route.
pub(crate) async fn by_endpoint(
    tx: &mut Tx,
    workspace: WorkspaceId,
    key: ApiKeyId,
) -> Result<Vec<((String, String), Count)>, DbError> {
    let rows = tx
        .fetch_all(
            "SELECT method, path, CAST(SUM(requests) AS BIGINT) AS requests, \
             CAST(SUM(successes) AS BIGINT) AS successes, \
             CAST(SUM(latency_us) AS BIGINT) AS latency_us \
             FROM api_key_usage WHERE workspace_id = $1 AND api_key_id = $2 \
             GROUP BY method, path ORDER BY method, path",
            args![workspace, key],
        )
        .await?;
    rows.iter()
        .map(|row| {
            let whole = |column| Ok::<_, DbError>(u64::try_from(row.int(column)?).unwrap_or(0));
            let count = Count {
                requests: whole("requests")?,
                successes: whole("successes")?,
                latency_us: whole("latency_us")?,
                ..Count::default()
            };
            Ok(((row.text("method")?, row.text("path")?), count))
        })
        .collect()
}
