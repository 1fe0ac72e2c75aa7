//! How tokens live, and what is counted.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What becomes of a token when it is renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Model {
    /// The refresh token stays good.
    Stable,
    /// Each refresh token works once. Using an old one again kills the grant.
    Rotating,
    /// There is no refresh token: a long-lived access token renews itself while it is alive.
    Extending,
}

/// How tokens live, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TokenRules {
    /// What becomes of a token when it is renewed.
    pub model: Model,
    /// A code. It works once.
    pub code_secs: u64,
    /// An access token; where tokens extend themselves, the first, short one.
    pub access_secs: u64,
    /// A refresh token; none: until it is revoked. Where tokens extend themselves, the long-lived token.
    pub refresh_secs: Option<u64>,
    /// How old a long-lived token must be before it can be extended.
    pub min_age_secs: u64,
    /// For how long after its use a rotating refresh token may be used again. 0 with strict platforms.
    pub reuse_grace_secs: u64,
    /// What is said of an access token's life, where that is not the truth.
    #[serde(default)]
    pub told_secs: Option<u64>,
}

/// What has happened at a platform.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Counters {
    /// Times that somebody agreed.
    pub allowed: u64,
    /// Times that somebody refused.
    pub denied: u64,
    /// Codes that were exchanged.
    pub exchanges: u64,
    /// Refreshes and extensions that gave a token.
    pub refreshes: u64,
    /// Refreshes and extensions that were refused.
    pub refreshes_refused: u64,
    /// Times that an old refresh token was used again; each killed a grant.
    pub reuses: u64,
    /// Grants that were revoked, by the app or the person.
    pub revocations: u64,
    /// Grants that are alive.
    pub grants_live: u64,
    /// Access tokens that are alive.
    pub tokens_live: u64,
    /// Calls of the API that were one too many for their quota.
    #[serde(default)]
    pub over_quota: u64,
    /// The most that was used of any quota within its window, in per mille.
    #[serde(default)]
    pub quota_peak: u32,
    /// Calls of the API by account; an app's own are under `app`.
    pub requests: BTreeMap<String, u64>,
}
