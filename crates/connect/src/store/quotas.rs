//! Daily budgets, as all processes together have spent them. They are the house's: an app of the
//! instance is used by many workspaces.

use db::{DbError, Tx, args};
use egress::{Budget, Spending};

/// Adds what was spent; the sum of all. `None` when a later period has begun there, in which it says
/// nothing.
pub(crate) async fn add(tx: &mut Tx, spending: &Spending) -> Result<Option<u64>, DbError> {
    let units = i64::try_from(spending.units).unwrap_or(i64::MAX);
    let floor = if spending.is_exhausted { units } else { 0 };
    let row = tx
        .fetch_optional(
            "INSERT INTO quotas (key, provider, resets_at, units, used, updated_at) \
             VALUES ($1, $2, $3, $4, CASE WHEN $5 > $6 THEN $5 ELSE $6 END, $7) \
             ON CONFLICT (key) DO UPDATE SET provider = excluded.provider, units = excluded.units, \
               updated_at = excluded.updated_at, resets_at = excluded.resets_at, \
               used = CASE WHEN quotas.resets_at < excluded.resets_at THEN excluded.used \
                 WHEN quotas.used + $5 > $6 THEN quotas.used + $5 ELSE $6 END \
             WHERE quotas.resets_at <= excluded.resets_at RETURNING used",
            args![
                &spending.key,
                &spending.provider,
                spending.resets_at,
                units,
                spending.spent,
                floor,
                tx.now()
            ],
        )
        .await?;
    row.map(|row| Ok(row.int("used")?.max(0) as u64)).transpose()
}

/// Those that have not been reset yet, and what is used of them.
pub(crate) async fn live(tx: &mut Tx) -> Result<Vec<(Budget, u64)>, DbError> {
    let sql = "SELECT key, provider, resets_at, units, used FROM quotas WHERE resets_at > $1";
    let rows = tx.fetch_all(sql, args![tx.now()]).await?;
    rows.iter()
        .map(|row| {
            let budget = Budget {
                key: row.text("key")?,
                provider: row.text("provider")?,
                units: row.int("units")?.max(0) as u64,
                cost: 0,
                resets_at: row.time("resets_at")?,
            };
            Ok((budget, row.int("used")?.max(0) as u64))
        })
        .collect()
}

/// Removes those that have been reset since.
pub(crate) async fn forget(tx: &mut Tx) -> Result<u64, DbError> {
    tx.execute("DELETE FROM quotas WHERE resets_at <= $1", args![tx.now()]).await
}
