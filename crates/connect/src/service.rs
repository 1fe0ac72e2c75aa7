//! What the rooms above use: integrations from memory, credentials opened for a use and audited, and
//! notes on how it went.

use accounts::gate::{Actor, not_found};
use catalog::{Catalog, Provider};
use db::{Batcher, Db, DbError, Signal, Worker, Workspace};
use egress::Egress;
use kernel::{
    CredentialId, FieldError, IntegrationId, Problem, Timestamp, WidgetConfigId, WorkspaceId, codes,
};
use papaya::HashMap;
use serde_json::{Map, Value};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::cache::Cache;
use crate::expiry::ExpiryJob;
use crate::oauth::device::DeviceJob;
use crate::oauth::metadata::Metadata;
use crate::quota::keep::Keeper;
use crate::refresh::flight::Flights;
use crate::refresh::job::RefreshJob;
use crate::store::credentials::Stored;
use crate::uses::{Use, Uses};
use crate::{CredentialScope, Credentials, Farewell, Integration, Mode, aliases, schemas, store};

/// Integrations and their credentials. Cheap to clone; all clones are the same.
#[derive(Clone)]
pub struct Connect(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) db: Db,
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) egress: Egress,
    pub(crate) cache: Arc<Cache>,
    pub(crate) public_url: String,
    uses: Batcher<Uses>,
    /// When each integration's success was last written down.
    synced: HashMap<IntegrationId, Timestamp>,
    /// When it was last told that an app's secret is used to renew tokens.
    told: HashMap<(CredentialId, IntegrationId), Timestamp>,
    /// What providers last said of credentials, and when that was written down.
    pub(crate) verdicts: HashMap<CredentialId, (bool, Timestamp)>,
    pub(crate) flights: Flights,
    pub(crate) quotas: Keeper,
    pub(crate) metadata: Metadata,
    /// Who is told before anything goes.
    pub(crate) farewell: OnceLock<Arc<dyn Farewell>>,
}

/// A success is written down once in this time: a feed may be pulled every second.
const SYNC_NOTE: Duration = Duration::from_secs(5);
/// A provider's word on a credential is written down again after this time.
const VERDICT_NOTE: Duration = Duration::from_secs(60);
/// What the secret of an app is used for when tokens are renewed.
pub(crate) const RENEWAL: &str = "oauth.refresh";
/// That it is used so is told of once in this time.
const USE_NOTE: Duration = Duration::from_secs(3_600);
/// Audit entries in one statement.
const MOST_USES: usize = 1_000;
/// More notes than these, and they begin anew.
const MOST_NOTES: usize = 100_000;

impl Connect {
    /// The service. `public_url` is where the world reaches this instance, for the addresses of webhooks.
    pub fn new(
        db: Db,
        catalog: Arc<Catalog>,
        egress: Egress,
        public_url: impl Into<String>,
    ) -> Self {
        let cache = Arc::new(Cache::default());
        cache.follow(&db);
        let uses = Batcher::start(db.clone(), Uses(db.entropy().clone()), MOST_USES);
        let public_url = public_url.into().trim_end_matches('/').to_owned();
        let (synced, told, verdicts) = (HashMap::new(), HashMap::new(), HashMap::new());
        let (flights, quotas, metadata, farewell) = Default::default();
        let room = Self(Arc::new(Inner {
            db,
            catalog,
            egress,
            cache,
            public_url,
            uses,
            synced,
            told,
            verdicts,
            flights,
            quotas,
            metadata,
            farewell,
        }));
        room.keep_quotas();
        room
    }

    /// Registers the room's jobs.
    #[must_use]
    pub fn work(&self, worker: Worker) -> Worker {
        worker
            .handle(RefreshJob(self.clone()))
            .handle(DeviceJob(self.clone()))
            .handle(ExpiryJob(self.clone()))
    }

