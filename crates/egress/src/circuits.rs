//! The circuit of each host, and the permit that a request holds while it is out. Each workspace has
//! circuits of its own: what one of them provokes must not cut off another.

use crate::bounded::Bounded;
use crate::breaker::{Breaker, BreakerPolicy};
use crate::error::EgressError;
use kernel::WorkspaceId;
use prometheus_client::metrics::counter::Counter;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::time::Instant;

pub(crate) struct Circuits {
    policy: BreakerPolicy,
    hosts: Bounded<Circuit>,
    opened: Counter,
}

#[derive(Default)]
struct Circuit(Mutex<Watched>);

#[derive(Default)]
struct Watched {
    breaker: Breaker,
    last: String,
}

impl Circuits {
    /// Counts in `opened` how often one of them opens.
    pub(crate) fn new(policy: BreakerPolicy, opened: Counter) -> Self {
        Self { policy, hosts: Bounded::new(), opened }
    }

    /// Lets a request to this origin pass, or says how long the host is left alone.
    pub(crate) fn enter(
        &self,
        workspace: WorkspaceId,
        origin: &str,
    ) -> Result<Permit, EgressError> {
        let circuit = self.circuit(workspace, origin);
        let now = Instant::now();
        let mut watched = circuit.lock();
        if let Err(retry_after) = watched.breaker.admit(now) {
            let (host, last) = (origin.to_owned(), watched.last.clone());
            return Err(EgressError::Circuit { host, retry_after, last });
        }
        drop(watched);
        Ok(self.permit(circuit))
    }

    /// Lets a request pass whatever the circuit's state, because a person asks.
    pub(crate) fn enter_anyway(&self, workspace: WorkspaceId, origin: &str) -> Permit {
        self.permit(self.circuit(workspace, origin))
    }

    fn circuit(&self, workspace: WorkspaceId, origin: &str) -> Arc<Circuit> {
        let key = format!("{workspace} {origin}");
        self.hosts.get(&key, Circuit::default, Circuit::is_idle)
    }

    fn permit(&self, circuit: Arc<Circuit>) -> Permit {
        Permit { circuit, policy: self.policy, opened: self.opened.clone(), reported: false }
    }
}

impl Circuit {
    fn lock(&self) -> std::sync::MutexGuard<'_, Watched> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_idle(&self) -> bool {
        self.lock().breaker.is_closed()
    }
}

/// Says how it went; dropped without a word, it says that the request was given up.
pub(crate) struct Permit {
    circuit: Arc<Circuit>,
    policy: BreakerPolicy,
    opened: Counter,
    reported: bool,
}

impl Permit {
    pub(crate) fn succeeded(mut self) {
        self.reported = true;
        self.circuit.lock().breaker.succeeded();
    }

    pub(crate) fn failed(mut self, why: String) {
        self.reported = true;
        let mut watched = self.circuit.lock();
        let was_open = watched.breaker.is_open();
        watched.breaker.failed(&self.policy, Instant::now());
        watched.last = why;
        if watched.breaker.is_open() && !was_open {
            self.opened.inc();
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if !self.reported {
            self.circuit.lock().breaker.abandoned(Instant::now());
        }
    }
}
