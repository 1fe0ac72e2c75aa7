//! How a webhook that is being served hears of more: new deliveries, other settings.

use db::{Change, Signal};
use kernel::WebhookId;
use papaya::HashMap;
use std::sync::Arc;
use tokio::sync::Notify;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::webhook::NOUN;

/// The noun in [`Change`] signals that says that something waits for the webhook of that id.
pub(crate) const WAITING: &str = "webhook.waiting";

/// Those that are being served in this process.
#[derive(Clone, Default)]
pub(crate) struct Wakes(Arc<HashMap<WebhookId, Arc<Notify>>>);

impl Wakes {
    /// Hears of a webhook until it is dropped.
    pub(crate) fn of(&self, id: WebhookId) -> Wake {
        let notify = Arc::new(Notify::new());
        self.0.pin().insert(id, notify.clone());
        Wake { wakes: self.clone(), id, notify }
    }

    /// Passes on what is announced, for as long as there is a database.
    pub(crate) fn listen(&self, mut signals: Receiver<Signal>) {
        let wakes = self.clone();
        tokio::spawn(async move {
            loop {
                match signals.recv().await {
                    Ok(Signal::Changed(Change::Noun { noun, id, .. }))
                        if noun == WAITING || noun == NOUN =>
                    {
                        if let Ok(id) = id.parse::<WebhookId>()
                            && let Some(notify) = wakes.0.pin().get(&id)
                        {
                            notify.notify_one();
                        }
                    }
                    Ok(Signal::Resync) | Err(RecvError::Lagged(_)) => {
                        wakes.0.pin().values().for_each(|notify| notify.notify_one());
                    }
                    Ok(_) => {}
                    Err(RecvError::Closed) => return,
                }
            }
        });
    }
}

/// The ear of one that is being served.
pub(crate) struct Wake {
    wakes: Wakes,
    id: WebhookId,
    notify: Arc<Notify>,
}

impl Wake {
    /// Waits for news since the last time.
    pub(crate) async fn heard(&self) {
        self.notify.notified().await;
    }
}

impl Drop for Wake {
    fn drop(&mut self) {
        // Another lease of the same webhook may have begun meanwhile.
        let known = self.wakes.0.pin();
        if known.get(&self.id).is_some_and(|it| Arc::ptr_eq(it, &self.notify)) {
            known.remove(&self.id);
        }
    }
}
