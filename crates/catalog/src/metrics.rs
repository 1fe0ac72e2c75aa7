//! What a provider file says of metrics: `metrics.yaml` beside `provider.yaml` maps a platform's answers
//! to one vocabulary. Nothing is invented: what an answer does not hold is absent, and what is computed
//! from what it holds is marked with its formula.

mod read;

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::jq::Gather;
use crate::provider::Request;

pub use read::{Missing, Read};

/// The numbers of an account, by day.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    /// What is asked, by name. Templates see `{{config.…}}`, `{{connection.…}}` and `{{connection.account_id}}`.
    pub calls: BTreeMap<String, Call>,
    /// The vocabulary, each as jq over an object that holds each call's answer under its name. `$now` is the
    /// time of the calls, in seconds since 1970.
    pub metrics: BTreeMap<Metric, Mapping>,
    /// How to find the artist that an account stands for.
    #[serde(default)]
    pub artist: Option<ArtistSearch>,
    /// jq from a verified push to the ids of the accounts that it concerns, as a list.
    #[serde(default)]
    pub pushed_accounts: Option<String>,
    /// The programs as one.
    #[serde(skip)]
    pub gather: Gather,
}

/// One question to the platform.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// What is asked.
    pub request: Request,
    /// Whether the rest may be kept when this one fails.
    #[serde(default)]
    pub optional: bool,
    /// The names of calls that must have been answered before; their captures are `{{connection.…}}`.
    #[serde(default)]
    pub after: Vec<String>,
    /// jq over the answer to values that later calls use as `{{connection.<name>}}`.
    #[serde(default)]
    pub capture: BTreeMap<String, String>,
}

/// The vocabulary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names are the platforms' common words")]
pub enum Metric {
    Followers,
    Following,
    Posts,
    Views,
    Impressions,
    Reach,
    ProfileViews,
    Likes,
    Comments,
    Shares,
    Saves,
    EngagementRate,
    Streams,
    MonthlyListeners,
    Popularity,
    Subscribers,
    WatchMinutes,
    TopTrack,
    RecentReleases,
    Genres,
}

impl Metric {
    /// All of them.
    pub const ALL: [Self; 20] = [
        Self::Followers,
        Self::Following,
        Self::Posts,
        Self::Views,
        Self::Impressions,
        Self::Reach,
        Self::ProfileViews,
        Self::Likes,
        Self::Comments,
        Self::Shares,
        Self::Saves,
        Self::EngagementRate,
        Self::Streams,
        Self::MonthlyListeners,
        Self::Popularity,
        Self::Subscribers,
        Self::WatchMinutes,
        Self::TopTrack,
        Self::RecentReleases,
        Self::Genres,
    ];

    /// As it is written.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Followers => "followers",
            Self::Following => "following",
            Self::Posts => "posts",
            Self::Views => "views",
            Self::Impressions => "impressions",
            Self::Reach => "reach",
            Self::ProfileViews => "profile_views",
            Self::Likes => "likes",
            Self::Comments => "comments",
            Self::Shares => "shares",
            Self::Saves => "saves",
            Self::EngagementRate => "engagement_rate",
            Self::Streams => "streams",
            Self::MonthlyListeners => "monthly_listeners",
            Self::Popularity => "popularity",
            Self::Subscribers => "subscribers",
            Self::WatchMinutes => "watch_minutes",
            Self::TopTrack => "top_track",
            Self::RecentReleases => "recent_releases",
            Self::Genres => "genres",
        }
    }

    /// What it holds.
    pub const fn shape(self) -> Shape {
        match self {
            Self::EngagementRate => Shape::Percent,
            Self::TopTrack => Shape::Text,
            Self::Genres => Shape::Texts,
            _ => Shape::Count,
        }
    }
}

impl std::fmt::Display for Metric {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(self.name())
    }
}

/// What a metric holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// A whole number, 0 or more.
    Count,
    /// A share in per cent.
    Percent,
    /// Text.
    Text,
    /// A list of text.
    Texts,
}

/// Where a metric comes from.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// jq over the answers; `null` or nothing where the platform does not say.
    pub value: String,
    /// The formula in words, when it is computed rather than told.
    #[serde(default)]
    pub estimated: Option<String>,
    /// Whether the platform leaves it out at times; only of others does an absence raise an alarm.
    #[serde(default)]
    pub optional: bool,
}

/// How to find the artist that an account stands for.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ArtistSearch {
    /// What is asked; `{{config.artist_name}}` is the name.
    pub request: Request,
    /// jq to a list of `{id, name, followers?, url?, ids?}`.
    pub candidates: String,
    /// Where the id that a person chose is kept: `{{connection.<name>}}`.
    pub captured_as: String,
}
