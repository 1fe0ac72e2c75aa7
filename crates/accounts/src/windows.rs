//! Windows by caller, in memory and bounded.

use kernel::Timestamp;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use crate::limit::{Rate, Verdict, Window};

/// How many callers are remembered at once.
const MOST: usize = 20_000;

pub(crate) struct Windows<K>(Mutex<HashMap<K, Window>>);

impl<K> Default for Windows<K> {
    fn default() -> Self {
        Self(Mutex::new(HashMap::new()))
    }
}

impl<K: Hash + Eq + Clone> Windows<K> {
    pub(crate) fn take(&self, key: K, rate: Rate, now: Timestamp) -> Verdict {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST && !all.contains_key(&key) {
            all.retain(|_, window| !window.is_idle(rate, now));
            // Under a flood of new callers the memory is worth more than the oldest counts.
            let surplus: Vec<K> = if all.len() >= MOST {
                all.keys().take(MOST / 2).cloned().collect()
            } else {
                Vec::new()
            };
            for key in &surplus {
                all.remove(key);
            }
        }
        all.entry(key).or_default().take(rate, now)
    }

    pub(crate) fn forget(&self, key: &K) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}
