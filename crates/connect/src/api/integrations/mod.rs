//! `/api/v1/integrations`: what a workspace uses outside services for.

pub(super) mod change;
pub(super) mod create;
pub(super) mod delete;
pub(super) mod get;
pub(super) mod list;
pub(super) mod requests;
pub(super) mod test;
pub(super) mod test_draft;
pub(super) mod validate;

use accounts::gate::Identity;
use kernel::{CredentialId, IntegrationId, Problem, Timestamp, WidgetId};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{
    Connect, CredentialScope, CredentialState, Listed, Mode, PullConfig, PushConfig, Quota,
};

/// An integration, its secrets masked.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "id": "int_01h455vb4pex5vsknk084sn02q", "name": "Weather in London", "description": "",
    "provider": "openweather", "type": "openweather", "enabled": true, "mode": "pull",
    "config": {"city": "London"}, "pull_config": {}, "push_config": {},
    "credential_scope": "workspace",
    "credential": {"id": "cred_01h455vb4pex5vsknk084sn02q", "state": "valid"},
    "status": "ok", "last_sync_at": "2026-01-01T00:00:00Z", "feeds_count": 1,
    "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z"
}))]
pub(super) struct IntegrationView {
    #[schema(value_type = String)]
    id: IntegrationId,
    name: String,
    provider: String,
    r#type: String,
    description: String,
    enabled: bool,
    mode: Mode,
    /// As it was given; the mask stands for each secret.
    #[schema(value_type = Object)]
    config: Map<String, Value>,
    pull_config: PullConfig,
    push_config: PushConfig,
    /// Its app's limits, where they are not the provider's usual ones.
    #[serde(skip_serializing_if = "Quota::is_empty")]
    #[schema(required = false)]
    quota: Quota,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    config_schema: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    credential_schema: Option<Value>,
    credential_scope: CredentialScope,
    /// The credential that it uses; `null` where none has a use.
    credential: Option<CredentialBrief>,
    /// `ok`, `failing`, `off`, or `new` before the first exchange.
    status: &'static str,
    #[schema(value_type = Option<String>, format = DateTime)]
    last_sync_at: Option<Timestamp>,
    last_error: Option<LastError>,
    feeds_count: i64,
    /// Where a sender pushes to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    webhook_url: Option<String>,
    /// Where the provider is to send browsers back to, where it grants access by OAuth; to be registered
    /// with the app there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    redirect_uri: Option<String>,
    #[schema(value_type = Option<String>)]
    widget_id: Option<WidgetId>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// What is known of the credential of an integration.
#[derive(Serialize, ToSchema)]
struct CredentialBrief {
    /// Absent while there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    id: Option<CredentialId>,
    state: CredentialState,
    #[schema(value_type = Option<String>, format = DateTime)]
    validated_at: Option<Timestamp>,
}

/// What went wrong last.
#[derive(Serialize, ToSchema)]
struct LastError {
    code: String,
    message: String,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
}

impl Connect {
    async fn view(&self, identity: &Identity, it: Listed) -> Result<IntegrationView, Problem> {
        let credential = self.brief(identity, &it).await?;
        let status = it.status();
        let integration = it.integration;
        let webhook_url = integration.mode.pushes().then(|| self.webhook_url(integration.id, None));
        let by_oauth = integration.provider_def.oauth.is_some();
        Ok(IntegrationView {
            redirect_uri: by_oauth.then(|| self.redirect_uri()),
            id: integration.id,
            name: integration.name,
            provider: integration.provider,
            r#type: integration.kind,
            description: integration.description,
            enabled: integration.enabled,
            mode: integration.mode,
            config: integration.config,
            pull_config: integration.pull,
            push_config: integration.push,
            quota: integration.quota,
            config_schema: integration.config_schema,
            credential_schema: integration.credential_schema,
            credential_scope: integration.credential_scope,
            credential,
            status,
            last_sync_at: it.last_sync_at,
            last_error: it.last_error.map(|(code, message, at)| LastError { code, message, at }),
            feeds_count: it.feeds_count,
            webhook_url,
            widget_id: integration.widget_id,
            created_at: integration.created_at,
            updated_at: integration.updated_at,
        })
    }

    async fn brief(
        &self,
        identity: &Identity,
        it: &Listed,
    ) -> Result<Option<CredentialBrief>, Problem> {
        let note = self.credential_note(&identity.workspace, &it.integration).await?;
        let of_use = note.id.is_some() || it.integration.wants_credentials();
        Ok(of_use.then_some(CredentialBrief {
            id: note.id,
            state: note.state,
            validated_at: note.validated_at,
        }))
    }
}
