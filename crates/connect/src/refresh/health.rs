//! What a failed renewal means: for the connection, for whoever waits, and for the people who are told.

use db::{Change, DbError, Tx, Workspace};
use kernel::{Problem, Timestamp, codes};
use serde_json::json;
use std::time::Duration;

use super::plan;
use crate::Connect;
use crate::connection::{Cause, Connection, ConnectionStatus};
use crate::oauth::terms::Terms;
use crate::oauth::token::Trouble;
use crate::store::connections::{self, NOUN, Stored};
use crate::store::tasks;
use crate::todo::Todo;

/// The task that a person has when only they can mend a connection.
const RECONNECT: &str = "connection.reconnect";
/// The task when something keeps failing that should not.
const LOOK: &str = "connection.look";

impl Connect {
    /// Writes down why there are no new tokens; answers what to tell whoever waits.
    pub(crate) async fn note_trouble(
        &self,
        workspace: &Workspace,
        terms: &Terms,
        stored: &Stored,
        trouble: Trouble,
        lost: bool,
        holder: &str,
    ) -> Result<Problem, DbError> {
        let it = &stored.connection;
        let name = terms.integration.service();
        let mut tx = workspace.write().await?;
        connections::conclude(&mut tx, it, holder).await?;
        let now = tx.now();
        let problem = match trouble {
            // The answer to an earlier question may have been lost on its way; what is there serves
            // until it ends.
            Trouble::Gone(problem) if lost && plan::is_alive(it, now) => {
                let message = format!(
                    "A crash lost the tokens that {name} had renewed; the last one serves until it ends."
                );
                let cause = Cause { code: "refresh_lost".to_owned(), message };
                let degraded = ConnectionStatus::Degraded;
                connections::set_status(&mut tx, it, degraded, Some(&cause)).await?;
                self.run_at(&mut tx, it, Some(it.expires_at.unwrap_or(now))).await?;
                Problem { code: &codes::REFRESH_FAILED, ..problem }
            }
            Trouble::Gone(problem) => {
                self.expire(&mut tx, it, name, &problem.detail).await?;
                problem
            }
            other => {
                let problem = other.problem();
                self.note_passing(&mut tx, it, name, &problem, now).await?;
                let again = plan::backoff(it.failures + 1, 0.0).as_secs();
                let detail = format!("The token could not be renewed. {}", problem.detail);
                Problem::new(&codes::REFRESH_FAILED, detail).retry_after(again)
            }
        };
        tx.commit().await?;
        self.0.cache.forget(&Change::noun(NOUN, it.workspace, it.id));
        Ok(problem)
    }

    async fn note_passing(
        &self,
        tx: &mut Tx,
        it: &Connection,
        name: &str,
        problem: &Problem,
        now: Timestamp,
    ) -> Result<(), DbError> {
        connections::note_failure(tx, it).await?;
        let cause = Cause { code: problem.code.name.to_owned(), message: problem.detail.clone() };
        if !plan::is_alive(it, now) || problem.code.name == codes::OAUTH_CLIENT_REFUSED.name {
            connections::set_status(tx, it, ConnectionStatus::Degraded, Some(&cause)).await?;
        }
        let wait = plan::backoff(it.failures + 1, self.0.db.entropy().fraction());
        let asked = problem.retry_after.map(Duration::from_secs).unwrap_or_default();
        self.run_at(tx, it, Some(now.plus(wait.max(asked)))).await?;
        if it.failing_since.is_some_and(|since| now.since(since) >= plan::ASK_AFTER) {
            let account = it.account.name.as_deref().unwrap_or("the account");
            let title = format!("Look at {name}");
            let description =
                format!("The token of {account} could not be renewed for days. {}", problem.detail);
            self.ask_for(tx, it, LOOK, title, description).await?;
        }
        Ok(())
    }

    /// The access has ended, and only a person can renew it: says so once.
    pub(crate) async fn expire(
        &self,
        tx: &mut Tx,
        it: &Connection,
        name: &str,
        why: &str,
    ) -> Result<(), DbError> {
        let cause = Cause { code: "invalid_grant".to_owned(), message: why.to_owned() };
        self.end(tx, it, name, ConnectionStatus::Expired, cause).await
    }

    /// Moves a connection to a state that only a person ends: task, notification, event.
    pub(crate) async fn end(
        &self,
        tx: &mut Tx,
        it: &Connection,
        name: &str,
        status: ConnectionStatus,
        cause: Cause,
    ) -> Result<(), DbError> {
        if !connections::set_status(tx, it, status, Some(&cause)).await? {
            // It was connected again meanwhile.
            return Ok(());
        }
        self.run_at(tx, it, None).await?;
        let title = format!("Reconnect {name}");
        let description =
            format!("The {name} connection of {} has ended. {}", it.whose(), cause.message);
        let data = json!({
            "integration_id": it.integration_id, "provider": it.provider, "subject": it.subject,
            "account": it.account.name, "cause": cause,
        });
        tx.emit(it.workspace, &format!("connection.{status}"), it.id, data).await?;
        self.ask_for(tx, it, RECONNECT, title, description).await
    }

    /// Opens a task and tells people, unless there is one.
    async fn ask_for(
        &self,
        tx: &mut Tx,
        it: &Connection,
        kind: &'static str,
        title: String,
        description: String,
    ) -> Result<(), DbError> {
        let todo = Todo {
            kind,
            about: it.id.to_string(),
            subject: it.subject.clone(),
            title,
            description,
            priority: "high",
            impact: 8,
        };
        self.ask_people(tx, it.workspace, todo).await
    }

    /// It works again by itself.
    pub(crate) async fn tell_recovery(&self, tx: &mut Tx, it: &Connection) -> Result<(), DbError> {
        tasks::close(tx, it.workspace, &it.id.to_string(), "house").await?;
        let data = json!({
            "integration_id": it.integration_id, "provider": it.provider,
            "since": it.failing_since.unwrap_or(it.status_since),
        });
        tx.emit(it.workspace, "connection.recovered", it.id, data).await
    }
}
