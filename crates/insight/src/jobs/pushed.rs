//! A platform pushed something: the accounts that it is about are asked for their numbers.

use catalog::Format;
use catalog::decode::{self, Options};
use catalog::jq::{self, Limits, Program};
use db::{Done, Handler, Inbound, InboundFilter, Job, JobError, Workspace};
use kernel::{IntegrationId, JobKind, Lane, PageRequest};
use serde_json::Value;
use std::collections::BTreeMap;
use std::pin::Pin;
use std::time::Duration;

use super::asked;
use crate::store::connections::Account;
use crate::{Insight, store};

/// Looks at what was pushed to the integration whose id is the key.
pub(crate) const KIND: JobKind = JobKind { name: "metrics.pushed", lane: Lane::Fast };

/// What was pushed before that was looked at before.
const RECENT: Duration = Duration::from_secs(60);
/// What comes together is asked about together.
const GATHER: Duration = Duration::from_secs(2);
/// An account that is pushed about again and again is asked once in this time.
const REST: Duration = Duration::from_secs(10);
const MOST_PUSHES: u32 = 200;

pub(crate) struct PushedJob(pub(crate) Insight);

impl Handler for PushedJob {
    fn kind(&self) -> JobKind {
        KIND
    }

    fn run(&self, job: Job) -> Pin<Box<dyn Future<Output = Result<Done, JobError>> + Send + '_>> {
        Box::pin(self.look(job))
    }
}

impl PushedJob {
    async fn look(&self, job: Job) -> Result<Done, JobError> {
        let workspace = self.0.db().workspace(job.workspace);
        let id: IntegrationId =
            job.key.parse().map_err(|_| JobError(format!("{} is no integration", job.key)))?;
        let integration = self.0.connect().integration(&workspace, id).await?;
        let Some(integration) = integration else { return Ok(Done::Remove) };
        let provider = &integration.provider_def;
        let program = provider.metrics.as_ref().and_then(|it| it.pushed_accounts.as_deref());
        let Some(program) = program else { return Ok(Done::Remove) };
        let program = jq::compile(program).map_err(|error| JobError(error.to_string()))?;

        let format = provider.push.as_ref().map(|push| push.format).unwrap_or_default();
        let page = PageRequest { limit: MOST_PUSHES, after: None };
        let filter = InboundFilter { integration: Some(id), ..InboundFilter::default() };
        let pushes = workspace.inbound(&filter, &page).await?;
        let since = job.due.minus(RECENT);
        // The newest comes first, and is what counts.
        let mut accounts = BTreeMap::new();
        for push in pushes.iter().filter(|push| push.received_at >= since && is_verified(push)) {
            for account in named(&workspace, push, format, &program).await? {
                accounts.entry(account).or_insert(push.received_at);
            }
        }
        let mut tx = workspace.write().await?;
        let now = tx.now();
        for (account, pushed_at) in accounts {
            let found =
                store::connections::of_account(&mut tx, workspace.id(), &provider.id, &account);
            for Account { connection, synced_at } in found.await? {
                if synced_at.is_some_and(|at| at >= pushed_at) {
                    continue;
                }
                let rested = synced_at.map_or(now, |at| at.plus(REST));
                let run_at = rested.max(now.plus(GATHER));
                tx.enqueue(workspace.id(), asked(connection, run_at)).await?;
            }
        }
        job.finish(&mut tx).await?;
        tx.commit().await?;
        Ok(Done::Settled)
    }
}

/// What nobody signed may be anybody's, and costs the account's budget.
fn is_verified(push: &Inbound) -> bool {
    push.verified_by != "unsigned"
}

/// The ids of the accounts that a push names.
async fn named(
    workspace: &Workspace,
    push: &Inbound,
    format: Format,
    program: &Program,
) -> Result<Vec<String>, JobError> {
    let body = workspace.inbound_body(push).await?;
    let kind = Some(push.content_type.as_str());
    let Ok(read) = decode::decode(&body, kind, format, &Options::default()) else {
        return Ok(Vec::new());
    };
    let found = jq::run(program, read, Limits::default()).unwrap_or(Value::Null);
    let ids = found.as_array().into_iter().flatten().filter_map(Value::as_str);
    Ok(ids.map(str::to_owned).collect())
}
