//! Data keys in the database: loaded at start, made with a workspace, rotated online. A rotation gives
//! the workspace a newer key at once and then seals the old rows anew, a batch at a time.

use kernel::{Timestamp, WorkspaceId};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use tokio::sync::broadcast::error::RecvError;
use vault::{MasterKey, Place, VaultError, WrappedKey};

use crate::{Change, Db, DbError, Signal, Tx, args};

/// The master key in use. A rotation in another process is noticed by its id.
pub type Master = Arc<MasterKey>;

/// How far the sealing anew has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Rotation {
    /// The version that rows are sealed with now.
    pub version: u32,
    /// Rows sealed anew so far.
    pub done: u64,
    /// Tables in which a batch did not reach every row under an older key.
    pub left: u64,
}

/// A table with cipher texts.
struct Sealed {
    table: &'static str,
    /// The noun in the seal.
    noun: &'static str,
    /// The columns that make the id in the seal, joined with `/`, and their types.
    id: &'static [(&'static str, &'static str)],
}

/// Every table with cipher texts.
const SEALED: [Sealed; 8] = [
    Sealed { table: "credentials", noun: "credential", id: &[("id", "TEXT")] },
    Sealed {
        table: "feed_versions",
        noun: "feed_version",
        id: &[("feed_id", "TEXT"), ("version", "BIGINT")],
    },
    Sealed { table: "inbound_events", noun: "inbound_event", id: &[("id", "TEXT")] },
    Sealed { table: "connections", noun: "connection", id: &[("id", "TEXT")] },
    Sealed { table: "webhooks", noun: "webhook", id: &[("id", "TEXT")] },
    Sealed { table: "oauth_states", noun: "oauth_state", id: &[("id", "TEXT")] },
    Sealed { table: "push_subscriptions", noun: "subscription", id: &[("id", "TEXT")] },
    Sealed { table: "idempotency_keys", noun: "idempotency_key", id: &[("key", "TEXT")] },
];
const BATCH: i64 = 100;

/// Reads the master key again from where it is kept: the one in use, and the next of a rotation that is
/// under way.
pub type KeySource = Arc<dyn Fn() -> Vec<MasterKey> + Send + Sync>;

/// The master key in use, and where to look when another process has rotated it.
#[derive(Default)]
pub(crate) struct MasterSlot {
    key: Mutex<Option<Master>>,
    source: OnceLock<KeySource>,
}

impl MasterSlot {
    fn get(&self) -> Option<Master> {
        self.key.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, key: Master) {
        *self.key.lock().unwrap_or_else(PoisonError::into_inner) = Some(key);
    }
}

impl Db {
    /// Loads every data key with the master key, which is in use from then on.
    ///
    /// # Errors
    /// [`VaultError::WrongMasterKey`] when it is not the one that wrapped them.
    pub async fn unlock(&self, master: &MasterKey) -> Result<(), DbError> {
        let mut tx = self.system(false).await?;
        for stored in wrapped_keys(&mut tx, None).await? {
            self.keyring().add(master, &stored)?;
        }
        self.slot().set(Arc::new(master.clone()));
        Ok(())
    }

    /// Says where to look for the master key when another process has rotated it.
    pub fn set_key_source(&self, source: KeySource) {
        // The first one holds: there is one place where the key is kept.
        drop(self.slot().source.set(source));
    }

    /// The master key that the data keys are wrapped with now.
    ///
    /// # Errors
    /// [`VaultError::WrongMasterKey`] when another process has rotated it and the new one is not to be
    /// had from here.
    pub async fn master(&self) -> Result<Master, DbError> {
        let known = self.slot().get();
        let wanted = self.master_key_id().await?;
        let fits = |key: &Master| wanted.as_deref().is_none_or(|id| id == key.id());
        if let Some(known) = known.clone().filter(fits) {
            return Ok(known);
        }
        let kept = self.slot().source.get().map(|source| source()).unwrap_or_default();
        if let Some(found) = kept.into_iter().map(Arc::new).find(fits) {
            self.slot().set(found.clone());
            return Ok(found);
        }
        let given = known.map_or_else(|| "none".to_owned(), |key| key.id().to_owned());
        Err(VaultError::WrongMasterKey { expected: wanted.unwrap_or_default(), given }.into())
    }

