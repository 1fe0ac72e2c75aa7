//! Values as they are bound to a statement: the few types that both databases have.

use kernel::Timestamp;

/// A bound value; `None` is NULL of that type.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// TEXT.
    Text(Option<String>),
    /// INTEGER or BIGINT.
    Int(Option<i64>),
    /// BLOB or BYTEA.
    Blob(Option<Vec<u8>>),
    /// BOOLEAN.
    Flag(bool),
    /// An array of texts, for `UNNEST` and `ANY`. PostgreSQL alone has it.
    Texts(Vec<Option<String>>),
    /// An array of integers, likewise.
    Ints(Vec<Option<i64>>),
    /// An array of byte strings, likewise.
    Blobs(Vec<Vec<u8>>),
}

macro_rules! from {
    ($($type:ty => |$it:ident| $value:expr;)*) => {$(
        impl From<$type> for Value {
            fn from($it: $type) -> Self { $value }
        }
    )*};
}

from! {
    String => |it| Self::Text(Some(it));
    &String => |it| Self::Text(Some(it.clone()));
    &str => |it| Self::Text(Some(it.to_owned()));
    Option<String> => |it| Self::Text(it);
    Option<&str> => |it| Self::Text(it.map(str::to_owned));
    i64 => |it| Self::Int(Some(it));
    i32 => |it| Self::Int(Some(i64::from(it)));
    u32 => |it| Self::Int(Some(i64::from(it)));
    u16 => |it| Self::Int(Some(i64::from(it)));
    u64 => |it| Self::Int(Some(i64::try_from(it).unwrap_or(i64::MAX)));
    usize => |it| Self::Int(Some(i64::try_from(it).unwrap_or(i64::MAX)));
    Option<i64> => |it| Self::Int(it);
    Option<u16> => |it| Self::Int(it.map(i64::from));
    Option<u64> => |it| Self::Int(it.map(|n| i64::try_from(n).unwrap_or(i64::MAX)));
    Timestamp => |it| Self::Int(Some(it.micros()));
    Option<Timestamp> => |it| Self::Int(it.map(Timestamp::micros));
    Vec<u8> => |it| Self::Blob(Some(it));
    &[u8] => |it| Self::Blob(Some(it.to_vec()));
    Option<Vec<u8>> => |it| Self::Blob(it);
    bool => |it| Self::Flag(it);
    Option<kernel::Trace> => |it| Self::Text(it.map(|trace| trace.to_string()));
    &serde_json::Value => |it| Self::Text(Some(it.to_string()));
}

macro_rules! from_ids {
    ($($type:ident)*) => {$(
        impl From<kernel::$type> for Value {
            fn from(id: kernel::$type) -> Self { Self::Text(Some(id.to_string())) }
        }
        impl From<Option<kernel::$type>> for Value {
            fn from(id: Option<kernel::$type>) -> Self { Self::Text(id.map(|id| id.to_string())) }
        }
    )*};
}

from_ids! {
    ApiKeyId AuditId ConnectLinkId ConnectionId CredentialId DeliveryId EventId ExecutionId FeedId
    InboundId IntegrationId JobId MemberId NotificationId OAuthStateId PlayerId RequestLogId
    SessionId SubscriptionId TaskId UserId WebhookId WidgetConfigId WidgetId WorkflowId
    WorkspaceId
}

/// The values of a statement, in the order of `$1, $2, …`.
#[macro_export]
macro_rules! args {
    ($($value:expr),* $(,)?) => { vec![$($crate::Value::from($value)),*] };
}
