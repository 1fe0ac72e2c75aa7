//! How a commit makes itself known: to this process over a channel, to other nodes of one PostgreSQL
//! by NOTIFY inside the same transaction. A signal is a hint, never the truth: who misses some reads
//! the tables.

use kernel::{Event, Lane, Timestamp, WorkspaceId};
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgListener;
use sqlx::{Postgres, Transaction};
use std::sync::Arc;

use crate::open::Pools;
use crate::{Db, DbError};

/// How many signals a slow listener may lag before it is told to read everything anew.
pub(crate) const CAPACITY: usize = 16_384;
const CHANNEL: &str = "patchbay";
/// PostgreSQL takes payloads below 8,000 bytes.
const PAYLOAD_LIMIT: usize = 7_500;

/// Something that other rooms or nodes may want to know.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Signal {
    /// An event was appended.
    Event(Arc<Event>),
    /// A job is due at that time.
    Due(Lane, WorkspaceId, Timestamp),
    /// A cache of that noun is stale.
    Changed(Change),
    /// Signals may have been missed: read everything anew.
    Resync,
}

/// What is kept in memory and has changed in the tables.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    /// The data keys of a workspace.
    DataKeys(WorkspaceId),
    /// Something else, named by the room that keeps it: noun and id.
    Noun {
        /// For instance `api_key`.
        noun: String,
        /// Whose.
        workspace: WorkspaceId,
        /// Which.
        id: String,
    },
    /// What a follower of a workspace's events wants.
    Follower {
        /// Whose events.
        workspace: WorkspaceId,
        /// The kind of job that follows them.
        job: String,
        /// Which kinds of events it wants.
        patterns: Vec<String>,
        /// Counts the changes.
        version: i64,
    },
}

impl Change {
    /// A noun of a room.
    pub fn noun(noun: &str, workspace: WorkspaceId, id: impl ToString) -> Self {
        Self::Noun { noun: noun.to_owned(), workspace, id: id.to_string() }
    }
}

#[derive(Serialize, Deserialize)]
struct Envelope {
    node: u64,
    signals: Vec<Signal>,
}

pub(crate) async fn notify(
    db: &Db,
    tx: &mut Transaction<'static, Postgres>,
    signals: &[Signal],
) -> Result<(), DbError> {
    for chunk in signals.chunks(16) {
        let envelope = Envelope { node: db.node(), signals: chunk.to_vec() };
        let mut text = serde_json::to_string(&envelope).unwrap_or_default();
        if text.is_empty() || text.len() > PAYLOAD_LIMIT {
            let envelope = Envelope { node: db.node(), signals: vec![Signal::Resync] };
            text = serde_json::to_string(&envelope).unwrap_or_default();
        }
        db.count_statement();
        sqlx::query("SELECT pg_notify($1, $2)").bind(CHANNEL).bind(text).execute(&mut **tx).await?;
    }
    Ok(())
}

/// Listens to the other nodes until the database is closed.
pub(crate) async fn listen(db: &Db) -> Result<(), DbError> {
    let Pools::Postgres(pool) = db.pools() else { return Ok(()) };
    let mut listener = PgListener::connect_with(pool).await?;
    listener.ignore_pool_close_event(false);
    listener.listen(CHANNEL).await?;
    let db = db.clone();
    tokio::spawn(async move {
        loop {
            match listener.try_recv().await {
                Ok(Some(notification)) => {
                    let Ok(envelope) = serde_json::from_str::<Envelope>(notification.payload())
                    else {
                        continue;
                    };
                    if envelope.node != db.node() {
                        if envelope.signals.iter().any(|it| matches!(it, Signal::Resync)) {
                            relearn(&db).await;
                        }
                        db.broadcast(envelope.signals);
                    }
                }
                // The connection was lost and made anew: what was said meanwhile is unknown.
                Ok(None) => {
                    relearn(&db).await;
                    db.broadcast(vec![Signal::Resync]);
                }
                Err(sqlx::Error::PoolClosed) => return,
                Err(error) => {
                    tracing::warn!(%error, "cannot listen to the other nodes; trying again");
                    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
                }
            }
        }
    });
    Ok(())
}

async fn relearn(db: &Db) {
    if let Err(error) = db.load_followers().await {
        tracing::warn!(%error, "cannot read who follows which events");
    }
}
