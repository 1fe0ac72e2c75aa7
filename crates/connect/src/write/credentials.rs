//! Storing, rotating, changing and deleting credentials.

use accounts::gate::{Identity, not_found};
use db::{Change, Tx};
use kernel::{CredentialId, IntegrationId, Problem, WidgetConfigId, codes, looks_secret};
use serde_json::{Map, Value, json};

use super::changed::IntegrationChanged;
use super::{check_name, checked, fresh, rotate, rules, tell};
use crate::cache::CREDENTIAL;
use crate::store::credentials::{self, Stored};
use crate::{
    Connect, Credential, CredentialOwner, CredentialScope, Integration, body, expiry, masking,
};

/// A credential that is about to be stored.
#[derive(Clone, Debug, Default)]
pub struct CredentialDraft {
    /// The integration that it is for, if it is for one.
    pub integration_id: Option<IntegrationId>,
    /// The provider; the integration's unless said.
    pub provider: Option<String>,
    /// What the caller calls its sort.
    pub kind: String,
    /// What people call it.
    pub name: Option<String>,
    /// Whose it is: the widget config's if one is named, else the workspace's, unless said.
    pub scope: Option<CredentialScope>,
    /// The widget config that owns it.
    pub widget_config_id: Option<WidgetConfigId>,
    /// The secrets.
    pub fields: Map<String, Value>,
    /// What else is to be known of it; nothing secret.
    pub metadata: Map<String, Value>,
}

/// What is to change of a credential; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct CredentialChange {
    /// What people call it.
    pub name: Option<String>,
    /// All that is to be known of it.
    pub metadata: Option<Map<String, Value>>,
    /// The integration to use it for, where it is for none yet.
    pub integration_id: Option<IntegrationId>,
    /// Fields to replace; `null` removes one, the mask keeps it.
    pub fields: Option<Map<String, Value>>,
}

impl Connect {
    /// Stores a credential.
    ///
    /// # Errors
    /// `credential.owner` unless exactly one owner is named, `credential.invalid`, `request.conflict` when
    /// the owner has one already.
    pub async fn create_credential(
        &self,
        identity: &Identity,
        draft: CredentialDraft,
    ) -> Result<Credential, Problem> {
        let owner = owner(identity, &draft)?;
        refuse_secrets(&draft.metadata)?;
        let workspace = &identity.workspace;
        let mut tx = workspace.write().await?;
        let integration = match draft.integration_id {
            Some(id) => Some(self.listed(&mut tx, identity, id).await?.integration),
            None => None,
        };
        let provider = match (&draft.provider, &integration) {
            (Some(provider), None) if !provider.trim().is_empty() => provider.clone(),
            (_, Some(integration)) => integration.provider.clone(),
            _ => {
                let message = "name the integration or the provider that it is for";
                return Err(body::wrong(&codes::INVALID, "/integration_id", message));
            }
        };
        let of_integration = match owner {
            CredentialOwner::Network => None,
            CredentialOwner::Workspace | CredentialOwner::Widget(_) => integration.as_ref(),
        };
        self.refuse_second(&mut tx, identity, of_integration, owner, &provider).await?;
        let rules = match &integration {
            Some(integration) => rules(integration),
            None => self.rules_without_integration(owner, &provider),
        };
        let fields = checked(&draft.fields, &Map::new(), rules.as_ref())?;
        let rules = rules.as_ref();
        let mut stored = fresh(&tx, workspace, of_integration, &provider, owner, &fields, rules)?;
        if let Some(name) = draft.name {
            check_name(&name)?;
            stored.credential.name = name;
        }
        stored.credential.kind = draft.kind;
        stored.credential.metadata = draft.metadata;
        credentials::put(&mut tx, &stored).await?;
        let detail = describe(&stored.credential);
        tell(&mut tx, identity, "credential.created", stored.credential.id, detail).await?;
        self.finish(tx, stored.credential).await
    }

