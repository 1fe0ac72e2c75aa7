//! The inbox: verified pushes, made durable before anybody is answered. The rooms meet here: `hooks`
//! appends, `feeds` applies what is pending. An event id is accepted once per integration and feed.

use kernel::{FeedId, InboundId, IntegrationId, NewJob, PageRequest, Timestamp, WorkspaceId};
use std::collections::{HashMap, HashSet};

use crate::{Batch, Batcher, Change, Db, DbError, Row, Tx, Value, Workspace, args};

/// A push that was verified.
#[derive(Clone, Debug)]
pub struct NewInbound {
    /// Whose.
    pub workspace: WorkspaceId,
    /// Its id.
    pub id: InboundId,
    /// The integration it came through.
    pub integration: IntegrationId,
    /// The feed it is for, when it feeds one.
    pub feed: Option<FeedId>,
    /// The provider's id.
    pub provider: String,
    /// The sender's own id of the event, when it has one.
    pub event_id: Option<String>,
    /// The sender's name for what happened.
    pub event_type: Option<String>,
    /// When it arrived.
    pub received_at: Timestamp,
    /// The scheme that verified it, or `unsigned`.
    pub verified_by: String,
    /// As the sender said.
    pub content_type: String,
    /// The body's raw bytes.
    pub body: Vec<u8>,
    /// The headers worth keeping, as a JSON object; never a secret.
    pub headers: serde_json::Value,
    /// The sender's address.
    pub remote_addr: Option<String>,
    /// What is to be done with it, enqueued in the same transaction.
    pub job: Option<NewJob>,
}

/// The kind of the event that tells of an accepted push. It is there for who follows it: where nobody does,
/// the inbox alone knows.
pub const INBOUND_RECEIVED: &str = "inbound.received";

/// What became of a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// It is on the disk.
    Stored,
    /// Its event id was accepted before.
    Duplicate,
}

/// Where an accepted push stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InboundState {
    /// Waiting to be applied.
    Pending,
    /// In the feed's document.
    Applied,
    /// It could not be applied; `error` says why.
    Failed,
    /// Kept for the record: nothing reads it.
    Stored,
}

impl InboundState {
    /// The name in the table and in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Applied => "applied",
            Self::Failed => "failed",
            Self::Stored => "stored",
        }
    }
}

impl std::str::FromStr for InboundState {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Pending, Self::Applied, Self::Failed, Self::Stored]
            .into_iter()
            .find(|state| state.name() == text)
            .ok_or_else(|| format!("there is no state named {text}"))
    }
}

/// An accepted push as it is stored. The body is opened by [`Workspace::inbound_body`].
#[derive(Clone, Debug)]
pub struct Inbound {
    /// Its id.
    pub id: InboundId,
    /// The integration it came through.
    pub integration: IntegrationId,
    /// The feed it is for.
    pub feed: Option<FeedId>,
    /// The provider's id.
    pub provider: String,
    /// The sender's own id of the event.
    pub event_id: Option<String>,
    /// The sender's name for what happened.
    pub event_type: Option<String>,
    /// When it arrived.
    pub received_at: Timestamp,
    /// Where it stands.
    pub state: InboundState,
    /// The scheme that verified it, or `unsigned`.
    pub verified_by: String,
    /// As the sender said.
    pub content_type: String,
    /// The size of the body.
    pub bytes: u64,
    /// The headers that were kept.
    pub headers: serde_json::Value,
    /// The sender's address.
    pub remote_addr: Option<String>,
    /// Why it failed, or why the body cannot be read.
    pub error: Option<String>,
    sealed: Vec<u8>,
}

/// Which pushes are wanted.
#[derive(Clone, Debug, Default)]
pub struct InboundFilter {
    /// Through this integration.
    pub integration: Option<IntegrationId>,
    /// For this feed.
    pub feed: Option<FeedId>,
    /// In this state.
    pub state: Option<InboundState>,
    /// Whose event id, type or provider contains this.
    pub search: String,
}

