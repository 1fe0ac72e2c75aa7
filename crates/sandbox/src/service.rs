//! The services of the sandbox and the faults that each can show.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use serde_json::{Value, json};

use crate::{Knob, SandboxError};

/// A service of the sandbox. In JSON and in paths it is its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Service {
    /// Current weather in the form of OpenWeather.
    Weather,
    /// A newsroom: RSS, Atom and JSON Feed.
    Rss,
    /// A stock exchange behind GraphQL.
    Graphql,
    /// A playground for HTTP clients.
    Rest,
    /// A very cheap endpoint for measuring.
    Bench,
    /// The sender of signed events. It calls others and has no address.
    Webhooks,
}

impl Service {
    /// All of them, in the order in which they are listed and given ports.
    pub const ALL: [Self; 6] =
        [Self::Weather, Self::Rss, Self::Graphql, Self::Rest, Self::Bench, Self::Webhooks];

    /// The name in paths and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Weather => "weather",
            Self::Rss => "rss",
            Self::Graphql => "graphql",
            Self::Rest => "rest",
            Self::Bench => "bench",
            Self::Webhooks => "webhooks",
        }
    }

    /// The name that a person reads.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Weather => "Weather service",
            Self::Rss => "Newsroom",
            Self::Graphql => "Stock exchange",
            Self::Rest => "REST playground",
            Self::Bench => "Benchmark endpoint",
            Self::Webhooks => "Webhook sender",
        }
    }

    /// The faults that have an effect on it. The others are refused.
    pub const fn knobs(self) -> &'static [Knob] {
        match self {
            Self::Webhooks => &[
                Knob::SlowMs,
                Knob::Garbage,
                Knob::DropConnection,
                Knob::Duplicate,
                Knob::LateMs,
                Knob::Probability,
            ],
            _ => &[
                Knob::RateLimited,
                Knob::SlowMs,
                Knob::ServerError,
                Knob::Garbage,
                Knob::DropConnection,
                Knob::Probability,
            ],
        }
    }

    /// What it claims its answers to be, also when a fault has made them unreadable.
    pub(crate) const fn media_type(self) -> &'static str {
        match self {
            Self::Rss => "application/rss+xml; charset=utf-8",
            _ => "application/json",
        }
    }

    /// Its way of telling an error.
    pub(crate) fn error_body(self, status: u16, message: &str) -> Value {
        match self {
            Self::Weather => json!({"cod": status, "message": message}),
            Self::Graphql => json!({"errors": [{"message": message}]}),
            _ => json!({"message": message}),
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

impl FromStr for Service {
    type Err = SandboxError;

    fn from_str(name: &str) -> Result<Self, SandboxError> {
        Self::ALL
            .into_iter()
            .find(|service| service.name() == name)
            .ok_or_else(|| SandboxError::UnknownService(name.to_owned()))
    }
}
