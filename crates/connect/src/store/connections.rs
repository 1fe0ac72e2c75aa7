//! Connections: what is known of each, its tokens sealed beside, and who is renewing them.

use db::{Change, DbError, Row, Tx, Workspace, args};
use kernel::{ConnectionId, IntegrationId, PageRequest, Timestamp, WorkspaceId};
use serde_json::{Map, Value, json};

use crate::connection::{AccountInfo, Cause, Connection, ConnectionStatus, Tokens};
use crate::store::pattern;

/// What the tokens are sealed as, and the noun in [`db::Change`] signals.
pub(crate) const NOUN: &str = "connection";

const COLUMNS: &str = "workspace_id, id, integration_id, provider, subject, status, cause_code, cause, \
     status_since, account_id, account_name, account, captured, scopes, missing_scopes, sealed, \
     generation, can_refresh, granted_at, expires_at, refresh_expires_at, refreshed_at, failures, \
     failing_since, validated_at, synced_at, created_at, updated_at";

/// A connection as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) connection: Connection,
    pub(crate) sealed: Vec<u8>,
}

impl Stored {
    pub(crate) async fn open(&self, workspace: &Workspace) -> Result<Tokens, DbError> {
        let plain = workspace.open(NOUN, &self.connection.id, &self.sealed).await?;
        let unreadable =
            |what: &str| DbError::Row { column: "sealed".to_owned(), what: what.to_owned() };
        let fields: Map<String, Value> =
            serde_json::from_slice(&plain).map_err(|error| unreadable(&error.to_string()))?;
        Tokens::from_fields(fields).ok_or_else(|| unreadable("it holds no access token"))
    }

    pub(crate) fn seal(&mut self, workspace: &Workspace, tokens: &Tokens) -> Result<(), DbError> {
        let plain = Value::Object(tokens.expose()).to_string();
        self.sealed = workspace.seal(NOUN, &self.connection.id, plain.as_bytes())?;
        Ok(())
    }
}

/// Which connections are wanted; what is empty means any.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    pub(crate) integration: Option<IntegrationId>,
    pub(crate) provider: String,
    pub(crate) subject: Option<String>,
    pub(crate) status: Option<ConnectionStatus>,
    pub(crate) search: String,
}

pub(crate) async fn get(
    tx: &mut Tx,
    workspace: WorkspaceId,
    id: ConnectionId,
) -> Result<Option<Stored>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM connections WHERE workspace_id = $1 AND id = $2");
    tx.fetch_optional(&sql, args![workspace, id]).await?.as_ref().map(stored).transpose()
}

/// The same, held until the transaction ends.
pub(crate) async fn held(
    tx: &mut Tx,
    workspace: WorkspaceId,
    id: ConnectionId,
) -> Result<Option<Stored>, DbError> {
    // A writer of SQLite is alone.
    let lock = tx.dialect("", " FOR UPDATE");
    let sql =
        format!("SELECT {COLUMNS} FROM connections WHERE workspace_id = $1 AND id = $2{lock}");
    tx.fetch_optional(&sql, args![workspace, id]).await?.as_ref().map(stored).transpose()
}

/// The connection of one subject.
pub(crate) async fn of_subject(
    tx: &mut Tx,
    workspace: WorkspaceId,
    integration: IntegrationId,
    subject: &str,
) -> Result<Option<Stored>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM connections \
         WHERE workspace_id = $1 AND integration_id = $2 AND subject = $3"
    );
    let row = tx.fetch_optional(&sql, args![workspace, integration, subject]).await?;
    row.as_ref().map(stored).transpose()
}

/// The connection of an integration that has just one.
pub(crate) async fn only_one(
    tx: &mut Tx,
    workspace: WorkspaceId,
    integration: IntegrationId,
) -> Result<Option<Stored>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM connections WHERE workspace_id = $1 AND integration_id = $2 LIMIT 2"
    );
    match tx.fetch_all(&sql, args![workspace, integration]).await?.as_slice() {
        [only] => stored(only).map(Some),
        _ => Ok(None),
    }
}

