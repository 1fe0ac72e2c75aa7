//! One renewal: who may ask, what is done with the answer, and what with none.

use accounts::gate::{Actor, not_found};
use db::{Change, DbError, Signal, Workspace};
use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared};
use kernel::{ConnectionId, Problem, Timestamp, codes};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::plan;
use crate::Connect;
use crate::connection::{Connection, ConnectionStatus, Tokens};
use crate::oauth::terms::Terms;
use crate::oauth::token::{Trouble, Won, merged, settle};
use crate::service::RENEWAL;
use crate::store::connections::{self, Intent, NOUN, Stored};

/// Why somebody wants other tokens than those that are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Want {
    /// Fresh ones, as far as the clock goes.
    Fresh,
    /// Others than those of this generation: the provider called them expired.
    Other { than: i64 },
    /// Others in any case: their time has come, or somebody asked for it by hand.
    Anew { than: i64 },
}

type Flight = Shared<BoxFuture<'static, Result<Arc<Stored>, Problem>>>;

/// The renewals under way in this process.
#[derive(Default)]
pub(crate) struct Flights(Mutex<HashMap<ConnectionId, Flight>>);

impl Connect {
    /// The connection with tokens that serve. Whoever asks while they are being renewed waits for that.
    ///
    /// # Errors
    /// `connection.expired`, `connection.revoked`, `connection.disabled`; `connection.refresh_failed` when
    /// it may pass.
    pub(crate) async fn renewed(
        &self,
        workspace: &Workspace,
        terms: &Arc<Terms>,
        stored: Arc<Stored>,
        want: Want,
    ) -> Result<Arc<Stored>, Problem> {
        let now = self.0.db.clock().now();
        usable(&stored.connection)?;
        if serves(terms, &stored.connection, want, now) {
            return Ok(stored);
        }
        match self.flight(workspace, terms, stored.connection.id, want).await {
            // It may pass; what is there may still serve.
            Err(problem)
                if problem.code.name == codes::REFRESH_FAILED.name
                    && want == Want::Fresh
                    && plan::is_alive(&stored.connection, now) =>
            {
                Ok(stored)
            }
            other => other,
        }
    }

    /// The renewal that is under way, or a new one. It goes on when every caller has gone: half a renewal
    /// is a lost token.
    fn flight(
        &self,
        workspace: &Workspace,
        terms: &Arc<Terms>,
        id: ConnectionId,
        want: Want,
    ) -> Flight {
        let start = || {
            let (connect, workspace, terms) = (self.clone(), workspace.clone(), terms.clone());
            let task = tokio::spawn(async move {
                let outcome = connect.renew(&workspace, &terms, id, want).await;
                connect.0.flights.lock().remove(&id);
                outcome
            });
            let broken =
                || Problem::new(&codes::REFRESH_FAILED, "The renewal broke off; try again.");
            async move { task.await.unwrap_or_else(|_| Err(broken())) }.boxed().shared()
        };
        self.0.flights.lock().entry(id).or_insert_with(start).clone()
    }

    async fn renew(
        &self,
        workspace: &Workspace,
        terms: &Terms,
        id: ConnectionId,
        want: Want,
    ) -> Result<Arc<Stored>, Problem> {
        let holder = hex::encode(self.0.db.entropy().bytes::<16>());
        let (stored, lost) = loop {
            let mut signals = self.0.db.signals();
            match self.claim(workspace, terms, id, want, &holder).await? {
                Claim::Serves(stored) => return Ok(stored),
                Claim::Ours { stored, lost } => break (*stored, lost),
                Claim::Theirs { until } => self.watch(&mut signals, id, until).await,
            }
        };
        let tokens = stored.open(workspace).await?;
        let ask = || {
            let asking = self.ask_anew(workspace, terms, &stored.connection, &tokens);
            self.holding(workspace, &stored.connection, &holder, asking)
        };
        let mut asked = ask().await;
        if matches!(asked, Err(Trouble::Gone(_))) {
            // It is believed the second time, and only of the tokens that are still the latest.
            let latest = self.latest(workspace, id).await?;
            if latest.connection.generation != stored.connection.generation {
                self.conclude(workspace, &stored.connection, &holder).await?;
                return Ok(latest);
            }
            asked = ask().await;
        }
        match asked {
            Ok(won) => self.keep_renewed(workspace, terms, stored, &tokens, won, &holder).await,
            Err(trouble) => {
                Err(self.note_trouble(workspace, terms, &stored, trouble, lost, &holder).await?)
            }
        }
    }

