//! Secrets that a person entered and that end some day, with nothing to renew them: people are warned
//! ahead, and asked on the day. When it ends is said by the person (`expires_at` in the metadata), or by
//! the catalog, which knows how long a field of its kind lasts (`x-expires-after-secs`).

use db::{DbError, Done, Handler, Job, JobError, Tx};
use kernel::{CredentialId, JobKind, Lane, NewJob, Problem, Timestamp, WorkspaceId, codes};
use serde_json::{Map, Value, json};
use std::pin::Pin;
use std::time::Duration;

use crate::store::credentials;
use crate::store::tasks::{self, TaskStatus};
use crate::todo::Todo;
use crate::{Connect, Credential, body, schemas};

/// Looks at when the credential whose id is the key ends.
pub(crate) const KIND: JobKind = JobKind { name: "credential.expiry", lane: Lane::Fast };

/// Where a person says when it ends.
const SAID: &str = "expires_at";
const LASTS: &str = "x-expires-after-secs";
/// The task ahead of the end.
const RENEW: &str = "credential.renew";
/// The task when it has ended.
const RECONNECT: &str = "credential.reconnect";
const AHEAD: Duration = Duration::from_secs(14 * 86_400);

/// Asks for a look, after each change.
pub(crate) fn look_at(id: CredentialId, run_at: Timestamp) -> NewJob {
    NewJob { kind: KIND, key: id.to_string(), run_at, payload: json!({}) }
}

/// When the first of the fields ends that the rules say the life of. What has not changed keeps its end.
pub(crate) fn of_fields(
    rules: Option<&Value>,
    before: (&Map<String, Value>, Option<Timestamp>),
    fields: &Map<String, Value>,
    now: Timestamp,
) -> Option<Timestamp> {
    let (known, known_end) = before;
    let lasting = rules.into_iter().flat_map(schemas::fields);
    let ends = lasting.filter_map(|(name, rule)| {
        let secs = rule.get(LASTS)?.as_u64()?;
        let value = fields.get(name).filter(|value| !value.is_null() && *value != "")?;
        let end = now.plus(Duration::from_secs(secs));
        Some(if known.get(name) == Some(value) { known_end.unwrap_or(end) } else { end })
    });
    ends.min()
}

/// What was said of the secrets that are about to go says nothing of those that come.
pub(crate) fn say_no_more(it: &mut Credential) {
    it.metadata.remove(SAID);
}

/// The metadata may say when it ends, as a time.
pub(crate) fn check(metadata: &Map<String, Value>) -> Result<(), Problem> {
    let said = metadata.get(SAID).filter(|said| !said.is_null());
    match said.map(|said| said.as_str().and_then(Timestamp::parse)) {
        Some(None) => {
            let message = "a time is expected, as 2026-11-20T12:00:00Z";
            Err(body::wrong(&codes::CREDENTIAL_INVALID, "/metadata/expires_at", message))
        }
        _ => Ok(()),
    }
}

impl Credential {
    /// When it ends, as far as is known.
    pub fn ends_at(&self) -> Option<Timestamp> {
        let said = self.metadata.get(SAID).and_then(Value::as_str);
        said.and_then(Timestamp::parse).or(self.expires_at)
    }

    fn warn_at(&self, ends_at: Timestamp) -> Timestamp {
        let entered = self.rotated_at.unwrap_or(self.created_at);
        ends_at.minus(AHEAD.min(ends_at.since(entered) / 2))
    }
}

pub(crate) struct ExpiryJob(pub(crate) Connect);

impl Handler for ExpiryJob {
    fn kind(&self) -> JobKind {
        KIND
    }

    fn run(&self, job: Job) -> Pin<Box<dyn Future<Output = Result<Done, JobError>> + Send + '_>> {
        Box::pin(self.look(job))
    }
}

impl ExpiryJob {
    async fn look(&self, job: Job) -> Result<Done, JobError> {
        let id: CredentialId =
            job.key.parse().map_err(|_| JobError(format!("{} is no credential", job.key)))?;
        let workspace = self.0.0.db.workspace(job.workspace);
        let mut tx = workspace.write().await?;
        let now = tx.now();
        let found = credentials::get(&mut tx, job.workspace, id).await?;
        let ending = found.and_then(|it| Some((it.credential.ends_at()?, it.credential)));
        let next = match ending {
            Some((end, it)) if end <= now => {
                self.ended(&mut tx, &it, end).await?;
                None
            }
            Some((end, it)) if it.warn_at(end) <= now => {
                self.ending(&mut tx, &it, end, now).await?;
                Some(end)
            }
            later => {
                // Replaced in time, or gone.
                self.0.close_tasks(&mut tx, job.workspace, &job.key, "house").await?;
                later.map(|(end, it)| it.warn_at(end))
            }
        };
        match next {
            Some(at) => job.run_again(&mut tx, at).await?,
            None => job.finish(&mut tx).await?,
        }
        tx.commit().await?;
        Ok(Done::Settled)
    }

