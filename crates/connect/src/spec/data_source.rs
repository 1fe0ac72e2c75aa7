//! Data sources: a name, a type and a configuration of any shape.

use accounts::gate::Identity;
use kernel::{Problem, codes};
use serde_json::{Map, Value, json};

use crate::service::resolve;
use crate::{Connect, Integration, IntegrationDraft, Mode, aliases, body};

/// The types that can be used.
const USABLE: [&str; 2] = ["api", "custom"];
/// The types that cannot be used yet.
const UNSUPPORTED: [&str; 2] = ["database", "agent"];

impl Connect {
    /// Stores a data source. Fields whose names say so are secrets; a `provider` that the catalog does
    /// not know is a label.
    ///
    /// # Errors
    /// `provider.unsupported` for databases and agents, else a problem that names what does not fit.
    pub async fn create_data_source(
        &self,
        identity: &Identity,
        name: String,
        kind: String,
        config: Map<String, Value>,
    ) -> Result<Integration, Problem> {
        if UNSUPPORTED.contains(&kind.as_str()) {
            let detail = format!("Data sources of the type {kind} cannot be used yet; use api.");
            return Err(Problem::new(&codes::PROVIDER_UNSUPPORTED, detail)
                .field("/type", "it cannot be used yet"));
        }
        if !USABLE.contains(&kind.as_str()) {
            let message = "it is api or custom (agent and database cannot be used yet)";
            return Err(body::wrong(&codes::INVALID, "/type", message));
        }
        let provider = label(&config).unwrap_or_default();
        let mode = self.mode_of(&provider, &config);
        let draft = IntegrationDraft {
            name,
            provider,
            kind,
            mode: Some(mode),
            enabled: true,
            config,
            flexible: true,
            ..IntegrationDraft::default()
        };
        Ok(self.create_integration(identity, draft).await?.integration)
    }

    /// All that the provider can do; one that only pushes is asked nevertheless when there is an address.
    pub(crate) fn mode_of(&self, provider: &str, config: &Map<String, Value>) -> Mode {
        match self.catalog().get(&provider.to_lowercase()) {
            Some(known) if !known.pulls() && !aliases::config(config).contains_key("base_url") => {
                Mode::of(known)
            }
            Some(known) if known.pulls() => {
                Mode::of(&resolve(self.catalog(), provider, Mode::Pull, config))
            }
            _ => Mode::Pull,
        }
    }
}

/// What the configuration calls its provider.
fn label(config: &Map<String, Value>) -> Option<String> {
    config.get("provider").and_then(Value::as_str).map(str::to_owned)
}

/// A data source as it is printed: what was said, secrets masked.
pub fn data_source_view(it: &Integration) -> Value {
    json!({
        "id": it.id,
        "name": it.name,
        "type": it.kind,
        "config": it.config,
        "created_at": it.created_at,
        "updated_at": it.updated_at,
    })
}
