//! One pull: which settings hold, and what the provider's answer brings.

use accounts::gate::Actor;
use connect::{Integration, Prepared, PullConfig, Question};
use db::Workspace;
use kernel::{Problem, codes};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

use crate::Feeds;
use crate::feed::{Feed, Validators, overlay};
use crate::push::{KEEP, MAX_BYTES};
use crate::schedule::Schedule;

/// How often a feed is pulled when neither it nor its provider says.
const INTERVAL: Duration = Duration::from_secs(300);
/// How many failures in a row are worth a notification when nobody says.
const NOTIFY_AFTER: u32 = 5;

/// The settings of a feed's pulls: its own over its integration's over its provider's.
#[derive(Clone, Debug)]
pub(crate) struct PullSettings {
    pub(crate) config: PullConfig,
    pub(crate) schedule: Schedule,
    pub(crate) ignore: Vec<String>,
    pub(crate) keep: u32,
    pub(crate) notify_after: u32,
    pub(crate) max_bytes: u64,
}

impl PullSettings {
    pub(crate) fn of(integration: &Integration, feed: &Feed) -> Result<Self, Problem> {
        let merged = overlay(integration.pull.to_map(), feed.pull.as_ref());
        let config = PullConfig::from_map(merged)?;
        let by_provider = integration.provider_def.interval_secs.map(Duration::from_secs);
        let interval = config.interval().or(by_provider).unwrap_or(INTERVAL);
        let schedule =
            Schedule::parse(interval, config.cron.as_deref(), config.time_zone.as_deref())
                .map_err(|error| Problem::new(&codes::BAD_SCHEDULE, error))?;
        Ok(Self {
            schedule,
            ignore: config.ignore.clone(),
            keep: config.keep.unwrap_or(KEEP),
            notify_after: config.notify_after.unwrap_or(NOTIFY_AFTER).max(1),
            max_bytes: config.max_bytes.unwrap_or(MAX_BYTES),
            config,
        })
    }
}

/// What a pull brought.
pub(crate) enum Found {
    /// The document is the one we know.
    NotModified,
    /// A document, perhaps the same.
    Document {
        document: Value,
        validators: Validators,
        /// The id of the request that brought it, in the request log.
        request: String,
        /// The status of the answer.
        status: u16,
    },
}

impl Feeds {
    pub(crate) async fn pull(
        &self,
        workspace: &Workspace,
        integration: &Arc<Integration>,
        feed: &Feed,
        settings: &PullSettings,
    ) -> Result<Found, Problem> {
        let connect = self.connect();
        let question = Question {
            integration,
            pull: &settings.config,
            options: &feed.options,
            whose: settings.config.whose(feed.discriminator.parse().ok()),
            purpose: "feed.pull",
            actor: &Actor::House,
        };
        let dress = |request: &mut egress::Request| {
            request.feed = Some(feed.id);
            if feed.digest.is_some() {
                request.validators = egress::Validators {
                    etag: feed.validators.etag.clone(),
                    last_modified: feed.validators.last_modified.clone(),
                };
            }
        };
        let found = self.ask(workspace, &question, dress).await.map(|(found, _)| found);
        let outcome = found.as_ref().map(drop);
        connect.note_sync(workspace, integration.id, outcome).await?;
        found
    }

    /// Asks, and reads the answer into a document. The request as it was sent comes along.
    pub(crate) async fn ask(
        &self,
        workspace: &Workspace,
        question: &Question<'_>,
        dress: impl Fn(&mut egress::Request) + Send,
    ) -> Result<(Found, egress::Request), Problem> {
        let (prepared, response) = self.connect().ask(workspace, question, dress).await?;
        let request = prepared.request.clone();
        Ok((read(prepared, response).await?, request))
    }
}

async fn read(prepared: Prepared, response: Arc<egress::Response>) -> Result<Found, Problem> {
    if response.not_modified() {
        return Ok(Found::NotModified);
    }
    let validators = response.validators();
    let (status, request) = (response.head.status.as_u16(), response.log_id.to_string());
    // Programs compute; what is only read does not take long enough for a thread of its own.
    let document = if prepared.reading.transform.is_some() || prepared.reading.success.is_some() {
        let read = tokio::task::spawn_blocking(move || prepared.document(&response)).await;
        read.unwrap_or_else(|_| {
            Err(Problem::new(&codes::FEED_TRANSFORM, "The program broke off; simplify it."))
        })?
    } else {
        prepared.document(&response)?
    };
    let validators = Validators { etag: validators.etag, last_modified: validators.last_modified };
    Ok(Found::Document { document, validators, request, status })
}