    /// Whether a credential is for a provider and belongs to no integration yet.
    ///
    /// # Errors
    /// `request.not_found`, `credential.invalid` for one of another provider, `request.conflict` for one that
    /// an integration has.
    pub async fn check_unattached(
        &self,
        identity: &Identity,
        id: CredentialId,
        provider: &str,
    ) -> Result<(), Problem> {
        let mut tx = identity.workspace.read().await?;
        let credential = found(&mut tx, identity, id).await?.credential;
        if credential.provider != provider {
            let detail =
                format!("The credential is for {}, not for {provider}.", credential.provider);
            return Err(Problem::new(&codes::CREDENTIAL_INVALID, detail));
        }
        if credential.integration_id.is_some() {
            let detail = "The credential belongs to an integration; run actions through that one.";
            return Err(Problem::new(&codes::CONFLICT, detail));
        }
        Ok(())
    }

    /// Stores the credential of an integration's owner, new or in place of the one that is there.
    ///
    /// # Errors
    /// As for [`Connect::create_credential`].
    pub async fn put_credential(
        &self,
        identity: &Identity,
        integration: IntegrationId,
        widget_config: Option<WidgetConfigId>,
        fields: Map<String, Value>,
        metadata: Option<Map<String, Value>>,
    ) -> Result<Credential, Problem> {
        let mut tx = identity.workspace.read().await?;
        let workspace = identity.workspace.id();
        let found = credentials::of_owner(&mut tx, workspace, integration, widget_config).await?;
        drop(tx);
        let Some(found) = found else {
            let draft = CredentialDraft {
                integration_id: Some(integration),
                widget_config_id: widget_config,
                fields,
                metadata: metadata.unwrap_or_default(),
                ..CredentialDraft::default()
            };
            return self.create_credential(identity, draft).await;
        };
        let id = found.credential.id;
        let rotated = self.rotate_credential(identity, id, fields).await?;
        match metadata {
            None => Ok(rotated),
            Some(metadata) => {
                let change = CredentialChange { metadata: Some(metadata), ..Default::default() };
                self.change_credential(identity, id, change).await
            }
        }
    }

    /// Puts other secrets in the place of those that are there, under the same id.
    ///
    /// # Errors
    /// `request.not_found`, `credential.invalid`.
    pub async fn rotate_credential(
        &self,
        identity: &Identity,
        id: CredentialId,
        fields: Map<String, Value>,
    ) -> Result<Credential, Problem> {
        let workspace = &identity.workspace;
        let mut tx = workspace.write().await?;
        let mut stored = found(&mut tx, identity, id).await?;
        let integration = self.integration_of(&mut tx, identity, &stored).await?;
        let known = stored.open(workspace.db()).await?;
        let rules = self.rules_of(&stored, integration.as_ref());
        let mut whole = checked(&fields, &known, rules.as_ref())?;
        // What stands masked in the configuration is not part of what is posted as credentials.
        let masked = integration.map(|it| masking::masked(&it.config)).unwrap_or_default();
        for place in masked {
            if let (false, Some(kept)) = (whole.contains_key(&place), known.get(&place)) {
                whole.insert(place, kept.clone());
            }
        }
        expiry::say_no_more(&mut stored.credential);
        rotate(&mut tx, workspace, &mut stored, &whole, rules.as_ref()).await?;
        let detail = describe(&stored.credential);
        tell(&mut tx, identity, "credential.rotated", id, detail).await?;
        self.finish(tx, stored.credential).await
    }

