//! Those who fail again and again. What they cost is bounded: an address that fails to prove itself too
//! often is refused unread for the rest of the minute, and a storm of failures makes one event a
//! minute. Who proves itself is never held back.

use kernel::{IntegrationId, Timestamp};
use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How many failures a sender has in a minute.
const MOST: u64 = 100;
const MINUTE: Duration = Duration::from_secs(60);
/// How many senders or integrations are remembered; beyond, those of the last minute alone.
const REMEMBERED: usize = 4096;

/// The failures at one endpoint by sender.
#[derive(Default)]
pub(crate) struct Failures {
    /// So that an endpoint without failures takes no lock.
    any: AtomicBool,
    minutes: Minutes<Option<IpAddr>>,
}

impl Failures {
    /// For how many seconds this sender is to be refused, if it is.
    pub(crate) fn refused_for(&self, sender: Option<IpAddr>, now: Timestamp) -> Option<u64> {
        if !self.any.load(Ordering::Relaxed) {
            return None;
        }
        let minute = self.minutes.lock().get(&sender).copied()?;
        let left = MINUTE.checked_sub(now.since(minute.from))?;
        (minute.count >= MOST && !left.is_zero()).then(|| left.as_secs().max(1))
    }

    /// Takes note of a failure.
    pub(crate) fn note(&self, sender: Option<IpAddr>, now: Timestamp) {
        self.any.store(true, Ordering::Relaxed);
        self.minutes.note(sender, now);
    }
}

/// The refused pushes of integrations, so that each tells of itself at most once a minute.
#[derive(Default)]
pub(crate) struct Storms(Minutes<IntegrationId>);

impl Storms {
    /// Whether this one is the first of its minute.
    pub(crate) fn is_first(&self, integration: IntegrationId, now: Timestamp) -> bool {
        self.0.note(integration, now) == 1
    }
}

#[derive(Clone, Copy)]
struct Minute {
    from: Timestamp,
    count: u64,
}

struct Minutes<K>(Mutex<HashMap<K, Minute>>);

impl<K> Default for Minutes<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash> Minutes<K> {
    /// Counts one more and says how many that makes in this minute.
    fn note(&self, key: K, now: Timestamp) -> u64 {
        let mut minutes = self.lock();
        if minutes.len() >= REMEMBERED {
            minutes.retain(|_, minute| now.since(minute.from) < MINUTE);
            if minutes.len() >= REMEMBERED {
                minutes.clear();
            }
        }
        let minute = minutes.entry(key).or_insert(Minute { from: now, count: 0 });
        if now.since(minute.from) >= MINUTE {
            *minute = Minute { from: now, count: 0 };
        }
        minute.count += 1;
        minute.count
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, Minute>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_000_000);

    #[test]
    fn who_fails_too_often_waits_for_the_end_of_the_minute() {
        let failures = Failures::default();
        let (bad, good) = ("192.0.2.1".parse().ok(), "192.0.2.2".parse().ok());
        for _ in 0..MOST {
            assert_eq!(failures.refused_for(bad, NOW), None);
            failures.note(bad, NOW);
        }
        assert_eq!(failures.refused_for(bad, NOW.plus(Duration::from_secs(20))), Some(40));
        assert_eq!(failures.refused_for(good, NOW), None);
        assert_eq!(failures.refused_for(bad, NOW.plus(MINUTE)), None);
    }

    #[test]
    fn memory_is_bounded() {
        let failures = Failures::default();
        for n in 0..100_000_u32 {
            failures.note(Some(IpAddr::from(n.to_be_bytes())), NOW);
        }
        assert!(failures.minutes.lock().len() <= REMEMBERED);
    }

    #[test]
    fn a_storm_tells_of_itself_once_a_minute() {
        let storms = Storms::default();
        let id = IntegrationId::generate(NOW, &kernel::Entropy::seeded(1));
        assert!(storms.is_first(id, NOW));
        assert!(!storms.is_first(id, NOW.plus(Duration::from_secs(59))));
        assert!(storms.is_first(id, NOW.plus(MINUTE)));
    }
}
