//! What a worker has in hand, counted: for whoever has to know when there is nothing left to do, as one
//! who moves the clock himself.

use std::sync::Arc;
use tokio::sync::watch;

/// How much there is. Cloning it is cheap.
#[derive(Clone, Debug)]
pub(super) struct Hand(Arc<watch::Sender<usize>>);

impl Default for Hand {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(0)))
    }
}

impl Hand {
    /// Takes something up. It is put down when this is dropped.
    pub(super) fn take(&self) -> Taken {
        self.0.send_modify(|count| *count += 1);
        Taken(self.clone())
    }

    pub(super) fn watch(&self) -> watch::Receiver<usize> {
        self.0.subscribe()
    }
}

pub(super) struct Taken(Hand);

impl Drop for Taken {
    fn drop(&mut self) {
        self.0.0.send_modify(|count| *count -= 1);
    }
}