/// The door for accepted pushes.
#[derive(Clone)]
pub struct Inbox {
    db: Db,
    batcher: Batcher<Append>,
}

const NOUN: &str = "inbound_event";
const BATCH: usize = 512;
/// What waits is named in a slim table of its own: the wide row is written once, and only again for the few
/// that fail. `state` is where a push stands once it waits no more.
const SELECT: &str = "SELECT e.id, e.integration_id, e.feed_id, e.provider, e.event_id, e.event_type, \
       e.received_at, CASE WHEN w.id IS NULL THEN e.state ELSE 'pending' END AS state, e.verified_by, \
       e.content_type, e.bytes, e.sealed, e.headers, e.remote_addr, e.error \
     FROM inbound_events e LEFT JOIN inbound_pending w \
       ON w.workspace_id = e.workspace_id AND w.feed_id = e.feed_id AND w.id = e.id";

impl Inbox {
    /// Starts the batching task.
    pub fn start(db: Db) -> Self {
        let batcher = Batcher::start(db.clone(), Append, BATCH);
        Self { db, batcher }
    }

    /// Seals and stores a push; returns when it is durable.
    ///
    /// # Errors
    /// [`DbError`] when it could not be made durable: the sender must be told to try again.
    pub async fn accept(&self, push: NewInbound) -> Result<Accepted, DbError> {
        let workspace = self.db.workspace(push.workspace);
        let sealed = workspace.seal(NOUN, &push.id, &push.body)?;
        self.batcher.write((push, sealed)).await
    }
}

struct Append;

impl Batch for Append {
    type Item = (NewInbound, Vec<u8>);
    type Answer = Accepted;