    /// Recalls what was spent of daily quotas, and ends what a crash left behind. For the start.
    ///
    /// # Errors
    /// [`DbError`] when it cannot be written.
    pub async fn recover(&self) -> Result<(), DbError> {
        self.recall_quotas().await?;
        if self.0.db.is_postgres() {
            // Another node may be asking; what a crash left ends with its lease.
            return Ok(());
        }
        let mut tx = self.0.db.system(true).await?;
        store::connections::end_leases(&mut tx).await?;
        tx.commit().await
    }

    /// Every provider there is.
    pub fn catalog(&self) -> &Arc<Catalog> {
        &self.0.catalog
    }

    /// The address that a sender pushes to. With a widget config, what is pushed there is its alone.
    pub fn webhook_url(&self, id: IntegrationId, widget_config: Option<WidgetConfigId>) -> String {
        let base = &self.0.public_url;
        match widget_config {
            Some(config) => format!("{base}/api/webhooks/widgets/{id}/{config}"),
            None => format!("{base}/api/webhooks/{id}"),
        }
    }

    /// Takes note of a signal before this room has come to it by itself. Another room that acts upon a
    /// change calls this first, and finds nothing here any more that is older than the change.
    pub fn hear(&self, signal: &Signal) {
        self.0.cache.hear(signal);
    }

    /// An integration of the workspace, from memory.
    ///
    /// # Errors
    /// [`DbError`] when it has to be read and cannot be.
    pub async fn integration(
        &self,
        workspace: &Workspace,
        id: IntegrationId,
    ) -> Result<Option<Arc<Integration>>, DbError> {
        if let Some((owner, found)) = self.0.cache.integration(id) {
            return Ok((owner == workspace.id()).then_some(found));
        }
        let mark = self.0.cache.mark();
        let mut tx = workspace.read().await?;
        let found = store::integrations::get(&mut tx, &self.0.catalog, workspace.id(), id).await?;
        Ok(found.map(|found| self.kept(mark, workspace.id(), found.integration)))
    }

    /// The integration of that id, whoever's it is: for addresses that name no workspace.
    ///
    /// # Errors
    /// [`DbError`] when it has to be read and cannot be.
    pub async fn integration_anywhere(
        &self,
        id: IntegrationId,
    ) -> Result<Option<(Workspace, Arc<Integration>)>, DbError> {
        if let Some((owner, found)) = self.0.cache.integration(id) {
            return Ok(Some((self.0.db.workspace(owner), found)));
        }
        let mark = self.0.cache.mark();
        let mut tx = self.0.db.system(false).await?;
        let found = store::integrations::anywhere(&mut tx, &self.0.catalog, id).await?;
        Ok(found.map(|(owner, found)| {
            (self.0.db.workspace(owner), self.kept(mark, owner, found.integration))
        }))
    }

    fn kept(&self, mark: u64, owner: WorkspaceId, integration: Integration) -> Arc<Integration> {
        let integration = Arc::new(integration);
        self.0.cache.keep_integration(mark, owner, &integration);
        integration
    }

    /// The credentials of an integration, opened for one use, which is audited. Those of the widget
    /// config come first, then the workspace's, then the network's, as far as the integration's scope
    /// goes.
    ///
    /// # Errors
    /// `credential.missing` when there are none and some are required.
    pub async fn credentials(
        &self,
        workspace: &Workspace,
        integration: &Integration,
        widget_config: Option<WidgetConfigId>,
        purpose: &'static str,
        actor: &Actor,
    ) -> Result<Credentials, Problem> {
        let Some(stored) = self.stored(workspace, integration, widget_config).await? else {
            if schemas::requires_any(&integration.credential_rules()) {
                let detail = format!(
                    "Store the credentials of {:?} first; it needs them.",
                    integration.name
                );
                return Err(Problem::new(&codes::CREDENTIAL_MISSING, detail));
            }
            return Ok(Credentials::default());
        };
        self.used(workspace, integration, &stored, purpose, actor).await
    }

