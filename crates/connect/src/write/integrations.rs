//! Making, changing and deleting integrations.

use accounts::gate::{Identity, not_found};
use db::{Change, DbError, args};
use kernel::{FeedId, FieldError, IntegrationId, Problem, WidgetId, codes, looks_secret};
use serde_json::{Map, Value, json};

use super::changed::IntegrationChanged;
use super::{check_name, checked, keep, rules, tell};
use crate::cache::INTEGRATION;
use crate::masking::{self, Split};
use crate::service::resolve;
use crate::store::{credentials, integrations};
use crate::{
    Connect, CredentialOwner, CredentialScope, Integration, Listed, Mode, PullConfig, PushConfig,
    Quota, aliases, body, schemas,
};

/// An integration that is about to be made.
#[derive(Clone, Debug, Default)]
pub struct IntegrationDraft {
    /// What people call it.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// The provider, or a label for it.
    pub provider: String,
    /// What the caller calls its sort; the provider's id unless said.
    pub kind: String,
    /// Which way data comes; all that the provider can do unless said.
    pub mode: Option<Mode>,
    /// Whether it is in use at once.
    pub enabled: bool,
    /// Whose credentials it uses.
    pub credential_scope: CredentialScope,
    /// The widget that it belongs to.
    pub widget_id: Option<WidgetId>,
    /// The configuration; secrets in it are taken out.
    pub config: Map<String, Value>,
    /// Settings for pulls.
    pub pull: PullConfig,
    /// Settings for pushes.
    pub push: PushConfig,
    /// Its app's limits, where they are not the provider's usual ones.
    pub quota: Quota,
    /// A schema of its own for the configuration.
    pub config_schema: Option<Value>,
    /// A schema of its own for the credentials.
    pub credential_schema: Option<Value>,
    /// The workspace's credentials, stored along with it.
    pub credentials: Option<Map<String, Value>>,
    /// Whether the configuration may say anything, and the provider may be a label.
    pub flexible: bool,
}

/// What is to change; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct IntegrationPatch {
    /// What people call it.
    pub name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// Whether it is in use.
    pub enabled: Option<bool>,
    /// Which way data comes.
    pub mode: Option<Mode>,
    /// Whose credentials it uses.
    pub credential_scope: Option<CredentialScope>,
    /// The widget that it feeds, or none.
    pub widget_id: Option<Option<WidgetId>>,
    /// The whole configuration; masks in it keep what is stored.
    pub config: Option<Map<String, Value>>,
    /// All settings for pulls.
    pub pull: Option<PullConfig>,
    /// All settings for pushes.
    pub push: Option<PushConfig>,
    /// All of its app's limits that are not the provider's usual ones.
    pub quota: Option<Quota>,
    /// A schema of its own for the configuration, or none.
    pub config_schema: Option<Option<Value>>,
    /// A schema of its own for the credentials, or none.
    pub credential_schema: Option<Option<Value>>,
    /// The workspace's credentials; masks in them keep what is stored.
    pub credentials: Option<Map<String, Value>>,
}