    async fn write(&self, tx: &mut Tx, items: &[Self::Item]) -> Result<Vec<Accepted>, DbError> {
        let stored = if tx.db.is_postgres() {
            insert_unnest(tx, items).await?
        } else {
            let mut stored = HashSet::with_capacity(items.len());
            let mut rest = items;
            while !rest.is_empty() {
                // Few sizes, so that the prepared statements are used again.
                let size = [256, 64, 16, 4, 1].into_iter().find(|size| *size <= rest.len());
                let (chunk, after) = rest.split_at(size.unwrap_or(1));
                stored.extend(insert_values(tx, chunk).await?);
                rest = after;
            }
            stored
        };
        let mut jobs: HashMap<(&'static str, &str), (WorkspaceId, &NewJob)> = HashMap::new();
        let mut integrations = HashSet::new();
        let mut waiting = Vec::with_capacity(items.len());
        for (push, _) in items.iter().filter(|(push, _)| stored.contains(&push.id.to_string())) {
            if let Some((feed, job)) = push.feed.zip(push.job.as_ref()) {
                jobs.insert((job.kind.name, &job.key), (push.workspace, job));
                waiting.push((push.workspace, feed, push.id));
            }
            integrations.insert((push.workspace, push.integration));
            tx.tell_followers(push).await?;
        }
        tx.await_inbound(&waiting).await?;
        for (workspace, job) in jobs.into_values() {
            tx.enqueue(workspace, job.clone()).await?;
        }
        for (workspace, integration) in integrations {
            tx.changed(Change::noun("inbound", workspace, integration));
        }
        let outcome = |(push, _): &Self::Item| {
            let is_stored = stored.contains(&push.id.to_string());
            if is_stored { Accepted::Stored } else { Accepted::Duplicate }
        };
        Ok(items.iter().map(outcome).collect())
    }
}

const INSERT: &str = "INSERT INTO inbound_events (workspace_id, id, integration_id, feed_id, \
     provider, event_id, event_type, received_at, state, verified_by, content_type, bytes, sealed, \
     headers, remote_addr)";

async fn insert_values(
    tx: &mut Tx,
    chunk: &[(NewInbound, Vec<u8>)],
) -> Result<Vec<String>, DbError> {
    const WIDTH: usize = 15;
    let mut values = Vec::with_capacity(chunk.len() * WIDTH);
    for (push, sealed) in chunk {
        values.extend(columns(push, sealed));
    }
    let places = (0..chunk.len())
        .map(|row| {
            let places = (1..=WIDTH).map(|column| format!("${}", row * WIDTH + column));
            format!("({})", places.collect::<Vec<_>>().join(","))
        })
        .collect::<Vec<_>>()
        .join(",");
    let sql = format!("{INSERT} VALUES {places} ON CONFLICT DO NOTHING RETURNING id");
    tx.fetch_all(&sql, values).await?.iter().map(|row| row.text("id")).collect()
}

fn columns(push: &NewInbound, sealed: &[u8]) -> [Value; 15] {
    [
        push.workspace.into(),
        push.id.into(),
        push.integration.into(),
        push.feed.into(),
        (&push.provider).into(),
        push.event_id.clone().into(),
        push.event_type.clone().into(),
        push.received_at.into(),
        state_of(push).name().into(),
        (&push.verified_by).into(),
        (&push.content_type).into(),
        push.body.len().into(),
        sealed.into(),
        (&push.headers).into(),
        push.remote_addr.clone().into(),
    ]
}

fn state_of(push: &NewInbound) -> InboundState {
    if push.feed.is_some() && push.job.is_some() {
        InboundState::Applied
    } else {
        InboundState::Stored
    }
}

async fn insert_unnest(
    tx: &mut Tx,
    items: &[(NewInbound, Vec<u8>)],
) -> Result<HashSet<String>, DbError> {
    let texts = |get: &dyn Fn(&NewInbound) -> Option<String>| {
        Value::Texts(items.iter().map(|(push, _)| get(push)).collect())
    };
    let ints = |get: &dyn Fn(&NewInbound) -> i64| {
        Value::Ints(items.iter().map(|(push, _)| Some(get(push))).collect())
    };
    let sql = format!(
        "{INSERT} SELECT * FROM UNNEST($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], \
         $6::text[], $7::text[], $8::bigint[], $9::text[], $10::text[], $11::text[], $12::bigint[], \
         $13::bytea[], $14::text[], $15::text[]) ON CONFLICT DO NOTHING RETURNING id"
    );
    let values = vec![
        texts(&|push| Some(push.workspace.to_string())),
        texts(&|push| Some(push.id.to_string())),
        texts(&|push| Some(push.integration.to_string())),
        texts(&|push| push.feed.map(|id| id.to_string())),
        texts(&|push| Some(push.provider.clone())),
        texts(&|push| push.event_id.clone()),
        texts(&|push| push.event_type.clone()),
        ints(&|push| push.received_at.micros()),
        texts(&|push| Some(state_of(push).name().to_owned())),
        texts(&|push| Some(push.verified_by.clone())),
        texts(&|push| Some(push.content_type.clone())),
        ints(&|push| i64::try_from(push.body.len()).unwrap_or(i64::MAX)),
        Value::Blobs(items.iter().map(|(_, sealed)| sealed.clone()).collect()),
        texts(&|push| Some(push.headers.to_string())),
        texts(&|push| push.remote_addr.clone()),
    ];
    tx.fetch_all(&sql, values).await?.iter().map(|row| row.text("id")).collect()
}

impl Workspace {
    /// Accepted pushes, newest first.
    ///
    /// # Errors
    /// [`DbError`] when the table cannot be read; so for all below.
    pub async fn inbound(
        &self,
        filter: &InboundFilter,
        page: &PageRequest,
    ) -> Result<Vec<Inbound>, DbError> {
        let text = |id: Option<String>| id.unwrap_or_default();
        let waits = match filter.state {
            None => "",
            Some(InboundState::Pending) => "AND w.id IS NOT NULL",
            Some(_) => "AND w.id IS NULL",
        };
        let state = filter.state.filter(|state| *state != InboundState::Pending);
        let sql = format!(
            "{SELECT} WHERE e.workspace_id = $1 {waits} \
               AND ($2 = '' OR e.integration_id = $2) AND ($3 = '' OR e.feed_id = $3) \
               AND ($4 = '' OR e.state = $4) AND ($5 = '' OR e.id < $5) \
               AND ($6 = '' OR e.event_id LIKE $6 OR e.event_type LIKE $6 OR e.provider LIKE $6) \
             ORDER BY e.id DESC LIMIT $7"
        );
        let search =
            if filter.search.is_empty() { String::new() } else { format!("%{}%", filter.search) };
        let rows = self
            .read()
            .await?
            .fetch_all(
                &sql,
                args![
                    self.id(),
                    text(filter.integration.map(|id| id.to_string())),
                    text(filter.feed.map(|id| id.to_string())),
                    state.map(InboundState::name).unwrap_or_default(),
                    text(page.after.clone()),
                    search,
                    page.limit + 1,
                ],
            )
            .await?;
        rows.iter().map(inbound).collect()
    }

