//! What became of a request: the row, the next time, and what people are told, in one transaction.

use catalog::push::Way;
use connect::Todo;
use db::{DbError, Tx};
use kernel::{NewJob, Problem, Timestamp};
use serde_json::{Map, Value, json};

use super::{Failure, State, Subscription, plan};
use crate::jobs::renew;
use crate::{Hooks, store};

/// The task that a person has when a provider does not push.
const LOOK: &str = "subscription.look";

impl Hooks {
    /// It holds, until `expires_at`.
    pub(crate) async fn hold(
        &self,
        tx: &mut Tx,
        it: &mut Subscription,
        way: &Way,
        known: Map<String, Value>,
        expires_at: Option<Timestamp>,
    ) -> Result<(), DbError> {
        let (now, was) = (tx.now(), it.state);
        let fraction = self.db().entropy().fraction();
        it.known = known;
        it.state = State::Active;
        it.confirmed_at = Some(now);
        it.expires_at = expires_at;
        it.renew_at = expires_at.map(|end| plan::renew_at(now, end, way.renew_after, fraction));
        it.failures = 0;
        it.error = None;
        store::subscriptions::update(tx, it).await?;
        let kind = match was {
            State::Active => return Ok(()),
            State::Failed => "subscription.recovered",
            State::Pending | State::Off => "subscription.active",
        };
        self.connect().close_tasks(tx, it.workspace, &it.id.to_string(), "house").await?;
        tx.emit(it.workspace, kind, it.id, told(it)).await
    }

    /// It was not granted, or never confirmed. When to try again is written down; people are told once, when
    /// it has ended and asking did not help.
    pub(crate) async fn note_failure(
        &self,
        tx: &mut Tx,
        it: &mut Subscription,
        service: &str,
        way: &Way,
        problem: &Problem,
    ) -> Result<(), DbError> {
        let (now, was) = (tx.now(), it.state);
        let is_alive = it.is_alive(now);
        it.failures = it.failures.saturating_add(1);
        it.error = Some(failure(problem));
        let alive_until = it.expires_at.filter(|_| is_alive);
        let fraction = self.db().entropy().fraction();
        let retry = plan::retry_at(now, it.failures, alive_until, fraction);
        let asked = now.plus(std::time::Duration::from_secs(problem.retry_after.unwrap_or(0)));
        it.renew_at = Some(retry.max(asked));
        if !is_alive {
            let is_dead = was == State::Failed || plan::is_dead(it.failures, is_alive);
            it.state = if is_dead { State::Failed } else { State::Pending };
        }
        store::subscriptions::update(tx, it).await?;
        if it.state != State::Failed || was == State::Failed {
            return Ok(());
        }
        let todo = Todo {
            kind: LOOK,
            about: it.id.to_string(),
            subject: String::new(),
            title: format!("{service} does not push"),
            description: format!(
                "{} ({}) could not be subscribed to. {} It is tried again, less often each time; \
                 until then what is pulled arrives as usual.",
                way.title, it.topic, problem.detail
            ),
            priority: "medium",
            impact: 4,
        };
        self.connect().ask_people(tx, it.workspace, todo).await?;
        tx.emit(it.workspace, "subscription.failed", it.id, told(it)).await
    }

    /// Nothing can be done about it before something else changes; nobody is told.
    pub(crate) async fn shelve(
        &self,
        tx: &mut Tx,
        it: &mut Subscription,
        problem: &Problem,
    ) -> Result<(), DbError> {
        it.state = State::Failed;
        it.error = Some(failure(problem));
        it.renew_at = None;
        store::subscriptions::update(tx, it).await
    }

    /// It is to be asked for anew, now.
    pub(crate) async fn begin(&self, tx: &mut Tx, it: &mut Subscription) -> Result<(), DbError> {
        it.state = State::Pending;
        it.is_unwanted = false;
        it.failures = 0;
        it.error = None;
        it.expires_at = None;
        it.renew_at = Some(tx.now());
        store::subscriptions::update(tx, it).await?;
        self.connect().close_tasks(tx, it.workspace, &it.id.to_string(), "house").await?;
        schedule(tx, it).await
    }

    /// Nobody wants it any more.
    pub(crate) async fn switch_off(
        &self,
        tx: &mut Tx,
        it: &mut Subscription,
    ) -> Result<(), DbError> {
        it.state = State::Off;
        it.known = Map::new();
        it.error = None;
        (it.asked_at, it.confirmed_at, it.expires_at, it.renew_at) = (None, None, None, None);
        store::subscriptions::update(tx, it).await?;
        schedule(tx, it).await?;
        self.connect().close_tasks(tx, it.workspace, &it.id.to_string(), "house").await?;
        tx.emit(it.workspace, "subscription.ended", it.id, told(it)).await
    }
}

/// Has the job come when the row says, or not at all.
pub(crate) async fn schedule(tx: &mut Tx, it: &Subscription) -> Result<(), DbError> {
    let key = it.id.to_string();
    tx.dequeue(it.workspace, renew::KIND, &key).await?;
    let Some(run_at) = it.renew_at else { return Ok(()) };
    tx.enqueue(it.workspace, NewJob { kind: renew::KIND, key, run_at, payload: json!({}) }).await
}

fn failure(problem: &Problem) -> Failure {
    Failure { code: problem.code.name.to_owned(), message: problem.detail.clone() }
}

fn told(it: &Subscription) -> Value {
    json!({
        "integration_id": it.integration, "connection_id": it.connection, "way": it.way,
        "topic": it.topic, "expires_at": it.expires_at, "error": it.error,
    })
}
