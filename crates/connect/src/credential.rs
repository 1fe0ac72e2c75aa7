//! Credentials: what is known of them, and, for as long as a request takes, what they hold.

use kernel::{CredentialId, IntegrationId, Timestamp, WidgetConfigId, WorkspaceId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt;
use utoipa::ToSchema;

use crate::CredentialScope;

/// What is known of a stored secret without opening it.
#[derive(Clone, Debug, PartialEq)]
pub struct Credential {
    /// Its id; stays the same when it is rotated.
    pub id: CredentialId,
    /// The workspace that it is sealed for. For one of the network, that of its owner.
    pub workspace: WorkspaceId,
    /// The integration that it is for, if it is for one.
    pub integration_id: Option<IntegrationId>,
    /// The provider, as it was given.
    pub provider: String,
    /// What the caller calls its sort.
    pub kind: String,
    /// What people call it.
    pub name: String,
    /// Whose it is.
    pub owner: CredentialOwner,
    /// The names of its fields.
    pub fields: Vec<String>,
    /// What else is known of it; nothing secret.
    pub metadata: Map<String, Value>,
    /// Whether the provider took it when it was last tried.
    pub is_valid: bool,
    /// When that was.
    pub validated_at: Option<Timestamp>,
    /// When the first of its fields ends that the catalog knows the life of; see [`Credential::ends_at`].
    pub expires_at: Option<Timestamp>,
    /// Counts from 1; each rotation adds one.
    pub version: i64,
    /// When it was last rotated.
    pub rotated_at: Option<Timestamp>,
    /// When it was stored first.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// Whose a credential is; there is exactly one owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CredentialOwner {
    /// The workspace.
    Workspace,
    /// One widget config.
    Widget(WidgetConfigId),
    /// Every workspace of the instance.
    Network,
}

impl CredentialOwner {
    /// The scope that this is one of.
    pub fn scope(self) -> CredentialScope {
        match self {
            Self::Workspace => CredentialScope::Workspace,
            Self::Widget(_) => CredentialScope::Widget,
            Self::Network => CredentialScope::Network,
        }
    }

    /// The widget config, if it is one.
    pub fn widget_config(self) -> Option<WidgetConfigId> {
        match self {
            Self::Widget(id) => Some(id),
            Self::Workspace | Self::Network => None,
        }
    }
}

/// What is known of whether a credential works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum CredentialState {
    /// There is none, and none is required.
    #[serde(rename = "not_needed")]
    NotNeeded,
    /// There is none.
    Missing,
    /// It was not tried yet.
    Unverified,
    /// The provider took it.
    Valid,
    /// The provider refused it.
    Invalid,
}

impl Credential {
    /// Whether it works, as far as is known.
    pub fn state(&self) -> CredentialState {
        match (self.validated_at, self.is_valid) {
            (None, _) => CredentialState::Unverified,
            (Some(_), true) => CredentialState::Valid,
            (Some(_), false) => CredentialState::Invalid,
        }
    }
}

/// An opened credential. It is not to be kept: ask again for the next request.
#[derive(Clone, Default)]
pub struct Credentials {
    /// Which one; `None` when the integration needs none and has none.
    pub id: Option<CredentialId>,
    /// How often it was rotated.
    pub version: i64,
    pub(crate) fields: Map<String, Value>,
    /// Whether they are the instance's, shared with every workspace.
    pub(crate) is_shared: bool,
    /// The tokens of a connection, where the provider wants them.
    pub(crate) access: Option<crate::access::Access>,
}

impl Credentials {
    /// What a caller brings along to try.
    pub fn of(fields: Map<String, Value>) -> Self {
        Self { fields, ..Self::default() }
    }

    /// A field that holds text.
    pub fn text(&self, field: &str) -> Option<&str> {
        self.fields.get(field).and_then(Value::as_str)
    }

    /// The first of these fields that is filled, as for [`catalog::push::Check::secret_fields`].
    pub fn first(&self, fields: &[String]) -> Option<&str> {
        fields.iter().filter_map(|field| self.text(field)).find(|text| !text.is_empty())
    }

    /// Every field.
    pub fn expose(&self) -> &Map<String, Value> {
        &self.fields
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.access.is_none()
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Credentials({:?})", self.id)
    }
}
