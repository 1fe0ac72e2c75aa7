//! What is kept in memory of the tables: integrations, sealed credentials, compiled jq. A commit that
//! changes a row says so, and the entry goes; so nothing is asked twice of the database while nothing
//! changes. Secrets are kept sealed.

use catalog::jq::{self, JqError, Program};
use db::{Change, Db, Signal};
use kernel::{ConnectionId, IntegrationId, WorkspaceId};
use papaya::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::broadcast::error::RecvError;

use crate::Integration;
use crate::store::connections;
use crate::store::credentials::Stored;

/// The nouns in [`db::Change`] signals.
pub(crate) const INTEGRATION: &str = "integration";
pub(crate) const CREDENTIAL: &str = "credential";

/// More entries than these, and a map begins anew.
const MOST: usize = 100_000;
const MOST_PROGRAMS: usize = 2_000;

/// Which credentials of an integration: those of the workspace, or of one widget config.
pub(crate) type CredentialKey = (IntegrationId, Option<kernel::WidgetConfigId>);

/// Whose connection of an integration; `None` leaves it to the integration.
pub(crate) type SubjectKey = (IntegrationId, Option<String>);

#[derive(Default)]
pub(crate) struct Cache {
    integrations: HashMap<IntegrationId, (WorkspaceId, Arc<Integration>)>,
    credentials: HashMap<CredentialKey, (WorkspaceId, Option<Arc<Stored>>)>,
    connections: HashMap<ConnectionId, (WorkspaceId, Arc<connections::Stored>)>,
    subjects: HashMap<SubjectKey, (WorkspaceId, ConnectionId)>,
    programs: HashMap<String, Program>,
    /// Moves with every change, so that what was read before one is not kept after it.
    changes: AtomicU64,
}

impl Cache {
    /// Follows the changes until the database is closed.
    pub(crate) fn follow(self: &Arc<Self>, db: &Db) {
        let mut signals = db.signals();
        let cache = Arc::downgrade(self);
        tokio::spawn(async move {
            loop {
                let signal = match signals.recv().await {
                    Ok(signal) => signal,
                    Err(RecvError::Lagged(_)) => Signal::Resync,
                    Err(RecvError::Closed) => return,
                };
                let Some(cache) = cache.upgrade() else { return };
                cache.hear(&signal);
            }
        });
    }

    /// Forgets what a signal makes stale. To hear it twice is no harm.
    pub(crate) fn hear(&self, signal: &Signal) {
        match signal {
            Signal::Changed(change) => self.forget(change),
            Signal::Resync => self.clear(),
            Signal::Event(_) | Signal::Due(..) => {}
        }
    }

    /// Where the changes stand; to be read before the tables are.
    pub(crate) fn mark(&self) -> u64 {
        self.changes.load(Ordering::SeqCst)
    }

    pub(crate) fn integration(&self, id: IntegrationId) -> Option<(WorkspaceId, Arc<Integration>)> {
        self.integrations.pin().get(&id).cloned()
    }

    pub(crate) fn keep_integration(
        &self,
        mark: u64,
        workspace: WorkspaceId,
        it: &Arc<Integration>,
    ) {
        let kept = self.integrations.pin();
        if kept.len() >= MOST {
            kept.clear();
        }
        kept.insert(it.id, (workspace, it.clone()));
        if self.mark() != mark {
            kept.remove(&it.id);
        }
    }

    pub(crate) fn credential(&self, key: &CredentialKey) -> Option<Option<Arc<Stored>>> {
        self.credentials.pin().get(key).map(|(_, stored)| stored.clone())
    }

    pub(crate) fn keep_credential(
        &self,
        mark: u64,
        workspace: WorkspaceId,
        key: CredentialKey,
        stored: Option<Arc<Stored>>,
    ) {
        let kept = self.credentials.pin();
        if kept.len() >= MOST {
            kept.clear();
        }
        kept.insert(key, (workspace, stored));
        if self.mark() != mark {
            kept.remove(&key);
        }
    }

    pub(crate) fn connection(
        &self,
        id: ConnectionId,
    ) -> Option<(WorkspaceId, Arc<connections::Stored>)> {
        self.connections.pin().get(&id).cloned()
    }

    pub(crate) fn keep_connection(
        &self,
        mark: u64,
        workspace: WorkspaceId,
        it: &Arc<connections::Stored>,
    ) {
        let (kept, id) = (self.connections.pin(), it.connection.id);
        if kept.len() >= MOST {
            kept.clear();
        }
        kept.insert(id, (workspace, it.clone()));
        if self.mark() != mark {
            kept.remove(&id);
        }
    }

    pub(crate) fn connection_id(&self, key: &SubjectKey) -> Option<ConnectionId> {
        self.subjects.pin().get(key).map(|(_, id)| *id)
    }

    pub(crate) fn keep_connection_id(
        &self,
        mark: u64,
        workspace: WorkspaceId,
        key: SubjectKey,
        id: ConnectionId,
    ) {
        let kept = self.subjects.pin();
        if kept.len() >= MOST {
            kept.clear();
        }
        kept.insert(key.clone(), (workspace, id));
        if self.mark() != mark {
            kept.remove(&key);
        }
    }

    /// A compiled program.
    pub(crate) fn program(&self, text: &str) -> Result<Program, JqError> {
        let kept = self.programs.pin();
        if let Some(program) = kept.get(text) {
            return Ok(program.clone());
        }
        let program = jq::compile(text)?;
        if kept.len() >= MOST_PROGRAMS {
            kept.clear();
        }
        kept.insert(text.to_owned(), program.clone());
        Ok(program)
    }

    /// Forgets what a change makes stale.
    pub(crate) fn forget(&self, change: &Change) {
        match change {
            Change::Noun { noun, workspace, id } if noun == INTEGRATION => {
                self.changes.fetch_add(1, Ordering::SeqCst);
                if let Ok(id) = id.parse::<IntegrationId>() {
                    self.integrations.pin().remove(&id);
                }
                self.forget_credentials(*workspace);
            }
            Change::Noun { noun, workspace, .. } if noun == CREDENTIAL => {
                self.changes.fetch_add(1, Ordering::SeqCst);
                self.forget_credentials(*workspace);
            }
            Change::Noun { noun, workspace, id } if noun == connections::NOUN => {
                self.changes.fetch_add(1, Ordering::SeqCst);
                if let Ok(id) = id.parse::<ConnectionId>() {
                    self.connections.pin().remove(&id);
                }
                self.subjects.pin().retain(|_, (owner, _)| owner != workspace);
            }
            // Sealed anew, under another key.
            Change::DataKeys(workspace) => {
                self.changes.fetch_add(1, Ordering::SeqCst);
                self.forget_credentials(*workspace);
                self.connections.pin().retain(|_, (owner, _)| owner != workspace);
            }
            Change::Noun { .. } | Change::Follower { .. } => {}
        }
    }

    /// Those of the workspace, those it shares with others, and where others found none to share.
    fn forget_credentials(&self, workspace: WorkspaceId) {
        self.credentials.pin().retain(|_, (user, stored)| {
            let shared = stored.as_ref().is_none_or(|it| it.credential.workspace == workspace);
            *user != workspace && !shared
        });
    }

    fn clear(&self) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        self.integrations.pin().clear();
        self.credentials.pin().clear();
        self.connections.pin().clear();
        self.subjects.pin().clear();
    }
}
