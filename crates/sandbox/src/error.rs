//! What the sandbox refuses.

use std::io;

use crate::{Knob, Service, SubscriptionId};

/// Why the sandbox did not do as it was asked.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// A service found no port to listen on.
    #[error("the sandbox cannot listen on 127.0.0.1 port {port} for its service \"{service}\"")]
    Bind {
        /// The service that would have listened.
        service: Service,
        /// The port asked for; 0 is any.
        port: u16,
        /// What the operating system said.
        source: io::Error,
    },
    /// What the sandbox was to remember is not what one has kept.
    #[error("the memory of the sandbox is damaged")]
    Memory,
    /// A duration of the configuration is too short to work with.
    #[error("news_every must be at least one second")]
    NewsTooOften,
    /// No service has this name.
    #[error("the sandbox has no service \"{0}\"")]
    UnknownService(String),
    /// The service has no such fault: turning it on would do nothing.
    #[error("the service \"{service}\" has no fault \"{knob}\"")]
    UnsupportedKnob {
        /// The service that was asked.
        service: Service,
        /// The knob that it does not have.
        knob: Knob,
    },
    /// The value of a knob is outside its range.
    #[error("\"{knob}\" must be {range}")]
    KnobOutOfRange {
        /// The knob.
        knob: Knob,
        /// What it may be, as words.
        range: &'static str,
    },
    /// A webhook target that the sender does not call.
    #[error("a webhook target is http://, on a loopback address, with a path: {0}")]
    Target(String),
    /// A callback that was to be registered did not answer as it must.
    #[error("the callback {callback} did not pass the handshake: {why}")]
    Handshake {
        /// The address.
        callback: String,
        /// What was wrong with its answer.
        why: String,
    },
    /// The platform sends no pushes, or none of this kind.
    #[error("the service \"{0}\" sends no such pushes")]
    NoPushes(Service),
    /// The signing secret is not in the form of its scheme.
    #[error("a Standard Webhooks secret is whsec_ followed by base64")]
    WebhookSecret,
    /// Events cannot be sent without a pause between them.
    #[error("the pause between two events must be at least one millisecond")]
    TooOften,
    /// No subscription has this id, or it has ended.
    #[error("there is no webhook subscription {0}")]
    UnknownSubscription(SubscriptionId),
}
