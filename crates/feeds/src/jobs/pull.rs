//! Pulls one feed: asks the provider, reads the answer, and writes down what was found together with the
//! time of the next pull. The writing of many pulls shares a transaction.

use db::{Batch, DbError, Done, Handler, Job, JobError, Tx, Workspace};
use kernel::{FeedId, JobKind, Lane, Problem, Timestamp, codes};
use serde_json::json;
use std::pin::Pin;
use std::time::Duration;

use crate::document::digest;
use crate::feed::{Feed, Validators};
use crate::pull::{Found, PullSettings};
use crate::store::{self, outcome::Changed, versions::Source};
use crate::{Feeds, served};

/// Pulls the feed whose id is the key.
pub const KIND: JobKind = JobKind { name: "feed.pull", lane: Lane::Remote };

pub(crate) struct PullJob(pub(crate) Feeds);

impl Handler for PullJob {
    fn kind(&self) -> JobKind {
        KIND
    }

    fn run(&self, job: Job) -> Pin<Box<dyn Future<Output = Result<Done, JobError>> + Send + '_>> {
        Box::pin(self.pull(job))
    }
}

impl PullJob {
    async fn pull(&self, job: Job) -> Result<Done, JobError> {
        let feeds = &self.0;
        let workspace = feeds.db().workspace(job.workspace);
        let id: FeedId =
            job.key.parse().map_err(|_| JobError(format!("{} is no feed", job.key)))?;
        let feed = store::feeds::get(&mut workspace.read().await?, job.workspace, id).await?;
        let Some(feed) = feed.filter(|feed| feed.enabled) else { return Ok(Done::Remove) };
        let integration = feeds.connect().integration(&workspace, feed.integration).await?;
        let Some(integration) = integration.filter(|integration| integration.enabled) else {
            return Ok(Done::Remove);
        };
        let drift = feeds.db().clock().now().since(feed.refresh_at.unwrap_or(job.due));
        let settings = PullSettings::of(&integration, &feed);
        let found = match &settings {
            Ok(settings) => feeds.pull(&workspace, &integration, &feed, settings).await,
            Err(problem) => Err(problem.clone()),
        };
        let outcome = self.judge(&feed, found, settings);
        feeds.metrics().pulled(outcome.name(), drift);
        let written = Pulled { workspace, feed, job, outcome };
        feeds.pulled().write(written).await?;
        Ok(Done::Settled)
    }

    /// Turns what was found into what is written: pure but for the clock and the dice.
    fn judge(
        &self,
        feed: &Feed,
        found: Result<Found, Problem>,
        settings: Result<PullSettings, Problem>,
    ) -> Outcome {
        let (now, fraction) = (self.0.db().clock().now(), self.0.entropy().fraction());
        let settings = match settings {
            Ok(settings) => settings,
            // Settings that cannot be read do not become readable by waiting: someone must change them.
            Err(problem) => {
                let next = now.plus(Duration::from_secs(3600));
                return Outcome::Failed { problem, next, notify_after: 1 };
            }
        };
        let failed = |problem: Problem| {
            let asked = problem.retry_after.map(Duration::from_secs);
            let failures = feed.failures.saturating_add(1);
            let next = settings.schedule.after_failure(now, failures, asked, fraction);
            Outcome::Failed { problem, next, notify_after: settings.notify_after }
        };
        let next = settings.schedule.next(now, fraction);
        match found {
            Err(problem) => failed(problem),
            Ok(Found::NotModified) => {
                Outcome::Same { digest: None, validators: feed.validators.clone(), now, next }
            }
            Ok(Found::Document { document, validators, request, .. }) => {
                let digest = digest(&document, &settings.ignore);
                if feed.digest.as_deref() == Some(&digest) {
                    return Outcome::Same { digest: Some(digest), validators, now, next };
                }
                let text = document.to_string();
                if text.len() as u64 > settings.max_bytes {
                    return failed(too_large(text.len(), settings.max_bytes));
                }
                let keep = settings.keep;
                Outcome::Changed { text, digest, validators, request, now, next, keep }
            }
        }
    }
}

fn too_large(bytes: usize, most: u64) -> Problem {
    let detail = format!(
        "The document has {bytes} bytes, more than the {most} allowed; \
         cut it with a transform or raise max_bytes."
    );
    Problem::new(&codes::FEED_TOO_LARGE, detail)
}

/// One pull, ready to be written down.
pub(crate) struct Pulled {
    workspace: Workspace,
    feed: Feed,
    job: Job,
    outcome: Outcome,
}

