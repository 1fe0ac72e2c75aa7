//! What outlives the sandbox: apps, grants and tokens, so that a connection made yesterday is one today.
//! Codes and devices that wait do not.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use super::{Book, Client, Grant, Token};
use crate::platforms::rules::{Counters, TokenRules};

/// A book, as it is kept. It holds tokens and secrets.
#[derive(Deserialize, Serialize)]
pub(in crate::platforms) struct Memory {
    rules: TokenRules,
    clients: BTreeMap<String, Client>,
    grants: BTreeMap<u64, Grant>,
    tokens: HashMap<String, Token>,
    counters: Counters,
    serial: u64,
}

impl Book {
    pub(in crate::platforms) fn memory(&self) -> Memory {
        Memory {
            rules: self.rules,
            clients: self.clients.clone(),
            grants: self.grants.clone(),
            tokens: self.tokens.clone(),
            counters: self.counters.clone(),
            serial: self.serial,
        }
    }

    pub(in crate::platforms) fn recall(&mut self, memory: Memory) {
        let Memory { rules, clients, grants, tokens, counters, serial } = memory;
        (self.rules, self.clients, self.grants) = (rules, clients, grants);
        (self.tokens, self.counters, self.serial) = (tokens, counters, serial);
    }
}