    /// One accepted push.
    pub async fn inbound_event(&self, id: InboundId) -> Result<Option<Inbound>, DbError> {
        let sql = format!("{SELECT} WHERE e.workspace_id = $1 AND e.id = $2");
        let row = self.read().await?.fetch_optional(&sql, args![self.id(), id]).await?;
        row.as_ref().map(inbound).transpose()
    }

    /// The raw bytes of a push.
    pub async fn inbound_body(&self, push: &Inbound) -> Result<Vec<u8>, DbError> {
        self.open(NOUN, &push.id, &push.sealed).await
    }
}

impl Tx {
    async fn tell_followers(&mut self, push: &NewInbound) -> Result<(), DbError> {
        if !self.db.followers().is_followed(push.workspace, INBOUND_RECEIVED) {
            return Ok(());
        }
        let data = serde_json::json!({
            "integration_id": push.integration, "feed_id": push.feed, "provider": push.provider,
            "event_id": push.event_id, "event_type": push.event_type,
        });
        self.emit(push.workspace, INBOUND_RECEIVED, push.id, data).await
    }

    /// What waits to be applied to a feed, oldest first.
    pub async fn pending_inbound(
        &mut self,
        workspace: WorkspaceId,
        feed: FeedId,
        most: u32,
    ) -> Result<Vec<Inbound>, DbError> {
        let sql =
            format!("{SELECT} WHERE w.workspace_id = $1 AND w.feed_id = $2 ORDER BY w.id LIMIT $3");
        let rows = self.fetch_all(&sql, args![workspace, feed, most]).await?;
        rows.iter().map(inbound).collect()
    }

    async fn await_inbound(
        &mut self,
        waiting: &[(WorkspaceId, FeedId, InboundId)],
    ) -> Result<(), DbError> {
        if waiting.is_empty() {
            return Ok(());
        }
        let texts = |get: &dyn Fn(&(WorkspaceId, FeedId, InboundId)) -> String| {
            Value::Texts(waiting.iter().map(|row| Some(get(row))).collect())
        };
        if self.db.is_postgres() {
            let sql = "INSERT INTO inbound_pending (workspace_id, feed_id, id) \
                 SELECT * FROM UNNEST($1::text[], $2::text[], $3::text[]) ON CONFLICT DO NOTHING";
            let values = vec![
                texts(&|row| row.0.to_string()),
                texts(&|row| row.1.to_string()),
                texts(&|row| row.2.to_string()),
            ];
            return self.execute(sql, values).await.map(drop);
        }
        let sql = "INSERT INTO inbound_pending (workspace_id, feed_id, id) \
             SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each($1) \
             WHERE true ON CONFLICT DO NOTHING";
        let rows = serde_json::to_string(waiting).ok();
        self.execute(sql, vec![Value::Text(rows)]).await.map(drop)
    }

