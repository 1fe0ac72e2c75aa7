//! Ids are TypeIDs: a prefix that names the noun, an underscore, and a UUIDv7 in 26 characters of
//! Crockford base32. They sort by time of creation and say in a log line what they belong to.
//! Source: TypeID specification 0.3.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;
use uuid::{Builder, Uuid};

use crate::{Entropy, Timestamp};

/// The text is not an id of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an id of the form {prefix}_… is expected here")]
pub struct InvalidId {
    /// The prefix that was expected.
    pub prefix: &'static str,
}

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

fn encode(prefix: &str, uuid: Uuid, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    let bits = uuid.as_u128();
    let mut text = [0u8; 26];
    for (place, slot) in text.iter_mut().enumerate() {
        let shift = 125 - 5 * place;
        *slot = ALPHABET[((bits >> shift) & 31) as usize];
    }
    let suffix = std::str::from_utf8(&text).map_err(|_| fmt::Error)?;
    write!(out, "{prefix}_{suffix}")
}

fn decode(prefix: &'static str, text: &str) -> Result<Uuid, InvalidId> {
    let invalid = InvalidId { prefix };
    let suffix = text
        .strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('_'))
        .ok_or_else(|| invalid.clone())?;
    // 26 characters hold 130 bits: the first may only use three of its five.
    if suffix.len() != 26 || !matches!(suffix.as_bytes()[0], b'0'..=b'7') {
        return Err(invalid);
    }
    suffix
        .bytes()
        .try_fold(0u128, |bits, byte| {
            let digit = ALPHABET.iter().position(|known| *known == byte)?;
            Some((bits << 5) | digit as u128)
        })
        .map(Uuid::from_u128)
        .ok_or(invalid)
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Uuid);

        impl $name {
            /// What stands before the underscore.
            pub const PREFIX: &'static str = $prefix;

            /// A new id whose first 48 bits are the time in milliseconds.
            pub fn generate(now: Timestamp, entropy: &Entropy) -> Self {
                let random = entropy.bytes::<10>();
                Self(Builder::from_unix_timestamp_millis(now.millis(), &random).into_uuid())
            }

            /// The id of that kind with these bits.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// Its bits.
            pub const fn uuid(self) -> Uuid {
                self.0
            }

            /// The least id that can have been made at that time: where a range begins.
            pub fn first_at(at: Timestamp) -> Self {
                Self(Builder::from_unix_timestamp_millis(at.millis(), &[0; 10]).into_uuid())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                encode($prefix, self.0, out)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, out)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                decode($prefix, text).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

ids! {
    /// A tenant.
    WorkspaceId = "ws";
    /// A person.
    UserId = "usr";
    /// A person in a workspace.
    MemberId = "mem";
    /// A person's login in one browser.
    SessionId = "ses";
    /// A program's key.
    ApiKeyId = "key";
    /// A reading of many accounts' numbers that somebody asked for.
    SyncId = "syn";
    /// A workspace's use of a provider.
    IntegrationId = "int";
    /// An encrypted secret and who owns it.
    CredentialId = "cred";
    /// One account behind an integration.
    ConnectionId = "conn";
    /// A page on which somebody connects an account.
    ConnectLinkId = "link";
    /// An authorization under way.
    OAuthStateId = "auth";
    /// What a person has to do.
    TaskId = "task";
    /// What a provider was asked to push.
    SubscriptionId = "sub";
    /// A JSON document kept fresh.
    FeedId = "feed";
    /// What shows a feed.
    WidgetId = "wgt";
    /// One placed widget with its options.
    WidgetConfigId = "wcfg";
    /// A device that reads widgets.
    PlayerId = "play";
    /// A subscriber of ours.
    WebhookId = "wh";
    /// One series of attempts to tell a subscriber of one event.
    DeliveryId = "dlv";
    /// Steps in order.
    WorkflowId = "wf";
    /// One run of a workflow.
    ExecutionId = "exec";
    /// A push that was verified and stored.
    InboundId = "in";
    /// Something that happened.
    EventId = "evt";
    /// Something to be done.
    JobId = "job";
    /// Who touched what.
    AuditId = "aud";
    /// One request that left the house.
    RequestLogId = "req";
    /// What a person is told.
    NotificationId = "ntf";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_the_trip_through_text() {
        let entropy = Entropy::seeded(7);
        let id = FeedId::generate(Timestamp::from_micros(1_700_000_000_000_000), &entropy);
        let text = id.to_string();
        assert!(text.starts_with("feed_01"), "{text}");
        assert_eq!(text.len(), "feed_".len() + 26);
        assert_eq!(text.parse::<FeedId>(), Ok(id));
    }

    #[test]
    fn text_of_another_kind_is_refused() {
        for text in [
            "",
            "feed",
            "feed_",
            "int_01h455vb4pex5vsknk084sn02q",
            "feed_81h455vb4pex5vsknk084sn02q",
            "feed_01h455vb4pex5vsknk084sn02l",
            "feed_01h455vb4pex5vsknk084sn02é",
        ] {
            assert_eq!(text.parse::<FeedId>(), Err(InvalidId { prefix: "feed" }), "{text}");
        }
    }

    #[test]
    fn ids_sort_by_time() {
        let entropy = Entropy::seeded(1);
        let early = EventId::generate(Timestamp::from_micros(1_000_000), &entropy);
        let late = EventId::generate(Timestamp::from_micros(2_000_000), &entropy);
        assert!(early < late && early.to_string() < late.to_string());
    }
}