impl Connect {
    /// Makes an integration.
    ///
    /// # Errors
    /// A problem that names every field that does not fit.
    pub async fn create_integration(
        &self,
        identity: &Identity,
        draft: IntegrationDraft,
    ) -> Result<Listed, Problem> {
        let workspace = &identity.workspace;
        let now = workspace.db().clock().now();
        let id = IntegrationId::generate(now, workspace.db().entropy());
        let (mut integration, given) = self.read_draft(id, now, draft)?;
        let mut whole = std::mem::take(&mut integration.config);
        let lifted = lift(&integration, &mut whole);
        let Split { config, secrets } = self.split(&integration, &whole, &Map::new())?;
        integration.config = config;
        self.check(&integration, &whole)?;
        let mut fields = match given.or((!lifted.is_empty()).then(Map::new)) {
            Some(mut given) => {
                given.extend(lifted);
                checked(&given, &Map::new(), rules(&integration).as_ref())?
            }
            None => Map::new(),
        };
        fields.extend(secrets);

        let mut tx = workspace.write().await?;
        integrations::insert(&mut tx, workspace.id(), &integration).await.map_err(unwritten)?;
        let owner = CredentialOwner::Workspace;
        let done = keep(&mut tx, workspace, &integration, owner, None, &fields).await?;
        if let Some((action, credential)) = done {
            let detail = json!({ "integration_id": id, "provider": integration.provider });
            tell(&mut tx, identity, action, credential, detail).await?;
        }
        let detail = json!({ "name": integration.name, "provider": integration.provider });
        announce(&mut tx, identity, "integration.created", id, detail).await?;
        let change = IntegrationChanged { is_new: true, ..Default::default() };
        self.follow(&mut tx, workspace.id(), (&integration.provider, id), &change).await?;
        let listed = self.listed(&mut tx, identity, id).await?;
        tx.commit().await?;
        Ok(listed)
    }

    /// Changes an integration.
    ///
    /// # Errors
    /// `request.not_found`, or a problem that names every field that does not fit.
    pub async fn update_integration(
        &self,
        identity: &Identity,
        id: IntegrationId,
        patch: IntegrationPatch,
    ) -> Result<Listed, Problem> {
        let workspace = &identity.workspace;
        let mut tx = workspace.write().await?;
        let before = self.listed(&mut tx, identity, id).await?.integration;
        let stored = credentials::of_owner(&mut tx, workspace.id(), id, None).await?;
        let known = match &stored {
            Some(stored) => stored.open(workspace.db()).await?,
            None => Map::new(),
        };
        let mut after = before.clone();
        let changed = apply(&mut after, &patch);
        after.updated_at = tx.now();
        let taken_out = masking::masked(&before.config);
        let (mut whole, _) = masking::reveal(&before.config, &known);
        let mut lifted = Map::new();
        let mut secrets: Map<String, Value> =
            known.clone().into_iter().filter(|(place, _)| taken_out.contains(place)).collect();
        if let Some(mut config) = patch.config {
            lifted = lift(&after, &mut config);
            let split = self.split(&after, &config, &known)?;
            (after.config, secrets) = (split.config, split.secrets);
            whole = masking::reveal(&after.config, &secrets).0;
        }
        after.provider_def = resolve(self.catalog(), &after.provider, after.mode, &after.config);
        self.check(&after, &whole)?;
        let mut fields = match patch.credentials.or((!lifted.is_empty()).then(Map::new)) {
            Some(mut given) => {
                given.extend(lifted);
                checked(&given, &known, rules(&after).as_ref())?
            }
            None => known.into_iter().filter(|(place, _)| !taken_out.contains(place)).collect(),
        };
        fields.extend(secrets);

        integrations::update(&mut tx, workspace.id(), &after).await.map_err(unwritten)?;
        let owner = CredentialOwner::Workspace;
        let done = keep(&mut tx, workspace, &after, owner, stored, &fields).await?;
        if let Some((action, credential)) = done {
            let detail = json!({ "integration_id": id, "provider": after.provider });
            tell(&mut tx, identity, action, credential, detail).await?;
        }
        let detail = json!({ "changed": changed, "provider": after.provider });
        announce(&mut tx, identity, "integration.updated", id, detail).await?;
        if before.enabled != after.enabled {
            let kind = if after.enabled { "integration.enabled" } else { "integration.disabled" };
            tx.emit(workspace.id(), kind, id, json!({ "name": after.name })).await?;
        }
        let change = IntegrationChanged::default();
        self.follow(&mut tx, workspace.id(), (&after.provider, id), &change).await?;
        let listed = self.listed(&mut tx, identity, id).await?;
        tx.commit().await?;
        self.0.cache.forget(&Change::noun(INTEGRATION, workspace.id(), id));
        Ok(listed)
    }

