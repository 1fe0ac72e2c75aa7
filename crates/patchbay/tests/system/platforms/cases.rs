//! What each platform tells of an artist, and how its access lives.

use sandbox::Service;
use serde_json::{Value, json};

/// What becomes of the access in the course of a day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Renewal {
    /// It ends, and whoever needs it next renews it.
    OnUse,
    /// It lasts, and is renewed before its end.
    Ahead,
    /// It ends, and another is signed here.
    Signed,
    /// It lasts, and only a person can renew it.
    ByPerson,
}

pub(super) struct Case {
    pub(super) service: Service,
    /// What the platform is called to people.
    pub(super) title: &'static str,
    pub(super) told: &'static [&'static str],
    /// What is computed from other numbers; each says how.
    pub(super) estimated: &'static [&'static str],
    pub(super) renewal: Renewal,
    /// One of its numbers in the platform's own words: where it is asked for, and where in the answer it is.
    pub(super) proof: (&'static str, &'static str, Value, &'static str),
}

/// Whether a value is of the kind that the vocabulary says.
pub(super) fn fits(name: &str, value: &Value) -> bool {
    match name {
        "top_track" => value.as_str().is_some_and(|title| !title.is_empty()),
        "genres" => value.as_array().is_some_and(|all| all.iter().all(Value::is_string)),
        "engagement_rate" => value.as_f64().is_some_and(|rate| rate > 0.0 && rate < 100.0),
        "popularity" => value.as_u64().is_some_and(|points| points <= 100),
        _ => value.is_u64(),
    }
}

pub(super) fn cases() -> [Case; 8] {
    use Renewal::{Ahead, ByPerson, OnUse, Signed};
    [
        Case {
            service: Service::Instagram,
            title: "Instagram",
            told: &[
                "followers",
                "following",
                "posts",
                "reach",
                "views",
                "profile_views",
                "likes",
                "comments",
                "shares",
                "saves",
            ],
            estimated: &["engagement_rate"],
            renewal: Ahead,
            proof: ("followers", "/me", json!({ "fields": "followers_count" }), "/followers_count"),
        },
        Case {
            service: Service::Tiktok,
            title: "TikTok",
            told: &["followers", "following", "posts", "likes"],
            estimated: &["views", "comments", "shares", "engagement_rate"],
            renewal: OnUse,
            proof: (
                "followers",
                "/user/info/",
                json!({ "fields": "follower_count" }),
                "/data/user/follower_count",
            ),
        },
        Case {
            service: Service::Youtube,
            title: "YouTube",
            told: &[
                "subscribers",
                "views",
                "posts",
                "likes",
                "comments",
                "shares",
                "watch_minutes",
                "recent_releases",
            ],
            estimated: &["engagement_rate"],
            renewal: OnUse,
            proof: (
                "subscribers",
                "/channels",
                json!({ "part": "statistics", "mine": true }),
                "/items/0/statistics/subscriberCount",
            ),
        },
        Case {
            service: Service::X,
            title: "X",
            told: &["followers", "following", "posts"],
            estimated: &["impressions", "likes", "comments", "shares", "saves", "engagement_rate"],
            renewal: OnUse,
            proof: ("followers", "/users/me", json!({}), "/data/public_metrics/followers_count"),
        },
        Case {
            service: Service::Spotify,
            title: "Spotify",
            told: &["followers", "popularity", "genres", "top_track", "recent_releases"],
            estimated: &[],
            renewal: OnUse,
            proof: ("followers", "/artists/{artist}", json!({}), "/followers/total"),
        },
        Case {
            service: Service::Soundcloud,
            title: "SoundCloud",
            told: &["followers", "following", "posts", "recent_releases"],
            estimated: &["streams", "likes", "comments", "shares", "engagement_rate", "top_track"],
            renewal: OnUse,
            proof: ("followers", "/me", json!({}), "/followers_count"),
        },
        Case {
            service: Service::AppleMusic,
            title: "Apple Music",
            told: &["genres", "top_track", "recent_releases"],
            estimated: &[],
            renewal: Signed,
            proof: (
                "genres",
                "/catalog/us/artists/{artist}",
                json!({}),
                "/data/0/attributes/genreNames",
            ),
        },
        Case {
            service: Service::Facebook,
            title: "Facebook",
            told: &["followers", "likes", "views", "reach", "profile_views"],
            estimated: &["engagement_rate"],
            renewal: ByPerson,
            proof: (
                "followers",
                "/{account}",
                json!({ "fields": "followers_count" }),
                "/followers_count",
            ),
        },
    ]
}