enum Outcome {
    Same {
        digest: Option<String>,
        validators: Validators,
        now: Timestamp,
        next: Timestamp,
    },
    Changed {
        text: String,
        digest: String,
        validators: Validators,
        request: String,
        now: Timestamp,
        next: Timestamp,
        keep: u32,
    },
    Failed {
        problem: Problem,
        next: Timestamp,
        notify_after: u32,
    },
}

impl Outcome {
    /// When the feed is pulled again.
    const fn next(&self) -> Timestamp {
        match self {
            Self::Same { next, .. } | Self::Changed { next, .. } | Self::Failed { next, .. } => {
                *next
            }
        }
    }

    const fn name(&self) -> &'static str {
        match self {
            Self::Same { .. } => "same",
            Self::Changed { .. } => "changed",
            Self::Failed { .. } => "failed",
        }
    }
}

/// Writes down pulls, many in a transaction.
pub(crate) struct WritePulls;

impl Batch for WritePulls {
    type Item = Pulled;
    type Answer = ();

    async fn write(&self, tx: &mut Tx, items: &[Pulled]) -> Result<Vec<()>, DbError> {
        // In the order of their ids, so that two nodes never wait for each other's rows.
        let mut order: Vec<_> = items.iter().collect();
        order.sort_unstable_by_key(|item| (item.feed.id, item.job.id));
        for item in order {
            match item.write(tx).await {
                // Another worker has the job by now; what it finds will do.
                Err(DbError::LeaseLost) => {}
                other => other?,
            }
        }
        Ok(items.iter().map(|_| ()).collect())
    }
}

impl Pulled {
    /// First the job: who has lost it writes nothing over what another has found since.
    async fn write(&self, tx: &mut Tx) -> Result<(), DbError> {
        let (workspace, feed) = (&self.workspace, &self.feed);
        self.job.run_again(tx, self.outcome.next()).await?;
        match &self.outcome {
            Outcome::Same { digest, validators, now, next } => {
                let times = (*now, Some(*next));
                let digest = digest.as_deref();
                store::outcome::same(tx, workspace, feed.id, digest, validators, times).await?;
            }
            Outcome::Changed { text, digest, validators, request, now, next, keep } => {
                let change = Changed {
                    feed: feed.id,
                    made_from: None,
                    document: text.as_bytes(),
                    digest,
                    validators,
                    fetched_at: *now,
                    refresh_at: Some(*next),
                    source: Source::Pull,
                    made_by: Some(request),
                    keep: *keep,
                };
                store::outcome::changed(tx, workspace, &change).await?;
            }
            Outcome::Failed { problem, next, notify_after } => {
                self.write_failure(tx, problem, *next, *notify_after).await?;
            }
        }
        if feed.failures > 0 && !matches!(self.outcome, Outcome::Failed { .. }) {
            let data = json!({ "failures": feed.failures });
            tx.emit(workspace.id(), "feed.recovered", feed.id, data).await?;
        }
        tx.changed(db::Change::noun(served::STATE, workspace.id(), feed.id));
        Ok(())
    }

    async fn write_failure(
        &self,
        tx: &mut Tx,
        problem: &Problem,
        next: Timestamp,
        notify_after: u32,
    ) -> Result<(), DbError> {
        let (workspace, feed) = (&self.workspace, &self.feed);
        let told = (problem.code.name, problem.detail.as_str());
        let failures = store::outcome::failed(tx, workspace, feed.id, told, Some(next)).await?;
        // The feed was deleted meanwhile.
        let Some(failures) = failures else { return Ok(()) };
        let data = |failures: u32| {
            let (code, message) = (problem.code.name, &problem.detail);
            json!({ "failures": failures, "name": feed.name, "code": code, "message": message })
        };
        // The first of a row, and any that fails otherwise than the one before; the rest says nothing new.
        let says_something = feed.error_code.as_deref() != Some(problem.code.name);
        if failures == 1 || says_something {
            tx.emit(workspace.id(), "feed.failed", feed.id, data(failures)).await?;
        }
        if failures != notify_after {
            return Ok(());
        }
        tx.emit(workspace.id(), "feed.failing", feed.id, data(notify_after)).await?;
        let title = format!("{} is failing", feed.name);
        let severity = accounts::Severity::Error;
        accounts::notify(tx, workspace, severity, &title, &problem.detail, feed.id).await.map(drop)
    }
}
