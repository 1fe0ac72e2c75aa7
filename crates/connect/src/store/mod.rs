//! The tables of this room: integrations, credentials, and the request log that the door writes.

pub(crate) mod connections;
pub(crate) mod credentials;
pub(crate) mod integrations;
pub(crate) mod links;
pub(crate) mod quotas;
pub(crate) mod request_logs;
pub(crate) mod tasks;

/// A search text as the pattern of LIKE, wildcards taken literally; empty for any.
pub(crate) fn pattern(search: &str) -> String {
    if search.is_empty() {
        return String::new();
    }
    let plain = search.to_lowercase().replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("%{plain}%")
}