    /// Keeps the keyring in step with rotations and new workspaces of other nodes.
    pub async fn follow_keys(self) {
        let mut signals = self.signals();
        loop {
            let workspace = match signals.recv().await {
                Ok(Signal::Changed(Change::DataKeys(workspace))) => Some(workspace),
                Ok(Signal::Resync) | Err(RecvError::Lagged(_)) => None,
                Ok(_) => continue,
                Err(RecvError::Closed) => return,
            };
            if let Err(error) = self.load_missing(workspace).await {
                tracing::warn!(%error, "cannot load new data keys");
            }
        }
    }

    /// Loads the data keys that this process does not have yet.
    pub(crate) async fn load_missing(&self, workspace: Option<WorkspaceId>) -> Result<(), DbError> {
        let mut tx = self.system(false).await?;
        let stored = wrapped_keys(&mut tx, workspace).await?;
        drop(tx);
        let missing = |key: &&WrappedKey| !self.keyring().has(key.workspace, key.version);
        let missing: Vec<_> = stored.iter().filter(missing).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let master = self.master().await?;
        for stored in missing {
            self.keyring().add(&master, stored)?;
        }
        Ok(())
    }

    /// The id of the master key that the stored data keys were wrapped with; `None` when there are none.
    ///
    /// # Errors
    /// [`DbError`] when the table cannot be read.
    pub async fn master_key_id(&self) -> Result<Option<String>, DbError> {
        let mut tx = self.system(false).await?;
        let sql = "SELECT master_key_id FROM data_keys LIMIT 1";
        tx.fetch_optional(sql, Vec::new()).await?.map(|row| row.text("master_key_id")).transpose()
    }

    /// Wraps every data key with another master key, in one transaction. The data keys stay the same,
    /// so nothing that is running notices.
    ///
    /// # Errors
    /// [`VaultError::WrongMasterKey`] when `from` is not the one in use.
    pub async fn rotate_master(&self, from: &MasterKey, to: &MasterKey) -> Result<u64, DbError> {
        let mut tx = self.system(true).await?;
        tx.lock_keys().await?;
        let stored = wrapped_keys(&mut tx, None).await?;
        for key in &stored {
            let key = self.keyring().rewrap(from, to, key)?;
            tx.execute(
                "UPDATE data_keys SET wrapped = $3, master_key_id = $4 \
                 WHERE workspace_id = $1 AND version = $2",
                args![key.workspace, key.version, key.wrapped, key.master_key_id],
            )
            .await?;
        }
        tx.commit().await?;
        self.slot().set(Arc::new(to.clone()));
        Ok(stored.len() as u64)
    }

    /// Gives a workspace a newer data key; rows written from now on use it.
    ///
    /// # Errors
    /// [`DbError`] when it cannot be stored.
    pub async fn rotate_workspace(&self, workspace: WorkspaceId) -> Result<u32, DbError> {
        let master = self.master().await?;
        let mut tx = self.system(true).await?;
        let version = 1 + wrapped_keys(&mut tx, Some(workspace))
            .await?
            .iter()
            .map(|key| key.version)
            .max()
            .unwrap_or(0);
        let stored = self.keyring().generate(&master, workspace, version)?;
        tx.insert_data_key(&stored).await?;
        tx.commit().await?;
        self.keyring().add(&master, &stored)?;
        Ok(version)
    }

    /// Seals a batch of rows anew, without waiting for those who write meanwhile: a row that changed
    /// under our hands is left for the next batch. Call until nothing is done or left. The old data keys
    /// stay: another process may still be sealing with one until it hears of the new.
    ///
    /// # Errors
    /// [`DbError`] when a row does not open.
    pub async fn seal_anew(&self, workspace: WorkspaceId) -> Result<Rotation, DbError> {
        let version = self.keyring().current_version(workspace).unwrap_or(0);
        let mut progress = Rotation { version, ..Rotation::default() };
        for sealed in &SEALED {
            self.seal_table(workspace, sealed, &mut progress).await?;
        }
        Ok(progress)
    }

