//! Subscriptions: what a provider was asked to push. Each is a row that knows how it stands; what is to be
//! done about it follows from the row, the catalog and the time ([`plan`]), so that doing it twice, or
//! after a crash, comes to the same.

mod ask;
mod confirm;
mod end;
mod outcome;
pub(crate) mod plan;

pub(crate) use ask::{Granted, Party};
pub(crate) use confirm::agree_to_end;
pub(crate) use end::Leaving;
pub(crate) use outcome::schedule;

use kernel::{ConnectionId, IntegrationId, SubscriptionId, Timestamp, WorkspaceId};
use serde::Serialize;
use serde_json::{Map, Value};
use std::str::FromStr;
use utoipa::ToSchema;

/// What a provider was asked to push. Its secret is sealed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Subscription {
    pub(crate) id: SubscriptionId,
    pub(crate) workspace: WorkspaceId,
    pub(crate) integration: IntegrationId,
    /// `None` for what is asked once for the integration.
    pub(crate) connection: Option<ConnectionId>,
    /// The catalog's name for it.
    pub(crate) way: String,
    /// What it is about, at the provider.
    pub(crate) topic: String,
    pub(crate) sealed: Vec<u8>,
    /// What the provider answered.
    pub(crate) known: Map<String, Value>,
    pub(crate) state: State,
    /// Whether a person switched it off.
    pub(crate) is_unwanted: bool,
    pub(crate) asked_at: Option<Timestamp>,
    pub(crate) confirmed_at: Option<Timestamp>,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) renew_at: Option<Timestamp>,
    /// Failed attempts in a row.
    pub(crate) failures: u32,
    pub(crate) error: Option<Failure>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// Why it does not stand as it should.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Failure {
    /// A stable code.
    pub(crate) code: String,
    /// A sentence for people.
    pub(crate) message: String,
}

/// How it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = SubscriptionState)]
pub(crate) enum State {
    /// It is asked for.
    Pending,
    /// The provider pushes.
    Active,
    /// The provider does not push, and asking again did not help yet.
    Failed,
    /// Nobody wants it.
    Off,
}

impl State {
    const ALL: [Self; 4] = [Self::Pending, Self::Active, Self::Failed, Self::Off];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Failed => "failed",
            Self::Off => "off",
        }
    }
}

impl FromStr for State {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|state| state.name() == text);
        known.ok_or_else(|| format!("there is no state named {text}"))
    }
}

impl Subscription {
    /// Whether the provider pushes, for all we know.
    pub(crate) fn is_alive(&self, now: Timestamp) -> bool {
        self.state == State::Active && self.expires_at.is_none_or(|end| now < end)
    }

    /// Whether the last request was never confirmed.
    pub(crate) fn is_unanswered(&self) -> bool {
        self.asked_at.is_some_and(|asked| self.confirmed_at.is_none_or(|heard| heard < asked))
    }
}
