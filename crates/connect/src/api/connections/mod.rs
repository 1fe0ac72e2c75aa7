//! `/api/v1/connections`: the accounts behind integrations.

pub(super) mod change;
pub(super) mod connect;
pub(super) mod delete;
pub(super) mod device;
pub(super) mod get;
pub(super) mod list;
pub(super) mod reconnect;
pub(super) mod refresh;
pub(super) mod test;
pub(super) mod validate;

use accounts::gate::{Identity, not_found};
use kernel::{ConnectionId, IntegrationId, Problem, Timestamp};
use serde::Serialize;
use serde_json::{Map, Value};
use std::sync::Arc;
use utoipa::ToSchema;

use crate::store::connections::{self, Stored};
use crate::{AccountInfo, Cause, Connection, ConnectionStatus};

/// A connection. Its tokens are never shown.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "id": "conn_01h455vb4pex5vsknk084sn02q", "integration_id": "int_01h455vb4pex5vsknk084sn02q",
    "provider": "spotify", "subject": "aurel", "status": "active", "cause": null,
    "status_since": "2026-01-01T00:00:00Z",
    "account": {"id": "31l77y2al5lnn7mxfrmd4bpfhqke", "name": "Aurel"},
    "scopes": ["user-top-read"], "missing_scopes": [], "captured": {}, "can_refresh": true,
    "granted_at": "2026-01-01T00:00:00Z", "expires_at": "2026-01-01T01:00:00Z",
    "failures": 0, "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z"
}))]
pub(in crate::api) struct ConnectionView {
    #[schema(value_type = String)]
    id: ConnectionId,
    #[schema(value_type = String)]
    integration_id: IntegrationId,
    provider: String,
    /// Whose account it is; empty for the workspace's own.
    subject: String,
    status: ConnectionStatus,
    cause: Option<Cause>,
    #[schema(value_type = String, format = DateTime)]
    status_since: Timestamp,
    account: AccountInfo,
    /// What was granted.
    scopes: Vec<String>,
    /// What was asked for and not granted.
    missing_scopes: Vec<String>,
    /// What was learned when somebody connected; templates see it as `{{connection.…}}`.
    #[schema(value_type = Object)]
    captured: Map<String, Value>,
    /// Whether the tokens are renewed without a person.
    can_refresh: bool,
    #[schema(value_type = String, format = DateTime)]
    granted_at: Timestamp,
    /// When the access token ends; absent when it does not.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    refresh_expires_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    refreshed_at: Option<Timestamp>,
    /// How many renewals failed in a row.
    failures: u32,
    #[schema(value_type = Option<String>, format = DateTime)]
    failing_since: Option<Timestamp>,
    /// When the provider last took the token in a test.
    #[schema(value_type = Option<String>, format = DateTime)]
    validated_at: Option<Timestamp>,
    /// When metrics were last read.
    #[schema(value_type = Option<String>, format = DateTime)]
    synced_at: Option<Timestamp>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl From<Connection> for ConnectionView {
    fn from(it: Connection) -> Self {
        Self {
            id: it.id,
            integration_id: it.integration_id,
            provider: it.provider,
            subject: it.subject,
            status: it.status,
            cause: it.cause,
            status_since: it.status_since,
            account: it.account,
            scopes: it.scopes,
            missing_scopes: it.missing_scopes,
            captured: it.captured,
            can_refresh: it.can_refresh,
            granted_at: it.granted_at,
            expires_at: it.expires_at,
            refresh_expires_at: it.refresh_expires_at,
            refreshed_at: it.refreshed_at,
            failures: it.failures,
            failing_since: it.failing_since,
            validated_at: it.validated_at,
            synced_at: it.synced_at,
            created_at: it.created_at,
            updated_at: it.updated_at,
        }
    }
}

/// The connection of that id as the table has it now.
async fn found(identity: &Identity, id: ConnectionId) -> Result<Arc<Stored>, Problem> {
    let mut tx = identity.workspace.read().await?;
    let found = connections::get(&mut tx, identity.workspace.id(), id).await?;
    found.map(Arc::new).ok_or_else(|| not_found("connection"))
}

async fn view(identity: &Identity, id: ConnectionId) -> Result<ConnectionView, Problem> {
    Ok(found(identity, id).await?.connection.clone().into())
}
