//! API keys in memory: a request's key is found by its hash, without a query.

use db::{DbError, Row, args};
use kernel::{ApiKeyId, ScopeSet, Timestamp, WorkspaceId};
use papaya::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Mutex as AsyncMutex;
use vault::TokenHash;

use crate::Accounts;
use crate::limit::{Policy, Rate, Window};
use crate::store::setting;

/// What is known of a key.
pub(crate) struct KeyEntry {
    pub(crate) workspace: WorkspaceId,
    pub(crate) id: ApiKeyId,
    pub(crate) scopes: ScopeSet,
    pub(crate) enabled: bool,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) instance_owner: bool,
    /// Its own rate, if it has one.
    pub(crate) policy: Option<Policy>,
    /// Kept when the key is changed, so that a change is no way around a limit.
    pub(crate) windows: Arc<KeyWindows>,
}

#[derive(Default)]
pub(crate) struct KeyWindows {
    pub(crate) own: Mutex<Window>,
    pub(crate) general: Mutex<Window>,
}

#[derive(Default)]
pub(crate) struct Keys {
    by_hash: HashMap<TokenHash, Arc<KeyEntry>>,
    hashes: HashMap<ApiKeyId, TokenHash>,
    look_ups: Mutex<Window>,
    /// One reads the table and takes over what it read at a time; else an older answer could win.
    loading: AsyncMutex<()>,
}

impl Keys {
    pub(crate) fn find(&self, hash: &TokenHash) -> Option<Arc<KeyEntry>> {
        self.by_hash.pin().get(hash).cloned()
    }

    pub(crate) fn forget_workspace(&self, workspace: WorkspaceId) {
        self.by_hash.pin().retain(|_, entry| entry.workspace != workspace);
        let known = self.by_hash.pin();
        self.hashes.pin().retain(|_, hash| known.contains_key(hash));
    }

    fn keep(&self, hash: TokenHash, mut entry: KeyEntry) {
        if let Some(old) = self.find(&hash) {
            entry.windows = old.windows.clone();
        }
        self.hashes.pin().insert(entry.id, hash);
        self.by_hash.pin().insert(hash, Arc::new(entry));
    }

    pub(crate) fn forget(&self, id: ApiKeyId) {
        let hashes = self.hashes.pin();
        if let Some(hash) = hashes.remove(&id) {
            self.by_hash.pin().remove(hash);
        }
    }
}

const COLUMNS: &str = "k.workspace_id, k.id, k.token_hash, k.scopes, k.rate_requests, \
    k.rate_window_ms, k.enabled, k.expires_at, COALESCE(u.instance_owner, FALSE) AS by_owner";

impl Accounts {
    /// Reads every key.
    pub(crate) async fn load_keys(&self) -> Result<(), DbError> {
        let keys = &self.0.keys;
        let _one = keys.loading.lock().await;
        let mut tx = self.0.db.system(false).await?;
        let home = setting::home_workspace(&mut tx).await?;
        let sql =
            format!("SELECT {COLUMNS} FROM api_keys k LEFT JOIN users u ON u.id = k.created_by");
        let rows = tx.fetch_all(&sql, args![]).await?;
        let entries: Vec<_> =
            rows.iter().map(|row| entry(row, home)).collect::<Result<_, DbError>>()?;
        let live: std::collections::HashSet<_> = entries.iter().map(|(hash, _)| *hash).collect();
        keys.by_hash.pin().retain(|hash, _| live.contains(hash));
        keys.hashes.pin().retain(|_, hash| live.contains(hash));
        entries.into_iter().for_each(|(hash, entry)| keys.keep(hash, entry));
        Ok(())
    }

    /// Reads one key anew. Called right after the commit that changed it, so that the change holds
    /// for the very next request.
    pub(crate) async fn reload_key(
        &self,
        workspace: WorkspaceId,
        id: ApiKeyId,
    ) -> Result<(), DbError> {
        let keys = &self.0.keys;
        let _one = keys.loading.lock().await;
        let mut tx = self.0.db.system(false).await?;
        let home = setting::home_workspace(&mut tx).await?;
        let sql = format!(
            "SELECT {COLUMNS} FROM api_keys k LEFT JOIN users u ON u.id = k.created_by \
             WHERE k.workspace_id = $1 AND k.id = $2"
        );
        match tx.fetch_optional(&sql, args![workspace, id]).await? {
            Some(row) => {
                let (hash, entry) = entry(&row, home)?;
                keys.keep(hash, entry);
            }
            None => keys.forget(id),
        }
        Ok(())
    }
}

/// At most so many keys that are not in memory are looked for in the table, in so much time: enough for
/// keys that another process has made, too few for guessing to cost anything.
const LOOK_UPS: Rate = Rate { requests: 20, window: Duration::from_secs(1) };

impl Accounts {
    /// The key of that hash: from memory, or from the table when another process has just made it.
    pub(crate) async fn find_key(&self, hash: TokenHash) -> Result<Option<Arc<KeyEntry>>, DbError> {
        let keys = &self.0.keys;
        if let Some(known) = keys.find(&hash) {
            return Ok(Some(known));
        }
        let may_look = {
            let mut window = keys.look_ups.lock().unwrap_or_else(PoisonError::into_inner);
            window.take(LOOK_UPS, self.now()).allowed
        };
        if !may_look {
            return Ok(None);
        }
        let sql = "SELECT workspace_id, id FROM api_keys WHERE token_hash = $1";
        let row = self.0.db.system(false).await?.fetch_optional(sql, args![hash.to_hex()]).await?;
        let Some(row) = row else { return Ok(None) };
        self.reload_key(row.parse("workspace_id")?, row.parse("id")?).await?;
        Ok(keys.find(&hash))
    }
}

fn entry(row: &Row, home: Option<WorkspaceId>) -> Result<(TokenHash, KeyEntry), DbError> {
    let unreadable = || DbError::Row { column: "token_hash".into(), what: "is not a hash".into() };
    let hash = TokenHash::from_hex(&row.text("token_hash")?).ok_or_else(unreadable)?;
    let workspace: WorkspaceId = row.parse("workspace_id")?;
    let scopes: ScopeSet = row.json::<Vec<kernel::Scope>>("scopes")?.into_iter().collect();
    let by_owner = row.flag("by_owner")?;
    let rate = rate(row)?;
    let entry = KeyEntry {
        workspace,
        id: row.parse("id")?,
        scopes,
        enabled: row.flag("enabled")?,
        expires_at: row.opt_time("expires_at")?,
        // A key of another workspace never runs the instance, whoever made it.
        instance_owner: by_owner
            && home == Some(workspace)
            && scopes.allows(kernel::Scope::AdminFull),
        policy: rate.map(|rate| Policy::new("key", rate)),
        windows: Arc::default(),
    };
    Ok((hash, entry))
}

/// A key's own rate.
pub(crate) fn rate(row: &Row) -> Result<Option<Rate>, DbError> {
    let whole = |n: i64| u64::try_from(n).unwrap_or_default();
    let (requests, window) = (row.opt_int("rate_requests")?, row.opt_int("rate_window_ms")?);
    Ok(requests.zip(window).map(|(requests, window)| Rate {
        requests: whole(requests).try_into().unwrap_or(u32::MAX),
        window: Duration::from_millis(whole(window)),
    }))
}
