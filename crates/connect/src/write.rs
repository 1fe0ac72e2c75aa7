//! Changing integrations and credentials: checked, sealed, audited and announced in one transaction.

mod captured;
pub(crate) mod changed;
mod credentials;
mod integrations;

pub use changed::{CHANGED, IntegrationChanged};
pub use credentials::{CredentialChange, CredentialDraft};
pub(crate) use integrations::lift;
pub use integrations::{IntegrationDraft, IntegrationPatch};

use db::{Change, Tx, Workspace};
use kernel::{CredentialId, FieldError, Problem, codes};
use serde_json::{Map, Value};

use crate::cache::CREDENTIAL;
use crate::store::credentials::{self as store, Stored};
use crate::{Credential, CredentialOwner, Integration, body, expiry, masking, schemas};

/// The longest name.
const MAX_NAME: usize = 200;

fn check_name(name: &str) -> Result<(), Problem> {
    if name.trim().is_empty() || name.chars().count() > MAX_NAME {
        let message = format!("it has 1 to {MAX_NAME} characters");
        return Err(body::wrong(&codes::INVALID, "/name", message));
    }
    Ok(())
}

/// Credentials with nothing masked that is not stored, as the integration's schema wants them.
fn checked(
    given: &Map<String, Value>,
    stored: &Map<String, Value>,
    rules: Option<&Value>,
) -> Result<Map<String, Value>, Problem> {
    let whole = masking::unmask(given, stored)
        .map_err(|errors| body::problem(&codes::CREDENTIAL_INVALID, errors))?;
    let mut errors = match rules {
        Some(rules) => schemas::errors(rules, &whole, "/credentials"),
        None => Vec::new(),
    };
    if whole.is_empty() {
        errors.push(FieldError {
            pointer: "/credentials".to_owned(),
            message: "there is nothing in it to store".to_owned(),
        });
    }
    body::refuse(&codes::CREDENTIAL_INVALID, errors)?;
    Ok(whole)
}

/// The rules that an integration has for what is posted as its credentials; a flexible one has none.
fn rules(integration: &Integration) -> Option<Value> {
    (!integration.is_flexible()).then(|| integration.credential_rules())
}

/// The credential of an owner for an integration: sealed anew if it is there and differs, made if it is
/// not, gone if nothing is left of it. Says what was done, if anything was.
async fn keep(
    tx: &mut Tx,
    workspace: &Workspace,
    integration: &Integration,
    owner: CredentialOwner,
    stored: Option<Stored>,
    fields: &Map<String, Value>,
) -> Result<Option<(&'static str, CredentialId)>, Problem> {
    let rules = integration.credential_rules();
    let Some(mut stored) = stored else {
        if fields.is_empty() {
            return Ok(None);
        }
        let (of, provider) = (Some(integration), &integration.provider);
        let stored = fresh(tx, workspace, of, provider, owner, fields, Some(&rules))?;
        store::put(tx, &stored).await?;
        return Ok(Some(("credential.created", stored.credential.id)));
    };
    let id = stored.credential.id;
    if fields.is_empty() {
        store::delete(tx, workspace.id(), id).await?;
        return Ok(Some(("credential.deleted", id)));
    }
    if stored.open(workspace.db()).await? == *fields {
        return Ok(None);
    }
    expiry::say_no_more(&mut stored.credential);
    rotate(tx, workspace, &mut stored, fields, Some(&rules)).await?;
    Ok(Some(("credential.rotated", id)))
}

fn fresh(
    tx: &Tx,
    workspace: &Workspace,
    integration: Option<&Integration>,
    provider: &str,
    owner: CredentialOwner,
    fields: &Map<String, Value>,
    rules: Option<&Value>,
) -> Result<Stored, Problem> {
    let now = tx.now();
    let credential = Credential {
        id: CredentialId::generate(now, workspace.db().entropy()),
        workspace: workspace.id(),
        integration_id: integration.map(|it| it.id),
        provider: provider.to_owned(),
        kind: String::new(),
        name: integration.map_or_else(|| provider.to_owned(), |it| it.name.clone()),
        owner,
        fields: Vec::new(),
        metadata: Map::new(),
        is_valid: false,
        validated_at: None,
        expires_at: expiry::of_fields(rules, (&Map::new(), None), fields, now),
        version: 1,
        rotated_at: None,
        created_at: now,
        updated_at: now,
    };
    let mut stored = Stored { credential, sealed: Vec::new() };
    stored.seal(workspace, fields)?;
    Ok(stored)
}

/// Puts other secrets under the same id.
async fn rotate(
    tx: &mut Tx,
    workspace: &Workspace,
    stored: &mut Stored,
    fields: &Map<String, Value>,
    rules: Option<&Value>,
) -> Result<(), Problem> {
    let now = tx.now();
    let known = stored.open(workspace.db()).await?;
    stored.seal(workspace, fields)?;
    let it = &mut stored.credential;
    it.expires_at = expiry::of_fields(rules, (&known, it.expires_at), fields, now);
    it.version += 1;
    it.rotated_at = Some(now);
    it.updated_at = now;
    it.is_valid = false;
    it.validated_at = None;
    store::put(tx, stored).await?;
    Ok(())
}

/// Tells of a change of a credential: the audit log, the event log, the caches.
async fn tell(
    tx: &mut Tx,
    identity: &accounts::gate::Identity,
    action: &str,
    id: CredentialId,
    detail: Value,
) -> Result<(), Problem> {
    let workspace = identity.workspace.id();
    accounts::audit::record(tx, identity, action, id, detail.clone()).await?;
    tx.emit(workspace, action, id, detail).await?;
    tx.changed(Change::noun(CREDENTIAL, workspace, id));
    let now = tx.now();
    tx.enqueue(workspace, expiry::look_at(id, now)).await?;
    Ok(())
}
