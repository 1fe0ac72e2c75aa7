//! Follows an integration or a connection: what may be subscribed to now is, what may not is ended. What it
//! does follows from the tables, so that running it twice comes to the same.

use catalog::push::{Per, Way};
use connect::{Connection, ConnectionStatus, FOLLOW_PUSHES, Integration};
use db::{Done, Handler, Job, JobError, Workspace};
use kernel::{ConnectionId, IntegrationId, JobKind, PageRequest, Problem};
use std::pin::Pin;
use std::sync::Arc;

use crate::subscribe::{Party, State, Subscription, schedule};
use crate::{Hooks, store};

const PAGE: u32 = 100;

pub(crate) struct FollowJob(pub(crate) Hooks);

impl Handler for FollowJob {
    fn kind(&self) -> JobKind {
        FOLLOW_PUSHES
    }

    fn run(&self, job: Job) -> Pin<Box<dyn Future<Output = Result<Done, JobError>> + Send + '_>> {
        Box::pin(self.follow(job))
    }
}

impl FollowJob {
    async fn follow(&self, job: Job) -> Result<Done, JobError> {
        let workspace = self.0.db().workspace(job.workspace);
        if let Ok(id) = job.key.parse::<ConnectionId>() {
            let Some(connection) = self.0.connect().known_connection(&workspace, id).await? else {
                return Ok(Done::Remove);
            };
            let id = connection.integration_id;
            if let Some(integration) = self.0.connect().integration(&workspace, id).await? {
                self.0.settle(&workspace, &integration, Some(connection)).await?;
            }
            return Ok(Done::Remove);
        }
        let id: IntegrationId =
            job.key.parse().map_err(|_| JobError(format!("{} is no integration", job.key)))?;
        if let Some(integration) = self.0.connect().integration(&workspace, id).await? {
            self.0.settle_all(&workspace, &integration).await?;
        }
        Ok(Done::Remove)
    }
}

impl Hooks {
    /// Settles an integration and all connections behind it.
    pub(crate) async fn settle_all(
        &self,
        workspace: &Workspace,
        integration: &Arc<Integration>,
    ) -> Result<(), Problem> {
        if ways(integration).is_empty() {
            return Ok(());
        }
        self.settle(workspace, integration, None).await?;
        let mut page = PageRequest { limit: PAGE, after: None };
        loop {
            let id = integration.id;
            let mut found = self.connect().connections_behind(workspace, id, &page).await?;
            let has_more = found.len() > PAGE as usize;
            found.truncate(PAGE as usize);
            page.after = found.last().map(|it| it.id.to_string());
            for connection in found {
                self.settle(workspace, integration, Some(connection)).await?;
            }
            if !has_more {
                return Ok(());
            }
        }
    }

    /// Subscribes to what is wanted for a connection, or for the integration itself, and ends the rest.
    pub(crate) async fn settle(
        &self,
        workspace: &Workspace,
        integration: &Arc<Integration>,
        connection: Option<Connection>,
    ) -> Result<(), Problem> {
        let per = if connection.is_some() { Per::Connection } else { Per::Integration };
        let ways = ways(integration).iter().filter(|way| way.per == per);
        let integration = integration.clone();
        let party = Party { workspace: workspace.clone(), integration, connection };
        let mut tx = workspace.read().await?;
        let about = party.connection.as_ref().map(|it| it.id);
        let known =
            store::subscriptions::of_party(&mut tx, workspace.id(), party.integration.id, about);
        let known = known.await?;
        drop(tx);
        for way in ways {
            let known = known.iter().find(|it| it.way == way.name);
            let topic = self.wanted(&party, way).await?;
            self.settle_one(&party, way, topic, known.cloned()).await?;
        }
        Ok(())
    }

    /// What it is to be about, if it is wanted at all.
    async fn wanted(&self, party: &Party, way: &Way) -> Result<Option<String>, Problem> {
        let is_on = party.integration.enabled && party.integration.mode.pushes();
        let is_off = |it: &Connection| it.status == ConnectionStatus::Disabled;
        if !is_on || party.connection.as_ref().is_some_and(is_off) {
            return Ok(None);
        }
        match self.topic(party, way).await {
            // What cannot be filled in cannot be asked for.
            Err(problem) if problem.code.status < 500 => Ok(None),
            other => other,
        }
    }

    async fn settle_one(
        &self,
        party: &Party,
        way: &Way,
        topic: Option<String>,
        known: Option<Subscription>,
    ) -> Result<(), Problem> {
        let Party { workspace, integration, connection } = party;
        let Some(topic) = topic else {
            if let Some(it) = known.filter(|it| it.state != State::Off) {
                self.end(party, it).await?;
            }
            return Ok(());
        };
        let Some(it) = known else {
            let mut tx = workspace.write().await?;
            let (now, connection) = (tx.now(), connection.as_ref().map(|it| it.id));
            let it = store::subscriptions::made(
                workspace,
                now,
                integration.id,
                connection,
                &way.name,
                topic,
            )?;
            if store::subscriptions::insert(&mut tx, &it).await? {
                schedule(&mut tx, &it).await?;
            }
            return Ok(tx.commit().await?);
        };
        let is_other = it.topic != topic;
        if it.is_unwanted || (!is_other && matches!(it.state, State::Active | State::Pending)) {
            return Ok(());
        }
        if is_other {
            self.say_goodbye(party, &it).await;
        }
        let mut tx = workspace.write().await?;
        let held = store::subscriptions::held(&mut tx, workspace.id(), it.id).await?;
        match held {
            // It stays failed, and its task open, until it works.
            Some(mut it) if it.state == State::Failed && !is_other => {
                it.renew_at = Some(tx.now());
                store::subscriptions::update(&mut tx, &it).await?;
                schedule(&mut tx, &it).await?;
            }
            Some(mut it) => {
                it.topic = topic;
                self.begin(&mut tx, &mut it).await?;
            }
            None => {}
        }
        Ok(tx.commit().await?)
    }
}

/// What the provider of an integration can be asked to push.
pub(crate) fn ways(integration: &Integration) -> &[Way] {
    integration.provider_def.push.as_ref().map_or(&[], |push| push.ways())
}
