//! Which feed each widget config reads. Configs whose options are equal share one, unless the data is
//! theirs alone: because their credentials are, or because pushes come to an address of their own.

use connect::{CredentialScope, Integration, Mode};
use db::{DbError, Tx};
use kernel::{FeedId, IntegrationId, NewJob, WorkspaceId};
use serde_json::{Map, Value, json};
use vault::TokenHash;

use crate::feed::Feed;
use crate::widget::WidgetConfig;
use crate::{Feeds, jobs, store};

impl Feeds {
    /// Gives a config a feed of each of its widget's integrations, and takes away what nobody reads any
    /// more for that. New feeds are pulled at once. The caller has taken its turn
    /// ([`store::feeds::take_turn`]).
    pub(crate) async fn bind_config(
        &self,
        tx: &mut Tx,
        workspace: WorkspaceId,
        config: &WidgetConfig,
        integrations: &[std::sync::Arc<Integration>],
    ) -> Result<(), DbError> {
        let mut unbound = Vec::new();
        for integration in integrations {
            unbound.extend(self.bind(tx, workspace, config, integration).await?);
        }
        self.sweep(tx, workspace, &unbound).await
    }

    /// Gives every config of the integration's widget a feed of it, and takes it away from those of a
    /// widget that it belonged to before. The transaction has locked nothing yet that others who bind wait
    /// for.
    ///
    /// # Errors
    /// [`DbError`] when it cannot be written.
    pub async fn bind_integration(
        &self,
        tx: &mut Tx,
        workspace: WorkspaceId,
        integration: &Integration,
    ) -> Result<(), DbError> {
        store::feeds::take_turn(tx, workspace).await?;
        let mut unbound = Vec::new();
        for (config, feed) in store::widgets::unbind_elsewhere(tx, workspace, integration).await? {
            tx.changed(db::Change::noun(BINDING, workspace, config));
            unbound.push(feed);
        }
        let configs = match integration.widget_id {
            Some(widget) => store::widgets::configs_of(tx, workspace, widget).await?,
            None => Vec::new(),
        };
        for config in configs {
            unbound.extend(self.bind(tx, workspace, &config, integration).await?);
        }
        self.sweep(tx, workspace, &unbound).await
    }

    /// Lets a config read the feed that fits it, and says which other one it has read until now.
    async fn bind(
        &self,
        tx: &mut Tx,
        workspace: WorkspaceId,
        config: &WidgetConfig,
        integration: &Integration,
    ) -> Result<Option<FeedId>, DbError> {
        let discriminator = discriminator(integration, config);
        let known =
            store::feeds::by_discriminator(tx, workspace, integration.id, &discriminator).await?;
        let feed = match known {
            Some(feed) => feed.id,
            None => {
                let name = format!("{} · {}", integration.name, config.name);
                let feed = self.new_feed(tx, integration, name, config.options.clone());
                let feed = Feed { discriminator, ..feed };
                match self.add_feed(tx, workspace, &feed).await? {
                    true => feed.id,
                    false => self.made_meanwhile(tx, workspace, &feed).await?,
                }
            }
        };
        let bound = store::widgets::bindings(tx, workspace, config.id).await?;
        let before = bound.into_iter().find(|(id, _)| *id == integration.id);
        let before = before.map(|(_, before)| before).filter(|before| *before != feed);
        if let Some(before) = before {
            self.move_past(tx, &self.db().workspace(workspace), feed, before).await?;
        }
        store::widgets::bind(tx, workspace, config.id, integration.id, feed).await?;
        tx.changed(db::Change::noun(BINDING, workspace, config.id));
        Ok(before)
    }

    /// The feed that another transaction made for the same discriminator since we looked.
    async fn made_meanwhile(
        &self,
        tx: &mut Tx,
        workspace: WorkspaceId,
        feed: &Feed,
    ) -> Result<FeedId, DbError> {
        let (integration, discriminator) = (feed.integration, &feed.discriminator);
        let made =
            store::feeds::by_discriminator(tx, workspace, integration, discriminator).await?;
        made.map(|feed| feed.id).ok_or(DbError::Conflict)
    }