/// A page of them, newest first.
pub(crate) async fn list(
    tx: &mut Tx,
    workspace: WorkspaceId,
    filter: &Filter,
    page: &PageRequest,
) -> Result<Vec<Connection>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM connections WHERE workspace_id = $1 \
           AND ($2 = '' OR integration_id = $2) AND ($3 = '' OR provider = $3) \
           AND ($4 = '*' OR subject = $4) AND ($5 = '' OR status = $5) \
           AND ($6 = '' OR lower(subject) LIKE $6 ESCAPE '\\' OR lower(account_name) LIKE $6 ESCAPE '\\') \
           AND ($7 = '' OR id < $7) ORDER BY id DESC LIMIT $8"
    );
    let values = args![
        workspace,
        filter.integration.map(|id| id.to_string()).unwrap_or_default(),
        &filter.provider,
        filter.subject.clone().unwrap_or_else(|| "*".to_owned()),
        filter.status.map(ConnectionStatus::name).unwrap_or_default(),
        pattern(&filter.search),
        page.after.clone().unwrap_or_default(),
        page.limit + 1
    ];
    tx.fetch_all(&sql, values).await?.iter().map(|row| Ok(stored(row)?.connection)).collect()
}

/// Stores it whole, new or connected again: the row's key decides. Whoever was renewing the old tokens
/// keeps nothing.
pub(crate) async fn put(tx: &mut Tx, stored: &Stored) -> Result<(), DbError> {
    let it = &stored.connection;
    let (code, message) = split(it.cause.as_ref());
    tx.execute(
        "INSERT INTO connections (workspace_id, id, integration_id, provider, subject, status, \
           cause_code, cause, status_since, account_id, account_name, account, captured, scopes, \
           missing_scopes, sealed, generation, can_refresh, granted_at, expires_at, \
           refresh_expires_at, refreshed_at, failures, failing_since, validated_at, synced_at, \
           created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, \
           $19, $20, $21, $22, $23, $24, $25, $26, $27, $28) \
         ON CONFLICT (workspace_id, id) DO UPDATE SET status = $6, cause_code = $7, cause = $8, \
           status_since = $9, account_id = $10, account_name = $11, account = $12, captured = $13, \
           scopes = $14, missing_scopes = $15, sealed = $16, generation = $17, can_refresh = $18, \
           granted_at = $19, expires_at = $20, refresh_expires_at = $21, refreshed_at = $22, \
           failures = $23, failing_since = $24, validated_at = $25, updated_at = $28",
        args![
            it.workspace,
            it.id,
            it.integration_id,
            &it.provider,
            &it.subject,
            it.status.name(),
            code,
            message,
            it.status_since,
            it.account.id.clone(),
            it.account.name.clone(),
            &Value::Object(it.account.more.clone()),
            &Value::Object(it.captured.clone()),
            &json!(it.scopes),
            &json!(it.missing_scopes),
            stored.sealed.clone(),
            it.generation,
            it.can_refresh,
            it.granted_at,
            it.expires_at,
            it.refresh_expires_at,
            it.refreshed_at,
            i64::from(it.failures),
            it.failing_since,
            it.validated_at,
            it.synced_at,
            it.created_at,
            it.updated_at
        ],
    )
    .await?;
    tx.changed(Change::noun(NOUN, it.workspace, it.id));
    Ok(())
}

/// Keeps renewed tokens, unless others were kept since that generation. False when they were.
pub(crate) async fn renew(tx: &mut Tx, renewed: &Stored, generation: i64) -> Result<bool, DbError> {
    let it = &renewed.connection;
    let (code, message) = split(it.cause.as_ref());
    let touched = tx
        .execute(
            "UPDATE connections SET sealed = $4, generation = $5, can_refresh = $6, granted_at = $7, \
               expires_at = $8, refresh_expires_at = $9, refreshed_at = $7, failures = 0, \
               failing_since = NULL, status = $10, cause_code = $11, cause = $12, status_since = $13, \
               scopes = $14, captured = $15, updated_at = $7 \
             WHERE workspace_id = $1 AND id = $2 AND generation = $3",
            args![
                it.workspace,
                it.id,
                generation,
                renewed.sealed.clone(),
                it.generation,
                it.can_refresh,
                it.granted_at,
                it.expires_at,
                it.refresh_expires_at,
                it.status.name(),
                code,
                message,
                it.status_since,
                &json!(it.scopes),
                &Value::Object(it.captured.clone())
            ],
        )
        .await?;
    tx.changed(Change::noun(NOUN, it.workspace, it.id));
    Ok(touched > 0)
}

