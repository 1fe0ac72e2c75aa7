//! What stays open outlives the check of its request. A stream asks here when to end: because its caller
//! is no longer who they were, or because the house closes.

use http::request::Parts;
use kernel::Problem;
use std::future::pending;
use std::sync::Arc;
use tokio::sync::watch;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::authenticate::{expires_at, identify};
use super::{Identity, client_addr};
use crate::Accounts;

/// Lies in a request's extensions: cancelled when the house closes.
#[derive(Clone, Debug)]
pub struct Stopping(pub Arc<CancellationToken>);

/// Why a stream ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The key or session is gone, or allows something else than it did.
    Revoked,
    /// The house closes; who comes again finds it open, or another node.
    Closing,
}

/// How the caller of one request stood when it was let in.
pub struct Standing {
    caller: Option<Caller>,
    stopping: Option<Stopping>,
}

struct Caller {
    accounts: Accounts,
    parts: Parts,
    identity: Arc<Identity>,
    changes: watch::Receiver<()>,
}

impl Standing {
    /// Of the request with these parts. A caller that passed no gate, such as a player, has nothing here
    /// that could be taken away.
    pub fn of(parts: &Parts) -> Self {
        let extensions = &parts.extensions;
        let identity = extensions.get::<Result<Arc<Identity>, Problem>>();
        let caller = extensions.get::<Accounts>().zip(identity).and_then(|(accounts, identity)| {
            Some(Caller {
                accounts: accounts.clone(),
                parts: parts.clone(),
                identity: identity.as_ref().ok()?.clone(),
                changes: accounts.changes(),
            })
        });
        Self { caller, stopping: extensions.get().cloned() }
    }

    /// Waits until it is time to end.
    pub async fn ended(self) -> Ended {
        let revoked = async {
            match self.caller {
                Some(caller) => caller.revoked().await,
                None => pending().await,
            }
        };
        let closing = async {
            match &self.stopping {
                Some(Stopping(stop)) => stop.cancelled().await,
                None => pending().await,
            }
        };
        tokio::select! {
            () = revoked => Ended::Revoked,
            () = closing => Ended::Closing,
        }
    }
}

impl Caller {
    /// Asks the gate again after each change of keys and people, and when the key or session expires.
    async fn revoked(mut self) {
        loop {
            // Before asking: what changes meanwhile is asked about once more.
            self.changes.mark_unchanged();
            let addr = client_addr(&self.parts, self.accounts.trusted_proxies());
            match identify(&self.accounts, &mut self.parts, addr).await {
                Ok(now) if now.stands_as(&self.identity) => {}
                _ => return,
            }
            let left = expires_at(&self.parts).map(|at| at.since(self.accounts.now()));
            tokio::select! {
                _ = self.changes.changed() => {}
                () = sleep(left.unwrap_or_default()), if left.is_some() => {}
            }
        }
    }
}