    pub(crate) fn new_feed(
        &self,
        tx: &Tx,
        integration: &Integration,
        name: String,
        options: Map<String, Value>,
    ) -> Feed {
        let now = tx.now();
        let id = FeedId::generate(now, self.entropy());
        Feed {
            name,
            mode: integration.mode,
            is_on: integration.enabled,
            options,
            ..Feed::blank(id, integration.id, now)
        }
    }

    /// Stores a new feed and, if it is pulled, its first pull. False when there is one like it.
    pub(crate) async fn add_feed(
        &self,
        tx: &mut Tx,
        workspace: WorkspaceId,
        feed: &Feed,
    ) -> Result<bool, DbError> {
        if !store::feeds::insert(tx, workspace, feed).await? {
            return Ok(false);
        }
        let data = json!({ "integration_id": feed.integration, "name": feed.name });
        tx.emit(workspace, "feed.created", feed.id, data).await?;
        if feed.mode != Mode::Push && feed.enabled {
            self.pull_now(tx, workspace, feed.id).await?;
        }
        Ok(true)
    }

    /// Asks for a pull as soon as a worker is free.
    pub(crate) async fn pull_now(
        &self,
        tx: &mut Tx,
        workspace: WorkspaceId,
        feed: FeedId,
    ) -> Result<(), DbError> {
        let now = tx.now();
        let job = NewJob {
            kind: jobs::pull::KIND,
            key: feed.to_string(),
            run_at: now,
            payload: json!({}),
        };
        tx.enqueue(workspace, job).await
    }

    /// Removes what a feed that was just deleted leaves behind, and tells of it.
    pub(crate) async fn bury(
        &self,
        tx: &mut Tx,
        workspace: WorkspaceId,
        id: FeedId,
    ) -> Result<(), DbError> {
        self.forget_feed(tx, workspace, id).await?;
        tx.emit(workspace, "feed.deleted", id, json!({})).await
    }

    /// Removes what a feed that is gone leaves behind.
    pub(crate) async fn forget_feed(
        &self,
        tx: &mut Tx,
        workspace: WorkspaceId,
        id: FeedId,
    ) -> Result<(), DbError> {
        for kind in [jobs::pull::KIND, jobs::apply::KIND] {
            tx.dequeue(workspace, kind, &id.to_string()).await?;
        }
        tx.abandon_inbound(workspace, id).await?;
        tx.changed(db::Change::noun(crate::served::NOUN, workspace, id));
        Ok(())
    }

    /// Removes those of these feeds that were made for widgets and that no widget reads any more.
    pub(crate) async fn sweep(
        &self,
        tx: &mut Tx,
        workspace: WorkspaceId,
        unbound: &[FeedId],
    ) -> Result<(), DbError> {
        for id in unbound {
            if store::feeds::delete_orphan(tx, workspace, *id).await? {
                self.bury(tx, workspace, *id).await?;
            }
        }
        Ok(())
    }

    /// The feed that a config reads: of the named integration, or of its oldest.
    pub(crate) async fn feed_of(
        &self,
        tx: &mut Tx,
        workspace: WorkspaceId,
        config: kernel::WidgetConfigId,
        integration: Option<IntegrationId>,
    ) -> Result<Option<FeedId>, DbError> {
        let bindings = store::widgets::bindings(tx, workspace, config).await?;
        let wanted = bindings.iter().find(|(id, _)| integration.is_none_or(|wanted| wanted == *id));
        Ok(wanted.map(|(_, feed)| *feed))
    }
}

/// The noun in [`db::Change`] signals: a widget config reads other feeds than before.
pub(crate) const BINDING: &str = "widget_config";

fn discriminator(integration: &Integration, config: &WidgetConfig) -> String {
    let has_own_credentials =
        integration.credential_scope == CredentialScope::Widget && integration.wants_credentials();
    if integration.mode != Mode::Pull || has_own_credentials {
        return config.id.to_string();
    }
    let mut options = Value::Object(config.options.clone());
    options.sort_all_objects();
    format!("options:{}", TokenHash::of(&options.to_string()).to_hex())
}