    /// One certain credential of the workspace, opened for one use, which is audited.
    ///
    /// # Errors
    /// `request.not_found`, and `credential.invalid` for one of another provider.
    pub(crate) async fn named_credentials(
        &self,
        workspace: &Workspace,
        integration: &Integration,
        id: CredentialId,
        purpose: &'static str,
        actor: &Actor,
    ) -> Result<Credentials, Problem> {
        let mut tx = workspace.read().await?;
        let found = store::credentials::get(&mut tx, workspace.id(), id).await?;
        drop(tx);
        let stored = found.ok_or_else(|| not_found("credential"))?;
        if stored.credential.provider != integration.provider {
            let (theirs, ours) = (&stored.credential.provider, &integration.provider);
            let detail = format!("The credential is for {theirs}, not for {ours}.");
            return Err(Problem::new(&codes::CREDENTIAL_INVALID, detail));
        }
        self.used(workspace, integration, &stored, purpose, actor).await
    }

    /// An integration of the provider that a credential is for, with nothing configured: for who uses a
    /// credential that belongs to no integration. It is not kept.
    ///
    /// # Errors
    /// `request.not_found`, `provider.unknown`.
    pub async fn integration_of_credential(
        &self,
        workspace: &Workspace,
        id: CredentialId,
    ) -> Result<Arc<Integration>, Problem> {
        let mut tx = workspace.read().await?;
        let found = store::credentials::get(&mut tx, workspace.id(), id).await?;
        drop(tx);
        let credential = found.ok_or_else(|| not_found("credential"))?.credential;
        if let Some(id) = credential.integration_id {
            let found = self.integration(workspace, id).await?;
            return found.ok_or_else(|| not_found("integration"));
        }
        let provider = self.provider(&credential.provider)?.clone();
        Ok(Arc::new(Integration::of_credential(&credential, provider)))
    }

    async fn used(
        &self,
        workspace: &Workspace,
        integration: &Integration,
        stored: &Stored,
        purpose: &'static str,
        actor: &Actor,
    ) -> Result<Credentials, Problem> {
        let fields = stored.open(&self.0.db).await?;
        let used = Use {
            workspace: workspace.id(),
            actor: actor.to_string(),
            credential: stored.credential.id,
            integration: integration.id,
            purpose,
        };
        // Nobody waits for this entry while the writer keeps up with them.
        if self.is_told(&used) && !self.0.uses.offer(used.clone()) {
            self.0.uses.write(used).await?;
        }
        Ok(Credentials {
            id: Some(stored.credential.id),
            version: stored.credential.version,
            fields,
            is_shared: stored.credential.owner == crate::CredentialOwner::Network,
            access: None,
        })
    }

    /// Whether a use gets an entry of its own. An app's secret is used with each renewal of each of its
    /// connections' tokens: that is told of once an hour.
    fn is_told(&self, used: &Use) -> bool {
        if used.purpose != RENEWAL {
            return true;
        }
        let (told, now) = (self.0.told.pin(), self.0.db.clock().now());
        let key = (used.credential, used.integration);
        if told.get(&key).is_some_and(|at| now.since(*at) < USE_NOTE) {
            return false;
        }
        if told.len() >= MOST_NOTES {
            told.clear();
        }
        told.insert(key, now);
        true
    }

    /// The credential that an integration uses, sealed, from memory.
    pub(crate) async fn stored(
        &self,
        workspace: &Workspace,
        integration: &Integration,
        widget_config: Option<WidgetConfigId>,
    ) -> Result<Option<Arc<Stored>>, DbError> {
        let widget_config =
            widget_config.filter(|_| integration.credential_scope == CredentialScope::Widget);
        let key = (integration.id, widget_config);
        if let Some(kept) = self.0.cache.credential(&key) {
            return Ok(kept);
        }
        let mark = self.0.cache.mark();
        let found = self.read_stored(workspace, integration, widget_config).await?.map(Arc::new);
        self.0.cache.keep_credential(mark, workspace.id(), key, found.clone());
        Ok(found)
    }

