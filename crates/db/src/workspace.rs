//! The handle without which no repository exists: it names the tenant that a transaction is for.

use kernel::WorkspaceId;
use std::fmt;
use vault::{Place, VaultError};

use crate::{Db, DbError, Tx};

/// One tenant's view of the database.
#[derive(Clone)]
pub struct Workspace {
    db: Db,
    id: WorkspaceId,
}

impl Workspace {
    pub(crate) fn new(db: Db, id: WorkspaceId) -> Self {
        Self { db, id }
    }

    /// Whose.
    pub fn id(&self) -> WorkspaceId {
        self.id
    }

    /// The database that it is in.
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// A transaction that reads.
    ///
    /// # Errors
    /// [`DbError`] when there is no connection to be had.
    pub async fn read(&self) -> Result<Tx, DbError> {
        self.db.begin(Some(self.id), false).await
    }

    /// A transaction that writes. In SQLite there is one at a time: keep it short, and never await
    /// anything but the database in it.
    ///
    /// # Errors
    /// [`DbError`] when there is no connection to be had.
    pub async fn write(&self) -> Result<Tx, DbError> {
        self.db.begin(Some(self.id), true).await
    }

    /// Seals for a row of this workspace.
    ///
    /// # Errors
    /// When the workspace has no data key.
    pub fn seal(
        &self,
        noun: &'static str,
        id: &dyn fmt::Display,
        plain: &[u8],
    ) -> Result<Vec<u8>, DbError> {
        let place = Place { workspace: self.id, noun, id };
        Ok(self.db.keyring().seal(place, plain)?)
    }

    /// Opens what was sealed for that row. A data key that another process has made is loaded then.
    ///
    /// # Errors
    /// When it was altered, or sealed for another row.
    pub async fn open(
        &self,
        noun: &'static str,
        id: &(dyn fmt::Display + Sync),
        sealed: &[u8],
    ) -> Result<Vec<u8>, DbError> {
        match self.db.keyring().open(Place { workspace: self.id, noun, id }, sealed) {
            Err(VaultError::NoKey { .. }) => self.db.load_missing(Some(self.id)).await?,
            opened => return Ok(opened?),
        }
        Ok(self.db.keyring().open(Place { workspace: self.id, noun, id }, sealed)?)
    }
}

impl fmt::Debug for Workspace {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Workspace({})", self.id)
    }
}
