//! `/api/v1/credentials`: which secrets there are. What they hold is never answered.

pub(super) mod audit;
pub(super) mod change;
pub(super) mod create;
pub(super) mod delete;
pub(super) mod get;
pub(super) mod list;
pub(super) mod rotate;
pub(super) mod validate;

use kernel::{CredentialId, IntegrationId, MASK, Timestamp, WidgetConfigId, WorkspaceId};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{Credential, CredentialScope};

/// A credential, masked.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "id": "cred_01h455vb4pex5vsknk084sn02q", "integration_id": "int_01h455vb4pex5vsknk084sn02q",
    "provider": "openweather", "type": "", "name": "Weather in London", "scope": "workspace",
    "owner": {"workspace_id": "ws_01h455vb4pex5vsknk084sn02q"},
    "credentials": {"api_key": "••••"}, "metadata": {}, "is_valid": true,
    "validated_at": "2026-01-01T00:00:00Z", "version": 1, "rotated_at": null,
    "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z"
}))]
pub struct CredentialView {
    #[schema(value_type = String)]
    id: CredentialId,
    #[schema(value_type = Option<String>)]
    integration_id: Option<IntegrationId>,
    provider: String,
    r#type: String,
    name: String,
    scope: CredentialScope,
    owner: OwnerView,
    /// The fields that are stored, each with the mask.
    #[schema(value_type = Object)]
    credentials: Map<String, Value>,
    #[schema(value_type = Object)]
    metadata: Map<String, Value>,
    is_valid: bool,
    #[schema(value_type = Option<String>, format = DateTime)]
    validated_at: Option<Timestamp>,
    /// When it ends, as far as is known: `expires_at` of the metadata, or as the provider has it. People are
    /// warned ahead.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    /// Counts from 1; each rotation adds one.
    version: i64,
    #[schema(value_type = Option<String>, format = DateTime)]
    rotated_at: Option<Timestamp>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// Whose it is: exactly one of these is there.
#[derive(Serialize, ToSchema)]
struct OwnerView {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    workspace_id: Option<WorkspaceId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    widget_config_id: Option<WidgetConfigId>,
    /// Shared with every workspace of the instance.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    instance: Option<bool>,
}

impl CredentialView {
    /// Of a credential.
    pub fn of(it: Credential) -> Self {
        let scope = it.owner.scope();
        let expires_at = it.ends_at();
        let owner = OwnerView {
            workspace_id: (scope == CredentialScope::Workspace).then_some(it.workspace),
            widget_config_id: it.owner.widget_config(),
            instance: (scope == CredentialScope::Network).then_some(true),
        };
        Self {
            id: it.id,
            integration_id: it.integration_id,
            provider: it.provider,
            r#type: it.kind,
            name: it.name,
            scope,
            owner,
            credentials: it.fields.into_iter().map(|name| (name, Value::from(MASK))).collect(),
            metadata: it.metadata,
            expires_at,
            is_valid: it.is_valid,
            validated_at: it.validated_at,
            version: it.version,
            rotated_at: it.rotated_at,
            created_at: it.created_at,
            updated_at: it.updated_at,
        }
    }
}