    /// Waits for an answer, and meanwhile tells the others that somebody does.
    async fn holding<T>(
        &self,
        workspace: &Workspace,
        it: &Connection,
        holder: &str,
        asking: impl Future<Output = T>,
    ) -> T {
        let mut asking = std::pin::pin!(asking);
        loop {
            if let Ok(answer) = tokio::time::timeout(plan::BEAT, &mut asking).await {
                return answer;
            }
            if let Err(error) = self.hold(workspace, it, holder).await {
                tracing::warn!(%error, connection = %it.id, "a renewal could not say that it goes on");
            }
        }
    }

    async fn hold(
        &self,
        workspace: &Workspace,
        it: &Connection,
        holder: &str,
    ) -> Result<(), DbError> {
        let mut tx = workspace.write().await?;
        let until = tx.now().plus(plan::LEASE);
        connections::hold(&mut tx, it, holder, until).await?;
        tx.commit().await
    }

    /// Finds out whether we are the one to ask.
    async fn claim(
        &self,
        workspace: &Workspace,
        terms: &Terms,
        id: ConnectionId,
        want: Want,
        holder: &str,
    ) -> Result<Claim, Problem> {
        let mut tx = workspace.write().await?;
        let stored = connections::held(&mut tx, workspace.id(), id).await?;
        let stored = stored.ok_or_else(|| not_found("connection"))?;
        let (it, now) = (&stored.connection, tx.now());
        usable(it)?;
        if serves(terms, it, want, now) {
            return Ok(Claim::Serves(Arc::new(stored)));
        }
        if !plan::may_renew(&terms.oauth, it, now) {
            return match plan::is_alive(it, now) && want == Want::Fresh {
                true => Ok(Claim::Serves(Arc::new(stored))),
                false => Err(cannot(it)),
            };
        }
        match connections::intend(&mut tx, it, holder, now.plus(plan::LEASE)).await? {
            // Whoever asks may have died with the question; what is alive serves until their time is up.
            Intent::Theirs { .. } if want == Want::Fresh && plan::is_alive(it, now) => {
                Ok(Claim::Serves(Arc::new(stored)))
            }
            Intent::Theirs { until } => Ok(Claim::Theirs { until }),
            Intent::Ours { lost } => {
                tx.commit().await?;
                Ok(Claim::Ours { stored: Box::new(stored), lost })
            }
        }
    }

    /// Waits until somebody says something of the connection, or their time is up.
    async fn watch(&self, signals: &mut Receiver<Signal>, id: ConnectionId, until: Timestamp) {
        let id = id.to_string();
        let heard = async {
            loop {
                match signals.recv().await {
                    Ok(Signal::Changed(Change::Noun { noun, id: changed, .. }))
                        if noun == NOUN && changed == id =>
                    {
                        return;
                    }
                    Ok(Signal::Resync) | Err(RecvError::Lagged(_) | RecvError::Closed) => return,
                    Ok(_) => {}
                }
            }
        };
        // The lease ends by the clock of the table; a moment later it may be taken.
        let left = until.since(self.0.db.clock().now()) + Duration::from_millis(50);
        drop(tokio::time::timeout(left, heard).await);
    }

    /// Keeps what was granted. It is in no other place, so a database that fails is asked again.
    async fn keep_renewed(
        &self,
        workspace: &Workspace,
        terms: &Terms,
        before: Stored,
        tokens: &Tokens,
        won: Won,
        holder: &str,
    ) -> Result<Arc<Stored>, Problem> {
        let tokens = merged(&won.granted, tokens);
        let now = self.0.db.clock().now();
        let mut renewed = before.clone();
        let grant = terms.grant()?;
        settle(&mut renewed.connection, &terms.oauth, &won.granted, &tokens, grant, now);
        renewed.connection.refreshed_at = Some(now);
        renewed.seal(workspace, &tokens)?;
        let mut wait = Duration::from_millis(100);
        let kept = loop {
            match self.write_renewed(workspace, terms, &before.connection, &renewed, holder).await {
                Ok(kept) => break kept,
                Err(error) if wait > Duration::from_secs(30) => {
                    let connection = renewed.connection.id;
                    tracing::error!(%error, %connection, "renewed tokens could not be stored");
                    return Err(error.into());
                }
                Err(error) => {
                    tracing::warn!(%error, "renewed tokens are stored again in a moment");
                    tokio::time::sleep(wait).await;
                    wait *= 2;
                }
            }
        };
        match kept {
            true => Ok(Arc::new(renewed)),
            // Somebody connected again meanwhile: theirs are newer.
            false => self.latest(workspace, renewed.connection.id).await,
        }
    }

