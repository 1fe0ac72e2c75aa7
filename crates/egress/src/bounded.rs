//! A map that forgets what is idle rather than grow without end.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Entries above which idle ones are forgotten. What is in use is kept in any case.
const ROOM: usize = 10_000;

pub(crate) struct Bounded<V> {
    entries: Mutex<Entries<V>>,
}

struct Entries<V> {
    map: HashMap<String, Arc<V>>,
    /// When to look for idle ones again; grows with what is in use, so that looking stays rare.
    sweep_at: usize,
}

impl<V> Bounded<V> {
    pub(crate) fn new() -> Self {
        Self { entries: Mutex::new(Entries { map: HashMap::new(), sweep_at: ROOM }) }
    }

    /// What is kept under the key, made if there is nothing. `idle` says whether an entry that
    /// nobody holds can be forgotten.
    pub(crate) fn get(
        &self,
        key: &str,
        make: impl FnOnce() -> V,
        idle: impl Fn(&V) -> bool,
    ) -> Arc<V> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = entries.map.get(key) {
            return value.clone();
        }
        if entries.map.len() >= entries.sweep_at {
            entries.map.retain(|_, value| Arc::strong_count(value) > 1 || !idle(value));
            entries.sweep_at = (entries.map.len() * 2).max(ROOM);
        }
        let value = Arc::new(make());
        entries.map.insert(key.to_owned(), value.clone());
        value
    }

    /// What is kept under the key, if anything is.
    pub(crate) fn known(&self, key: &str) -> Option<Arc<V>> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.map.get(key).cloned()
    }

    /// All that is kept.
    pub(crate) fn all(&self) -> Vec<Arc<V>> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.map.values().cloned().collect()
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.entries.lock().unwrap().map.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_entries_are_forgotten_and_held_ones_kept() {
        let bounded = Bounded::new();
        let held = bounded.get("held", || 7, |_| true);
        for number in 0..3 * ROOM {
            bounded.get(&number.to_string(), || number, |_| true);
        }
        assert!(bounded.len() <= ROOM);
        assert!(Arc::ptr_eq(&held, &bounded.get("held", || 8, |_| true)));
    }
}
