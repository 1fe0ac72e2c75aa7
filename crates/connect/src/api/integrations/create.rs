//! `POST /api/v1/integrations`.

use accounts::gate::{Answer, ApiJson, Caller, may, present};
use axum::extract::State;
use http::StatusCode;
use kernel::{Problem, WidgetId, codes};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::IntegrationView;
use crate::{
    Connect, CredentialScope, IntegrationDraft, Mode, PullConfig, PushConfig, Quota, body,
};

/// An integration to be made; `null` stands for what there need not be. `type` alone, without `provider`, takes a configuration of any shape;
/// fields of it whose names say so are kept as secrets.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "Weather in London", "provider": "openweather", "config": {"city": "London"},
    "credentials": {"api_key": "…"}
}))]
pub(in crate::api) struct CreateIntegration {
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// A provider of the catalog.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    provider: Option<String>,
    /// The same in another form: `rest`, `graphql`, `webhook`, `zapier`, `slack`.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    r#type: Option<String>,
    description: Option<String>,
    #[serde(default = "yes")]
    enabled: bool,
    #[serde(default)]
    #[schema(value_type = Object)]
    config: Map<String, Value>,
    /// The workspace's credentials, stored along with it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Object, required = false)]
    credentials: Option<Map<String, Value>>,
    /// The app that is registered with the provider, where it grants access by OAuth: the same as
    /// `client_id` and `client_secret` among the credentials.
    #[serde(default, deserialize_with = "present", alias = "oauthClient")]
    #[schema(nullable = false)]
    oauth_client: Option<OAuthClient>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    mode: Option<Mode>,
    #[serde(alias = "pull_config")]
    pull: Option<PullConfig>,
    #[serde(alias = "push_config")]
    push: Option<PushConfig>,
    /// Its app's limits, where the provider has granted it others than the usual ones.
    quota: Option<Quota>,
    #[serde(default)]
    credential_scope: CredentialScope,
    /// The widget that it feeds.
    #[schema(value_type = Option<String>)]
    widget_id: Option<WidgetId>,
    /// JSON Schema or field map, over the provider's.
    #[schema(value_type = Option<Object>)]
    config_schema: Option<Value>,
    /// JSON Schema or field map, over the provider's.
    #[schema(value_type = Option<Object>)]
    credential_schema: Option<Value>,
}

/// An app that is registered with a provider.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OAuthClient {
    #[schema(min_length = 1)]
    #[serde(alias = "clientId")]
    client_id: String,
    /// Absent for a public client.
    #[serde(default, deserialize_with = "present", alias = "clientSecret")]
    #[schema(nullable = false)]
    client_secret: Option<String>,
}

fn yes() -> bool {
    true
}

impl CreateIntegration {
    fn draft(self, connect: &Connect) -> Result<IntegrationDraft, Problem> {
        let flexible = self.provider.is_none();
        let provider = match (self.provider, &self.r#type) {
            (Some(provider), _) => provider,
            (None, Some(kind)) if ["database", "agent"].contains(&kind.as_str()) => {
                let detail = format!("Integrations of the type {kind} cannot be used yet.");
                return Err(Problem::new(&codes::PROVIDER_UNSUPPORTED, detail));
            }
            (None, Some(kind)) => connect.provider(kind)?.id.clone(),
            (None, None) => {
                return Err(body::wrong(
                    &codes::INVALID,
                    "/provider",
                    "say which provider it is of",
                ));
            }
        };
        let mode = match flexible {
            true => self.mode.or_else(|| Some(connect.mode_of(&provider, &self.config))),
            false => self.mode,
        };
        Ok(IntegrationDraft {
            name: self.name,
            description: self.description.unwrap_or_default(),
            provider,
            kind: self.r#type.unwrap_or_default(),
            mode,
            enabled: self.enabled,
            credential_scope: self.credential_scope,
            widget_id: self.widget_id,
            config: self.config,
            pull: self.pull.unwrap_or_default(),
            push: self.push.unwrap_or_default(),
            quota: self.quota.unwrap_or_default(),
            config_schema: self.config_schema,
            credential_schema: self.credential_schema,
            credentials: with_client(self.credentials, self.oauth_client),
            flexible,
        })
    }
}

/// The credentials with the app among them.
fn with_client(
    credentials: Option<Map<String, Value>>,
    client: Option<OAuthClient>,
) -> Option<Map<String, Value>> {
    let Some(client) = client else { return credentials };
    let mut fields = credentials.unwrap_or_default();
    fields.insert("client_id".to_owned(), Value::String(client.client_id));
    if let Some(secret) = client.client_secret {
        fields.insert("client_secret".to_owned(), Value::String(secret));
    }
    Some(fields)
}

/// Makes an integration.
#[utoipa::path(
    post, path = "/api/v1/integrations", operation_id = "create_integration", tag = "integrations",
    request_body = CreateIntegration,
    responses((status = 201, description = "Made.", body = IntegrationView)),
    security(("api_key" = ["integrations:write"]), ("session" = []))
)]
pub(in crate::api) async fn create(
    State(connect): State<Connect>,
    caller: Caller<may::IntegrationsWrite>,
    ApiJson(body): ApiJson<CreateIntegration>,
) -> Answer<(StatusCode, ApiJson<IntegrationView>)> {
    let made = connect.create_integration(&caller, body.draft(&connect)?).await?;
    Ok((StatusCode::CREATED, ApiJson(connect.view(&caller, made).await?)))
}
