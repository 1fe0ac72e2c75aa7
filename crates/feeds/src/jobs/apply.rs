//! Applies pushes that were accepted: takes all that wait for a feed, in order, and makes one new
//! version of them. Under a storm of pushes each run takes many, so readers see the newest state rather
//! than a queue.

use db::{Done, Handler, Inbound, Job, JobError};
use kernel::{FeedId, JobKind, Lane};
use serde_json::Value;
use std::pin::Pin;

use crate::document::{Apply, apply, digest};
use crate::feed::{Feed, Validators};
use crate::push;
use crate::store::{self, outcome::Changed, versions::Source};
use crate::{Feeds, served};

/// Applies the pushes that wait for the feed whose id is the key.
pub const KIND: JobKind = JobKind { name: "feed.apply", lane: Lane::Fast };

/// How many pushes one run takes.
const MOST: u32 = 500;

pub(crate) struct ApplyJob(pub(crate) Feeds);

impl Handler for ApplyJob {
    fn kind(&self) -> JobKind {
        KIND
    }

    fn run(&self, job: Job) -> Pin<Box<dyn Future<Output = Result<Done, JobError>> + Send + '_>> {
        Box::pin(self.apply(job))
    }
}

impl ApplyJob {
    async fn apply(&self, job: Job) -> Result<Done, JobError> {
        let feeds = &self.0;
        let workspace = feeds.db().workspace(job.workspace);
        let id: FeedId =
            job.key.parse().map_err(|_| JobError(format!("{} is no feed", job.key)))?;
        let mut tx = workspace.read().await?;
        let Some(feed) = store::feeds::get(&mut tx, job.workspace, id).await? else {
            drop(tx);
            return abandon(&workspace, &job, id).await;
        };
        let pending = tx.pending_inbound(job.workspace, id, MOST).await?;
        let document = match feed.version {
            0 => None,
            version => store::versions::document(&mut tx, &workspace, id, version).await?,
        };
        drop(tx);
        let settings = feeds.push_settings(&workspace, &feed).await?;
        let document = document.and_then(|text| serde_json::from_str::<Value>(text.get()).ok());
        let found = fold(&workspace, &pending, document, &settings).await?;

        let mut tx = workspace.write().await?;
        let is_stored = match &found.document {
            Some(document) => {
                self.store(&mut tx, &workspace, &feed, document, &found, &settings).await?
            }
            None => true,
        };
        let now = tx.now();
        if !is_stored {
            // A pull brought another document meanwhile: the pushes go on top of that one.
            drop(tx);
            let mut tx = workspace.write().await?;
            job.run_again(&mut tx, now).await?;
            tx.commit().await?;
            return Ok(Done::Settled);
        }
        let is_well =
            |push: &&Inbound| !found.failed.iter().any(|(failed, _)| failed.id == push.id);
        let well: Vec<_> = pending.iter().filter(is_well).map(|push| push.id).collect();
        tx.settle_inbound(job.workspace, id, &well).await?;
        for (push, error) in &found.failed {
            tx.fail_inbound(job.workspace, id, push.id, error).await?;
        }
        push::tell_failed(&mut tx, job.workspace, &feed, &found.failed).await?;
        if pending.len() == MOST as usize {
            job.run_again(&mut tx, now).await?;
        } else {
            job.finish(&mut tx).await?;
        }
        tx.commit().await?;
        feeds.metrics().applied.inc_by(well.len() as u64);
        // Where it is pulled as well, only a pull says that pulls work.
        if found.document.is_some() && feed.mode == connect::Mode::Push {
            feeds.connect().note_sync(&workspace, feed.integration, Ok(())).await?;
        }
        Ok(Done::Settled)
    }