    /// The same from the tables, for who must see the latest.
    pub(crate) async fn read_stored(
        &self,
        workspace: &Workspace,
        integration: &Integration,
        widget_config: Option<WidgetConfigId>,
    ) -> Result<Option<Stored>, DbError> {
        let mut tx = workspace.read().await?;
        let (owner, id) = (workspace.id(), integration.id);
        if widget_config.is_some() {
            let own = store::credentials::of_owner(&mut tx, owner, id, widget_config).await?;
            if own.is_some() {
                return Ok(own);
            }
        }
        let own = store::credentials::of_owner(&mut tx, owner, id, None).await?;
        if own.is_some() || integration.credential_scope != CredentialScope::Network {
            return Ok(own);
        }
        drop(tx);
        let mut tx = self.0.db.system(false).await?;
        store::credentials::of_network(&mut tx, &integration.provider).await
    }

    /// Notes whether the provider took a credential. What it keeps saying is written once a minute.
    ///
    /// # Errors
    /// [`DbError`] when it cannot be written.
    pub async fn mark_credential(
        &self,
        workspace: &Workspace,
        credential: CredentialId,
        valid: bool,
    ) -> Result<(), DbError> {
        let now = self.0.db.clock().now();
        let known = self.0.verdicts.pin().get(&credential).copied();
        if known.is_some_and(|(said, at)| said == valid && now.since(at) < VERDICT_NOTE) {
            return Ok(());
        }
        self.mark_version(workspace, credential, None, valid).await?;
        let verdicts = self.0.verdicts.pin();
        if verdicts.len() >= MOST_NOTES {
            verdicts.clear();
        }
        verdicts.insert(credential, (valid, now));
        Ok(())
    }

    /// The same for one version of it. What the network shares is marked by whoever uses it.
    pub(crate) async fn mark_version(
        &self,
        workspace: &Workspace,
        credential: CredentialId,
        version: Option<i64>,
        valid: bool,
    ) -> Result<(), DbError> {
        let mut tx = self.0.db.system(true).await?;
        store::credentials::mark(&mut tx, workspace.id(), credential, version, valid).await?;
        tx.commit().await
    }

    /// Notes how an exchange went. A row of successes is written down every few seconds at most.
    ///
    /// # Errors
    /// [`DbError`] when it cannot be written.
    pub async fn note_sync(
        &self,
        workspace: &Workspace,
        integration: IntegrationId,
        outcome: Result<(), &Problem>,
    ) -> Result<(), DbError> {
        let now = self.0.db.clock().now();
        let recent = self.0.synced.pin().get(&integration).copied();
        if outcome.is_ok() && recent.is_some_and(|at| now.since(at) < SYNC_NOTE) {
            return Ok(());
        }
        let error = outcome.err().map(|problem| (problem.code.name, problem.detail.as_str()));
        let mut tx = workspace.write().await?;
        store::integrations::note_sync(&mut tx, workspace.id(), integration, error).await?;
        tx.commit().await?;
        let notes = self.0.synced.pin();
        match error {
            Some(_) => drop(notes.remove(&integration)),
            None => {
                if notes.len() >= MOST_NOTES {
                    notes.clear();
                }
                notes.insert(integration, now);
            }
        }
        Ok(())
    }

    /// What is wrong with a configuration and credentials for a provider; empty when nothing is. Safe to
    /// call at any time.
    ///
    /// # Errors
    /// `provider.unknown`.
    pub fn validate(
        &self,
        provider: &str,
        config: &Map<String, Value>,
        credentials: Option<&Map<String, Value>>,
    ) -> Result<Vec<FieldError>, Problem> {
        let provider = self.provider(provider)?;
        let mut errors = schemas::errors(&provider.config, config, "/config");
        if let Some(credentials) = credentials {
            errors.extend(schemas::errors(&provider.credentials, credentials, "/credentials"));
        }
        Ok(errors)
    }

