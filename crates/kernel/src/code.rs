//! The registry of error codes. A code never changes its meaning; each has a page in `docs/errors/`,
//! which a test checks.

/// One kind of error that a caller can meet.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// The stable name, noun first: `feed.upstream_timeout`.
    pub name: &'static str,
    /// The HTTP status it is answered with.
    pub status: u16,
    /// What it says in a few words, the same each time.
    pub title: &'static str,
}

/// Every code there is.
pub mod codes {
    use super::Code;

    macro_rules! codes {
        ($($constant:ident = $status:literal $name:literal $title:literal;)*) => {
            $(#[doc = $title] pub static $constant: Code =
                Code { name: $name, status: $status, title: $title };)*

            /// All of them, for the documentation and its test.
            pub static ALL: &[&Code] = &[$(&$constant,)*];
        };
    }

    codes! {
        // The request itself
        BAD_JSON = 400 "request.bad_json" "The body is not JSON that can be read";
        INVALID = 422 "request.invalid" "The request says something that is not allowed";
        BAD_QUERY = 400 "request.bad_query" "A query parameter cannot be read";
        BAD_CURSOR = 400 "request.bad_cursor" "The cursor is not one that was handed out";
        TOO_LARGE = 413 "request.too_large" "The body is larger than allowed";
        UNSUPPORTED_MEDIA = 415 "request.unsupported_media_type" "The body must be JSON";
        NOT_FOUND = 404 "request.not_found" "There is nothing here by that name";
        METHOD_NOT_ALLOWED = 405 "request.method_not_allowed" "This path does not take that method";
        CONFLICT = 409 "request.conflict" "It collides with something that exists";
        IDEMPOTENCY_MISMATCH = 422 "request.idempotency_mismatch" "This idempotency key was used for another request";
        RATE_LIMITED = 429 "request.rate_limited" "Too many requests in the window";
        TIMED_OUT = 408 "request.timed_out" "The request took too long to arrive";
        INTERNAL = 500 "server.internal" "Something broke on our side";
        UNAVAILABLE = 503 "server.unavailable" "The server cannot take this now";
        STORAGE_FULL = 507 "server.storage_full" "The disk is full";

        // Who asks
        UNAUTHENTICATED = 401 "auth.unauthenticated" "No valid key, token or session came with the request";
        BAD_LOGIN = 401 "auth.bad_login" "The e-mail address or the password is wrong";
        KEY_EXPIRED = 401 "auth.key_expired" "The API key has expired";
        KEY_DISABLED = 401 "auth.key_disabled" "The API key is switched off";
        MISSING_SCOPE = 403 "auth.missing_scope" "The key lacks a scope";
        MISSING_ROLE = 403 "auth.missing_role" "The role does not allow this";
        CSRF = 403 "auth.csrf" "The request did not come from the dashboard";
        TOO_MANY_LOGINS = 429 "auth.too_many_logins" "Too many failed logins";
        SETUP_DONE = 409 "auth.setup_done" "The owner is already set up";
        LAST_OWNER = 409 "auth.last_owner" "A workspace keeps at least one owner";

        // Catalog, integrations, credentials
        PROVIDER_UNKNOWN = 422 "provider.unknown" "The catalog has no such provider";
        PROVIDER_UNSUPPORTED = 422 "provider.unsupported" "This kind of provider cannot be used yet";
        CONFIG_INVALID = 422 "integration.config_invalid" "The configuration does not fit the provider";
        INTEGRATION_DISABLED = 409 "integration.disabled" "The integration is switched off";
        CREDENTIAL_INVALID = 422 "credential.invalid" "The credentials do not fit the provider";
        CREDENTIAL_MISSING = 422 "credential.missing" "The integration has no credentials yet";
        CREDENTIAL_OWNER = 422 "credential.owner" "A credential has exactly one owner";
        NOT_AUTHORIZED = 422 "connection.not_authorized" "The connection is not authorized yet";
        CONNECTION_EXPIRED = 422 "connection.expired" "The account must be connected again";
        CONNECTION_REVOKED = 422 "connection.revoked" "The access was taken back at the provider";
        CONNECTION_DISABLED = 409 "connection.disabled" "The connection is switched off";
        REFRESH_FAILED = 422 "connection.refresh_failed" "The token cannot be renewed right now";
        OTHER_ACCOUNT = 409 "connection.other_account" "It is another account than before";
        ARTIST_MISSING = 422 "metrics.artist_missing" "Nobody has said which artist the account stands for";
        OAUTH_STATE = 400 "oauth.state_invalid" "The authorization is not one that was begun here";
        OAUTH_EXPIRED = 400 "oauth.state_expired" "The authorization took too long";
        OAUTH_SESSION = 400 "oauth.other_browser" "The authorization was begun in another browser";
        OAUTH_ISSUER = 400 "oauth.issuer_mismatch" "The answer comes from another provider";
        OAUTH_DENIED = 422 "oauth.denied" "The access was not granted";
        OAUTH_CLIENT = 422 "oauth.client_missing" "The integration has no OAuth client";
        OAUTH_CLIENT_REFUSED = 422 "oauth.client_refused" "The provider refuses the OAuth client";
        OAUTH_EXCHANGE = 422 "oauth.exchange_failed" "The provider granted no token";
        OAUTH_ANSWER = 422 "oauth.answer_unreadable" "The token answer cannot be read";
        OAUTH_UNSUPPORTED = 422 "oauth.unsupported" "The provider cannot be connected this way";
        LINK_GONE = 410 "connect_link.gone" "The link is no longer valid";

        // What leaves the house
        EGRESS_FORBIDDEN = 422 "egress.address_forbidden" "The address is not one that may be called";
        EGRESS_URL = 422 "egress.bad_url" "The address cannot be read";
        EGRESS_DNS = 422 "egress.dns_failed" "The host name does not resolve";
        EGRESS_CONNECT = 422 "egress.connect_failed" "No connection could be made";
        EGRESS_TLS = 422 "egress.tls_failed" "The certificate was not accepted";
        EGRESS_TIMEOUT = 422 "egress.timeout" "The other side took too long";
        EGRESS_TOO_LARGE = 422 "egress.body_too_large" "The answer is larger than allowed";
        EGRESS_REDIRECTS = 422 "egress.too_many_redirects" "The redirects do not end";
        EGRESS_CIRCUIT = 422 "egress.circuit_open" "The host failed too often and is left alone for a while";
        EGRESS_RATE_LIMITED = 422 "egress.rate_limited" "The provider's rate limit is used up";
        EGRESS_QUOTA_SPENT = 429 "egress.quota_spent" "The provider's daily quota is used up";
        EGRESS_BROKEN = 422 "egress.broken_answer" "The answer broke off or was not HTTP";

        // Actions
        ACTION_UNKNOWN = 404 "action.unknown" "The provider has no such action";
        ACTION_INPUT = 422 "action.bad_input" "The input of the action does not fit";
        ACTION_FAILED = 422 "action.failed" "The provider refused the action";
        INTEGRATION_MISSING = 409 "integration.missing" "There is no integration of that provider";
        INTEGRATION_AMBIGUOUS = 409 "integration.ambiguous" "Several integrations fit";

        // Feeds
        FEED_UPSTREAM_STATUS = 422 "feed.upstream_status" "The provider answered with an error";
        FEED_UPSTREAM_ERROR = 422 "feed.upstream_error" "The provider reported an error inside its answer";
        FEED_UNREADABLE = 422 "feed.unreadable" "The answer is not in the format that was expected";
        FEED_TRANSFORM = 422 "feed.transform_failed" "The jq transform failed";
        FEED_TEMPLATE = 422 "feed.template_failed" "A template names a value that does not exist";
        FEED_TOO_LARGE = 422 "feed.document_too_large" "The document is larger than allowed";
        FEED_NOT_PULLED = 409 "feed.not_pulled" "The feed is filled by pushes alone";
        BAD_SCHEDULE = 422 "feed.bad_schedule" "The schedule cannot be read";
        BAD_TRANSFORM = 422 "feed.bad_transform" "The jq program does not compile";

        // Pushes
        SIGNATURE_INVALID = 401 "webhook.signature_invalid" "The signature does not match";
        SIGNATURE_MISSING = 401 "webhook.signature_missing" "The request carries no signature";
        TIMESTAMP_OUTSIDE = 401 "webhook.timestamp_outside_window" "The timestamp is too old or in the future";
        WEBHOOK_NOT_CONFIGURED = 403 "webhook.not_configured" "No secret is configured, so pushes are refused";
        WEBHOOK_ADDRESS = 403 "webhook.address_not_allowed" "The sender's address is not on the list";
        WEBHOOK_BAD_FILTER = 422 "webhook.bad_filter" "The filter of the webhook cannot be read";
        WEBHOOK_DISABLED = 409 "webhook.disabled" "The webhook is disabled";
        WEBHOOK_REFUSED = 422 "webhook.refused" "The endpoint did not take the event";
        HANDSHAKE_FAILED = 403 "webhook.handshake_failed" "The handshake does not match what is configured";
        SUBSCRIPTION_BY_HAND = 409 "subscription.by_hand" "Pushes are set up at the provider by hand";
        SUBSCRIPTION_REFUSED = 422 "subscription.refused" "The provider does not take the subscription";
        SUBSCRIPTION_SILENT = 422 "subscription.unconfirmed" "The provider never confirmed the subscription";
        SUBSCRIPTION_UNREACHABLE = 422 "subscription.unreachable" "The provider cannot reach this instance";

        // Workflows
        WORKFLOW_INVALID = 422 "workflow.invalid" "The definition of the workflow cannot be used";
        WORKFLOW_DISABLED = 409 "workflow.disabled" "The workflow is switched off";
        WORKFLOW_INPUT = 422 "workflow.input_invalid" "The input does not fit the workflow";
        WORKFLOW_AT_LIMIT = 409 "workflow.at_limit" "As many runs as may be are under way";
        WORKFLOW_TOO_DEEP = 422 "workflow.too_deep" "Workflows start one another without an end";
        EXECUTION_ENDED = 409 "execution.ended" "The run is over";
        EXECUTION_NOT_WAITING = 409 "execution.not_waiting" "The step does not wait for an answer";
        EXECUTION_TIMED_OUT = 422 "execution.timed_out" "The run took longer than its workflow allows";
        EXECUTION_TOO_LARGE = 422 "execution.too_large" "The run has more steps, or keeps more, than it may";
        EXECUTION_INTERRUPTED = 422 "execution.interrupted" "The run was interrupted too often";
        EXECUTION_CANCELLED = 422 "execution.cancelled" "The run was cancelled";
        STEP_EXPRESSION = 422 "step.expression_failed" "An expression gives no value";
        STEP_TIMED_OUT = 422 "step.timed_out" "The step took too long";
        STEP_TOO_LARGE = 422 "step.too_large" "The step results in more than is kept";
        STEP_CODE = 422 "step.code_failed" "The program of the step failed";
        STEP_HTTP_STATUS = 422 "step.http_status" "The other side answered with an error";
        STEP_REJECTED = 422 "step.rejected" "The person who was asked said no";

        // Starting and keeping the house
        DB_NEWER = 500 "db.newer" "The database was written by a newer version";
        DB_READ_ONLY = 500 "db.read_only" "The data directory cannot be written";
        DB_UNREACHABLE = 500 "db.unreachable" "The database cannot be reached";
        MASTER_KEY_WRONG = 500 "vault.wrong_master_key" "The master key does not open this database";
        MASTER_KEY_BAD = 500 "vault.bad_master_key" "The master key cannot be used";
        SETTING_INVALID = 500 "config.invalid" "A setting cannot be used";
    }
}

#[cfg(test)]
mod tests {
    use super::codes;
    use std::collections::HashSet;

    #[test]
    fn names_are_unique_and_of_one_form() {
        let mut seen = HashSet::new();
        for code in codes::ALL {
            assert!(seen.insert(code.name), "{} stands twice", code.name);
            let (noun, rest) = code.name.split_once('.').unwrap_or_default();
            assert!(!noun.is_empty() && !rest.is_empty(), "{}", code.name);
            assert!((400..600).contains(&code.status), "{}", code.name);
        }
    }
}
