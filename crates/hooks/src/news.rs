//! What was announced of the things that endpoints are made of.

use connect::Connect;
use db::{Change, Db, Signal};
use kernel::WorkspaceId;
use std::collections::VecDeque;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::TryRecvError;

/// How many announcements are remembered.
const REMEMBERED: usize = 256;
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
    /// Told of each announcement first: what it remembers is never older than what is heard here.
    connect: Connect,
    heard: u64,
    /// The last ones: the id of a part, or `None` where more than one thing was concerned.
    recent: VecDeque<Option<String>>,
}

impl News {
    pub(crate) fn new(db: &Db, connect: Connect) -> Self {
        let recent = VecDeque::with_capacity(REMEMBERED);
        Self { signals: db.signals(), connect, heard: 0, recent }
    }

    /// What was announced and not yet taken note of; `None` when all was.
    pub(crate) fn next(&mut self) -> Option<Heard> {
        loop {
            let signal = match self.signals.try_recv() {
                Ok(signal) => signal,
                Err(TryRecvError::Lagged(_)) => Signal::Resync,
                Err(TryRecvError::Empty | TryRecvError::Closed) => return None,
            };
            self.connect.hear(&signal);
            let (noun, workspace, id) = match signal {
                Signal::Changed(Change::Noun { noun, workspace, id }) => (noun, workspace, id),
                Signal::Resync => {
                    self.remember(None);
                    return Some(Heard::Everything);
                }
                _ => continue,
            };
            match noun.as_str() {
                "credential" => {
                    self.remember(None);
                    return Some(Heard::Credential(workspace, id));
                }
                "integration" | "feed" | "widget_config" | "subscription" => {
                    self.remember(Some(id.clone()));
                    return Some(Heard::Part(id));
                }
                _ => {}
            }
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

    fn remember(&mut self, part: Option<String>) {
        self.heard += 1;
        if self.recent.len() == REMEMBERED {
            self.recent.pop_front();
        }
        self.recent.push_back(part);
    }
}