    /// What is wrong with the options of a widget as far as the integration knows them; a widget may
    /// have others, which are its own.
    pub fn check_options(
        &self,
        integration: &Integration,
        options: &Map<String, Value>,
    ) -> Vec<FieldError> {
        let rules = integration.config_rules();
        let known = schemas::fields(&rules);
        let own = options.iter().filter(|(name, _)| known.contains_key(*name));
        let mut own: Map<String, Value> =
            own.map(|(name, it)| (name.clone(), it.clone())).collect();
        // What is required may stand in either.
        for (name, value) in aliases::config(&integration.config) {
            if known.contains_key(&name) && !own.contains_key(&name) {
                own.insert(name, value);
            }
        }
        let mut errors = schemas::errors(&rules, &own, "/options");
        // Where the whole address is known, nothing hangs on a base.
        if integration.pull.url.is_some() && !own.contains_key("base_url") {
            errors.retain(|error| error.pointer != "/options/base_url");
        }
        errors
    }

    /// A jq program, compiled once.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn program(&self, text: &str) -> Result<catalog::jq::Program, Problem> {
        self.0.cache.program(text).map_err(|error| Problem::of(error.code(), &error))
    }

    /// A provider of the catalog.
    pub(crate) fn provider(&self, id: &str) -> Result<&Arc<Provider>, Problem> {
        self.0.catalog.get(id).ok_or_else(|| {
            let detail = format!("There is no provider {id:?}; GET /api/v1/providers lists them.");
            Problem::new(&codes::PROVIDER_UNKNOWN, detail)
                .field("/provider", "it is not in the catalog")
        })
    }
}

/// What decides how to speak with a provider of that name: the one of the catalog when it can do what is
/// asked, else a generic one, of which the name is only a label.
pub(crate) fn resolve(
    catalog: &Catalog,
    label: &str,
    mode: Mode,
    config: &Map<String, Value>,
) -> Arc<Provider> {
    let able = |provider: &&Arc<Provider>| {
        // One that only acts neither tells nor needs to be asked.
        let only_acts = provider.modes.is_empty() && mode == Mode::Pull;
        only_acts || (!mode.pulls() || provider.pulls()) && (!mode.pushes() || provider.pushes())
    };
    if let Some(known) = catalog.get(&label.to_lowercase()).filter(able) {
        return known.clone();
    }
    let speaks = |field: &str| config.get(field).and_then(Value::as_str).unwrap_or_default();
    let graphql = label.eq_ignore_ascii_case("graphql")
        || ["type", "apiType", "api_type", "protocol"]
            .iter()
            .any(|field| speaks(field).eq_ignore_ascii_case("graphql"));
    let asked = catalog.get(if graphql { "graphql" } else { "rest" });
    let tells = catalog.get("webhook");
    match (mode, asked, tells) {
        (Mode::Pull, Some(asked), _) => asked.clone(),
        (Mode::Push, _, Some(tells)) => tells.clone(),
        (Mode::Both, Some(asked), Some(tells)) => Arc::new(both(asked, tells)),
        // A catalog without the generic providers fails its own lint.
        _ => Arc::new(nothing(label)),
    }
}

/// A generic provider that is asked like one and tells like the other.
fn both(asked: &Provider, tells: &Provider) -> Provider {
    let mut both = asked.clone();
    both.modes = vec![catalog::Mode::Pull, catalog::Mode::Push];
    both.push = tells.push.clone();
    both.credentials = schemas::merged(Some(&asked.credentials), &tells.credentials);
    both
}

fn nothing(label: &str) -> Provider {
    let said = serde_json::json!({
        "schema": 1, "id": "rest", "name": label, "summary": "", "modes": [],
    });
    serde_json::from_value(said)
        .unwrap_or_else(|error| unreachable!("a provider of constants: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_is_itself_where_it_can_do_what_is_asked() {
        let catalog = Catalog::embedded().unwrap();
        let id = |label, mode| resolve(&catalog, label, mode, &Map::new()).id.clone();
        assert_eq!(id("github", Mode::Pull), "github");
        // One that only acts.
        assert_eq!(id("resend", Mode::Pull), "resend");
        assert_eq!(id("resend", Mode::Push), "webhook");
        // One that only tells.
        assert_eq!(id("twilio", Mode::Push), "twilio");
        assert_eq!(id("twilio", Mode::Pull), "rest");
    }
}
