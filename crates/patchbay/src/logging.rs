//! Logs: structured, to standard error, one line per event.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

use crate::settings::{LogFormat, Settings};

/// Starts logging. What other libraries say below a warning is left out unless asked for.
pub(crate) fn start(settings: &Settings) {
    let wanted = settings.log.as_deref().unwrap_or("info");
    let quiet = ["sqlx=warn", "hyper=warn", "hickory_resolver=warn", "rustls=warn", "reqwest=warn"];
    let filter = EnvFilter::try_new(format!("{},{wanted}", quiet.join(",")));
    let filter = filter.unwrap_or_else(|_| EnvFilter::new("info"));
    // When nobody reads the log any more, that is no reason to stop working.
    let logs =
        fmt().with_env_filter(filter).with_writer(std::io::stderr).log_internal_errors(false);
    match settings.log_format.unwrap_or_default() {
        LogFormat::Text => logs.compact().init(),
        LogFormat::Json => logs.json().flatten_event(true).init(),
    }
}
