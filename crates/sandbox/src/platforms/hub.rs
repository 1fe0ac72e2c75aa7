//! The PubSubHubbub hub of YouTube's feeds (version 0.4): subscriptions to a channel's topic, verified at
//! the subscriber's address, with a lease that ends.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::ask::Ask;
use super::push::Callback;
use super::webhook::shake;
use super::{Platform, lock};
use crate::{SandboxError, outcall};

/// The usual lease in seconds: five days.
const LEASE: u64 = 432_000;
/// The longest.
const LONGEST_LEASE: u64 = 864_000;

pub(super) async fn serve(platform: &Arc<Platform>, ask: &Ask) -> Response {
    let bad = |why: &'static str| (StatusCode::BAD_REQUEST, why).into_response();
    let field = |name: &str| ask.form.get(name).cloned();
    let (Some(mode), Some(topic), Some(url)) =
        (field("hub.mode"), field("hub.topic"), field("hub.callback"))
    else {
        return bad("hub.mode, hub.topic and hub.callback are required.");
    };
    if !matches!(mode.as_str(), "subscribe" | "unsubscribe") || !topic.contains("channel_id=") {
        return bad("There is no such mode or topic.");
    }
    if outcall::authority(&url).is_err() {
        return bad("The callback is not on loopback.");
    }
    let lease = field("hub.lease_seconds").and_then(|secs| secs.parse().ok()).unwrap_or(LEASE);
    let lease = lease.min(LONGEST_LEASE);
    let callback = Callback {
        id: String::new(),
        url,
        created_at: ask.now,
        topic: Some(topic),
        secret: field("hub.secret"),
        ends_at: Some(ask.now.plus(Duration::from_secs(lease))),
    };
    let (platform, verify_token) = (platform.clone(), field("hub.verify_token"));
    let verified = async move { verify(&platform, &mode, callback, lease, verify_token).await };
    if field("hub.verify").is_some_and(|how| how == "sync") {
        return match verified.await {
            Ok(()) => StatusCode::NO_CONTENT.into_response(),
            Err(error) => (StatusCode::CONFLICT, error.to_string()).into_response(),
        };
    }
    // As with the real hub the answer comes first, and a failure is told to nobody.
    tokio::spawn(verified);
    StatusCode::ACCEPTED.into_response()
}

async fn verify(
    platform: &Platform,
    mode: &str,
    callback: Callback,
    lease: u64,
    verify_token: Option<String>,
) -> Result<(), SandboxError> {
    let challenge = platform.seed.number(&callback.url, 18);
    let (topic, lease) = (callback.topic.clone().unwrap_or_default(), lease.to_string());
    let mut fields = vec![
        ("hub.mode", mode),
        ("hub.topic", topic.as_str()),
        ("hub.challenge", &challenge),
        ("hub.lease_seconds", &lease),
    ];
    // Of version 0.3, and still sent back.
    fields.extend(verify_token.as_deref().map(|token| ("hub.verify_token", token)));
    shake(&callback.url, &fields, |body| body == challenge.as_bytes()).await?;
    let mut pushes = lock(&platform.pushes);
    match mode {
        "subscribe" => drop(pushes.put(callback)),
        _ => pushes.remove(&callback.url, callback.topic.as_deref()),
    }
    Ok(())
}