    /// Deletes an integration with its credentials and feeds.
    ///
    /// # Errors
    /// `request.not_found`.
    pub async fn delete_integration(
        &self,
        identity: &Identity,
        id: IntegrationId,
    ) -> Result<(), Problem> {
        let workspace = &identity.workspace;
        if self.integration(workspace, id).await?.is_some() {
            self.tell_leaving(workspace, id, None).await;
        }
        let mut tx = workspace.write().await?;
        let gone = self.listed(&mut tx, identity, id).await?.integration;
        let feeds = tx
            .fetch_all(
                "SELECT id FROM feeds WHERE workspace_id = $1 AND integration_id = $2",
                args![workspace.id(), id],
            )
            .await?;
        let feeds = feeds.iter().map(|row| row.parse("id")).collect::<Result<Vec<FeedId>, _>>()?;
        integrations::delete(&mut tx, workspace.id(), id).await?;
        let detail = json!({ "name": gone.name, "provider": gone.provider, "feeds": feeds });
        announce(&mut tx, identity, "integration.deleted", id, detail).await?;
        let change = IntegrationChanged { gone: feeds, ..Default::default() };
        self.follow(&mut tx, workspace.id(), (&gone.provider, id), &change).await?;
        tx.commit().await?;
        self.0.cache.forget(&Change::noun(INTEGRATION, workspace.id(), id));
        Ok(())
    }

    /// An integration as a list shows it.
    pub(crate) async fn listed(
        &self,
        tx: &mut db::Tx,
        identity: &Identity,
        id: IntegrationId,
    ) -> Result<Listed, Problem> {
        let found = integrations::get(tx, self.catalog(), identity.workspace.id(), id).await?;
        found.ok_or_else(|| not_found("integration"))
    }

    pub(crate) fn read_draft(
        &self,
        id: IntegrationId,
        now: kernel::Timestamp,
        draft: IntegrationDraft,
    ) -> Result<(Integration, Option<Map<String, Value>>), Problem> {
        check_name(&draft.name)?;
        let strict = !draft.flexible && draft.widget_id.is_none();
        let provider = match strict {
            true => Some(self.provider(&draft.provider)?),
            false => self.catalog().get(&draft.provider.to_lowercase()),
        };
        let mode =
            draft.mode.unwrap_or_else(|| provider.map_or(Mode::Pull, |it| Mode::of(it.as_ref())));
        let provider_def = resolve(self.catalog(), &draft.provider, mode, &draft.config);
        if strict && provider.is_some_and(|it| it.id != provider_def.id) {
            let message = format!("the provider {} cannot do that", draft.provider);
            return Err(body::wrong(&codes::INVALID, "/mode", message));
        }
        let kind = if draft.kind.is_empty() { provider_def.id.clone() } else { draft.kind };
        let open = draft.flexible.then(schemas::open);
        let integration = Integration {
            id,
            name: draft.name,
            description: draft.description,
            provider: if draft.provider.is_empty() {
                provider_def.id.clone()
            } else {
                draft.provider
            },
            provider_def,
            kind,
            enabled: draft.enabled,
            mode,
            credential_scope: draft.credential_scope,
            widget_id: draft.widget_id,
            config: draft.config,
            pull: draft.pull,
            push: draft.push,
            quota: draft.quota,
            config_schema: draft.config_schema.or(open),
            credential_schema: draft.credential_schema,
            created_at: now,
            updated_at: now,
        };
        // An empty form is no form: the provider may need nothing.
        Ok((integration, draft.credentials.filter(|given| !given.is_empty())))
    }

    pub(crate) fn split(
        &self,
        integration: &Integration,
        config: &Map<String, Value>,
        known: &Map<String, Value>,
    ) -> Result<Split, Problem> {
        let sensitive = catalog::schema::sensitive(&integration.config_rules());
        masking::split(config, known, &sensitive).map_err(|errors| {
            let under = errors.into_iter().map(|it| FieldError {
                pointer: format!("/config{}", it.pointer),
                message: it.message,
            });
            body::problem(&codes::CONFIG_INVALID, under.collect())
        })
    }

