//! What stands behind an address that pushes are sent to.

use connect::Mode;
use db::DbError;
use kernel::{FeedId, IntegrationId, WidgetConfigId, WorkspaceId};
use serde_json::{Map, Value};

use crate::{Feeds, push, store};

/// A feed that takes pushes.
#[derive(Clone, Debug)]
pub struct PushTarget {
    /// Whose.
    pub workspace: WorkspaceId,
    /// Which feed.
    pub feed: FeedId,
    /// The placed widget that it belongs to alone, if it does.
    pub widget_config: Option<WidgetConfigId>,
    /// The settings of its pushes: its own over its integration's.
    pub push: Map<String, Value>,
}

impl Feeds {
    /// The feed that a placed widget reads through an integration.
    ///
    /// # Errors
    /// [`DbError`] when it cannot be read; so for both below.
    pub async fn target_of_config(
        &self,
        integration: IntegrationId,
        config: WidgetConfigId,
    ) -> Result<Option<PushTarget>, DbError> {
        let Some(workspace) = store::widgets::workspace_of(self.db(), config).await? else {
            return Ok(None);
        };
        let mut tx = self.db().workspace(workspace).read().await?;
        let feed = self.feed_of(&mut tx, workspace, config, Some(integration)).await?;
        drop(tx);
        match feed {
            Some(feed) => self.target(workspace, integration, feed).await,
            None => Ok(None),
        }
    }

    /// A feed by its own id.
    pub async fn target_of_feed(
        &self,
        integration: IntegrationId,
        feed: FeedId,
    ) -> Result<Option<PushTarget>, DbError> {
        match self.connect().integration_anywhere(integration).await? {
            Some((workspace, _)) => self.target(workspace.id(), integration, feed).await,
            None => Ok(None),
        }
    }

    /// The feeds of an integration that take pushes.
    pub async fn targets(
        &self,
        workspace: WorkspaceId,
        integration: IntegrationId,
    ) -> Result<Vec<PushTarget>, DbError> {
        let mut tx = self.db().workspace(workspace).read().await?;
        let feeds = store::feeds::of_integration(&mut tx, workspace, integration).await?;
        drop(tx);
        let mut targets = Vec::new();
        for feed in feeds.iter().take(200) {
            targets.extend(self.target(workspace, integration, feed.id).await?);
        }
        Ok(targets)
    }

    async fn target(
        &self,
        workspace: WorkspaceId,
        integration: IntegrationId,
        feed: FeedId,
    ) -> Result<Option<PushTarget>, DbError> {
        let handle = self.db().workspace(workspace);
        let found = store::feeds::get(&mut handle.read().await?, workspace, feed).await?;
        let takes_pushes = |feed: &crate::Feed| {
            feed.integration == integration && feed.mode != Mode::Pull && feed.enabled
        };
        let Some(feed) = found.filter(takes_pushes) else { return Ok(None) };
        let Some(integration) = self.connect().integration(&handle, integration).await? else {
            return Ok(None);
        };
        Ok(Some(PushTarget {
            workspace,
            feed: feed.id,
            widget_config: feed.discriminator.parse().ok(),
            push: push::effective(&integration, &feed),
        }))
    }
}