    async fn write_renewed(
        &self,
        workspace: &Workspace,
        terms: &Terms,
        before: &Connection,
        renewed: &Stored,
        holder: &str,
    ) -> Result<bool, DbError> {
        let mut tx = workspace.write().await?;
        let mut renewed = renewed.clone();
        if let Some(latest) = connections::held(&mut tx, before.workspace, before.id).await? {
            // What people chose while the provider was asked stays chosen.
            let learned = renewed.connection.captured.clone();
            let new =
                learned.into_iter().filter(|(name, it)| before.captured.get(name) != Some(it));
            renewed.connection.captured = latest.connection.captured;
            renewed.connection.captured.extend(new);
        }
        let it = &renewed.connection;
        let kept = connections::renew(&mut tx, &renewed, before.generation).await?;
        connections::conclude(&mut tx, it, holder).await?;
        if kept {
            self.schedule(&mut tx, &terms.oauth, it).await?;
            if before.status != ConnectionStatus::Active {
                self.tell_recovery(&mut tx, it).await?;
            }
        }
        tx.commit().await?;
        self.0.cache.forget(&Change::noun(NOUN, it.workspace, it.id));
        Ok(kept)
    }

    async fn conclude(
        &self,
        workspace: &Workspace,
        it: &Connection,
        holder: &str,
    ) -> Result<(), Problem> {
        let mut tx = workspace.write().await?;
        connections::conclude(&mut tx, it, holder).await?;
        Ok(tx.commit().await?)
    }

    async fn latest(
        &self,
        workspace: &Workspace,
        id: ConnectionId,
    ) -> Result<Arc<Stored>, Problem> {
        let mut tx = workspace.read().await?;
        let found = connections::get(&mut tx, workspace.id(), id).await?;
        let found = found.ok_or_else(|| not_found("connection"))?;
        usable(&found.connection)?;
        Ok(Arc::new(found))
    }

    /// The terms of a connection's integration, for the house's own use.
    pub(crate) async fn terms_of(
        &self,
        workspace: &Workspace,
        it: &Connection,
    ) -> Result<Arc<Terms>, Problem> {
        let integration = self.integration(workspace, it.integration_id).await?;
        let integration = integration.ok_or_else(|| not_found("integration"))?;
        let terms = self.terms(workspace, integration, RENEWAL, &Actor::House).await?;
        Ok(Arc::new(terms))
    }
}

impl Flights {
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<ConnectionId, Flight>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Claim {
    /// What is there serves.
    Serves(Arc<Stored>),
    Ours {
        stored: Box<Stored>,
        lost: bool,
    },
    Theirs {
        until: Timestamp,
    },
}

/// Whether what is there is what is wanted.
fn serves(terms: &Terms, it: &Connection, want: Want, now: Timestamp) -> bool {
    match want {
        Want::Fresh => plan::is_fresh(&terms.oauth, it, now),
        // Tokens that were granted a moment ago and are refused already have not expired.
        Want::Other { than } => it.generation > than || now.since(it.granted_at) < settling(it),
        Want::Anew { than } => it.generation > than,
    }
}

fn settling(it: &Connection) -> Duration {
    let half = it.expires_at.map_or(plan::SETTLING, |end| end.since(it.granted_at) / 2);
    plan::SETTLING.min(half)
}

/// Refuses what only a person can mend.
pub(crate) fn usable(it: &Connection) -> Result<(), Problem> {
    let code = match it.status {
        ConnectionStatus::Active | ConnectionStatus::Degraded => return Ok(()),
        ConnectionStatus::Expired => &codes::CONNECTION_EXPIRED,
        ConnectionStatus::Revoked => &codes::CONNECTION_REVOKED,
        ConnectionStatus::Disabled => &codes::CONNECTION_DISABLED,
    };
    let detail = match (&it.cause, it.status) {
        (_, ConnectionStatus::Disabled) => "Switch the connection on first.",
        (Some(cause), _) => &cause.message,
        (None, _) => "Connect the account again.",
    };
    Err(Problem::new(code, detail))
}

fn cannot(it: &Connection) -> Problem {
    let detail = match it.can_refresh {
        true => "The token cannot be renewed just now.",
        false => "The provider granted nothing to renew the token with; connect the account again.",
    };
    Problem::new(&codes::CONNECTION_EXPIRED, detail)
}
