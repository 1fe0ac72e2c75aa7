//! A connection: one account behind an integration, with the tokens that its provider granted and what
//! is known of their health.

use kernel::{ConnectionId, IntegrationId, Secret, Timestamp, WorkspaceId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::fmt;
use std::str::FromStr;
use utoipa::ToSchema;

/// One account behind an integration. Its tokens are elsewhere.
#[derive(Clone, Debug, PartialEq)]
pub struct Connection {
    /// Its id; it outlives every reconnect.
    pub id: ConnectionId,
    /// Whose.
    pub workspace: WorkspaceId,
    /// The integration that it is behind.
    pub integration_id: IntegrationId,
    /// The provider.
    pub provider: String,
    /// Whose account it is: an artist, an end user. Empty for the workspace's own.
    pub subject: String,
    /// Whether it works.
    pub status: ConnectionStatus,
    /// Why it does not, when it does not.
    pub cause: Option<Cause>,
    /// Since when it is in this state.
    pub status_since: Timestamp,
    /// The account at the provider.
    pub account: AccountInfo,
    /// What was learned when somebody connected, for later requests; nothing secret.
    pub captured: Map<String, Value>,
    /// What was granted.
    pub scopes: Vec<String>,
    /// What was asked for and not granted.
    pub missing_scopes: Vec<String>,
    /// Moves with each new set of tokens.
    pub generation: i64,
    /// Whether the tokens can be renewed without a person.
    pub can_refresh: bool,
    /// When the tokens were granted.
    pub granted_at: Timestamp,
    /// When the access token ends.
    pub expires_at: Option<Timestamp>,
    /// When the refresh token ends.
    pub refresh_expires_at: Option<Timestamp>,
    /// When the tokens were renewed last.
    pub refreshed_at: Option<Timestamp>,
    /// How many attempts to renew failed in a row.
    pub failures: u32,
    /// Since when they fail.
    pub failing_since: Option<Timestamp>,
    /// When the provider last took the access token in a test.
    pub validated_at: Option<Timestamp>,
    /// When metrics were last read with it.
    pub synced_at: Option<Timestamp>,
    /// When somebody connected first.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// The account at the provider.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AccountInfo {
    /// The provider's id of it.
    pub id: Option<String>,
    /// What people call it there.
    pub name: Option<String>,
    /// What else the provider said of it.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = Object)]
    pub more: Map<String, Value>,
}

/// Why a connection does not work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Cause {
    /// A stable code.
    pub code: String,
    /// A sentence for people.
    pub message: String,
}

/// Whether a connection works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ConnectionStatus {
    /// It works.
    Active,
    /// It works badly, or not just now; it mends itself.
    Degraded,
    /// A person must connect again.
    Expired,
    /// The person or the provider took the access back.
    Revoked,
    /// Somebody switched it off here.
    Disabled,
}

impl ConnectionStatus {
    /// Every state.
    pub const ALL: [Self; 5] =
        [Self::Active, Self::Degraded, Self::Expired, Self::Revoked, Self::Disabled];

    /// The name in the table and in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Degraded => "degraded",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::Disabled => "disabled",
        }
    }

    /// Whether only a person can mend it.
    pub const fn needs_person(self) -> bool {
        matches!(self, Self::Expired | Self::Revoked)
    }
}

impl fmt::Display for ConnectionStatus {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

impl FromStr for ConnectionStatus {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|status| status.name() == text);
        known.ok_or_else(|| format!("there is no status named {text}"))
    }
}

/// What a provider granted. It is kept sealed and opened for a use.
#[derive(Clone)]
pub(crate) struct Tokens {
    pub(crate) access: Secret<String>,
    pub(crate) refresh: Option<Secret<String>>,
    /// Further secrets by name.
    pub(crate) more: Map<String, Value>,
}

impl Tokens {
    /// What templates see as `{{token.…}}`.
    pub(crate) fn expose(&self) -> Map<String, Value> {
        let mut fields = self.more.clone();
        fields.insert("access_token".to_owned(), json!(self.access.expose()));
        if let Some(refresh) = &self.refresh {
            fields.insert("refresh_token".to_owned(), json!(refresh.expose()));
        }
        fields
    }

    /// From what [`Tokens::expose`] made.
    pub(crate) fn from_fields(mut fields: Map<String, Value>) -> Option<Self> {
        let mut text = |name: &str| match fields.remove(name) {
            Some(Value::String(text)) => Some(Secret::new(text)),
            _ => None,
        };
        let (access, refresh) = (text("access_token")?, text("refresh_token"));
        Some(Self { access, refresh, more: fields })
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Tokens(…)")
    }
}

impl Connection {
    /// What people call whoever it is of.
    pub(crate) fn whose(&self) -> &str {
        match (&self.account.name, self.subject.as_str()) {
            (Some(name), _) => name,
            (None, "") => "the workspace",
            (None, subject) => subject,
        }
    }

    /// What templates see as `{{connection.…}}`.
    pub(crate) fn values(&self) -> Map<String, Value> {
        let mut values = self.captured.clone();
        values.insert("subject".to_owned(), json!(self.subject));
        values.insert("account_id".to_owned(), json!(self.account.id));
        values.insert("account_name".to_owned(), json!(self.account.name));
        values
    }
}
