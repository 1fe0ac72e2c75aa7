//! Making, changing and removing feeds.

use accounts::gate::{Answer, ApiJson, ApiPath, Caller, Failure, may, not_found, present};
use accounts::{audit, gate::Identity};
use axum::extract::State;
use connect::{Integration, Mode, PullConfig, PushConfig};
use http::StatusCode;
use kernel::{FeedId, FieldError, IntegrationId, Problem, codes};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use utoipa::ToSchema;

use super::feeds::FeedView;
use crate::feed::Feed;
use crate::pull::PullSettings;
use crate::{Feeds, jobs, push, served, store};

/// A new feed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "Weather in London", "integration_id": "int_01kce5v0g0f7nb4x1q2m3n4p5r",
    "options": { "city": "London" }, "pull": { "interval_secs": 600 },
}))]
pub(crate) struct NewFeed {
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    #[schema(value_type = String)]
    integration_id: IntegrationId,
    /// `pull`, `push` or `both`; what the integration does when absent.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Mode, required = false)]
    mode: Option<Mode>,
    /// What templates see as `{{config.…}}`.
    #[serde(default)]
    #[schema(value_type = Object)]
    options: Map<String, Value>,
    /// Settings for pulling, over the integration's: `path`, `query`, `interval_secs`, `cron`, …
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Object>, nullable = false)]
    pull: Option<Map<String, Value>>,
    /// Settings for pushes, over the integration's: `scheme`, `apply`, `keep_last`, …
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Object>, nullable = false)]
    push: Option<Map<String, Value>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    enabled: Option<bool>,
}

/// Changes to a feed; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FeedChange {
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    name: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Mode, required = false)]
    mode: Option<Mode>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Object>, nullable = false)]
    options: Option<Map<String, Value>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Object>, nullable = false)]
    pull: Option<Map<String, Value>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Object>, nullable = false)]
    push: Option<Map<String, Value>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    enabled: Option<bool>,
}

/// Make a feed
///
/// If it is pulled, the first pull begins at once.
#[utoipa::path(post, path = "/api/v1/feeds", tag = "Feeds", request_body = NewFeed,
    responses((status = 201, body = FeedView)), security(("api_key" = ["feeds:write"])))]
pub(crate) async fn create(
    State(feeds): State<Feeds>,
    caller: Caller<may::FeedsWrite>,
    ApiJson(wanted): ApiJson<NewFeed>,
) -> Answer<(StatusCode, ApiJson<FeedView>)> {
    let integration = feeds.integration(&caller, wanted.integration_id).await?;
    let mut tx = caller.workspace.write().await?;
    let feed = feeds.new_feed(&tx, &integration, wanted.name, wanted.options);
    let feed = Feed {
        mode: wanted.mode.unwrap_or(integration.mode),
        pull: wanted.pull,
        push: wanted.push,
        enabled: wanted.enabled.unwrap_or(true),
        ..feed
    };
    check(&integration, &feed)?;
    feeds.add_feed(&mut tx, caller.workspace.id(), &feed).await?;
    audit::record(&mut tx, &caller, "feed.created", feed.id, json!({ "name": feed.name })).await?;
    tx.commit().await?;
    let view = feeds.view(&caller.workspace, feed, Vec::new()).await?;
    Ok((StatusCode::CREATED, ApiJson(view)))
}

/// Change a feed
#[utoipa::path(patch, path = "/api/v1/feeds/{id}", tag = "Feeds", request_body = FeedChange,
    params(("id" = String, Path, description = "The feed's id")),
    responses((status = 200, body = FeedView)), security(("api_key" = ["feeds:write"])))]
pub(crate) async fn change(
    State(feeds): State<Feeds>,
    caller: Caller<may::FeedsWrite>,
    ApiPath(id): ApiPath<FeedId>,
    ApiJson(wanted): ApiJson<FeedChange>,
) -> Answer<ApiJson<FeedView>> {
    let workspace = caller.workspace.id();
    let known = store::feeds::get(&mut caller.workspace.read().await?, workspace, id).await?;
    let known = known.ok_or_else(|| not_found("feed"))?;
    let integration = feeds.integration(&caller, known.integration).await?;
    let mut tx = caller.workspace.write().await?;
    let feed = Feed {
        name: wanted.name.unwrap_or_else(|| known.name.clone()),
        mode: wanted.mode.unwrap_or(known.mode),
        options: wanted.options.unwrap_or_else(|| known.options.clone()),
        pull: wanted.pull.or_else(|| known.pull.clone()),
        push: wanted.push.or_else(|| known.push.clone()),
        enabled: wanted.enabled.unwrap_or(known.enabled),
        updated_at: tx.now(),
        ..known
    };
    check(&integration, &feed)?;
    store::feeds::update(&mut tx, workspace, &feed).await?;
    if feed.enabled && feed.mode != Mode::Push {
        feeds.pull_now(&mut tx, workspace, id).await?;
    } else {
        tx.dequeue(workspace, jobs::pull::KIND, &id.to_string()).await?;
    }
    tx.changed(db::Change::noun(served::NOUN, workspace, id));
    audit::record(&mut tx, &caller, "feed.updated", id, json!({ "name": feed.name })).await?;
    tx.commit().await?;
    Ok(ApiJson(feeds.find_view(&caller.workspace, id).await?))
}

/// Delete a feed
///
/// With its versions. Accepted pushes stay in the inbox.
#[utoipa::path(delete, path = "/api/v1/feeds/{id}", tag = "Feeds",
    params(("id" = String, Path, description = "The feed's id")),
    responses((status = 204, description = "It is gone")), security(("api_key" = ["feeds:write"])))]
