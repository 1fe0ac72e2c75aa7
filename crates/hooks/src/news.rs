//! What was announced of the things that endpoints are made of.

use db::{Change, Db, Signal};
use kernel::{Clock, Timestamp, WorkspaceId};
use std::collections::VecDeque;
use std::time::Duration;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::TryRecvError;

/// How many announcements are remembered.
const REMEMBERED: usize = 256;
/// `connect` hears of changes on other nodes in its own time: for this long after one, nothing that came
/// from it is held to be true for good.
const SETTLING: Duration = Duration::from_millis(250);

/// Something was announced.
pub(crate) enum Heard {
    /// An integration, a feed or a widget config is another than before.
    Part(String),
    /// A credential is.
    Credential(WorkspaceId, String),
    /// Anything may be.
    Everything,
}

/// The announcements, in order.
pub(crate) struct News {
    signals: Receiver<Signal>,
    clock: Clock,
    heard: u64,
    settled: Timestamp,
    /// The last ones: the id of a part, or `None` where more than one thing was concerned.
    recent: VecDeque<Option<String>>,
}

impl News {
    pub(crate) fn new(db: &Db) -> Self {
        Self {
            signals: db.signals(),
            clock: db.clock().clone(),
            heard: 0,
            settled: Timestamp::default(),
            recent: VecDeque::with_capacity(REMEMBERED),
        }
    }

    /// What was announced and not yet taken note of; `None` when all was.
    pub(crate) fn next(&mut self) -> Option<Heard> {
        loop {
            let (noun, workspace, id) = match self.signals.try_recv() {
                Ok(Signal::Changed(Change::Noun { noun, workspace, id })) => (noun, workspace, id),
                Ok(Signal::Resync) | Err(TryRecvError::Lagged(_)) => {
                    self.remember(None);
                    self.unsettle();
                    return Some(Heard::Everything);
                }
                Ok(_) => continue,
                Err(TryRecvError::Empty | TryRecvError::Closed) => return None,
            };
            match noun.as_str() {
                "credential" => {
                    self.remember(None);
                    self.unsettle();
                    return Some(Heard::Credential(workspace, id));
                }
                "integration" => self.unsettle(),
                "feed" | "widget_config" => {}
                _ => continue,
            }
            self.remember(Some(id.clone()));
            return Some(Heard::Part(id));
        }
    }

    /// Where the announcements stand; to be read before what they are about.
    pub(crate) fn mark(&self) -> u64 {
        self.heard
    }

    /// Whether nothing was announced of these parts since then, nor of what may concern anything.
    pub(crate) fn is_quiet(&self, mark: u64, parts: &[String]) -> bool {
        let since = usize::try_from(self.heard - mark).unwrap_or(usize::MAX);
        let concerns =
            |it: &Option<String>| it.as_ref().is_none_or(|id| parts.iter().any(|part| part == id));
        since <= self.recent.len() && !self.recent.iter().rev().take(since).any(concerns)
    }

    /// Whether integrations and credentials are as they were last announced.
    pub(crate) fn is_settled(&self) -> bool {
        self.clock.now() >= self.settled
    }

    fn unsettle(&mut self) {
        self.settled = self.clock.now().plus(SETTLING);
    }

    fn remember(&mut self, part: Option<String>) {
        self.heard += 1;
        if self.recent.len() == REMEMBERED {
            self.recent.pop_front();
        }
        self.recent.push_back(part);
    }
}