    /// Changes a credential. Other secrets count as a rotation.
    ///
    /// # Errors
    /// `request.not_found`, `credential.invalid`, `request.conflict` when the integration has one already.
    pub async fn change_credential(
        &self,
        identity: &Identity,
        id: CredentialId,
        change: CredentialChange,
    ) -> Result<Credential, Problem> {
        let workspace = &identity.workspace;
        let mut tx = workspace.write().await?;
        let mut stored = found(&mut tx, identity, id).await?;
        if let Some(name) = change.name {
            check_name(&name)?;
            stored.credential.name = name;
        }
        match change.metadata {
            Some(metadata) => {
                refuse_secrets(&metadata)?;
                stored.credential.metadata = metadata;
            }
            None if change.fields.is_some() => expiry::say_no_more(&mut stored.credential),
            None => {}
        }
        if let Some(wanted) =
            change.integration_id.filter(|id| stored.credential.integration_id != Some(*id))
        {
            if stored.credential.integration_id.is_some()
                || stored.credential.owner != CredentialOwner::Workspace
            {
                let message = "it belongs elsewhere already; store another one";
                return Err(body::wrong(&codes::CREDENTIAL_OWNER, "/integration_id", message));
            }
            let target = self.listed(&mut tx, identity, wanted).await?.integration;
            let owner = stored.credential.owner;
            self.refuse_second(&mut tx, identity, Some(&target), owner, &target.provider).await?;
            stored.credential.integration_id = Some(wanted);
        }
        let mut action = "credential.updated";
        match change.fields {
            None => {
                stored.credential.updated_at = tx.now();
                credentials::put(&mut tx, &stored).await?;
            }
            Some(fields) => {
                let integration = self.integration_of(&mut tx, identity, &stored).await?;
                let known = stored.open(workspace.db()).await?;
                let mut whole = known.clone();
                for (name, value) in fields {
                    if value.is_null() {
                        whole.remove(&name);
                    } else {
                        whole.insert(name, value);
                    }
                }
                let places = integration.as_ref().map(|it| masking::masked(&it.config));
                let places = places.unwrap_or_default();
                let (taken_out, posted): (Map<_, _>, Map<_, _>) =
                    whole.into_iter().partition(|(name, _)| places.contains(name));
                let rules = self.rules_of(&stored, integration.as_ref());
                let mut whole = checked(&posted, &known, rules.as_ref())?;
                whole.extend(taken_out);
                rotate(&mut tx, workspace, &mut stored, &whole, rules.as_ref()).await?;
                action = "credential.rotated";
            }
        }
        let detail = describe(&stored.credential);
        tell(&mut tx, identity, action, id, detail).await?;
        self.finish(tx, stored.credential).await
    }

    /// Deletes a credential.
    ///
    /// # Errors
    /// `request.not_found`.
    pub async fn delete_credential(
        &self,
        identity: &Identity,
        id: CredentialId,
    ) -> Result<(), Problem> {
        let mut tx = identity.workspace.write().await?;
        let gone = found(&mut tx, identity, id).await?.credential;
        credentials::delete(&mut tx, identity.workspace.id(), id).await?;
        tell(&mut tx, identity, "credential.deleted", id, describe(&gone)).await?;
        self.commit(tx, gone).await.map(drop)
    }

    /// What its integration could not do before, it may be able to do now.
    async fn finish(&self, mut tx: Tx, credential: Credential) -> Result<Credential, Problem> {
        if let Some(integration) = credential.integration_id {
            let change = IntegrationChanged::default();
            let which = (credential.provider.as_str(), integration);
            self.follow(&mut tx, credential.workspace, which, &change).await?;
        }
        self.commit(tx, credential).await
    }

    async fn commit(&self, tx: Tx, credential: Credential) -> Result<Credential, Problem> {
        tx.commit().await?;
        self.0.verdicts.pin().remove(&credential.id);
        self.0.cache.forget(&Change::noun(CREDENTIAL, credential.workspace, credential.id));
        Ok(credential)
    }

    pub(crate) async fn integration_of(
        &self,
        tx: &mut Tx,
        identity: &Identity,
        stored: &Stored,
    ) -> Result<Option<Integration>, Problem> {
        match stored.credential.integration_id {
            Some(id) => Ok(Some(self.listed(tx, identity, id).await?.integration)),
            None => Ok(None),
        }
    }

    fn rules_of(&self, stored: &Stored, integration: Option<&Integration>) -> Option<Value> {
        match integration {
            Some(integration) => rules(integration),
            None => {
                self.rules_without_integration(stored.credential.owner, &stored.credential.provider)
            }
        }
    }