    /// Checks everything but the credentials. `whole` is the configuration with its secrets.
    pub(crate) fn check(
        &self,
        integration: &Integration,
        whole: &Map<String, Value>,
    ) -> Result<(), Problem> {
        check_name(&integration.name)?;
        for (at, own) in [
            ("/config_schema", &integration.config_schema),
            ("/credential_schema", &integration.credential_schema),
        ] {
            let problems = own.as_ref().map(|own| schemas::problems(own, at)).unwrap_or_default();
            body::refuse(&codes::INVALID, problems)?;
        }
        let mut config_rules = integration.config_rules();
        if integration.widget_id.is_some() {
            // What is required comes with the options of each widget.
            config_rules = schemas::of_a_part(config_rules);
        }
        let errors = schemas::errors(&config_rules, whole, "/config");
        body::refuse(&codes::CONFIG_INVALID, errors)?;
        let inert = |at: &str, what: &str| {
            let message = format!("it has no effect on an integration that {what}");
            body::wrong(&codes::INVALID, at, message)
        };
        if !integration.mode.pulls() && !integration.pull.is_empty() {
            return Err(inert("/pull", "is only pushed to"));
        }
        if !integration.mode.pushes() && !integration.push.is_empty() {
            return Err(inert("/push", "is only pulled from"));
        }
        let errors = integration.pull.problems("/pull");
        if !errors.is_empty() {
            return Err(PullConfig::problem(errors));
        }
        let limits = integration.provider_def.rate_limit.as_ref();
        body::refuse(&codes::INVALID, integration.quota.problems(limits))?;
        match &integration.provider_def.push {
            Some(push) if integration.mode.pushes() => {
                body::refuse(&codes::INVALID, integration.push.problems(push, "/push"))
            }
            _ => Ok(()),
        }
    }
}

/// Takes credentials out of a configuration that they do not belong to; the schema of the credentials
/// knows them.
pub(crate) fn lift(
    integration: &Integration,
    config: &mut Map<String, Value>,
) -> Map<String, Value> {
    if integration.is_flexible() {
        return Map::new();
    }
    let (rules, credential_rules) = (integration.config_rules(), integration.credential_rules());
    let (known, wanted) = (schemas::fields(&rules), schemas::fields(&credential_rules));
    let names: Vec<String> = config.keys().cloned().collect();
    let mut lifted = Map::new();
    for name in names {
        let field = [name.clone(), aliases::snake_case(&name)]
            .into_iter()
            .find(|field| wanted.contains_key(field));
        if let (false, true, Some(field)) = (known.contains_key(&name), looks_secret(&name), field)
            && let Some(value) = config.remove(&name)
        {
            lifted.insert(field, value);
        }
    }
    lifted
}

/// Applies all but the configuration and the credentials, and says what changes.
fn apply(it: &mut Integration, patch: &IntegrationPatch) -> Vec<&'static str> {
    let mut changed = Vec::new();
    macro_rules! take {
        ($($field:ident)*) => {$(
            if let Some(value) = &patch.$field && it.$field != *value {
                it.$field = value.clone();
                changed.push(stringify!($field));
            }
        )*};
    }
    take! {
        name description enabled mode credential_scope widget_id pull push quota config_schema credential_schema
    }
    changed.extend(patch.config.as_ref().map(|_| "config"));
    changed
}

/// All that an integration can dangle from is its widget.
fn unwritten(error: DbError) -> Problem {
    match error {
        DbError::Dangling => not_found("widget").field("/widget_id", "there is no such widget"),
        other => other.into(),
    }
}

async fn announce(
    tx: &mut db::Tx,
    identity: &Identity,
    action: &str,
    id: IntegrationId,
    detail: Value,
) -> Result<(), Problem> {
    let workspace = identity.workspace.id();
    accounts::audit::record(tx, identity, action, id, detail.clone()).await?;
    tx.emit(workspace, action, id, detail).await?;
    tx.changed(Change::noun(INTEGRATION, workspace, id));
    Ok(())
}