    /// Says that these pushes are in the feed's document. They are named one by one: ids are made before
    /// the commit, so a push with an earlier id may arrive after a later one.
    pub async fn settle_inbound(
        &mut self,
        workspace: WorkspaceId,
        feed: FeedId,
        ids: &[InboundId],
    ) -> Result<(), DbError> {
        let texts = || ids.iter().map(ToString::to_string);
        let (sql, ids) = self.dialect(
            (
                "DELETE FROM inbound_pending WHERE workspace_id = $1 AND feed_id = $2 \
                 AND id IN (SELECT value FROM json_each($3))",
                Value::Text(serde_json::to_string(&texts().collect::<Vec<_>>()).ok()),
            ),
            (
                "DELETE FROM inbound_pending WHERE workspace_id = $1 AND feed_id = $2 \
                 AND id = ANY($3)",
                Value::Texts(texts().map(Some).collect()),
            ),
        );
        self.execute(sql, vec![workspace.into(), feed.into(), ids]).await.map(drop)
    }

    /// Says that a push cannot be applied, and why.
    pub async fn fail_inbound(
        &mut self,
        workspace: WorkspaceId,
        feed: FeedId,
        id: InboundId,
        error: &str,
    ) -> Result<(), DbError> {
        self.set_inbound(workspace, id, InboundState::Failed, Some(error)).await?;
        self.settle_inbound(workspace, feed, &[id]).await
    }

    /// Lets a push wait to be applied once more.
    pub async fn replay_inbound(
        &mut self,
        workspace: WorkspaceId,
        feed: FeedId,
        id: InboundId,
    ) -> Result<(), DbError> {
        self.set_inbound(workspace, id, InboundState::Applied, None).await?;
        self.await_inbound(&[(workspace, feed, id)]).await
    }

    /// Keeps what waits for a feed that is gone for the record.
    pub async fn abandon_inbound(
        &mut self,
        workspace: WorkspaceId,
        feed: FeedId,
    ) -> Result<(), DbError> {
        let waiting = "SELECT id FROM inbound_pending WHERE workspace_id = $1 AND feed_id = $2";
        let kept = format!(
            "UPDATE inbound_events SET state = 'stored' WHERE workspace_id = $1 AND id IN ({waiting})"
        );
        self.execute(&kept, args![workspace, feed]).await?;
        let gone = "DELETE FROM inbound_pending WHERE workspace_id = $1 AND feed_id = $2";
        self.execute(gone, args![workspace, feed]).await.map(drop)
    }

    async fn set_inbound(
        &mut self,
        workspace: WorkspaceId,
        id: InboundId,
        state: InboundState,
        error: Option<&str>,
    ) -> Result<(), DbError> {
        self.execute(
            "UPDATE inbound_events SET state = $3, error = $4 WHERE workspace_id = $1 AND id = $2",
            args![workspace, id, state.name(), error],
        )
        .await
        .map(drop)
    }
}

fn inbound(row: &Row) -> Result<Inbound, DbError> {
    Ok(Inbound {
        id: row.parse("id")?,
        integration: row.parse("integration_id")?,
        feed: row.opt_parse("feed_id")?,
        provider: row.text("provider")?,
        event_id: row.opt_text("event_id")?,
        event_type: row.opt_text("event_type")?,
        received_at: row.time("received_at")?,
        state: row.parse("state")?,
        verified_by: row.text("verified_by")?,
        content_type: row.text("content_type")?,
        bytes: u64::try_from(row.int("bytes")?).unwrap_or_default(),
        headers: row.json("headers")?,
        remote_addr: row.opt_text("remote_addr")?,
        error: row.opt_text("error")?,
        sealed: row.blob("sealed")?,
    })
}
