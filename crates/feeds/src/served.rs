//! Documents as readers get them: ready-made bytes in memory, plain and compressed, with the head of the
//! answer beside. Reading takes no lock, no SQL and no serialisation; a change puts a new entry in place
//! of the old one.

use bytes::Bytes;
use db::{Db, DbError, Signal};
use http::HeaderValue;
use kernel::{Event, FeedId, Timestamp, WorkspaceId};
use papaya::HashMap;
use serde_json::value::RawValue;
use std::collections::HashSet;
use std::io::Write as _;
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, Ordering};
use tokio::sync::watch;

use crate::feed::{Feed, Status};
use crate::turns::Turns;
use crate::{GONE, gone_with, store};

/// One feed as readers get it now.
#[derive(Debug)]
pub(crate) struct Served {
    pub(crate) workspace: WorkspaceId,
    pub(crate) version: u64,
    pub(crate) etag: HeaderValue,
    pub(crate) body: Bytes,
    gzip: OnceLock<Bytes>,
    brotli: OnceLock<Bytes>,
    stale_from: i64,
    read_at: AtomicI64,
    share: Share,
}

/// How much of the memory for documents one of them takes.
#[derive(Debug)]
struct Share {
    /// What all take together.
    total: Arc<AtomicI64>,
    /// What this one takes; [`LET_GO`] once it was let go.
    own: AtomicI64,
}

const LET_GO: i64 = i64::MIN;

impl Share {
    /// Takes more, unless it was let go.
    fn grow(&self, bytes: usize) {
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        let more = |own: i64| (own != LET_GO).then(|| own.saturating_add(bytes));
        if self.own.fetch_update(Ordering::AcqRel, Ordering::Acquire, more).is_ok() {
            self.total.fetch_add(bytes, Ordering::Relaxed);
        }
    }

    /// Gives all of it back, once.
    fn let_go(&self) {
        let own = self.own.swap(LET_GO, Ordering::AcqRel);
        if own != LET_GO {
            self.total.fetch_sub(own, Ordering::Relaxed);
        }
    }
}

/// Bodies below this are not worth compressing.
const COMPRESS_FROM: usize = 860;
/// What an entry takes beside its body.
const BESIDES: usize = 1024;

impl Served {
    fn new(
        workspace: WorkspaceId,
        feed: Feed,
        document: Option<Box<RawValue>>,
        total: Arc<AtomicI64>,
        now: Timestamp,
    ) -> Self {
        let stale_from = feed.stale_from().filter(|_| feed.status(now) == Status::Ok);
        let body = envelope(&feed, document.as_deref(), now);
        // A reader that asks by tag learns when its document becomes stale, too.
        let is_fresh = matches!(feed.status(now), Status::Ok | Status::Pending);
        let standing = if is_fresh { "" } else { "-stale" };
        let etag = HeaderValue::from_str(&format!("W/\"{}.{}{standing}\"", feed.id, feed.version));
        let share = Share { total, own: AtomicI64::new(0) };
        share.grow(body.len() + BESIDES);
        Self {
            workspace,
            version: feed.version,
            etag: etag.unwrap_or(HeaderValue::from_static("W/\"0\"")),
            body,
            gzip: OnceLock::new(),
            brotli: OnceLock::new(),
            stale_from: stale_from.map_or(i64::MAX, Timestamp::micros),
            read_at: AtomicI64::new(now.micros()),
            share,
        }
    }

    /// The body in gzip, made at the first asking.
    pub(crate) fn gzip(&self) -> Option<&Bytes> {
        (self.body.len() >= COMPRESS_FROM).then(|| {
            self.gzip.get_or_init(|| {
                let mut to = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
                let done = to.write_all(&self.body).and_then(|()| to.finish());
                self.counted(done.map_or_else(|_| self.body.clone(), Bytes::from))
            })
        })
    }

    /// The body in brotli, likewise.
    pub(crate) fn brotli(&self) -> Option<&Bytes> {
        (self.body.len() >= COMPRESS_FROM).then(|| {
            self.brotli.get_or_init(|| {
                let mut out = Vec::new();
                let mut to = brotli::CompressorWriter::new(&mut out, 4096, 5, 20);
                let done = to.write_all(&self.body).and_then(|()| to.flush());
                drop(to);
                self.counted(done.map_or_else(|_| self.body.clone(), |()| Bytes::from(out)))
            })
        })
    }

    fn counted(&self, form: Bytes) -> Bytes {
        self.share.grow(form.len());
        form
    }

