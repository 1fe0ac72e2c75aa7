//! Subscriptions, each with its secret sealed beside it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use db::{Change, DbError, Row, Tx, Workspace, args};
use kernel::{
    ConnectionId, IntegrationId, PageRequest, Secret, SubscriptionId, Timestamp, WorkspaceId,
};
use serde_json::{Map, Value};

use crate::subscribe::{Failure, State, Subscription};

/// What the secret is sealed as, and the noun in [`db::Change`] signals.
pub(crate) const NOUN: &str = "subscription";

const COLUMNS: &str = "workspace_id, id, integration_id, connection_id, way, topic, sealed, known, state, \
     is_unwanted, asked_at, confirmed_at, expires_at, renew_at, failures, error_code, error, created_at, \
     updated_at";

/// A new one, with a secret of its own. It is not stored yet.
pub(crate) fn made(
    workspace: &Workspace,
    now: Timestamp,
    integration: IntegrationId,
    connection: Option<ConnectionId>,
    way: &str,
    topic: String,
) -> Result<Subscription, DbError> {
    let entropy = workspace.db().entropy();
    let id = SubscriptionId::generate(now, entropy);
    let secret = Secret::new(URL_SAFE_NO_PAD.encode(entropy.bytes::<32>()));
    Ok(Subscription {
        id,
        workspace: workspace.id(),
        integration,
        connection,
        way: way.to_owned(),
        topic,
        sealed: workspace.seal(NOUN, &id, secret.expose().as_bytes())?,
        known: Map::new(),
        state: State::Pending,
        is_unwanted: false,
        asked_at: None,
        confirmed_at: None,
        expires_at: None,
        renew_at: Some(now),
        failures: 0,
        error: None,
        created_at: now,
        updated_at: now,
    })
}

/// Its secret, opened.
pub(crate) async fn open(
    workspace: &Workspace,
    it: &Subscription,
) -> Result<Secret<String>, DbError> {
    let plain = workspace.open(NOUN, &it.id, &it.sealed).await?;
    let what = || DbError::Row { column: "sealed".to_owned(), what: "it is no text".to_owned() };
    String::from_utf8(plain).map(Secret::new).map_err(|_| what())
}

/// Stores a new one, unless there is one. True when it is.
pub(crate) async fn insert(tx: &mut Tx, it: &Subscription) -> Result<bool, DbError> {
    let touched = tx
        .execute(
            "INSERT INTO push_subscriptions (workspace_id, id, integration_id, connection_id, way, topic, \
               sealed, known, state, is_unwanted, renew_at, failures, created_at, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, '{}', $8, $9, $10, 0, $11, $11) \
             ON CONFLICT DO NOTHING",
            args![
                it.workspace,
                it.id,
                it.integration,
                it.connection.map(|id| id.to_string()),
                &it.way,
                &it.topic,
                it.sealed.clone(),
                it.state.name(),
                it.is_unwanted,
                it.renew_at,
                it.created_at
            ],
        )
        .await?;
    told(tx, it);
    Ok(touched > 0)
}

/// Writes down how it stands. What never changes is left alone.
pub(crate) async fn update(tx: &mut Tx, it: &Subscription) -> Result<(), DbError> {
    let now = tx.now();
    tx.execute(
        "UPDATE push_subscriptions SET topic = $3, known = $4, state = $5, is_unwanted = $6, \
           asked_at = $7, confirmed_at = $8, expires_at = $9, renew_at = $10, failures = $11, \
           error_code = $12, error = $13, updated_at = $14 \
         WHERE workspace_id = $1 AND id = $2",
        args![
            it.workspace,
            it.id,
            &it.topic,
            Value::Object(it.known.clone()).to_string(),
            it.state.name(),
            it.is_unwanted,
            it.asked_at,
            it.confirmed_at,
            it.expires_at,
            it.renew_at,
            i64::from(it.failures),
            it.error.as_ref().map(|error| error.code.clone()),
            it.error.as_ref().map(|error| error.message.clone()),
            now
        ],
    )
    .await?;
    told(tx, it);
    Ok(())
}

