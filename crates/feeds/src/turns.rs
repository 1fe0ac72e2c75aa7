//! One at a time for each feed, while feeds do not wait for one another.

use kernel::FeedId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use tokio::sync::OwnedMutexGuard;

/// Whose turn it is. A feed that nobody is at, and nobody waits for, takes no room.
#[derive(Clone, Debug, Default)]
pub(crate) struct Turns(Arc<Mutex<HashMap<FeedId, Weak<tokio::sync::Mutex<()>>>>>);

impl Turns {
    /// Waits for the others at this feed; the turn lasts while the answer is held.
    pub(crate) async fn take(&self, feed: FeedId) -> OwnedMutexGuard<()> {
        self.at(feed).lock_owned().await
    }

    /// The feeds that somebody is at.
    pub(crate) fn taken(&self) -> Vec<FeedId> {
        let turns = self.turns();
        let is_taken = |turn: &Weak<_>| turn.strong_count() > 0;
        turns.iter().filter(|(_, turn)| is_taken(turn)).map(|(feed, _)| *feed).collect()
    }

    fn at(&self, feed: FeedId) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.turns();
        if let Some(turn) = turns.get(&feed).and_then(Weak::upgrade) {
            return turn;
        }
        turns.retain(|_, turn| turn.strong_count() > 0);
        let turn = Arc::default();
        turns.insert(feed, Arc::downgrade(&turn));
        turn
    }

    fn turns(&self) -> MutexGuard<'_, HashMap<FeedId, Weak<tokio::sync::Mutex<()>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt as _;
    use kernel::{Entropy, Timestamp};

    #[tokio::test]
    async fn a_feed_waits_for_itself_alone() {
        let entropy = Entropy::seeded(7);
        let feed = || FeedId::generate(Timestamp::from_secs(1), &entropy);
        let (one, other, turns) = (feed(), feed(), Turns::default());
        let held = turns.take(one).await;
        assert!(turns.take(one).now_or_never().is_none());
        assert!(turns.take(other).now_or_never().is_some());
        assert_eq!(turns.taken(), [one]);
        drop(held);
        assert!(turns.take(one).now_or_never().is_some());
        assert!(turns.taken().is_empty());
    }
}
