//! `/api/v1/providers`: what the catalog knows.

pub(super) mod get;
pub(super) mod icon;
pub(super) mod list;

use catalog::{Mode, Provider};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

/// A provider of the catalog.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "id": "openweather", "name": "OpenWeather",
    "summary": "The current weather of a city or a place on the map.", "categories": ["weather"],
    "docs": "https://openweathermap.org/current", "modes": ["pull"],
    "icon_url": "/api/v1/providers/openweather/icon",
    "auth": [{"id": "api_key", "kind": "api_key"}],
    "credentials_schema": {"type": "object"}, "config_schema": {"type": "object"},
    "interval_secs": 1800, "push_schemes": [], "push_setup": [], "testable": true
}))]
pub(super) struct ProviderView {
    id: String,
    name: String,
    summary: String,
    categories: Vec<String>,
    docs: Option<String>,
    /// `pull`, `push`.
    #[schema(value_type = Vec<String>)]
    modes: Vec<Mode>,
    icon_url: String,
    /// The ways to prove who asks.
    auth: Vec<Value>,
    /// JSON Schema of the credentials; secrets are marked `x-sensitive`.
    credentials_schema: Value,
    /// JSON Schema of the configuration.
    config_schema: Value,
    /// How often it is pulled unless told otherwise.
    interval_secs: Option<u64>,
    /// The ways its pushes are signed.
    push_schemes: Vec<Value>,
    /// What to do on the provider's side, in Markdown; `{webhook_url}` stands for the address.
    push_setup: Vec<String>,
    /// Whether there is a cheap test request of its own.
    testable: bool,
}

impl ProviderView {
    fn of(it: &Provider) -> Self {
        let push = it.push.as_ref();
        Self {
            id: it.id.clone(),
            name: it.name.clone(),
            summary: it.summary.clone(),
            categories: it.categories.clone(),
            docs: it.docs.clone(),
            modes: it.modes.clone(),
            icon_url: format!("/api/v1/providers/{}/icon", it.id),
            auth: it.auth.iter().map(|auth| json!({"id": auth.id(), "kind": auth.kind})).collect(),
            credentials_schema: it.credentials.clone(),
            config_schema: it.config.clone(),
            interval_secs: it.interval_secs,
            push_schemes: push
                .into_iter()
                .flat_map(|push| &push.schemes)
                .map(|scheme| {
                    json!({
                        "name": scheme.name,
                        "title": scheme.title,
                        "secret_fields": scheme.secret_fields,
                    })
                })
                .collect(),
            push_setup: push.map(|push| push.setup.clone()).unwrap_or_default(),
            testable: it.test.is_some(),
        }
    }
}
