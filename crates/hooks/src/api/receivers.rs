//! The addresses that senders push to, as they stand in the API's description. What happens there is in
//! [`crate::receive`].

use kernel::IntegrationId;
use utoipa::ToSchema;

use crate::Address;

/// What a sender is told, unless the provider wants to hear something else.
#[derive(ToSchema)]
#[schema(example = json!({"status": "accepted", "id": "in_01kce5v0g0f7nb4x1q2m3n4p5r"}))]
#[expect(dead_code, reason = "it describes an answer that is written by hand")]
pub(crate) struct Received {
    /// `accepted`, or `duplicate` when an event of this id was accepted before.
    status: String,
    /// The inbound event, when it is a new one.
    id: Option<String>,
}

/// The key behind the segments of a path, if they can be one.
fn key<T>(ids: (String, String), address: impl Fn(T) -> Address) -> Option<(IntegrationId, Address)>
where
    T: std::str::FromStr,
{
    Some((ids.0.parse().ok()?, address(ids.1.parse().ok()?)))
}

const PROVES: &str = "The sender proves itself as the integration's provider does, usually with a \
     signature. The answer comes once the push is durable.";
const SAME: &str = "The same as POST, for senders that cannot.";
const CHECKS: &str = "Answers the handshake with which some providers check an address before they \
     push to it.";

macro_rules! address {
    ($name:ident, $path:literal, $what:literal, $segments:ty, $params:tt, $key:expr) => {
        #[doc = concat!("Pushes ", $what, ".")]
        pub(crate) mod $name {
            use accounts::gate::Failure;
            use axum::extract::{Path, Request, State};
            use axum::response::{IntoResponse, Response};

            use super::{CHECKS, PROVES, Received, SAME};
            use crate::endpoints::{Key, unknown};
            use crate::{Hooks, receive};

            type Segments = $segments;

            async fn answer(hooks: Hooks, segments: Segments, request: Request) -> Response {
                let key: fn(Segments) -> Option<Key> = $key;
                match key(segments) {
                    Some(key) => receive::receive(hooks, key, request).await,
                    None => Failure(unknown()).into_response(),
                }
            }

            #[utoipa::path(post, path = $path, tag = "Webhooks", params $params,
                operation_id = concat!("push_to_", stringify!($name)),
                summary = concat!("Push ", $what), description = PROVES, security(()),
                request_body(content = String, description = "Whatever the provider sends.",
                    content_type = "*/*"),
                responses((status = 200, body = Received)))]
            pub(crate) async fn post(
                State(hooks): State<Hooks>,
                Path(segments): Path<Segments>,
                request: Request,
            ) -> Response {
                answer(hooks, segments, request).await
            }

            #[utoipa::path(put, path = $path, tag = "Webhooks", params $params,
                operation_id = concat!("put_to_", stringify!($name)),
                summary = concat!("Push ", $what, " with PUT"), description = SAME, security(()),
                request_body(content = String, description = "Whatever the provider sends.",
                    content_type = "*/*"),
                responses((status = 200, body = Received)))]
            pub(crate) async fn put(
                State(hooks): State<Hooks>,
                Path(segments): Path<Segments>,
                request: Request,
            ) -> Response {
                answer(hooks, segments, request).await
            }

            #[utoipa::path(get, path = $path, tag = "Webhooks", params $params,
                operation_id = concat!("check_", stringify!($name)),
                summary = concat!("Check the address for pushes ", $what), description = CHECKS,
                security(()),
                responses((status = 200, description = "What the provider's handshake asks for",
                    body = String)))]
            pub(crate) async fn check(
                State(hooks): State<Hooks>,
                Path(segments): Path<Segments>,
                request: Request,
            ) -> Response {
                answer(hooks, segments, request).await
            }
        }
    };
}

address!(
    integration,
    "/api/webhooks/{integration_id}",
    "to an integration",
    String,
    (("integration_id" = String, Path, description = "The integration's id")),
    |id| Some((id.parse().ok()?, crate::Address::Integration))
);
address!(
    feed,
    "/api/webhooks/{integration_id}/{feed_id}",
    "to a feed",
    (String, String),
    (
        ("integration_id" = String, Path, description = "The integration's id"),
        ("feed_id" = String, Path, description = "The feed's id")
    ),
    |ids| super::key(ids, crate::Address::Feed)
);
address!(
    widget_config,
    "/api/webhooks/widgets/{integration_id}/{widget_config_id}",
    "to a placed widget",
    (String, String),
    (
        ("integration_id" = String, Path, description = "The integration's id"),
        ("widget_config_id" = String, Path, description = "The widget config's id")
    ),
    |ids| super::key(ids, crate::Address::WidgetConfig)
);
address!(
    subscription,
    "/api/webhooks/subscriptions/{integration_id}/{subscription_id}",
    "that were subscribed to",
    (String, String),
    (
        ("integration_id" = String, Path, description = "The integration's id"),
        ("subscription_id" = String, Path, description = "The subscription's id")
    ),
    |ids| super::key(ids, crate::Address::Subscription)
);
