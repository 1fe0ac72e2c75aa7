//! Credentials: sealed for their row, with what may be known of them beside.

use accounts::gate::Sort;
use db::{DbError, Row, Tx, Workspace, args};
use kernel::{CredentialId, IntegrationId, PageRequest, WidgetConfigId, WorkspaceId};
use serde_json::{Map, Value, json};

use crate::store::pattern;
use crate::{Credential, CredentialOwner, CredentialScope};

const COLUMNS: &str = "workspace_id, id, integration_id, provider, type, name, scope, \
     widget_config_id, fields, sealed, metadata, is_valid, validated_at, version, rotated_at, \
     created_at, updated_at, expires_at";

/// What a sealed credential is sealed as.
const NOUN: &str = "credential";

/// A credential as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) credential: Credential,
    pub(crate) sealed: Vec<u8>,
}

impl Stored {
    /// Opens it. `db` may be of any workspace: it is opened for the one that it was sealed for.
    pub(crate) async fn open(&self, db: &db::Db) -> Result<Map<String, Value>, DbError> {
        let owner = db.workspace(self.credential.workspace);
        let plain = owner.open(NOUN, &self.credential.id, &self.sealed).await?;
        serde_json::from_slice(&plain)
            .map_err(|error| DbError::Row { column: "sealed".to_owned(), what: error.to_string() })
    }

    /// Seals other fields in their place.
    pub(crate) fn seal(
        &mut self,
        workspace: &Workspace,
        fields: &Map<String, Value>,
    ) -> Result<(), DbError> {
        let plain = Value::Object(fields.clone()).to_string();
        self.sealed = workspace.seal(NOUN, &self.credential.id, plain.as_bytes())?;
        self.credential.fields = fields.keys().cloned().collect();
        Ok(())
    }
}

/// Which credentials are wanted; what is empty means any.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    pub(crate) integration: Option<IntegrationId>,
    pub(crate) scope: Option<CredentialScope>,
    pub(crate) search: String,
    pub(crate) sort: Sort,
}

pub(crate) async fn get(
    tx: &mut Tx,
    workspace: WorkspaceId,
    id: CredentialId,
) -> Result<Option<Stored>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM credentials WHERE workspace_id = $1 AND id = $2");
    tx.fetch_optional(&sql, args![workspace, id]).await?.as_ref().map(stored).transpose()
}

/// The credential of one owner for an integration.
pub(crate) async fn of_owner(
    tx: &mut Tx,
    workspace: WorkspaceId,
    integration: IntegrationId,
    widget_config: Option<WidgetConfigId>,
) -> Result<Option<Stored>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM credentials WHERE workspace_id = $1 AND integration_id = $2 \
           AND coalesce(widget_config_id, '') = $3"
    );
    let owner = widget_config.map(|id| id.to_string()).unwrap_or_default();
    let row = tx.fetch_optional(&sql, args![workspace, integration, owner]).await?;
    row.as_ref().map(stored).transpose()
}

/// What the instance shares for a provider.
pub(crate) async fn of_network(tx: &mut Tx, provider: &str) -> Result<Option<Stored>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM credentials WHERE scope = 'network' AND provider = $1 \
         ORDER BY id LIMIT 1"
    );
    tx.fetch_optional(&sql, args![provider]).await?.as_ref().map(stored).transpose()
}

