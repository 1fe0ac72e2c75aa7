//! What starts a workflow by itself.

use kernel::{FeedId, IntegrationId};
use serde_json::{Value, json};

use crate::schedule::Schedule;

/// What starts a workflow by itself.
#[derive(Clone, Debug)]
pub struct Trigger {
    /// What it listens to.
    pub source: Source,
    /// jq over what happened (for a push: over its payload); only what it says true to starts a run.
    pub filter: Option<String>,
    /// What the run gets as its input, with templates over `trigger`. Else it is what happened.
    pub input: Option<Value>,
}

/// What a trigger listens to.
#[derive(Clone, Debug)]
pub enum Source {
    /// The clock.
    Cron {
        /// As it was written.
        line: String,
        /// The name of the time zone.
        time_zone: String,
        /// The two, read.
        schedule: Schedule,
    },
    /// What is pushed to an integration.
    Inbound {
        /// Which.
        integration: IntegrationId,
        /// Only what the sender calls this.
        event_type: Option<String>,
    },
    /// A feed that has a new version.
    Feed(FeedId),
    /// Something that happened here: a kind, or its beginning and a `*`.
    Event(String),
}

impl Trigger {
    /// What it is known by from one version of the workflow to the next: an edit of anything else does not
    /// move it.
    pub fn key(&self) -> String {
        let identity = match &self.source {
            Source::Cron { line, time_zone, .. } => json!(["cron", line, time_zone]),
            Source::Inbound { integration, event_type } => {
                json!(["inbound", integration, event_type, self.filter])
            }
            Source::Feed(feed) => json!(["feed", feed, self.filter]),
            Source::Event(kind) => json!(["event", kind, self.filter]),
        };
        identity.to_string()
    }

    /// The kind of events that it follows; `None` for the clock.
    pub fn follows(&self) -> Option<&str> {
        match &self.source {
            Source::Cron { .. } => None,
            Source::Inbound { .. } => Some(db::INBOUND_RECEIVED),
            Source::Feed(_) => Some("feed.updated"),
            Source::Event(kind) => Some(kind),
        }
    }
}
