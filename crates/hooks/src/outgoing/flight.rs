//! One attempt under way, from the sending to what is to be written of it.

use db::{JobError, Workspace};
use kernel::{DeliveryId, Event, Timestamp};
use std::sync::Arc;
use std::time::Duration;

use super::Outgoing;
use super::schedule::{self, Next, Tried};
use super::send::{Endpoint, Hold, Sent, Zeal};
use super::store::attempts::Outcome;
use super::store::deliveries::{Delivery, DeliveryStatus};

/// A success is noted at the webhook once in this time: it may be told thousands of times a second.
const NOTE_EVERY: Duration = Duration::from_secs(60);

/// One attempt under way.
pub(crate) struct Flight {
    pub(crate) room: Outgoing,
    pub(crate) workspace: Workspace,
    pub(crate) endpoint: Arc<Endpoint>,
    pub(crate) health: Health,
    pub(crate) zeal: Zeal,
}

impl Flight {
    /// Sends, and says what is to be written and what follows.
    pub(crate) async fn fly(self, delivery: Delivery, event: Event) -> Result<Step, JobError> {
        let clock = self.room.0.db.clock();
        let id = delivery.id;
        let (attempt, outcome) = match self.endpoint.send(&self.room, &event, self.zeal).await {
            Sent::Tried(attempt, outcome) => (attempt, outcome),
            Sent::Held(hold, wait) => {
                let (at, held) = (clock.now(), Some((hold, wait)));
                let (tried, next, error) = (None, None, None);
                return Ok(Step::Landed(Landed { delivery: id, at, tried, next, held, error }));
            }
        };
        let at = attempt.at;
        let since = delivery.tried_since.unwrap_or(at);
        let tried = Tried { number: delivery.tries + 1, since };
        let next =
            schedule::decide(clock.now(), tried, outcome, self.room.0.db.entropy().fraction());
        let error = attempt.error.as_ref().map(|(_, message)| message.clone());
        let (status, next_at) = match next {
            Next::Succeeded => (DeliveryStatus::Succeeded, None),
            Next::Retry(at) => (DeliveryStatus::Retrying, Some(at)),
            Next::Dead | Next::Gone => (DeliveryStatus::Dead, None),
        };
        let took = Duration::from_millis(attempt.duration_ms);
        let late = (delivery.attempts == 0).then(|| at.since(delivery.event_at));
        self.room.0.metrics.attempted(status.name(), took, late);
        let noteworthy = match next {
            Next::Succeeded => {
                let Health { failing_since, succeeded_at } = self.health;
                let is_news = succeeded_at.is_none_or(|last| at.since(last) >= NOTE_EVERY);
                failing_since.is_some() || is_news
            }
            _ => self.health.failing_since.is_none(),
        };
        let workspace = self.workspace.id();
        let outcome = Outcome { workspace, delivery, attempt, status, next_at, since, noteworthy };
        let landed =
            Landed { delivery: id, at, tried: Some(tried), next: Some(next), held: None, error };
        Ok(Step::Answered(Box::new((outcome, landed))))
    }
}

/// How far an attempt has come.
pub(crate) enum Step {
    /// There is an outcome to be written.
    Answered(Box<(Outcome, Landed)>),
    /// It is written, or there was none.
    Landed(Landed),
}

/// What is known of the endpoint's health.
#[derive(Clone, Copy, Default)]
pub(crate) struct Health {
    pub(crate) failing_since: Option<Timestamp>,
    pub(crate) succeeded_at: Option<Timestamp>,
}

/// What came of an attempt.
pub(crate) struct Landed {
    pub(crate) delivery: DeliveryId,
    pub(crate) at: Timestamp,
    pub(crate) tried: Option<Tried>,
    pub(crate) next: Option<Next>,
    pub(crate) held: Option<(Hold, Duration)>,
    /// Why, where it failed.
    pub(crate) error: Option<String>,
}