    /// What the network shares is used by every integration of the provider, so it must fit it. What a
    /// workspace keeps for later may hold anything.
    fn rules_without_integration(&self, owner: CredentialOwner, provider: &str) -> Option<Value> {
        let is_shared = matches!(owner, CredentialOwner::Network);
        let known = self.catalog().get(&provider.to_lowercase()).filter(|_| is_shared);
        known.map(|provider| provider.credentials.clone())
    }

    async fn refuse_second(
        &self,
        tx: &mut Tx,
        identity: &Identity,
        integration: Option<&Integration>,
        owner: CredentialOwner,
        provider: &str,
    ) -> Result<(), Problem> {
        let there = match (owner, integration) {
            (CredentialOwner::Network, _) => {
                let mut all = self.0.db.system(false).await?;
                credentials::of_network(&mut all, provider).await?
            }
            (owner, Some(integration)) => {
                let config = owner.widget_config();
                if config.is_some() && integration.credential_scope != CredentialScope::Widget {
                    let message = "the integration uses the credentials of the workspace; those of a \
                                   widget would have no effect";
                    return Err(body::wrong(
                        &codes::CREDENTIAL_OWNER,
                        "/widget_config_id",
                        message,
                    ));
                }
                let workspace = identity.workspace.id();
                credentials::of_owner(tx, workspace, integration.id, config).await?
            }
            (_, None) => None,
        };
        match there {
            Some(there) => Err(Problem::new(
                &codes::CONFLICT,
                format!("There is one already; rotate {}.", there.credential.id),
            )),
            None => Ok(()),
        }
    }
}

/// Exactly one owner.
fn owner(identity: &Identity, draft: &CredentialDraft) -> Result<CredentialOwner, Problem> {
    let wrong = |at, message| Err(body::wrong(&codes::CREDENTIAL_OWNER, at, message));
    match (draft.scope, draft.widget_config_id) {
        (None | Some(CredentialScope::Widget), Some(_)) if draft.integration_id.is_none() => {
            wrong("/integration_id", "the credentials of a widget are for one integration; name it")
        }
        (None | Some(CredentialScope::Widget), Some(id)) => Ok(CredentialOwner::Widget(id)),
        (Some(CredentialScope::Widget), None) => {
            wrong("/widget_config_id", "name the widget config that owns it")
        }
        (Some(_), Some(_)) => {
            wrong("/widget_config_id", "a widget config owns it, or the scope does, not both")
        }
        (None | Some(CredentialScope::Workspace), None) => Ok(CredentialOwner::Workspace),
        (Some(CredentialScope::Network), None) if identity.instance_owner => {
            Ok(CredentialOwner::Network)
        }
        (Some(CredentialScope::Network), None) => Err(Problem::new(
            &codes::MISSING_ROLE,
            "Only the owner of the instance can share a credential with every workspace.",
        )),
    }
}

/// Metadata is shown to whoever may look.
fn refuse_secrets(metadata: &Map<String, Value>) -> Result<(), Problem> {
    expiry::check(metadata)?;
    let secret = metadata.iter().find(|(name, value)| looks_secret(name) && !value.is_boolean());
    match secret {
        Some((name, _)) => {
            let pointer = format!("/metadata/{}", masking::escape(name));
            let message = "metadata is shown; a secret belongs in credentials";
            Err(body::wrong(&codes::CREDENTIAL_INVALID, pointer, message))
        }
        None => Ok(()),
    }
}

async fn found(tx: &mut Tx, identity: &Identity, id: CredentialId) -> Result<Stored, Problem> {
    let stored = credentials::get(tx, identity.workspace.id(), id).await?;
    let stored = stored.ok_or_else(|| not_found("credential"))?;
    if stored.credential.owner == CredentialOwner::Network && !identity.instance_owner {
        let detail = "Only the owner of the instance can change what every workspace uses.";
        return Err(Problem::new(&codes::MISSING_ROLE, detail));
    }
    Ok(stored)
}

fn describe(it: &Credential) -> Value {
    json!({
        "integration_id": it.integration_id,
        "provider": it.provider,
        "scope": it.owner.scope(),
        "version": it.version,
        "fields": it.fields,
    })
}