    async fn ending(
        &self,
        tx: &mut Tx,
        it: &Credential,
        end: Timestamp,
        now: Timestamp,
    ) -> Result<(), DbError> {
        if is_open(tx, it.workspace, it.id, RENEW).await? {
            return Ok(());
        }
        // It was extended after all, if only by a little.
        self.0.close_tasks(tx, it.workspace, &it.id.to_string(), "house").await?;
        let days = end.since(now).as_secs() / 86_400;
        let todo = Todo {
            title: format!("Renew {} within {days} days", it.name),
            description: format!(
                "The credentials of {} end on {end}, and nothing renews them. Enter new ones before \
                 that, and nothing is interrupted.",
                it.provider
            ),
            ..todo(it, RENEW)
        };
        tx.emit(it.workspace, "credential.expiring", it.id, told(it, end)).await?;
        self.0.ask_people(tx, it.workspace, todo).await
    }

    async fn ended(&self, tx: &mut Tx, it: &Credential, end: Timestamp) -> Result<(), DbError> {
        if is_open(tx, it.workspace, it.id, RECONNECT).await? {
            return Ok(());
        }
        self.0.close_tasks(tx, it.workspace, &it.id.to_string(), "house").await?;
        let todo = Todo {
            title: format!("Reconnect {}", it.name),
            description: format!(
                "The credentials of {} ended on {end}. Enter new ones.",
                it.provider
            ),
            ..todo(it, RECONNECT)
        };
        tx.emit(it.workspace, "credential.expired", it.id, told(it, end)).await?;
        self.0.ask_people(tx, it.workspace, todo).await
    }
}

async fn is_open(
    tx: &mut Tx,
    workspace: WorkspaceId,
    id: CredentialId,
    kind: &str,
) -> Result<bool, DbError> {
    let page = kernel::PageRequest { limit: 2, after: None };
    let open = tasks::list(tx, workspace, Some(TaskStatus::Open), &id.to_string(), &page).await?;
    Ok(open.iter().any(|task| task.kind == kind))
}

fn todo(it: &Credential, kind: &'static str) -> Todo {
    Todo {
        kind,
        about: it.id.to_string(),
        subject: String::new(),
        title: String::new(),
        description: String::new(),
        priority: "high",
        impact: 8,
    }
}

fn told(it: &Credential, end: Timestamp) -> Value {
    json!({ "integration_id": it.integration_id, "provider": it.provider, "ends_at": end })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_entered_anew_lasts_anew() {
        let rules = json!({"type": "object", "properties": {
            "token": {"type": "string", "x-expires-after-secs": 100}, "key": {"type": "string"},
        }});
        let at = Timestamp::from_secs;
        let fields = |token: &str, key: &str| {
            let fields = json!({"token": token, "key": key});
            fields.as_object().unwrap().clone()
        };
        let (none, rules) = (Map::new(), Some(&rules));
        let first = of_fields(rules, (&none, None), &fields("a", "k"), at(1_000));
        assert_eq!(first, Some(at(1_100)));
        let known = fields("a", "k");
        let other = of_fields(rules, (&known, first), &fields("a", "l"), at(1_050));
        assert_eq!(other, first, "the key says nothing of the token");
        let anew = of_fields(rules, (&known, first), &fields("b", "k"), at(1_050));
        assert_eq!(anew, Some(at(1_150)));
        assert_eq!(of_fields(rules, (&known, first), &fields("", "k"), at(1_050)), None);
        assert_eq!(of_fields(None, (&known, first), &known, at(1_050)), None);
    }

    #[test]
    fn a_person_says_it_as_a_time() {
        let said = |value: Value| check(json!({"expires_at": value}).as_object().unwrap());
        assert!(said(json!("2026-11-20T12:00:00Z")).is_ok() && said(Value::Null).is_ok());
        assert!(said(json!("soon")).is_err() && said(json!(5)).is_err());
    }
}