    /// Keeps the new document. False when the feed has another by now than the one it was made from.
    async fn store(
        &self,
        tx: &mut db::Tx,
        workspace: &db::Workspace,
        feed: &Feed,
        document: &Value,
        found: &Folded<'_>,
        settings: &push::Settings,
    ) -> Result<bool, JobError> {
        let digest = digest(document, &settings.ignore);
        let made_by = found.last.map(|push| push.id.to_string());
        let now = tx.now();
        if feed.digest.as_deref() == Some(&digest) {
            let is_same =
                store::outcome::same_by_push(tx, workspace, feed.id, &digest, now).await?;
            tx.changed(db::Change::noun(served::STATE, workspace.id(), feed.id));
            return Ok(is_same);
        }
        let text = document.to_string();
        let change = Changed {
            feed: feed.id,
            made_from: Some(feed.version),
            document: text.as_bytes(),
            digest: &digest,
            // What the pull was told of its document says nothing about this one.
            validators: &Validators::default(),
            fetched_at: now,
            refresh_at: None,
            source: Source::Push,
            made_by: made_by.as_deref(),
            keep: settings.keep,
        };
        Ok(store::outcome::changed(tx, workspace, &change).await?.is_some())
    }
}

/// The feed is gone: what waits for it is kept for the record.
async fn abandon(workspace: &db::Workspace, job: &Job, feed: FeedId) -> Result<Done, JobError> {
    let mut tx = workspace.write().await?;
    tx.abandon_inbound(workspace.id(), feed).await?;
    job.finish(&mut tx).await?;
    tx.commit().await?;
    Ok(Done::Settled)
}

/// What a run of pushes makes of a document.
struct Folded<'a> {
    /// The new document; `None` when no push could be read.
    document: Option<Value>,
    last: Option<&'a Inbound>,
    failed: Vec<(&'a Inbound, String)>,
}

async fn fold<'a>(
    workspace: &db::Workspace,
    pending: &'a [Inbound],
    document: Option<Value>,
    settings: &push::Settings,
) -> Result<Folded<'a>, JobError> {
    let mut folded = Folded { document: None, last: None, failed: Vec::new() };
    let mut current = Growing::new(document);
    // When each push replaces what was there, only the last readable one matters.
    let replaces = settings.apply == Apply::Replace;
    let in_order: Box<dyn Iterator<Item = &Inbound> + Send> =
        if replaces { Box::new(pending.iter().rev()) } else { Box::new(pending.iter()) };
    for push in in_order {
        if replaces && folded.last.is_some() {
            break;
        }
        let body = workspace.inbound_body(push).await?;
        match push::payload(&push.content_type, &body, settings) {
            Ok(payload) => match current.apply(payload, settings) {
                true => folded.last = Some(push),
                false => {
                    let most = settings.max_bytes;
                    let error = format!("the document would be larger than {most} bytes");
                    folded.failed.push((push, error));
                }
            },
            Err(error) => folded.failed.push((push, error)),
        }
    }
    folded.document = folded.last.and(current.document);
    Ok(folded)
}

/// The document while pushes are applied to it, and the most that it may measure.
struct Growing {
    document: Option<Value>,
    bytes: u64,
}

impl Growing {
    fn new(document: Option<Value>) -> Self {
        let bytes = document.as_ref().map_or(0, measure);
        Self { document, bytes }
    }

    /// Applies a payload unless that makes the document too large. It is measured again only where what
    /// was added up since the last time might be too much.
    fn apply(&mut self, payload: Value, settings: &push::Settings) -> bool {
        // A comma or brackets come on top of what each payload measures.
        let bytes = self.bytes + measure(&payload) + 2;
        if bytes <= settings.max_bytes {
            *self = Self {
                document: Some(apply(self.document.take(), payload, settings.apply)),
                bytes,
            };
            return true;
        }
        let document = apply(self.document.clone(), payload, settings.apply);
        let bytes = measure(&document);
        if bytes > settings.max_bytes {
            return false;
        }
        *self = Self { document: Some(document), bytes };
        true
    }
}

fn measure(document: &Value) -> u64 {
    document.to_string().len() as u64
}