/// Moves a connection to a state, with its cause; the time moves only when the state does.
pub(crate) async fn set_status(
    tx: &mut Tx,
    connection: &Connection,
    status: ConnectionStatus,
    cause: Option<&Cause>,
) -> Result<bool, DbError> {
    let now = tx.now();
    let (code, message) = split(cause);
    let touched = tx
        .execute(
            "UPDATE connections SET cause_code = $4, cause = $5, \
               status_since = CASE WHEN status = $3 THEN status_since ELSE $6 END, status = $3, \
               updated_at = $6 \
             WHERE workspace_id = $1 AND id = $2 AND generation = $7",
            args![
                connection.workspace,
                connection.id,
                status.name(),
                code,
                message,
                now,
                connection.generation
            ],
        )
        .await?;
    tx.changed(Change::noun(NOUN, connection.workspace, connection.id));
    Ok(touched > 0)
}

/// Counts an attempt to renew that failed.
pub(crate) async fn note_failure(tx: &mut Tx, connection: &Connection) -> Result<(), DbError> {
    let now = tx.now();
    tx.execute(
        "UPDATE connections SET failures = failures + 1, \
           failing_since = coalesce(failing_since, $3), updated_at = $3 \
         WHERE workspace_id = $1 AND id = $2 AND generation = $4",
        args![connection.workspace, connection.id, now, connection.generation],
    )
    .await?;
    tx.changed(Change::noun(NOUN, connection.workspace, connection.id));
    Ok(())
}

/// Notes that the provider took the access token in a test.
pub(crate) async fn note_valid(
    tx: &mut Tx,
    workspace: WorkspaceId,
    id: ConnectionId,
) -> Result<(), DbError> {
    let now = tx.now();
    let sql = "UPDATE connections SET validated_at = $3 WHERE workspace_id = $1 AND id = $2";
    tx.execute(sql, args![workspace, id, now]).await?;
    tx.changed(Change::noun(NOUN, workspace, id));
    Ok(())
}

/// Notes that numbers were read with it.
pub(crate) async fn note_synced(
    tx: &mut Tx,
    workspace: WorkspaceId,
    id: ConnectionId,
) -> Result<(), DbError> {
    let now = tx.now();
    let sql = "UPDATE connections SET synced_at = $3 WHERE workspace_id = $1 AND id = $2";
    tx.execute(sql, args![workspace, id, now]).await?;
    tx.changed(Change::noun(NOUN, workspace, id));
    Ok(())
}

/// Keeps what templates see as `{{connection.…}}`.
pub(crate) async fn set_captured(
    tx: &mut Tx,
    workspace: WorkspaceId,
    id: ConnectionId,
    captured: &Map<String, Value>,
) -> Result<(), DbError> {
    let now = tx.now();
    let sql =
        "UPDATE connections SET captured = $3, updated_at = $4 WHERE workspace_id = $1 AND id = $2";
    tx.execute(sql, args![workspace, id, &Value::Object(captured.clone()), now]).await?;
    tx.changed(Change::noun(NOUN, workspace, id));
    Ok(())
}

pub(crate) async fn delete(
    tx: &mut Tx,
    workspace: WorkspaceId,
    id: ConnectionId,
) -> Result<bool, DbError> {
    let sql = "DELETE FROM connections WHERE workspace_id = $1 AND id = $2";
    let touched = tx.execute(sql, args![workspace, id]).await?;
    tx.changed(Change::noun(NOUN, workspace, id));
    Ok(touched > 0)
}

/// Whether somebody may ask the provider for new tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Intent {
    /// We may. `lost` says that somebody asked before and was never heard of again.
    Ours { lost: bool },
    /// Somebody else does, until then at the latest.
    Theirs { until: Timestamp },
}

