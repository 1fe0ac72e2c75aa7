//! Outcomes of attempts, of all webhooks that end at about the same time, in one transaction.

use db::{Batch, DbError, Tx};

use super::store::attempts::{self, Outcome};

pub(crate) struct Results;

impl Batch for Results {
    type Item = Outcome;
    /// Whether it counts; see [`attempts::write`].
    type Answer = bool;

    async fn write(&self, tx: &mut Tx, items: &[Outcome]) -> Result<Vec<bool>, DbError> {
        let mut written = Vec::with_capacity(items.len());
        for item in items {
            written.push(attempts::write(tx, item).await?);
        }
        Ok(written)
    }
}
