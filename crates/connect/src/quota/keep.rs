//! What is spent of daily budgets is written down soon after, many requests in one go: a restart does
//! not forget it, and the processes on one database come to agree, since each adds its own and reads the
//! sum.

use accounts::gate::Actor;
use db::{Db, DbError, Workspace};
use egress::Egress;
use kernel::{CredentialId, Problem};
use papaya::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

use crate::{Connect, Integration, store};

/// What is spent in this time is written together; a crash forgets as much.
const GATHER: Duration = Duration::from_millis(500);

/// More apps than these, and they are looked at anew.
const MOST_APPS: usize = 100_000;

/// What this room keeps of budgets.
#[derive(Default)]
pub(crate) struct Keeper {
    /// Two that write at once would write the same twice.
    writing: Mutex<()>,
    /// By which app a version of a credential is counted, so that it is opened once to see.
    pub(crate) apps: HashMap<(CredentialId, i64), Option<String>>,
}

impl Keeper {
    /// Reads what was spent by others, or before the start.
    pub(crate) async fn recall(&self, db: &Db, egress: &Egress) -> Result<(), DbError> {
        let _alone = self.writing.lock().await;
        let mut tx = db.system(false).await?;
        for (budget, used) in store::quotas::live(&mut tx).await? {
            egress.budgets().remember(&budget, used);
        }
        Ok(())
    }

    /// Writes what was spent since.
    pub(crate) async fn write(&self, db: &Db, egress: &Egress) -> Result<(), DbError> {
        let _alone = self.writing.lock().await;
        let spent = egress.budgets().unwritten(db.clock().now());
        if spent.is_empty() {
            return Ok(());
        }
        let mut tx = db.system(true).await?;
        store::quotas::forget(&mut tx).await?;
        let mut sums = Vec::with_capacity(spent.len());
        for spending in &spent {
            sums.push(store::quotas::add(&mut tx, spending).await?);
        }
        tx.commit().await?;
        for (spending, used) in spent.iter().zip(sums) {
            if let Some(used) = used {
                egress.budgets().written(spending, used);
            }
        }
        Ok(())
    }
}

impl Connect {
    /// By which app an integration is counted. Its secret is opened, and that audited, once for each
    /// version.
    pub(crate) async fn app(
        &self,
        workspace: &Workspace,
        integration: &Integration,
        actor: &Actor,
    ) -> Result<Option<String>, Problem> {
        let Some(stored) = self.stored(workspace, integration, None).await? else {
            return Ok(None);
        };
        let version = (stored.credential.id, stored.credential.version);
        if let Some(known) = self.0.quotas.apps.pin().get(&version) {
            return Ok(known.clone());
        }
        let opened = self.credentials(workspace, integration, None, "quota.read", actor).await?;
        let app = super::app_of(integration, &opened.fields);
        let apps = self.0.quotas.apps.pin();
        if apps.len() >= MOST_APPS {
            apps.clear();
        }
        apps.insert(version, app.clone());
        Ok(app)
    }

    /// Reads what all processes together have spent of daily quotas and written.
    pub(crate) async fn recall_quotas(&self) -> Result<(), DbError> {
        self.0.quotas.recall(&self.0.db, &self.0.egress).await
    }

    /// Writes down what was spent of daily quotas, for the end.
    ///
    /// # Errors
    /// [`DbError`] when it cannot be written.
    pub async fn flush_quotas(&self) -> Result<(), DbError> {
        self.0.quotas.write(&self.0.db, &self.0.egress).await
    }

    /// Keeps writing it down for as long as somebody uses the room.
    pub(crate) fn keep_quotas(&self) {
        let (room, mut spent) = (Arc::downgrade(&self.0), self.0.egress.budgets().watch());
        tokio::spawn(async move {
            while spent.changed().await.is_ok() {
                tokio::time::sleep(GATHER).await;
                spent.mark_unchanged();
                let Some(room) = room.upgrade().map(Connect) else { return };
                // It stays counted, and is written with what comes next.
                if let Err(error) = room.flush_quotas().await {
                    tracing::warn!(%error, "what was spent of quotas is not written yet");
                }
            }
        });
    }
}
