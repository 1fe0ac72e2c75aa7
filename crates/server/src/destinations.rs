//! Where pushes go: the rooms do not know each other, so this tells `hooks` what `feeds` knows.

use db::DbError;
use feeds::{Feeds, PushTarget};
use futures::future::BoxFuture;
use hooks::{Address, Destination, Destinations, JobTemplate};
use kernel::{IntegrationId, WorkspaceId};

/// Feeds as the destinations of pushes.
#[derive(Clone)]
pub struct FeedDestinations(pub Feeds);

impl Destinations for FeedDestinations {
    fn find(
        &self,
        integration: IntegrationId,
        address: Address,
    ) -> BoxFuture<'_, Result<Option<Destination>, DbError>> {
        Box::pin(async move {
            let target = match address {
                Address::Integration | Address::Subscription(_) => None,
                Address::Feed(feed) => self.0.target_of_feed(integration, feed).await?,
                Address::WidgetConfig(config) => {
                    self.0.target_of_config(integration, config).await?
                }
            };
            Ok(target.map(destination))
        })
    }

    fn addresses(
        &self,
        workspace: WorkspaceId,
        integration: IntegrationId,
    ) -> BoxFuture<'_, Result<Vec<Address>, DbError>> {
        Box::pin(async move {
            let targets = self.0.targets(workspace, integration).await?;
            let address = |target: PushTarget| match target.widget_config {
                Some(config) => Address::WidgetConfig(config),
                None => Address::Feed(target.feed),
            };
            Ok(targets.into_iter().map(address).collect())
        })
    }
}

fn destination(target: PushTarget) -> Destination {
    let job = JobTemplate {
        kind: feeds::APPLY,
        key: target.feed.to_string(),
        payload: serde_json::json!({}),
    };
    Destination {
        workspace: target.workspace,
        feed: Some(target.feed),
        widget_config: target.widget_config,
        push: target.push,
        job: Some(job),
    }
}