pub(crate) async fn delete(
    State(feeds): State<Feeds>,
    caller: Caller<may::FeedsWrite>,
    ApiPath(id): ApiPath<FeedId>,
) -> Answer<StatusCode> {
    let workspace = caller.workspace.id();
    let mut tx = caller.workspace.write().await?;
    store::feeds::take_turn(&mut tx, workspace).await?;
    if !store::feeds::delete(&mut tx, workspace, id).await? {
        return Err(not_found("feed").into());
    }
    feeds.bury(&mut tx, workspace, id).await?;
    audit::record(&mut tx, &caller, "feed.deleted", id, json!({})).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Refresh a feed
///
/// Pulls as soon as a worker is free, whatever the schedule says.
#[utoipa::path(post, path = "/api/v1/feeds/{id}/refresh", tag = "Feeds",
    params(("id" = String, Path, description = "The feed's id")),
    responses((status = 202, body = FeedView)), security(("api_key" = ["feeds:write"])))]
pub(crate) async fn refresh(
    State(feeds): State<Feeds>,
    caller: Caller<may::FeedsWrite>,
    ApiPath(id): ApiPath<FeedId>,
) -> Answer<(StatusCode, ApiJson<FeedView>)> {
    feeds.refresh(&caller, id).await?;
    let view = feeds.find_view(&caller.workspace, id).await?;
    Ok((StatusCode::ACCEPTED, ApiJson(view)))
}

impl Feeds {
    /// Asks for a pull of a feed that is pulled.
    pub(crate) async fn refresh(&self, identity: &Identity, id: FeedId) -> Result<(), Failure> {
        let workspace = identity.workspace.id();
        let mut tx = identity.workspace.write().await?;
        let feed = store::feeds::get(&mut tx, workspace, id).await?;
        let feed = feed.ok_or_else(|| not_found("feed"))?;
        if feed.mode == Mode::Push {
            let detail = "Nothing can be pulled: the feed is filled by pushes to its webhook URL.";
            return Err(Problem::new(&codes::FEED_NOT_PULLED, detail).into());
        }
        if !feed.enabled {
            let detail = "The feed is switched off; switch it on first.";
            return Err(Problem::new(&codes::CONFLICT, detail).into());
        }
        if !self.integration(identity, feed.integration).await?.enabled {
            let detail = "The integration is switched off; switch it on first.";
            return Err(Problem::new(&codes::INTEGRATION_DISABLED, detail).into());
        }
        self.pull_now(&mut tx, workspace, id).await?;
        tx.commit().await?;
        Ok(())
    }

    pub(crate) async fn integration(
        &self,
        identity: &Identity,
        id: IntegrationId,
    ) -> Result<Arc<Integration>, Failure> {
        let found = self.connect().integration(&identity.workspace, id).await?;
        found.ok_or_else(|| not_found("integration").into())
    }
}

/// Refuses settings that cannot be used or would have no effect.
fn check(integration: &Integration, feed: &Feed) -> Result<(), Problem> {
    let invalid = |pointer: &str, message: &str| {
        Problem::new(&codes::INVALID, "A setting of the feed cannot be used.")
            .field(pointer, message)
    };
    let name = feed.name.trim();
    if name.is_empty() || name.chars().count() > 200 {
        return Err(invalid("/name", "must have 1 to 200 characters"));
    }
    if feed.mode != integration.mode && integration.mode != Mode::Both {
        let message = format!("the integration does {} only", integration.mode);
        return Err(invalid("/mode", &message));
    }
    let is_set = |map: &Option<Map<String, Value>>| map.as_ref().is_some_and(|map| !map.is_empty());
    if feed.mode == Mode::Push && is_set(&feed.pull) {
        return Err(invalid("/pull", "the feed is not pulled, so this would have no effect"));
    }
    if feed.mode == Mode::Pull && is_set(&feed.push) {
        return Err(invalid("/push", "the feed takes no pushes, so this would have no effect"));
    }
    let mut errors = Vec::new();
    if let Some(pull) = &feed.pull {
        let pull = PullConfig::from_map(pull.clone()).map_err(|problem| under("/pull", problem))?;
        errors.extend(pull.problems("/pull"));
    }
    if let Some(own) = &feed.push {
        PushConfig::from_map(own.clone()).map_err(|problem| under("/push", problem))?;
        errors.extend(push_problems(integration, feed, own)?);
    }
    if !errors.is_empty() {
        let problem = Problem::new(&codes::INVALID, "A setting of the feed cannot be used.");
        return Err(errors
            .into_iter()
            .fold(problem, |problem, error| problem.field(error.pointer, error.message)));
    }
    if feed.mode != Mode::Push {
        PullSettings::of(integration, feed)?;
    }
    Ok(())
}

/// What is wrong with the feed's settings for pushes where they lie over the integration's. One that it
/// only inherits does no harm where its own leave it without effect.
fn push_problems(
    integration: &Integration,
    feed: &Feed,
    own: &Map<String, Value>,
) -> Result<Vec<FieldError>, Problem> {
    let Some(known) = &integration.provider_def.push else { return Ok(Vec::new()) };
    let mut errors =
        PushConfig::from_map(push::effective(integration, feed))?.problems(known, "/push");
    errors.retain(|error| error.pointer != "/push/keep_last" || own.contains_key("keep_last"));
    Ok(errors)
}

/// The same problem, of settings that stand at `at` in the request.
fn under(at: &str, mut problem: Problem) -> Problem {
    problem.errors.iter_mut().for_each(|error| error.pointer.insert_str(0, at));
    problem
}
