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
    /// A team's chat in the form of Slack.
    Slack,
    /// An OAuth provider by the book: metadata, device flow, client credentials, revocation.
    Oauth,
    /// Instagram with Instagram Login.
    Instagram,
    /// Facebook Pages, and Instagram with Facebook Login.
    Facebook,
    /// TikTok.
    Tiktok,
    /// X.
    X,
    /// YouTube Data, YouTube Analytics, and the hub that pushes new videos.
    Youtube,
    /// Spotify.
    Spotify,
    /// SoundCloud.
    Soundcloud,
    /// Apple Music.
    #[serde(rename = "apple-music")]
    AppleMusic,
    /// Microsoft's login, and Graph with its subscriptions.
    Microsoft,
}

impl Service {
    /// All of them, in the order in which they are listed and given ports.
    pub const ALL: [Self; 17] = [
        Self::Weather,
        Self::Rss,
        Self::Graphql,
        Self::Rest,
        Self::Bench,
        Self::Webhooks,
        Self::Slack,
        Self::Oauth,
        Self::Instagram,
        Self::Facebook,
        Self::Tiktok,
        Self::X,
        Self::Youtube,
        Self::Spotify,
        Self::Soundcloud,
        Self::AppleMusic,
        Self::Microsoft,
    ];

    /// Whether it is an OAuth provider or a platform, with a [`crate::Platform`] behind it.
    pub fn is_platform(self) -> bool {
        self as usize >= Self::Oauth as usize
    }

    /// The name in paths and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Weather => "weather",
            Self::Rss => "rss",
            Self::Graphql => "graphql",
            Self::Rest => "rest",
            Self::Bench => "bench",
            Self::Webhooks => "webhooks",
            Self::Slack => "slack",
            Self::Oauth => "oauth",
            Self::Instagram => "instagram",
            Self::Facebook => "facebook",
            Self::Tiktok => "tiktok",
            Self::X => "x",
            Self::Youtube => "youtube",
            Self::Spotify => "spotify",
            Self::Soundcloud => "soundcloud",
            Self::AppleMusic => "apple-music",
            Self::Microsoft => "microsoft",
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
            Self::Slack => "Team chat",
            Self::Oauth => "OAuth provider",
            Self::Instagram => "Instagram",
            Self::Facebook => "Facebook",
            Self::Tiktok => "TikTok",
            Self::X => "X",
            Self::Youtube => "YouTube",
            Self::Spotify => "Spotify",
            Self::Soundcloud => "SoundCloud",
            Self::AppleMusic => "Apple Music",
            Self::Microsoft => "Microsoft Graph",
        }
    }

    /// The faults that have an effect on it. The others are refused.
    pub const fn knobs(self) -> &'static [Knob] {
        match self {
            Self::Webhooks => Knob::OF_THE_SENDER,
            // The Apple Music user token has no endpoint; Meta's tokens renew themselves.
            Self::AppleMusic => Knob::OF_A_PLATFORM,
            Self::Instagram | Self::Facebook => Knob::OF_AN_EXTENDING_AUTHORITY,
            Self::Oauth
            | Self::Tiktok
            | Self::X
            | Self::Youtube
            | Self::Spotify
            | Self::Soundcloud
            | Self::Microsoft => Knob::OF_AN_AUTHORITY,
            _ => Knob::OF_ANY,
        }
    }

    /// What it claims its answers to be, also when a fault has made them unreadable.
    pub(crate) const fn media_type(self) -> &'static str {
        match self {
            Self::Rss => "application/rss+xml; charset=utf-8",
            _ => "application/json",
        }
    }

    /// Its way of telling an error; the platforms have their own.
    pub(crate) fn error_body(self, status: u16, message: &str) -> Value {
        match self {
            Self::Weather => json!({"cod": status, "message": message}),
            Self::Graphql => json!({"errors": [{"message": message}]}),
            Self::Slack => json!({"ok": false, "error": message}),
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
