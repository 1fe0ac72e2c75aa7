//! Mails what people are told to those who can do something about it: the owners and admins of the
//! workspace. One job a notification, and then one a person, so that who could not be reached is tried
//! again without telling the others twice.

use db::{Db, Done, Handler, Job, JobError, Tx};
use egress::Mailer;
use kernel::{JobKind, Lane, NewJob, NotificationId, UserId};
use serde_json::json;
use std::future::Future;
use std::pin::Pin;

use crate::Role;
use crate::store::{member, notification};

/// The kind; the job's key is the notification, or `notification/user`.
pub const KIND: JobKind = JobKind { name: "notification.mail", lane: Lane::Remote };

/// Runs it.
#[derive(Debug)]
pub struct Mail {
    db: Db,
    /// `None` where no mail server is set up: then nobody is written to.
    mailer: Option<Mailer>,
    /// Where the dashboard is.
    public_url: String,
}

impl Mail {
    /// On this database, with this server.
    pub fn new(db: Db, mailer: Option<Mailer>, public_url: impl Into<String>) -> Self {
        Self { db, mailer, public_url: public_url.into() }
    }

    async fn mail(&self, job: Job) -> Result<Done, JobError> {
        let Some(mailer) = &self.mailer else { return Ok(Done::Remove) };
        let workspace = self.db.workspace(job.workspace);
        let (id, person) = match job.key.split_once('/') {
            Some((id, person)) => (id, Some(person)),
            None => (job.key.as_str(), None),
        };
        let broken = || JobError(format!("{} names no notification", job.key));
        let id: NotificationId = id.parse().map_err(|_| broken())?;
        let mut tx = workspace.write().await?;
        let Some(told) = notification::get(&mut tx, job.workspace, id).await? else {
            return Ok(Done::Remove);
        };
        let people = member::mailable(&mut tx, job.workspace, Role::Admin).await?;
        let Some(person) = person else {
            for (user, _) in people {
                ask(&mut tx, &job, id, user).await?;
            }
            job.finish(&mut tx).await?;
            tx.commit().await?;
            return Ok(Done::Settled);
        };
        drop(tx);
        let person: UserId = person.parse().map_err(|_| broken())?;
        // Who has left meanwhile is not told.
        let Some((_, address)) = people.into_iter().find(|(user, _)| *user == person) else {
            return Ok(Done::Remove);
        };
        let text = format!("{}\n\n{}/\n", told.body, self.public_url);
        let sent = mailer.send(&address, &told.title, text).await;
        sent.map_err(|error| JobError(error.to_string()))?;
        Ok(Done::Remove)
    }
}

async fn ask(tx: &mut Tx, job: &Job, id: NotificationId, user: UserId) -> Result<(), JobError> {
    let (key, run_at) = (format!("{id}/{user}"), tx.now());
    let each = NewJob { kind: KIND, key, run_at, payload: json!({}) };
    Ok(tx.enqueue(job.workspace, each).await?)
}

impl Handler for Mail {
    fn kind(&self) -> JobKind {
        KIND
    }

    fn run(&self, job: Job) -> Pin<Box<dyn Future<Output = Result<Done, JobError>> + Send + '_>> {
        Box::pin(self.mail(job))
    }
}
