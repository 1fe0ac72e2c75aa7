//! An integration: a workspace's use of a provider.

use catalog::Provider;
use kernel::{IntegrationId, Timestamp, WidgetId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use utoipa::ToSchema;

use crate::{Credential, PullConfig, PushConfig, Quota, aliases, schemas};

/// A workspace's use of a provider. Its secrets are elsewhere: where one stood in the configuration,
/// the mask stands now.
#[derive(Clone, Debug)]
pub struct Integration {
    /// Its id.
    pub id: IntegrationId,
    /// What people call it.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// The provider's name as it was given: a label where the catalog has no such provider.
    pub provider: String,
    /// What decides how to speak with it.
    pub provider_def: Arc<Provider>,
    /// What the caller calls its sort: `api`, `widget`, or the provider's id.
    pub kind: String,
    /// Whether it is in use.
    pub enabled: bool,
    /// Which way its data comes.
    pub mode: Mode,
    /// Whose credentials it uses.
    pub credential_scope: CredentialScope,
    /// The widget that it belongs to.
    pub widget_id: Option<WidgetId>,
    /// The configuration as it was given, secrets masked.
    pub config: Map<String, Value>,
    /// Its settings for pulls, over the provider's.
    pub pull: PullConfig,
    /// Its settings for pushes.
    pub push: PushConfig,
    /// Its app's limits, where they are not the provider's usual ones.
    pub quota: Quota,
    /// The schema that it brought along for its configuration, as it was given.
    pub config_schema: Option<Value>,
    /// The schema that it brought along for its credentials, as it was given.
    pub credential_schema: Option<Value>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl Integration {
    /// What a credential that belongs to no integration is used through. Its id is made of the
    /// credential's, so that limits and the request log count by it.
    pub(crate) fn of_credential(credential: &Credential, provider: Arc<Provider>) -> Self {
        Self {
            id: IntegrationId::from_uuid(credential.id.uuid()),
            name: credential.name.clone(),
            description: String::new(),
            provider: credential.provider.clone(),
            kind: provider.id.clone(),
            provider_def: provider,
            enabled: true,
            mode: Mode::Pull,
            credential_scope: CredentialScope::Workspace,
            widget_id: None,
            config: Map::new(),
            pull: PullConfig::default(),
            push: PushConfig::default(),
            quota: Quota::default(),
            config_schema: None,
            credential_schema: None,
            created_at: credential.created_at,
            updated_at: credential.updated_at,
        }
    }

    /// The JSON Schema that its configuration and its widgets' options are checked against: what it
    /// brought along, over the provider's.
    pub fn config_rules(&self) -> Value {
        schemas::merged(self.config_schema.as_ref(), &self.provider_def.config)
    }

    /// The JSON Schema that its credentials are checked against.
    pub fn credential_rules(&self) -> Value {
        schemas::merged(self.credential_schema.as_ref(), &self.provider_def.credentials)
    }

    /// Whether credentials have a use here at all, required or not.
    pub fn wants_credentials(&self) -> bool {
        !schemas::fields(&self.credential_rules()).is_empty()
            || aliases::needs_authorization(&self.config, &Map::new())
    }

    /// Whether its configuration may say anything at all, as that of a data source may.
    pub fn is_flexible(&self) -> bool {
        schemas::is_open(self.config_schema.as_ref())
    }

    /// What people call the service that it speaks with: the provider's name, or, where that is only a way
    /// to speak, its own.
    pub fn service(&self) -> &str {
        let is_way = self.provider_def.categories.iter().any(|category| category == "generic");
        if is_way { &self.name } else { &self.provider_def.name }
    }

    /// Whether its provider is one of the generic ones, which know no service of their own.
    pub fn is_generic(&self) -> bool {
        matches!(self.provider_def.id.as_str(), "rest" | "graphql" | "webhook")
    }
}

/// Which way data comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// We ask.
    Pull,
    /// They tell.
    Push,
    /// Both.
    Both,
}

impl Mode {
    /// Whether we ask.
    pub fn pulls(self) -> bool {
        self != Self::Push
    }

    /// Whether they tell.
    pub fn pushes(self) -> bool {
        self != Self::Pull
    }

    /// All that a provider can do.
    pub(crate) fn of(provider: &Provider) -> Self {
        match (provider.pulls(), provider.pushes()) {
            (true, true) => Self::Both,
            (false, true) => Self::Push,
            _ => Self::Pull,
        }
    }
}

/// Whose credentials an integration uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum CredentialScope {
    /// The workspace's.
    #[default]
    #[serde(alias = "organization")]
    Workspace,
    /// Those of each widget config.
    Widget,
    /// Those that the owner of the instance shares with every workspace.
    Network,
}

macro_rules! names {
    ($type:ident: $($variant:ident $name:literal $(| $alias:literal)?),*) => {
        impl fmt::Display for $type {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(match self { $(Self::$variant => $name,)* })
            }
        }

        impl FromStr for $type {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($name $(| $alias)? => Ok(Self::$variant),)*
                    _ => Err(format!("one of {} is expected", [$($name),*].join(", "))),
                }
            }
        }
    };
}

names! { Mode: Pull "pull", Push "push", Both "both" }
names! { CredentialScope: Workspace "workspace" | "organization", Widget "widget", Network "network" }
