//! Where pushes go. This room does not know feeds: whoever puts the rooms together says what stands
//! behind an address.

use db::DbError;
use futures::future::BoxFuture;
use kernel::{FeedId, IntegrationId, JobKind, SubscriptionId, WidgetConfigId, WorkspaceId};
use serde_json::{Map, Value};
use std::fmt;

/// What a push is for, within an integration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Address {
    /// The integration alone: its pushes are kept in the inbox and change no feed.
    Integration,
    /// One feed.
    Feed(FeedId),
    /// The feed behind one placed widget.
    WidgetConfig(WidgetConfigId),
    /// What a provider was asked to push: kept in the inbox, like pushes to the integration.
    Subscription(SubscriptionId),
}

impl fmt::Display for Address {
    /// The part of the URL's path that follows the integration; empty for the integration alone.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integration => Ok(()),
            Self::Feed(id) => id.fmt(out),
            Self::WidgetConfig(id) => id.fmt(out),
            Self::Subscription(id) => id.fmt(out),
        }
    }
}

/// What stands behind an address.
#[derive(Clone, Debug, PartialEq)]
pub struct Destination {
    /// Whose it is.
    pub workspace: WorkspaceId,
    /// The feed that the push is for.
    pub feed: Option<FeedId>,
    /// The widget config whose credentials count, where they belong to widgets.
    pub widget_config: Option<WidgetConfigId>,
    /// The settings of pushes: the feed's over the integration's.
    pub push: Map<String, Value>,
    /// What is to be done with an accepted push. Without it the push is only kept.
    pub job: Option<JobTemplate>,
}

/// A job but for its time.
#[derive(Clone, Debug, PartialEq)]
pub struct JobTemplate {
    /// Which handler runs it.
    pub kind: JobKind,
    /// At most one of a kind and key waits in a workspace.
    pub key: String,
    /// What the handler needs to know; never a secret.
    pub payload: Value,
}

/// Who knows what stands behind the addresses of an integration.
///
/// A change of any of it must be announced as [`db::Change::noun`] of `feed` or `widget_config` with the
/// id of the thing: until then the last answer is held to be true.
pub trait Destinations: Send + Sync {
    /// What stands behind `address`; `None` when nothing does, or when it is no part of the integration.
    /// It is asked about feeds and widget configs alone.
    fn find(
        &self,
        integration: IntegrationId,
        address: Address,
    ) -> BoxFuture<'_, Result<Option<Destination>, DbError>>;

    /// The addresses that an integration has besides its own, for people to copy.
    fn addresses(
        &self,
        workspace: WorkspaceId,
        integration: IntegrationId,
    ) -> BoxFuture<'_, Result<Vec<Address>, DbError>>;
}