pub(crate) async fn get(
    tx: &mut Tx,
    workspace: WorkspaceId,
    id: SubscriptionId,
) -> Result<Option<Subscription>, DbError> {
    let sql =
        format!("SELECT {COLUMNS} FROM push_subscriptions WHERE workspace_id = $1 AND id = $2");
    tx.fetch_optional(&sql, args![workspace, id]).await?.as_ref().map(read).transpose()
}

/// The same, held until the transaction ends.
pub(crate) async fn held(
    tx: &mut Tx,
    workspace: WorkspaceId,
    id: SubscriptionId,
) -> Result<Option<Subscription>, DbError> {
    // A writer of SQLite is alone.
    let lock = tx.dialect("", " FOR UPDATE");
    let sql = format!(
        "SELECT {COLUMNS} FROM push_subscriptions WHERE workspace_id = $1 AND id = $2{lock}"
    );
    tx.fetch_optional(&sql, args![workspace, id]).await?.as_ref().map(read).transpose()
}

/// Those of a connection, or those that an integration has for itself.
pub(crate) async fn of_party(
    tx: &mut Tx,
    workspace: WorkspaceId,
    integration: IntegrationId,
    connection: Option<ConnectionId>,
) -> Result<Vec<Subscription>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM push_subscriptions WHERE workspace_id = $1 AND integration_id = $2 \
           AND COALESCE(connection_id, '') = $3 ORDER BY id"
    );
    let connection = connection.map(|id| id.to_string()).unwrap_or_default();
    let rows = tx.fetch_all(&sql, args![workspace, integration, connection]).await?;
    rows.iter().map(read).collect()
}

/// A page of those of an integration, newest first and one more than asked.
pub(crate) async fn list(
    tx: &mut Tx,
    workspace: WorkspaceId,
    integration: IntegrationId,
    page: &PageRequest,
) -> Result<Vec<Subscription>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM push_subscriptions WHERE workspace_id = $1 AND integration_id = $2 \
           AND ($3 = '' OR id < $3) ORDER BY id DESC LIMIT $4"
    );
    let after = page.after.clone().unwrap_or_default();
    let rows = tx.fetch_all(&sql, args![workspace, integration, after, page.limit + 1]).await?;
    rows.iter().map(read).collect()
}

/// What a person ended may be asked for again: a connection's, or all of an integration's.
pub(crate) async fn want(
    tx: &mut Tx,
    workspace: WorkspaceId,
    integration: IntegrationId,
    connection: Option<ConnectionId>,
) -> Result<(), DbError> {
    let connection = connection.map(|id| id.to_string()).unwrap_or_default();
    tx.execute(
        "UPDATE push_subscriptions SET is_unwanted = FALSE WHERE workspace_id = $1 \
           AND integration_id = $2 AND ($3 = '' OR connection_id = $3)",
        args![workspace, integration, connection],
    )
    .await
    .map(drop)
}

fn told(tx: &mut Tx, it: &Subscription) {
    tx.changed(Change::noun(NOUN, it.workspace, it.id));
}

fn read(row: &Row) -> Result<Subscription, DbError> {
    let error = match (row.opt_text("error_code")?, row.opt_text("error")?) {
        (Some(code), Some(message)) => Some(Failure { code, message }),
        _ => None,
    };
    Ok(Subscription {
        id: row.parse("id")?,
        workspace: row.parse("workspace_id")?,
        integration: row.parse("integration_id")?,
        connection: row.opt_parse("connection_id")?,
        way: row.text("way")?,
        topic: row.text("topic")?,
        sealed: row.blob("sealed")?,
        known: row.json("known")?,
        state: row.parse("state")?,
        is_unwanted: row.flag("is_unwanted")?,
        asked_at: row.opt_time("asked_at")?,
        confirmed_at: row.opt_time("confirmed_at")?,
        expires_at: row.opt_time("expires_at")?,
        renew_at: row.opt_time("renew_at")?,
        failures: u32::try_from(row.int("failures")?).unwrap_or(u32::MAX),
        error,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}
