//! Placing widgets: a place is stored together with the feeds that it reads, and goes with those that
//! nothing else reads.

use accounts::audit;
use accounts::gate::{Failure, Identity, not_found};
use connect::{Integration, Mode};
use db::{DbError, Tx, Workspace};
use kernel::{FeedId, Problem, WidgetConfigId, WorkspaceId, codes};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

use crate::feed::Feed;
use crate::widget::WidgetConfig;
use crate::{Feeds, bind, store};

/// How long a new place waits for its first data before it answers without.
const FIRST_DATA: Duration = Duration::from_secs(3);
/// How often a place is written anew because an integration has gone meanwhile.
const ATTEMPTS: usize = 5;

impl Feeds {
    /// A placed widget.
    ///
    /// # Errors
    /// 404 when the workspace has none of that id.
    pub async fn widget_config(
        &self,
        workspace: &Workspace,
        id: WidgetConfigId,
    ) -> Result<WidgetConfig, Failure> {
        let mut tx = workspace.read().await?;
        let found = store::widgets::get_config(&mut tx, workspace.id(), id).await?;
        found.ok_or_else(|| not_found("widget config").into())
    }

    /// Pulls every feed that a placed widget reads.
    ///
    /// # Errors
    /// 404 for an unknown place; a problem when nothing it reads is pulled.
    pub async fn refresh_config(
        &self,
        identity: &Identity,
        id: WidgetConfigId,
    ) -> Result<(), Failure> {
        self.widget_config(&identity.workspace, id).await?;
        let mut tx = identity.workspace.read().await?;
        let bindings = store::widgets::bindings(&mut tx, identity.workspace.id(), id).await?;
        drop(tx);
        for (_, feed) in bindings {
            self.refresh(identity, feed).await?;
        }
        Ok(())
    }

    /// Stores a place with what it reads, and waits for its first data, but not for long.
    pub(crate) async fn save_config(
        &self,
        identity: &Identity,
        config: &WidgetConfig,
        is_new: bool,
    ) -> Result<(), Failure> {
        let mut saved = Err(DbError::Dangling);
        for _ in 0..ATTEMPTS {
            let integrations = self.connect().of_widget(&identity.workspace, config.widget).await?;
            self.check_config(config, &integrations)?;
            saved = self.write_config(identity, config, &integrations, is_new).await;
            // An integration that was there a moment ago is gone: look again.
            if !matches!(saved, Err(DbError::Dangling)) {
                break;
            }
        }
        saved?;
        Ok(self.wait_for_data(&identity.workspace, config.id).await?)
    }

    async fn write_config(
        &self,
        identity: &Identity,
        config: &WidgetConfig,
        integrations: &[Arc<Integration>],
        is_new: bool,
    ) -> Result<(), DbError> {
        let workspace = identity.workspace.id();
        let mut tx = identity.workspace.write().await?;
        store::feeds::take_turn(&mut tx, workspace).await?;
        let action = if is_new {
            store::widgets::insert_config(&mut tx, workspace, config).await?;
            "widget_config.created"
        } else {
            store::widgets::update_config(&mut tx, workspace, config).await?;
            "widget_config.updated"
        };
        self.bind_config(&mut tx, workspace, config, integrations).await?;
        audit::record(&mut tx, identity, action, config.id, json!({ "name": config.name })).await?;
        tx.commit().await
    }

    /// Waits until everything the place reads has been tried once.
    async fn wait_for_data(
        &self,
        workspace: &Workspace,
        id: WidgetConfigId,
    ) -> Result<(), DbError> {
        let is_awaited = |feed: &Feed| {
            feed.is_on && feed.mode != Mode::Push && feed.digest.is_none() && feed.failures == 0
        };
        let mut signals = self.db().signals();
        let tried = async {
            loop {
                let mut tx = workspace.read().await?;
                let read = store::widgets::bindings(&mut tx, workspace.id(), id).await?;
                let read: Vec<FeedId> = read.into_iter().map(|(_, feed)| feed).collect();
                let feeds = store::feeds::among(&mut tx, workspace.id(), &read).await?;
                drop(tx);
                if !feeds.iter().any(is_awaited) || signals.recv().await.is_err() {
                    return Ok(());
                }
            }
        };
        tokio::time::timeout(FIRST_DATA, tried).await.unwrap_or(Ok(()))
    }

    /// Removes a place and what nothing else reads. The caller has taken its turn
    /// ([`store::feeds::take_turn`]).
    pub(crate) async fn remove_config(
        &self,
        tx: &mut Tx,
        workspace: WorkspaceId,
        id: WidgetConfigId,
    ) -> Result<(), DbError> {
        let read = store::widgets::bindings(tx, workspace, id).await?;
        let read: Vec<FeedId> = read.into_iter().map(|(_, feed)| feed).collect();
        store::widgets::delete_config(tx, workspace, id).await?;
        tx.changed(db::Change::noun(bind::BINDING, workspace, id));
        // Players that could read it no longer can.
        tx.changed(db::Change::noun(crate::player::NOUN, workspace, "*"));
        self.sweep(tx, workspace, &read).await
    }

    fn check_config(
        &self,
        config: &WidgetConfig,
        integrations: &[Arc<Integration>],
    ) -> Result<(), Problem> {
        if config.name.trim().is_empty() || config.name.chars().count() > 200 {
            let problem = Problem::new(&codes::INVALID, "The place needs a name.");
            return Err(problem.field("/name", "must have 1 to 200 characters"));
        }
        for integration in integrations {
            let errors = self.connect().check_options(integration, &config.options);
            if !errors.is_empty() {
                let detail = format!("The options do not fit {}.", integration.name);
                let problem = Problem::new(&codes::CONFIG_INVALID, detail);
                return Err(errors
                    .into_iter()
                    .fold(problem, |problem, error| problem.field(error.pointer, error.message)));
            }
        }
        Ok(())
    }
}
