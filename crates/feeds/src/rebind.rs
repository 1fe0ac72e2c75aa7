//! When a placed widget comes to read another feed, its readers still have the version of the old one in
//! hand. Versions that they see must only ever go up, or "not modified" would be said of another document.

use db::{DbError, Tx, Workspace};
use kernel::FeedId;

use crate::push::KEEP;
use crate::served::STATE;
use crate::store::outcome::Changed;
use crate::store::versions::Source;
use crate::{Feeds, store};

impl Feeds {
    /// Moves the version of `feed` past that of the feed that was read before.
    pub(crate) async fn move_past(
        &self,
        tx: &mut Tx,
        workspace: &Workspace,
        feed: FeedId,
        before: FeedId,
    ) -> Result<(), DbError> {
        let before = store::feeds::get(tx, workspace.id(), before).await?;
        let feed = store::feeds::get(tx, workspace.id(), feed).await?;
        let (Some(before), Some(feed)) = (before, feed) else { return Ok(()) };
        if feed.version > before.version {
            return Ok(());
        }
        let document = store::versions::document(tx, workspace, feed.id, feed.version).await?;
        let (Some(document), Some(digest)) = (document, &feed.digest) else {
            // No document is another one than that which was read before.
            let past = before.version + u64::from(before.digest.is_some());
            store::feeds::set_version(tx, workspace.id(), feed.id, past).await?;
            tx.changed(db::Change::noun(STATE, workspace.id(), feed.id));
            return Ok(());
        };
        store::feeds::set_version(tx, workspace.id(), feed.id, before.version).await?;
        let change = Changed {
            feed: feed.id,
            made_from: None,
            document: document.get().as_bytes(),
            digest,
            validators: &feed.validators,
            fetched_at: feed.fetched_at.unwrap_or_else(|| tx.now()),
            refresh_at: None,
            source: Source::Rebind,
            made_by: None,
            keep: KEEP,
        };
        store::outcome::changed(tx, workspace, &change).await.map(drop)
    }
}
