//! Who is to be woken when something is said about a run. Nobody polls: what the database announces after a
//! commit is passed on here.

use db::{Change, Signal};
use kernel::ExecutionId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::{NOUN, SIGNAL};

type Waiting = HashMap<ExecutionId, Vec<Arc<Notify>>>;

/// Those who wait for news of runs. Cloning it is cheap.
#[derive(Clone, Default)]
pub(crate) struct Listeners(Arc<Mutex<Waiting>>);

/// One who waits; dropped, they no longer do.
pub(crate) struct Listener {
    all: Listeners,
    id: ExecutionId,
    heard: Arc<Notify>,
}

impl Listeners {
    /// Listens from now on.
    pub(crate) fn listen(&self, id: ExecutionId) -> Listener {
        let heard = Arc::new(Notify::new());
        self.waiting().entry(id).or_default().push(heard.clone());
        Listener { all: self.clone(), id, heard }
    }

    fn tell(&self, id: ExecutionId) {
        self.waiting().get(&id).into_iter().flatten().for_each(|it| it.notify_one());
    }

    fn tell_all(&self) {
        self.waiting().values().flatten().for_each(|it| it.notify_one());
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Listener {
    /// Waits until something was said since the last time.
    pub(crate) async fn heard(&self) {
        self.heard.notified().await;
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let mut waiting = self.all.waiting();
        if let Some(all) = waiting.get_mut(&self.id) {
            all.retain(|it| !Arc::ptr_eq(it, &self.heard));
            if all.is_empty() {
                waiting.remove(&self.id);
            }
        }
    }
}

/// Passes on what is announced, until the database is closed.
pub(crate) async fn listen(mut signals: Receiver<Signal>, watching: Listeners, driving: Listeners) {
    loop {
        match signals.recv().await {
            Ok(Signal::Changed(Change::Noun { noun, id, .. })) => {
                let listeners = match noun.as_str() {
                    NOUN => &watching,
                    SIGNAL => &driving,
                    _ => continue,
                };
                if let Ok(id) = id.parse() {
                    listeners.tell(id);
                }
            }
            Ok(Signal::Resync) | Err(RecvError::Lagged(_)) => {
                watching.tell_all();
                driving.tell_all();
            }
            Ok(_) => {}
            Err(RecvError::Closed) => return,
        }
    }
}
