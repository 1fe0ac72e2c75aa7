//! `/api/v1/connectors`: the integrations that can do something, and the types that there are, as clients of
//! the workflow platform know them.

use accounts::gate::{self, Answer, ApiJson, ApiQuery, Caller, Identity, List, may, present};
use axum::extract::State;
use catalog::Provider;
use connect::{
    CredentialChange, CredentialScope, Integration, IntegrationDraft, IntegrationFilter,
    PullConfig, PushConfig, Quota,
};
use http::StatusCode;
use kernel::{CredentialId, IntegrationId, Page, Problem, Timestamp, codes};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use super::view::ActionView;
use crate::Actions;

/// What is wanted.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ConnectorQuery {
    /// The types that there are, rather than the workspace's instances.
    #[serde(default)]
    available: bool,
    /// A type.
    #[serde(default, alias = "type")]
    connector_type: String,
    /// How many, 1 to 200; 50 unless said.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// Where the page before ended.
    cursor: Option<String>,
}

/// A type that there is, or an instance of the workspace.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(super) enum ConnectorEntry {
    Type(ConnectorType),
    Instance(Connector),
}

/// A type: a provider that can do something.
#[derive(Serialize, ToSchema)]
pub(super) struct ConnectorType {
    r#type: String,
    name: String,
    description: String,
    categories: Vec<String>,
    docs: Option<String>,
    /// JSON Schema.
    credential_schema: Value,
    /// JSON Schema.
    config_schema: Value,
    actions: Vec<ActionView>,
}

/// An instance: an integration whose provider can do something.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "id": "int_01h455vb4pex5vsknk084sn02q", "name": "Team Slack", "type": "slack", "config": {},
    "enabled": true, "credential_id": "cred_01h455vb4pex5vsknk084sn02q",
    "actions": ["add_reaction", "send_message", "update_message"],
    "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z"
}))]
pub(super) struct Connector {
    #[schema(value_type = String)]
    id: IntegrationId,
    name: String,
    r#type: String,
    #[schema(value_type = Object)]
    config: Map<String, Value>,
    enabled: bool,
    #[schema(value_type = Option<String>)]
    credential_id: Option<CredentialId>,
    actions: Vec<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// An instance that is to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Team Slack", "type": "slack", "credentialId": "cred_01h455vb4pex5vsknk084sn02q"}))]
pub(super) struct CreateConnector {
    #[schema(min_length = 1)]
    name: String,
    #[schema(min_length = 1)]
    r#type: String,
    /// A credential of the same provider that belongs to no integration yet.
    #[serde(default, deserialize_with = "present", alias = "credentialId")]
    #[schema(value_type = String, required = false)]
    credential_id: Option<CredentialId>,
    #[serde(default)]
    #[schema(value_type = Object)]
    config: Map<String, Value>,
}

/// Connectors
///
/// The workspace's instances, newest first; with `available=true` the types that there are, all on one page.
#[utoipa::path(
    get, path = "/api/v1/connectors", operation_id = "list_connectors", tag = "actions",
    params(ConnectorQuery),
    responses((status = 200, description = "Instances, or types.", body = List<ConnectorEntry>)),
    security(("api_key" = ["integrations:read"]), ("session" = []))
)]
pub(super) async fn list(
    State(actions): State<Actions>,
    caller: Caller<may::IntegrationsRead>,
    ApiQuery(query): ApiQuery<ConnectorQuery>,
) -> Answer<ApiJson<List<ConnectorEntry>>> {
    let is_wanted = |id: &str| {
        query.connector_type.is_empty() || id.eq_ignore_ascii_case(&query.connector_type)
    };
    let able = actions.connect().catalog().iter();
    let able = able.filter(|it| !it.actions.is_empty() && is_wanted(&it.id));
    if query.available {
        let data = able.map(|it| ConnectorEntry::Type(ConnectorType::of(it))).collect();
        return Ok(ApiJson(List { data, next_cursor: None }));
    }
    let filter = IntegrationFilter {
        providers: Some(able.map(|it| it.id.clone()).collect()),
        ..IntegrationFilter::default()
    };
    let page = gate::page(query.limit, query.cursor.as_deref())?;
    let found = actions.connect().integrations(&caller.workspace, &filter, &page).await?;
    let found = Page::of(found, page.limit, |it| it.integration.id.to_string());
    let mut data = Vec::with_capacity(found.data.len());
    for it in found.data {
        let view = Connector::of(&actions, &caller, &it.integration).await?;
        data.push(ConnectorEntry::Instance(view));
    }
    Ok(ApiJson(Page { data, next_cursor: found.next_cursor }.into()))
}

/// Make a connector
///
/// An integration of a provider that can do something, with a credential that was stored before.
#[utoipa::path(
    post, path = "/api/v1/connectors", operation_id = "create_connector", tag = "actions",
    request_body = CreateConnector,
    responses((status = 201, description = "Made.", body = Connector)),
    security(("api_key" = ["integrations:write"]), ("session" = []))
)]
pub(super) async fn create(
    State(actions): State<Actions>,
    caller: Caller<may::IntegrationsWrite>,
    ApiJson(body): ApiJson<CreateConnector>,
) -> Answer<(StatusCode, ApiJson<Connector>)> {
    let connect = actions.connect();
    let provider = body.r#type.to_lowercase();
    if connect.catalog().get(&provider).is_none_or(|it| it.actions.is_empty()) {
        let detail = format!(
            "There is no connector {provider:?}; GET /api/v1/connectors?available=true lists them."
        );
        let problem = Problem::new(&codes::PROVIDER_UNKNOWN, detail);
        return Err(problem.field("/type", "it is not in the catalog").into());
    }
    if let Some(id) = body.credential_id {
        connect.check_unattached(&caller, id, &provider).await?;
    }
    let draft = IntegrationDraft {
        name: body.name,
        description: String::new(),
        provider,
        kind: String::new(),
        mode: None,
        enabled: true,
        credential_scope: CredentialScope::Workspace,
        widget_id: None,
        config: body.config,
        pull: PullConfig::default(),
        push: PushConfig::default(),
        quota: Quota::default(),
        config_schema: None,
        credential_schema: None,
        credentials: None,
        flexible: false,
    };
    let made = connect.create_integration(&caller, draft).await?.integration;
    if let Some(id) = body.credential_id {
        let integration_id = Some(made.id);
        let change = CredentialChange { integration_id, ..CredentialChange::default() };
        connect.change_credential(&caller, id, change).await?;
    }
    let view = Connector::of(&actions, &caller, &made).await?;
    Ok((StatusCode::CREATED, ApiJson(view)))
}

impl ConnectorType {
    fn of(provider: &Provider) -> Self {
        Self {
            r#type: provider.id.clone(),
            name: provider.name.clone(),
            description: provider.summary.clone(),
            categories: provider.categories.clone(),
            docs: provider.docs.clone(),
            credential_schema: provider.credentials.clone(),
            config_schema: provider.config.clone(),
            actions: provider.actions.values().map(|it| ActionView::of(it)).collect(),
        }
    }
}

impl Connector {
    async fn of(
        actions: &Actions,
        identity: &Identity,
        integration: &Integration,
    ) -> Result<Self, Problem> {
        let note = actions.connect().credential_note(&identity.workspace, integration).await?;
        Ok(Self {
            id: integration.id,
            name: integration.name.clone(),
            r#type: integration.provider_def.id.clone(),
            config: integration.config.clone(),
            enabled: integration.enabled,
            credential_id: note.id,
            actions: integration.provider_def.actions.keys().cloned().collect(),
            created_at: integration.created_at,
            updated_at: integration.updated_at,
        })
    }
}