    async fn seal_table(
        &self,
        workspace: WorkspaceId,
        &Sealed { table, noun, id: id_columns }: &Sealed,
        progress: &mut Rotation,
    ) -> Result<(), DbError> {
        // The header of a sealed text is its format and the version of its key, big-endian: bytes
        // compare as numbers do.
        let mut header = vec![1u8];
        header.extend_from_slice(&progress.version.to_be_bytes());
        let columns = id_columns
            .iter()
            .map(|(column, _)| format!("CAST({column} AS TEXT) AS {column}_text"))
            .collect::<Vec<_>>()
            .join(", ");
        let mut tx = self.workspace(workspace).read().await?;
        let older = tx.dialect("substr(sealed, 1, 5) < $2", "substring(sealed from 1 for 5) < $2");
        let sql = format!(
            "SELECT {columns}, sealed FROM {table} WHERE workspace_id = $1 AND {older} LIMIT $3"
        );
        let rows = tx.fetch_all(&sql, args![workspace, header.clone(), BATCH + 1]).await?;
        drop(tx);
        progress.left += u64::from(rows.len() as i64 > BATCH);

        let mut anew = Vec::new();
        for row in rows.iter().take(BATCH as usize) {
            let parts: Vec<String> = id_columns
                .iter()
                .map(|(column, _)| row.text(&format!("{column}_text")))
                .collect::<Result<_, _>>()?;
            let id = parts.join("/");
            let place = Place { workspace, noun, id: &id };
            let old = row.blob("sealed")?;
            let plain = self.keyring().open(place, &old)?;
            anew.push((parts, old, self.keyring().seal(place, &plain)?));
        }
        let matches = id_columns
            .iter()
            .enumerate()
            .map(|(at, (column, kind))| format!("{column} = CAST(${} AS {kind})", at + 4))
            .collect::<Vec<_>>()
            .join(" AND ");
        let sql = format!(
            "UPDATE {table} SET sealed = $2 WHERE workspace_id = $1 AND sealed = $3 AND {matches}"
        );
        if anew.is_empty() {
            return Ok(());
        }
        let mut tx = self.workspace(workspace).write().await?;
        for (id, old, new) in anew {
            let mut values = args![workspace, new, old];
            values.extend(id.into_iter().map(crate::Value::from));
            progress.done += tx.execute(&sql, values).await?;
        }
        tx.commit().await
    }
}

impl Tx {
    /// Lets one transaction at a time change data keys, on every node.
    async fn lock_keys(&mut self) -> Result<(), DbError> {
        // SQLite has one writer as it is; the number is only ours.
        let lock = self.dialect(None, Some("SELECT pg_advisory_xact_lock(7283)"));
        if let Some(lock) = lock {
            self.execute(lock, args![]).await?;
        }
        Ok(())
    }

    /// Stores a wrapped data key.
    ///
    /// # Errors
    /// [`DbError::Conflict`] when the workspace has one of that version; [`VaultError::WrongMasterKey`]
    /// when the master key was rotated since it wrapped this.
    pub async fn insert_data_key(&mut self, key: &WrappedKey) -> Result<(), DbError> {
        self.lock_keys().await?;
        let sql = "SELECT master_key_id FROM data_keys WHERE master_key_id <> $1 LIMIT 1";
        if let Some(row) = self.fetch_optional(sql, args![&key.master_key_id]).await? {
            let (expected, given) = (row.text("master_key_id")?, key.master_key_id.clone());
            return Err(VaultError::WrongMasterKey { expected, given }.into());
        }
        let at: Timestamp = self.now();
        self.execute(
            "INSERT INTO data_keys (workspace_id, version, master_key_id, wrapped, created_at) \
             VALUES ($1, $2, $3, $4, $5)",
            args![key.workspace, key.version, &key.master_key_id, key.wrapped.clone(), at],
        )
        .await?;
        self.changed(Change::DataKeys(key.workspace));
        Ok(())
    }
}

async fn wrapped_keys(
    tx: &mut Tx,
    workspace: Option<WorkspaceId>,
) -> Result<Vec<WrappedKey>, DbError> {
    let rows = tx
        .fetch_all(
            "SELECT workspace_id, version, master_key_id, wrapped FROM data_keys \
             WHERE $1 = '' OR workspace_id = $1",
            args![workspace.map(|id| id.to_string()).unwrap_or_default()],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(WrappedKey {
                workspace: row.parse("workspace_id")?,
                version: u32::try_from(row.int("version")?).unwrap_or_default(),
                master_key_id: row.text("master_key_id")?,
                wrapped: row.blob("wrapped")?,
            })
        })
        .collect()
}
