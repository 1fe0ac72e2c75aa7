//! Ending subscriptions: what is no longer wanted, and what goes with its connection or integration while
//! the tokens still open something.

use connect::Farewell;
use db::{DbError, Workspace};
use futures::StreamExt as _;
use futures::future::BoxFuture;
use kernel::{ConnectionId, IntegrationId, PageRequest, Problem};
use std::sync::Weak;
use std::time::Duration;

use super::{Party, State, Subscription};
use crate::{Hooks, Inner, store};

/// How long somebody who deletes something waits for providers. What they did not hear ends with its lease.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many providers are told side by side.
const SIDE_BY_SIDE: usize = 8;

impl Hooks {
    /// Ends it at the provider, as far as that can be told, and here.
    pub(crate) async fn end(&self, party: &Party, mut it: Subscription) -> Result<(), DbError> {
        let mut tx = party.workspace.write().await?;
        let was = it.clone();
        self.switch_off(&mut tx, &mut it).await?;
        tx.commit().await?;
        self.say_goodbye(party, &was).await;
        Ok(())
    }

    /// Tells the provider alone.
    pub(crate) async fn say_goodbye(&self, party: &Party, it: &Subscription) {
        if !matches!(it.state, State::Pending | State::Active) || it.asked_at.is_none() {
            return;
        }
        let push = party.integration.provider_def.push.as_ref();
        let Some(way) = push.and_then(|push| push.subscribe.as_ref()?.way(&it.way)) else { return };
        if let Err(problem) = self.ask_to_end(party, way, it).await {
            let code = problem.code.name;
            tracing::info!(subscription = %it.id, code, "not ended at the provider");
        }
    }

    async fn end_all(
        &self,
        workspace: &Workspace,
        id: IntegrationId,
        connection: Option<ConnectionId>,
    ) -> Result<(), Problem> {
        let Some(integration) = self.connect().integration(workspace, id).await? else {
            return Ok(());
        };
        let mut tx = workspace.read().await?;
        let all = match connection {
            Some(_) => {
                store::subscriptions::of_party(&mut tx, workspace.id(), id, connection).await?
            }
            None => {
                let page = PageRequest { limit: 200, after: None };
                store::subscriptions::list(&mut tx, workspace.id(), id, &page).await?
            }
        };
        drop(tx);
        let ending = all.into_iter().filter(|it| it.state != State::Off).map(|it| {
            let integration = integration.clone();
            async move {
                let connection = match it.connection {
                    Some(id) => self.connect().known_connection(workspace, id).await?,
                    None => None,
                };
                let party = Party { workspace: workspace.clone(), integration, connection };
                self.end(&party, it).await
            }
        });
        let mut endings = futures::stream::iter(ending).buffer_unordered(SIDE_BY_SIDE);
        while let Some(ended) = endings.next().await {
            ended?;
        }
        Ok(())
    }
}

/// Ends what goes with a connection or an integration. It does not keep the room open.
pub(crate) struct Leaving(pub(crate) Weak<Inner>);

impl Farewell for Leaving {
    fn leaving<'a>(
        &'a self,
        workspace: &'a Workspace,
        integration: IntegrationId,
        connection: Option<ConnectionId>,
    ) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let Some(room) = self.0.upgrade().map(Hooks) else { return };
            let ending = room.end_all(workspace, integration, connection);
            match tokio::time::timeout(PATIENCE, ending).await {
                Ok(Ok(())) => {}
                Ok(Err(problem)) => {
                    tracing::warn!(code = problem.code.name, "subscriptions were not ended");
                }
                Err(_) => tracing::warn!(%integration, "not every subscription was ended in time"),
            }
        })
    }
}
