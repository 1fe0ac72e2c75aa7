//! The keys that the services ask for, made from the seed.

use base64::{Engine, prelude::BASE64_STANDARD};
use kernel::Secret;

use crate::seed::Seed;

/// What opens the guarded services. The same seed gives the same keys.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// `appid` of the weather service.
    pub weather_key: Secret<String>,
    /// Bearer token of the GraphQL service.
    pub graphql_token: Secret<String>,
    /// Bearer token of `/rest/bearer`.
    pub rest_token: Secret<String>,
    /// User name of `/rest/basic`; it is no secret.
    pub rest_username: String,
    /// Password of `/rest/basic`.
    pub rest_password: Secret<String>,
    /// Key of `/rest/api-key-header` (`X-Api-Key`) and of `/rest/api-key-query` (`api_key`).
    pub rest_api_key: Secret<String>,
    /// Bot token of the team's chat.
    pub slack_token: Secret<String>,
    /// A signing secret to subscribe with in the GitHub scheme.
    pub github_webhook_secret: Secret<String>,
    /// A signing secret to subscribe with in the Standard Webhooks scheme (`whsec_…`).
    pub standard_webhook_secret: Secret<String>,
}

impl Credentials {
    pub(crate) fn new(seed: &Seed) -> Self {
        let key = |label: &str, prefix: &str| Secret::new(format!("{prefix}{}", seed.hex(label)));
        let signing = BASE64_STANDARD.encode(seed.bytes("credentials standard webhook"));
        Self {
            weather_key: key("credentials weather", ""),
            graphql_token: key("credentials graphql", "gql_"),
            rest_token: key("credentials rest token", "tok_"),
            rest_username: "demo".into(),
            rest_password: key("credentials rest password", "pw-"),
            rest_api_key: key("credentials rest api key", "key_"),
            slack_token: key("credentials slack", "xoxb-"),
            github_webhook_secret: key("credentials github webhook", ""),
            standard_webhook_secret: Secret::new(format!("whsec_{signing}")),
        }
    }
}