pub(crate) async fn list(
    tx: &mut Tx,
    workspace: WorkspaceId,
    filter: &Filter,
    page: &PageRequest,
) -> Result<Vec<Credential>, DbError> {
    let (rest, order) = filter.sort.sql("name", "id", 5);
    let (name, id) = filter.sort.after(page);
    let sql = format!(
        "SELECT {COLUMNS} FROM credentials WHERE workspace_id = $1 \
           AND ($2 = '' OR integration_id = $2) AND ($3 = '' OR scope = $3) \
           AND ($4 = '' OR lower(name) LIKE $4 ESCAPE '\\' OR lower(provider) LIKE $4 ESCAPE '\\') \
           AND {rest} ORDER BY {order} LIMIT $7"
    );
    let values = args![
        workspace,
        filter.integration.map(|id| id.to_string()).unwrap_or_default(),
        filter.scope.map(|scope| scope.to_string()).unwrap_or_default(),
        pattern(&filter.search),
        name,
        id,
        page.limit + 1
    ];
    tx.fetch_all(&sql, values).await?.iter().map(|row| Ok(stored(row)?.credential)).collect()
}

/// Stores it, new or changed: the row's key decides.
pub(crate) async fn put(tx: &mut Tx, stored: &Stored) -> Result<(), DbError> {
    let it = &stored.credential;
    tx.execute(
        "INSERT INTO credentials (workspace_id, id, integration_id, provider, type, name, scope, \
           widget_config_id, fields, sealed, metadata, is_valid, validated_at, version, rotated_at, \
           created_at, updated_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18) \
         ON CONFLICT (workspace_id, id) DO UPDATE SET integration_id = $3, name = $6, fields = $9, \
           sealed = $10, metadata = $11, is_valid = $12, validated_at = $13, version = $14, \
           rotated_at = $15, updated_at = $17, expires_at = $18",
        args![
            it.workspace,
            it.id,
            it.integration_id,
            &it.provider,
            &it.kind,
            &it.name,
            it.owner.scope().to_string(),
            it.owner.widget_config(),
            &json!(it.fields),
            stored.sealed.clone(),
            &Value::Object(it.metadata.clone()),
            it.is_valid,
            it.validated_at,
            it.version,
            it.rotated_at,
            it.created_at,
            it.updated_at,
            it.expires_at
        ],
    )
    .await
    .map(drop)
}

pub(crate) async fn delete(
    tx: &mut Tx,
    workspace: WorkspaceId,
    id: CredentialId,
) -> Result<bool, DbError> {
    let sql = "DELETE FROM credentials WHERE workspace_id = $1 AND id = $2";
    Ok(tx.execute(sql, args![workspace, id]).await? > 0)
}

/// Notes whether the provider took it. `version` keeps a late answer about the old secret from being
/// taken for one about the new. In a transaction of the house also for what the network shares.
pub(crate) async fn mark(
    tx: &mut Tx,
    workspace: WorkspaceId,
    id: CredentialId,
    version: Option<i64>,
    valid: bool,
) -> Result<(), DbError> {
    let now = tx.now();
    tx.execute(
            "UPDATE credentials SET is_valid = $3, validated_at = $4 \
             WHERE (workspace_id = $1 OR scope = 'network') AND id = $2 AND ($5 = 0 OR version = $5)",
            args![workspace, id, valid, now, version.unwrap_or_default()],
        )
        .await
        .map(drop)
}

fn stored(row: &Row) -> Result<Stored, DbError> {
    let owner = match (row.parse("scope")?, row.opt_parse("widget_config_id")?) {
        (CredentialScope::Network, _) => CredentialOwner::Network,
        (_, Some(config)) => CredentialOwner::Widget(config),
        (_, None) => CredentialOwner::Workspace,
    };
    let credential = Credential {
        id: row.parse("id")?,
        workspace: row.parse("workspace_id")?,
        integration_id: row.opt_parse("integration_id")?,
        provider: row.text("provider")?,
        kind: row.text("type")?,
        name: row.text("name")?,
        owner,
        fields: row.json("fields")?,
        metadata: row.json("metadata")?,
        is_valid: row.flag("is_valid")?,
        validated_at: row.opt_time("validated_at")?,
        expires_at: row.opt_time("expires_at")?,
        version: row.int("version")?,
        rotated_at: row.opt_time("rotated_at")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    };
    Ok(Stored { credential, sealed: row.blob("sealed")? })
}