    /// Whether a signal tells nothing that is not in here already.
    fn knows(&self, event: &Event) -> bool {
        event.data["version"].as_u64().is_some_and(|version| version <= self.version)
    }
}

/// The answer of a data path: the document and how it stands.
fn envelope(feed: &Feed, document: Option<&RawValue>, now: Timestamp) -> Bytes {
    let status = feed.status(now);
    let data = document.map_or("null", RawValue::get);
    let time = |at: Option<Timestamp>| at.map_or("null".to_owned(), |at| format!("\"{at}\""));
    let error = serde_json::to_string(&feed.error_message).unwrap_or_else(|_| "null".to_owned());
    let stale = matches!(status, Status::Stale | Status::Failing);
    let text = format!(
        "{{\"data\":{data},\"version\":{},\"fetched_at\":{},\"refresh_at\":{},\"status\":\"{}\",\
         \"stale\":{stale},\"error_message\":{error}}}",
        feed.version,
        time(feed.fetched_at),
        time(feed.refresh_at),
        status.name(),
    );
    Bytes::from(text)
}

/// All documents that were read lately, and who waits for their changes.
#[derive(Clone)]
pub(crate) struct Documents {
    db: Db,
    served: Arc<HashMap<FeedId, Arc<Served>>>,
    live: Arc<HashMap<FeedId, watch::Sender<Option<Arc<Served>>>>>,
    turns: Turns,
    bytes: Arc<AtomicI64>,
    most: i64,
}

impl Documents {
    /// Keeps up to `most` bytes.
    pub(crate) fn new(db: Db, most: u64) -> Self {
        Self {
            db,
            served: Arc::default(),
            live: Arc::default(),
            turns: Turns::default(),
            bytes: Arc::default(),
            most: i64::try_from(most).unwrap_or(i64::MAX),
        }
    }

    /// What is in memory, if it still holds at `now`.
    pub(crate) fn peek(&self, feed: FeedId, now: Timestamp) -> Option<Arc<Served>> {
        let served = self.served.pin().get(&feed)?.clone();
        if now.micros() > served.stale_from {
            return None;
        }
        served.read_at.store(now.micros(), Ordering::Relaxed);
        Some(served)
    }

    /// The feed as readers get it, from memory or from the table. `None` when there is no such feed.
    pub(crate) async fn get(
        &self,
        workspace: WorkspaceId,
        feed: FeedId,
    ) -> Result<Option<Arc<Served>>, DbError> {
        let now = self.db.clock().now();
        if let Some(served) = self.peek(feed, now) {
            return Ok((served.workspace == workspace).then_some(served));
        }
        // One loads a feed, the others wait and find it.
        let _turn = self.turns.take(feed).await;
        match self.peek(feed, now) {
            Some(served) => Ok((served.workspace == workspace).then_some(served)),
            None => self.load(workspace, feed).await,
        }
    }

    async fn load(
        &self,
        workspace: WorkspaceId,
        id: FeedId,
    ) -> Result<Option<Arc<Served>>, DbError> {
        let handle = self.db.workspace(workspace);
        let mut tx = handle.read().await?;
        let Some(feed) = store::feeds::get(&mut tx, workspace, id).await? else {
            self.forget(id);
            if let Some(waiting) = self.live.pin().get(&id) {
                waiting.send_replace(None);
            }
            return Ok(None);
        };
        let document = match feed.version {
            0 => None,
            version => store::versions::document(&mut tx, &handle, id, version).await?,
        };
        Ok(Some(self.put(workspace, feed, document)))
    }

    /// Puts a feed as it stands now in place, and tells those who wait for it.
    fn put(
        &self,
        workspace: WorkspaceId,
        feed: Feed,
        document: Option<Box<RawValue>>,
    ) -> Arc<Served> {
        let id = feed.id;
        let now = self.db.clock().now();
        let served = Arc::new(Served::new(workspace, feed, document, self.bytes.clone(), now));
        if let Some(old) = self.served.pin().insert(id, served.clone()) {
            old.share.let_go();
        }
        if self.bytes.load(Ordering::Relaxed) > self.most {
            self.evict();
        }
        if let Some(waiting) = self.live.pin().get(&id) {
            waiting.send_replace(Some(served.clone()));
        }
        served
    }

    /// Lets go of the half that was read longest ago.
    fn evict(&self) {
        let map = self.served.pin();
        let mut ages: Vec<_> =
            map.iter().map(|(id, served)| (served.read_at.load(Ordering::Relaxed), *id)).collect();
        ages.sort_unstable();
        ages.iter().take(ages.len().div_ceil(2)).for_each(|(_, id)| self.forget(*id));
    }

