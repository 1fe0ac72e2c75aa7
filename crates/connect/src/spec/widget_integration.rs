//! The integrations of widgets, field by field as they are printed.

use accounts::gate::Identity;
use kernel::{IntegrationId, Problem, WidgetId};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{
    Connect, CredentialScope, Integration, IntegrationDraft, IntegrationPatch, Mode, PullConfig,
    PushConfig, Quota, body,
};

/// What its sort is called.
const KIND: &str = "widget";

/// An integration of a widget, as it is posted. Beyond what the description prints it takes `provider`
/// and `config`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Printed {
    /// The path names it; here it is taken and not looked at.
    widget_id: Option<String>,
    name: Option<String>,
    description: Option<String>,
    integration_type: Option<Mode>,
    credential_scope: Option<CredentialScope>,
    credential_schema: Option<Value>,
    config_schema: Option<Value>,
    pull_endpoint: Option<String>,
    pull_interval_seconds: Option<u64>,
    pull_config: Option<Map<String, Value>>,
    push_webhook_path: Option<String>,
    push_config: Option<Map<String, Value>>,
    is_active: Option<bool>,
    provider: Option<String>,
    config: Option<Map<String, Value>>,
}

impl Connect {
    /// Makes an integration of a widget from its printed form.
    ///
    /// # Errors
    /// A problem that names every field that does not fit, as it is printed.
    pub async fn create_widget_integration(
        &self,
        identity: &Identity,
        widget: WidgetId,
        printed: Value,
    ) -> Result<Integration, Problem> {
        let printed: Printed = body::read(printed, "")?;
        let name = printed.name.clone().unwrap_or_default();
        let provider = printed.provider.clone().unwrap_or_else(|| name.clone());
        let (pull, push) = settings(&printed, &PullConfig::default(), &PushConfig::default())?;
        let by_settings = match (pull.is_empty(), push.is_empty()) {
            (false, false) => Some(Mode::Both),
            (true, false) => Some(Mode::Push),
            (false, true) => Some(Mode::Pull),
            (true, true) => None,
        };
        let draft = IntegrationDraft {
            name,
            description: printed.description.unwrap_or_default(),
            provider,
            kind: KIND.to_owned(),
            mode: printed.integration_type.or(by_settings),
            enabled: printed.is_active.unwrap_or(true),
            credential_scope: printed.credential_scope.unwrap_or_default(),
            widget_id: Some(widget),
            config: printed.config.unwrap_or_default(),
            pull,
            push,
            quota: Quota::default(),
            config_schema: printed.config_schema,
            credential_schema: printed.credential_schema,
            credentials: None,
            flexible: false,
        };
        let made = self.create_integration(identity, draft).await.map_err(as_printed)?;
        Ok(made.integration)
    }

    /// Changes an integration of a widget; what is not said stays.
    ///
    /// # Errors
    /// As for [`Connect::create_widget_integration`], and `request.not_found`.
    pub async fn update_widget_integration(
        &self,
        identity: &Identity,
        id: IntegrationId,
        printed: Value,
    ) -> Result<Integration, Problem> {
        let printed: Printed = body::read(printed, "")?;
        let mut tx = identity.workspace.read().await?;
        let before = self.listed(&mut tx, identity, id).await?.integration;
        drop(tx);
        let (pull, push) = settings(&printed, &before.pull, &before.push)?;
        let patch = IntegrationPatch {
            name: printed.name,
            description: printed.description,
            enabled: printed.is_active,
            mode: printed.integration_type,
            credential_scope: printed.credential_scope,
            config: printed.config,
            pull: Some(pull),
            push: Some(push),
            config_schema: printed.config_schema.map(Some),
            credential_schema: printed.credential_schema.map(Some),
            ..IntegrationPatch::default()
        };
        let made = self.update_integration(identity, id, patch).await.map_err(as_printed)?;
        Ok(made.integration)
    }
}

/// The settings that the printed fields say, over those that are there.
fn settings(
    printed: &Printed,
    pull: &PullConfig,
    push: &PushConfig,
) -> Result<(PullConfig, PushConfig), Problem> {
    let mut pull = match &printed.pull_config {
        Some(config) => {
            let said: PullConfig = body::read(Value::Object(config.clone()), "/pull_config")?;
            // The address has a field of its own, and keeps what it says there.
            PullConfig {
                url: said.url.or_else(|| pull.url.clone()),
                interval_secs: said.interval_secs.or(pull
                    .interval_secs
                    .filter(|_| said.cron.is_none() && said.interval.is_none())),
                ..said
            }
        }
        None => pull.clone(),
    };
    if let Some(endpoint) = &printed.pull_endpoint {
        pull.url = Some(endpoint.clone());
    }
    if let Some(secs) = printed.pull_interval_seconds {
        pull.interval_secs = Some(secs);
    }
    let mut push = match &printed.push_config {
        Some(config) => {
            let said: PushConfig = body::read(Value::Object(config.clone()), "/push_config")?;
            let webhook_path = said.webhook_path.or_else(|| push.webhook_path.clone());
            PushConfig { webhook_path, ..said }
        }
        None => push.clone(),
    };
    if let Some(path) = &printed.push_webhook_path {
        push.webhook_path = Some(path.clone());
    }
    Ok((pull, push))
}

/// A problem with its pointers as the printed fields are called.
fn as_printed(mut problem: Problem) -> Problem {
    for error in &mut problem.errors {
        error.pointer = match error.pointer.as_str() {
            "/pull/url" => "/pull_endpoint".to_owned(),
            "/pull/interval_secs" => "/pull_interval_seconds".to_owned(),
            "/mode" => "/integration_type".to_owned(),
            other => {
                other.replacen("/pull/", "/pull_config/", 1).replacen("/push/", "/push_config/", 1)
            }
        };
    }
    problem
}

/// An integration of a widget as it is printed.
pub fn widget_integration_view(it: &Integration) -> Value {
    let mut pull = it.pull.to_map();
    let endpoint = pull.remove("url");
    let interval = pull.remove("interval_secs");
    let mut push = it.push.to_map();
    let path = push.remove("webhook_path");
    let scope = match it.credential_scope {
        CredentialScope::Workspace => "organization".to_owned(),
        other => other.to_string(),
    };
    json!({
        "id": it.id,
        "widget_id": it.widget_id,
        "name": it.name,
        "description": it.description,
        "integration_type": it.mode,
        "credential_scope": scope,
        "credential_schema": it.credential_schema.clone().unwrap_or_else(|| it.provider_def.credentials.clone()),
        "config_schema": it.config_schema.clone().unwrap_or_else(|| it.provider_def.config.clone()),
        "pull_endpoint": endpoint,
        "pull_interval_seconds": interval,
        "pull_config": pull,
        "push_webhook_path": path,
        "push_config": push,
        "is_active": it.enabled,
        "provider": it.provider,
        "config": it.config,
        "created_at": it.created_at,
        "updated_at": it.updated_at,
    })
}
