//! How much each key is used, by endpoint and day: counted in memory, written in batches.

use db::{DbError, Tx, args};
use kernel::{ApiKeyId, Timestamp, WorkspaceId};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::Accounts;

/// One count: whose key, when, and what it asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Use {
    pub(crate) workspace: WorkspaceId,
    pub(crate) key: ApiKeyId,
    pub(crate) method: http::Method,
    /// The route as a template, so that the counts stay few.
    pub(crate) path: String,
    /// Days since 1970.
    pub(crate) day: i64,
}

/// What was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) requests: u64,
    pub(crate) successes: u64,
    pub(crate) latency_us: u64,
    pub(crate) last: Timestamp,
}

impl Count {
    pub(crate) fn add(&mut self, other: Self) {
        self.requests += other.requests;
        self.successes += other.successes;
        self.latency_us += other.latency_us;
        self.last = self.last.max(other.last);
    }
}

#[derive(Default)]
pub(crate) struct Usage(Mutex<HashMap<Use, Count>>);

impl Usage {
    fn lock(&self) -> MutexGuard<'_, HashMap<Use, Count>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What waits to be written for one key.
    pub(crate) fn of_key(&self, key: ApiKeyId) -> Vec<(Use, Count)> {
        let all = self.lock();
        all.iter().filter(|(it, _)| it.key == key).map(|(it, n)| (it.clone(), *n)).collect()
    }
}

const DAY: i64 = 24 * 60 * 60;

impl Accounts {
    /// Counts one request of a key.
    pub(crate) fn count_use(
        &self,
        (workspace, key): (WorkspaceId, ApiKeyId),
        (method, path): (http::Method, String),
        success: bool,
        took: Duration,
    ) {
        let last = self.now();
        let day = last.secs().div_euclid(DAY);
        let count = Count {
            requests: 1,
            successes: u64::from(success),
            latency_us: took.as_micros().try_into().unwrap_or(u64::MAX),
            last,
        };
        let first = {
            let mut counts = self.0.usage.lock();
            let first = counts.is_empty();
            counts.entry(Use { workspace, key, method, path, day }).or_default().add(count);
            first
        };
        if first {
            self.0.used.notify_one();
        }
    }

    /// Writes what was counted since the last time. Called by itself every few seconds while keys are
    /// used, and once more when the house closes.
    ///
    /// # Errors
    /// [`DbError`] when it cannot be written; the counts are kept for the next time.
    pub async fn flush_usage(&self) -> Result<(), DbError> {
        let counts = std::mem::take(&mut *self.0.usage.lock());
        if counts.is_empty() {
            return Ok(());
        }
        let written = self.write_usage(&counts).await;
        if written.is_err() {
            let mut waiting = self.0.usage.lock();
            counts.into_iter().for_each(|(it, count)| waiting.entry(it).or_default().add(count));
            self.0.used.notify_one();
        }
        written
    }

    async fn write_usage(&self, counts: &HashMap<Use, Count>) -> Result<(), DbError> {
        let mut keys: HashMap<(WorkspaceId, ApiKeyId), Count> = HashMap::new();
        let mut tx = self.0.db.system(true).await?;
        for (it, count) in counts {
            keys.entry((it.workspace, it.key)).or_default().add(*count);
            add(&mut tx, it, count).await?;
        }
        for ((workspace, key), count) in keys {
            tx.execute(
                "UPDATE api_keys SET usage_count = usage_count + $3, last_used_at = $4 \
                 WHERE workspace_id = $1 AND id = $2",
                args![workspace, key, count.requests, count.last],
            )
            .await?;
        }
        tx.commit().await
    }
}

/// A key that was deleted meanwhile is not counted any more.
async fn add(tx: &mut Tx, it: &Use, count: &Count) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO api_key_usage \
         (workspace_id, api_key_id, method, path, day, requests, successes, latency_us) \
         SELECT workspace_id, id, $3, $4, $5, $6, $7, $8 FROM api_keys \
         WHERE workspace_id = $1 AND id = $2 \
         ON CONFLICT (workspace_id, api_key_id, day, method, path) DO UPDATE SET \
         requests = api_key_usage.requests + excluded.requests, \
         successes = api_key_usage.successes + excluded.successes, \
         latency_us = api_key_usage.latency_us + excluded.latency_us",
        args![
            it.workspace,
            it.key,
            it.method.as_str(),
            &it.path,
            it.day,
            count.requests,
            count.successes,
            count.latency_us
        ],
    )
    .await
    .map(drop)
}
