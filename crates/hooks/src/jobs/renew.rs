//! Asks for a subscription, and again before it ends. The request is written down before it is sent: a hub
//! may confirm it before it is answered, and after a crash it is known that one was on its way.

use catalog::push::{Confirm, Renew, Way};
use db::{Done, Handler, Job, JobError};
use kernel::{JobKind, Lane, Problem, SubscriptionId, codes};
use std::pin::Pin;

use crate::subscribe::{Granted, Party, State, Subscription, plan};
use crate::{Hooks, store};

/// Looks after the subscription whose id is the key.
pub(crate) const KIND: JobKind = JobKind { name: "subscription.renew", lane: Lane::Remote };

pub(crate) struct RenewJob(pub(crate) Hooks);

impl Handler for RenewJob {
    fn kind(&self) -> JobKind {
        KIND
    }

    fn run(&self, job: Job) -> Pin<Box<dyn Future<Output = Result<Done, JobError>> + Send + '_>> {
        Box::pin(self.look(job))
    }
}

impl RenewJob {
    async fn look(&self, job: Job) -> Result<Done, JobError> {
        let workspace = self.0.db().workspace(job.workspace);
        let id: SubscriptionId =
            job.key.parse().map_err(|_| JobError(format!("{} is no subscription", job.key)))?;
        let mut tx = workspace.read().await?;
        let found = store::subscriptions::get(&mut tx, workspace.id(), id).await?;
        let now = tx.now();
        drop(tx);
        let Some(it) = found.filter(|it| it.state != State::Off) else { return Ok(Done::Remove) };
        let Some(due) = it.renew_at else { return Ok(Done::Remove) };
        if due > now {
            let mut tx = workspace.write().await?;
            job.run_again(&mut tx, due).await?;
            tx.commit().await?;
            return Ok(Done::Settled);
        }
        let Some(party) = self.0.party(&workspace, &it).await? else { return Ok(Done::Remove) };
        let push = party.integration.provider_def.push.clone();
        let way = push.as_ref().and_then(|push| push.subscribe.as_ref()?.way(&it.way));
        let Some(way) = way else { return Ok(Done::Remove) };
        self.renew(&job, &party, way, it.id).await
    }
}

impl Hooks {
    /// For whom it is; `None` when that is gone.
    pub(crate) async fn party(
        &self,
        workspace: &db::Workspace,
        it: &Subscription,
    ) -> Result<Option<Party>, db::DbError> {
        let integration = self.connect().integration(workspace, it.integration).await?;
        let Some(integration) = integration else { return Ok(None) };
        let connection = match it.connection {
            None => None,
            Some(id) => match self.connect().known_connection(workspace, id).await? {
                None => return Ok(None),
                found => found,
            },
        };
        Ok(Some(Party { workspace: workspace.clone(), integration, connection }))
    }
}

impl RenewJob {
    async fn renew(
        &self,
        job: &Job,
        party: &Party,
        way: &Way,
        id: SubscriptionId,
    ) -> Result<Done, JobError> {
        let Some(asked) = self.note_asked(party, way, id).await? else { return Ok(Done::Remove) };
        let outcome = self.0.ask(party, way, &asked).await;
        let replaced = self.note_outcome(job, party, way, &asked, outcome).await?;
        if let Some(old) = replaced {
            self.0.say_goodbye(party, &old).await;
        }
        Ok(Done::Settled)
    }

    /// Says that a request is on its way. `None` when nobody wants it any more.
    async fn note_asked(
        &self,
        party: &Party,
        way: &Way,
        id: SubscriptionId,
    ) -> Result<Option<Subscription>, JobError> {
        let hooks = &self.0;
        let mut tx = party.workspace.write().await?;
        let held = store::subscriptions::held(&mut tx, party.workspace.id(), id).await?;
        let Some(mut it) = held.filter(|it| it.state != State::Off) else { return Ok(None) };
        // What was refused is known by its error already.
        if way.confirm == Confirm::Websub && it.is_unanswered() && it.error.is_none() {
            let detail = "The hub took the request and never asked back.";
            let silent = Problem::new(&codes::SUBSCRIPTION_SILENT, detail);
            let service = party.integration.service();
            hooks.note_failure(&mut tx, &mut it, service, way, &silent).await?;
        }
        it.asked_at = Some(tx.now());
        store::subscriptions::update(&mut tx, &it).await?;
        tx.commit().await?;
        Ok(Some(it))
    }

    /// Writes down what became of it; answers what it took the place of.
    async fn note_outcome(
        &self,
        job: &Job,
        party: &Party,
        way: &Way,
        asked: &Subscription,
        outcome: Result<Option<Granted>, Problem>,
    ) -> Result<Option<Subscription>, JobError> {
        let hooks = &self.0;
        let mut tx = party.workspace.write().await?;
        let held = store::subscriptions::held(&mut tx, party.workspace.id(), asked.id).await?;
        let Some(mut it) = held.filter(|it| it.state != State::Off) else {
            job.finish(&mut tx).await?;
            tx.commit().await?;
            // It was given up while it was asked for; what was granted meanwhile is given back.
            let granted = outcome.ok().flatten();
            return Ok(granted.map(|it| Subscription { known: it.known, ..asked.clone() }));
        };
        let mut replaced = None;
        match outcome {
            Ok(Some(Granted { known, expires_at })) => {
                let is_new = way.renew == Renew::Replace && it.is_alive(tx.now());
                replaced = is_new.then(|| it.clone());
                hooks.hold(&mut tx, &mut it, way, known, expires_at).await?;
            }
            // The hub was faster than its answer.
            Ok(None) if it.confirmed_at >= asked.asked_at => {}
            Ok(None) => {
                it.error = None;
                it.renew_at = Some(tx.now().plus(plan::CONFIRM_WAIT));
                store::subscriptions::update(&mut tx, &it).await?;
            }
            Err(problem) if problem.code.status >= 500 => return Err(problem.into()),
            Err(problem) if is_beyond_us(&problem, party, way) => {
                hooks.shelve(&mut tx, &mut it, &problem).await?;
            }
            Err(problem) => {
                let service = party.integration.service();
                hooks.note_failure(&mut tx, &mut it, service, way, &problem).await?;
            }
        }
        match it.renew_at {
            Some(next) => job.run_again(&mut tx, next).await?,
            None => job.finish(&mut tx).await?,
        }
        tx.commit().await?;
        Ok(replaced)
    }
}

/// Whether asking again does not help. A person who must connect again has a task for that; an instance that
/// nobody reaches is one on purpose.
fn is_beyond_us(problem: &Problem, party: &Party, way: &Way) -> bool {
    let needs_person = party.connection.as_ref().is_some_and(|it| it.status.needs_person());
    problem.code.name == codes::SUBSCRIPTION_UNREACHABLE.name || (needs_person && !way.anonymous)
}
