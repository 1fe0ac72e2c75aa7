//! Players: devices whose token reads exactly the widgets it was given. Who they are is kept in memory,
//! so that a read asks no table.

use db::{Change, Db, DbError, Signal};
use kernel::{PlayerId, Timestamp, WidgetConfigId, WorkspaceId};
use papaya::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Duration;
use vault::TokenHash;

use crate::store;

/// A device.
#[derive(Clone, Debug)]
pub struct Player {
    /// Whose.
    pub workspace: WorkspaceId,
    /// Its id.
    pub id: PlayerId,
    /// What people call it.
    pub name: String,
    /// The hash of its token.
    pub token: TokenHash,
    /// Enough of the token to recognise it.
    pub preview: String,
    /// Whether its token is honoured.
    pub enabled: bool,
    /// What it may read.
    pub widget_configs: Vec<WidgetConfigId>,
    /// When it last read.
    pub last_seen_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

struct Known {
    player: Player,
    seen: AtomicI64,
    dirty: AtomicBool,
}

/// The players whose tokens were used, by the hash of the token. An unknown token is remembered too, so
/// that guessing costs the database nothing twice.
#[derive(Clone)]
pub(crate) struct Players {
    db: Db,
    known: Arc<HashMap<TokenHash, Option<Arc<Known>>>>,
    /// Moves with every change that is heard of, so that what was read before it is not kept after it.
    generation: Arc<AtomicU64>,
    flushing: Arc<AtomicBool>,
}

/// Beyond so many remembered tokens all are forgotten and learned anew.
const MOST: usize = 100_000;
const FLUSH_AFTER: Duration = Duration::from_secs(30);

impl Players {
    pub(crate) fn new(db: Db) -> Self {
        Self { db, known: Arc::default(), generation: Arc::default(), flushing: Arc::default() }
    }

    /// Whether the token may read this, and where.
    pub(crate) async fn may_read(
        &self,
        token: &str,
        config: WidgetConfigId,
    ) -> Result<Option<WorkspaceId>, DbError> {
        let hash = TokenHash::of(token);
        let found = self.known.pin().get(&hash).cloned();
        let known = match found {
            Some(known) => known,
            None => self.learn(hash).await?,
        };
        let Some(known) = known else { return Ok(None) };
        let player = &known.player;
        if !player.enabled || !player.widget_configs.contains(&config) {
            return Ok(None);
        }
        self.note_seen(&known);
        Ok(Some(player.workspace))
    }

    async fn learn(&self, hash: TokenHash) -> Result<Option<Arc<Known>>, DbError> {
        let before = self.generation.load(Ordering::Acquire);
        let player = store::players::by_token(&self.db, hash).await?;
        let known = player.map(|player| {
            let seen = player.last_seen_at.map_or(0, Timestamp::micros);
            Arc::new(Known { player, seen: seen.into(), dirty: false.into() })
        });
        let map = self.known.pin();
        if map.len() >= MOST {
            map.clear();
        }
        map.insert(hash, known.clone());
        if self.generation.load(Ordering::Acquire) != before {
            map.remove(&hash);
        }
        Ok(known)
    }

    /// Remembers that a player was here. The table learns of it half a minute later, once for all reads
    /// in between; while nobody reads, nothing runs.
    fn note_seen(&self, known: &Known) {
        let now = self.db.clock().now().micros();
        // A store a second is enough, and keeps the cache line quiet under load.
        if now - known.seen.load(Ordering::Relaxed) < 1_000_000 {
            return;
        }
        known.seen.store(now, Ordering::Relaxed);
        known.dirty.store(true, Ordering::Relaxed);
        if self.flushing.swap(true, Ordering::AcqRel) {
            return;
        }
        let players = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(FLUSH_AFTER).await;
            players.flush().await;
        });
    }

    pub(crate) async fn flush(&self) {
        self.flushing.store(false, Ordering::Release);
        let seen: Vec<_> = {
            let map = self.known.pin();
            map.values()
                .flatten()
                .filter(|known| known.dirty.swap(false, Ordering::Relaxed))
                .map(|known| {
                    let at = Timestamp::from_micros(known.seen.load(Ordering::Relaxed));
                    (known.player.workspace, known.player.id, at)
                })
                .collect()
        };
        if seen.is_empty() {
            return;
        }
        if let Err(error) = store::players::seen(&self.db, &seen).await {
            tracing::warn!(%error, "cannot note when players were last seen");
        }
    }

    /// Forgets a player, or all of them (`*`). Whoever changes one does so before they answer; the signal
    /// does it for the other nodes.
    pub(crate) fn forget(&self, id: &str) {
        self.generation.fetch_add(1, Ordering::AcqRel);
        let is_other = |known: &Arc<Known>| id != "*" && known.player.id.to_string() != id;
        self.known.pin().retain(|_, known| known.as_ref().is_some_and(is_other));
    }

    /// Forgets what a signal says has changed.
    pub(crate) fn hear(&self, signal: &Signal) {
        match signal {
            Signal::Changed(Change::Noun { noun, id, .. }) if noun == NOUN => {
                self.forget(id);
            }
            Signal::Resync => {
                self.generation.fetch_add(1, Ordering::AcqRel);
                self.known.pin().clear();
            }
            _ => {}
        }
    }
}

/// The noun in [`Change`] signals.
pub(crate) const NOUN: &str = "player";