    fn forget(&self, id: FeedId) {
        if let Some(gone) = self.served.pin().remove(&id) {
            gone.share.let_go();
        }
    }

    /// Changes of a feed from now on; `None` when it is gone. Slow readers see the newest, not each.
    pub(crate) async fn watch(&self, feed: FeedId) -> watch::Receiver<Option<Arc<Served>>> {
        // While nobody takes channels away that have no readers.
        let _turn = self.turns.take(feed).await;
        let live = self.live.pin();
        live.get_or_insert_with(feed, || watch::channel(None).0).subscribe()
    }

    /// Takes note of a commit on this or another node. A feed that nobody read lately is left alone. What
    /// is being loaded is waited for, so that what it was before the commit is not kept after it.
    pub(crate) async fn hear(&self, signal: &Signal) {
        match signal {
            Signal::Event(event) if event.kind == "feed.updated" => {
                let Ok(id) = event.subject.parse::<FeedId>() else { return };
                self.renew(event.workspace, id, |served| served.knows(event)).await;
            }
            Signal::Event(event) if event.kind == GONE => {
                for id in gone_with(event) {
                    self.renew(event.workspace, id, |_| false).await;
                }
            }
            Signal::Changed(db::Change::Noun { noun, workspace, id })
                if noun == NOUN || noun == STATE =>
            {
                let Ok(id) = id.parse::<FeedId>() else { return };
                self.renew(*workspace, id, |_| false).await;
            }
            Signal::Resync => {
                let mut all: HashSet<FeedId> = self.served.pin().keys().copied().collect();
                all.extend(self.live.pin().keys());
                // What is being loaded may be what it was before the signals that were missed.
                all.extend(self.turns.taken());
                for id in all {
                    let _turn = self.turns.take(id).await;
                    self.forget(id);
                    self.reload_watched(id).await;
                }
            }
            _ => {}
        }
    }

    /// Loads a feed anew if somebody reads it, unless what they read is known to be the newest.
    async fn renew(&self, workspace: WorkspaceId, id: FeedId, is_newest: impl Fn(&Served) -> bool) {
        let _turn = self.turns.take(id).await;
        let known = self.served.pin().get(&id).cloned();
        let is_read = known.is_some() || self.is_watched(id);
        if is_read && !known.is_some_and(|served| is_newest(&served)) {
            self.reload(workspace, id).await;
        }
    }

    /// Whether a reader holds a connection open; the last one to leave takes the channel along.
    fn is_watched(&self, id: FeedId) -> bool {
        let live = self.live.pin();
        let watched = live.get(&id).is_some_and(|channel| channel.receiver_count() > 0);
        if !watched {
            live.remove(&id);
        }
        watched
    }

    async fn reload_watched(&self, id: FeedId) {
        let known = self.live.pin().get(&id).and_then(|channel| channel.borrow().clone());
        if let Some(served) = known {
            self.reload(served.workspace, id).await;
        }
    }

    async fn reload(&self, workspace: WorkspaceId, id: FeedId) {
        if let Err(error) = self.load(workspace, id).await {
            tracing::warn!(%error, feed = %id, "cannot reload a feed; readers keep what they had");
        }
    }
}

/// The noun in [`db::Change`] signals: a feed's settings have changed, or it is gone.
pub(crate) const NOUN: &str = "feed";
/// The same for how it stands, which changes with each pull.
pub(crate) const STATE: &str = "feed_state";

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::{Entropy, IntegrationId};

    #[test]
    fn every_form_of_a_document_is_counted_once_and_given_back() {
        let (at, entropy) = (Timestamp::from_secs(1), Entropy::seeded(7));
        let workspace = WorkspaceId::generate(at, &entropy);
        let id = FeedId::generate(at, &entropy);
        let feed = Feed::blank(id, IntegrationId::generate(at, &entropy), at);
        let text = format!("\"{}\"", "tide ".repeat(1000));
        let total = Arc::new(AtomicI64::new(0));
        let counted = || usize::try_from(total.load(Ordering::Relaxed)).unwrap();
        let document = RawValue::from_string(text).ok();
        let served = Served::new(workspace, feed, document, total.clone(), at);
        let mut wanted = served.body.len() + BESIDES;
        assert_eq!(counted(), wanted);
        for _ in 0..2 {
            served.gzip().unwrap();
        }
        wanted += served.gzip().unwrap().len();
        assert_eq!(counted(), wanted);
        served.share.let_go();
        served.share.let_go();
        served.brotli().unwrap();
        assert_eq!(counted(), 0, "what is let go takes no more");
    }
}