/// Says that `holder` is about to ask for new tokens in place of this generation's.
pub(crate) async fn intend(
    tx: &mut Tx,
    connection: &Connection,
    holder: &str,
    lease_until: Timestamp,
) -> Result<Intent, DbError> {
    let now = tx.now();
    let key = || args![connection.workspace, connection.id];
    let known = tx
        .fetch_optional(
            "SELECT generation, lease_until FROM connection_refreshes \
             WHERE workspace_id = $1 AND connection_id = $2",
            key(),
        )
        .await?;
    let lost = match &known {
        Some(row) if row.time("lease_until")? > now => {
            return Ok(Intent::Theirs { until: row.time("lease_until")? });
        }
        Some(row) => row.int("generation")? == connection.generation,
        None => false,
    };
    tx.execute(
        "INSERT INTO connection_refreshes \
           (workspace_id, connection_id, generation, holder, started_at, lease_until) \
         VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (workspace_id, connection_id) DO UPDATE SET generation = $3, holder = $4, \
           started_at = $5, lease_until = $6",
        args![connection.workspace, connection.id, connection.generation, holder, now, lease_until],
    )
    .await?;
    Ok(Intent::Ours { lost })
}

/// Says that `holder` is still waiting for the answer.
pub(crate) async fn hold(
    tx: &mut Tx,
    connection: &Connection,
    holder: &str,
    lease_until: Timestamp,
) -> Result<(), DbError> {
    tx.execute(
        "UPDATE connection_refreshes SET lease_until = $4 \
         WHERE workspace_id = $1 AND connection_id = $2 AND holder = $3",
        args![connection.workspace, connection.id, holder, lease_until],
    )
    .await
    .map(drop)
}

/// Says that it is no longer being asked.
pub(crate) async fn conclude(
    tx: &mut Tx,
    connection: &Connection,
    holder: &str,
) -> Result<(), DbError> {
    tx.execute(
        "DELETE FROM connection_refreshes \
         WHERE workspace_id = $1 AND connection_id = $2 AND holder = $3",
        args![connection.workspace, connection.id, holder],
    )
    .await?;
    tx.changed(Change::noun(NOUN, connection.workspace, connection.id));
    Ok(())
}

/// Ends every lease: for a start where nobody else can hold one.
pub(crate) async fn end_leases(tx: &mut Tx) -> Result<u64, DbError> {
    tx.execute("UPDATE connection_refreshes SET lease_until = 0", Vec::new()).await
}

fn split(cause: Option<&Cause>) -> (Option<String>, Option<String>) {
    cause.map(|cause| (cause.code.clone(), cause.message.clone())).unzip()
}

fn stored(row: &Row) -> Result<Stored, DbError> {
    let cause = row.opt_text("cause_code")?.zip(row.opt_text("cause")?);
    let connection = Connection {
        id: row.parse("id")?,
        workspace: row.parse("workspace_id")?,
        integration_id: row.parse("integration_id")?,
        provider: row.text("provider")?,
        subject: row.text("subject")?,
        status: row.parse("status")?,
        cause: cause.map(|(code, message)| Cause { code, message }),
        status_since: row.time("status_since")?,
        account: AccountInfo {
            id: row.opt_text("account_id")?,
            name: row.opt_text("account_name")?,
            more: row.json("account")?,
        },
        captured: row.json("captured")?,
        scopes: row.json("scopes")?,
        missing_scopes: row.json("missing_scopes")?,
        generation: row.int("generation")?,
        can_refresh: row.flag("can_refresh")?,
        granted_at: row.time("granted_at")?,
        expires_at: row.opt_time("expires_at")?,
        refresh_expires_at: row.opt_time("refresh_expires_at")?,
        refreshed_at: row.opt_time("refreshed_at")?,
        failures: u32::try_from(row.int("failures")?).unwrap_or(u32::MAX),
        failing_since: row.opt_time("failing_since")?,
        validated_at: row.opt_time("validated_at")?,
        synced_at: row.opt_time("synced_at")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    };
    Ok(Stored { connection, sealed: row.blob("sealed")? })
}
